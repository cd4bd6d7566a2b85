"""One-time codes of the user's MFA device, by AWS's clock; each is good once.

A code is no secret that is kept: it is worth nothing without the key, and nothing once it was used.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial

from runbook_lib.access.arns import Arn
from runbook_lib.account import journal, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.account.profiles import MfaDevice
from runbook_lib.account.waiting import pass_time
from runbook_lib.errors import MissingStepError
from runbook_lib.machine import totp


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A device, and what it is asked for with each call: a code of this kind."""

    serial_number: str
    code: Callable[[], str] = field(repr=False)
    kind: str = "code"


def second_factor(user: Caller) -> SecondFactor:
    """Return the user's device, which gives a code that was not used yet (no permission needed).

    Raises: MissingStepError where this machine does not hold its seed.
    """
    return SecondFactor(_held(user).serial_number, partial(_next_code, user))


def wrong_code(user: Caller) -> SecondFactor:
    """Return the device with a code that it does not show."""
    held = _held(user)
    code = int(totp.code(held.seed.reveal(), held.last_step)) + 1
    return SecondFactor(held.serial_number, lambda: f"{code % 10**6:06}", "wrong code")


def used_code(user: Caller) -> SecondFactor:
    """Return the device with the code that was used last."""
    held = _held(user)
    code = totp.code(held.seed.reveal(), held.last_step)
    return SecondFactor(held.serial_number, lambda: code, "used code")


def unused_step(caller: Caller, last: int) -> int:
    """Return the step that AWS's clock is in, once it is later than this one."""
    while totp.step_at(now := _time_of_aws(caller)) <= last:
        seconds = (last + 1) * totp.STEP_SECONDS - now.timestamp()
        what = "the next code of the MFA device"
        pass_time(caller.place.backend, caller.account_id, what, seconds)
    return totp.step_at(now)


def _next_code(user: Caller) -> str:
    held = _held(user)
    step = unused_step(user, held.last_step)
    # Noted before it is sent: whoever is cut short there does not send it again.
    profiles.write_device(user.place.backend, user.account_id, held._replace(last_step=step))
    return totp.code(held.seed.reveal(), step)


def _held(user: Caller) -> MfaDevice:
    held = profiles.read_device(user.place.backend, user.account_id)
    if held is None or Arn.parse(held.serial_number).name != Arn.parse(user.arn).name:
        raise MissingStepError(
            f"this machine holds no MFA device of {user.arn}; the variant mfa needs one: run "
            "03_user.ipynb with variant 'mfa' first"
        )
    return held


def _time_of_aws(caller: Caller) -> datetime:
    """Ask AWS for its time: this machine's own may be off (sts:GetCallerIdentity)."""
    with journal.reads_for("the time"):
        answer = caller.sts.get_caller_identity()
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
