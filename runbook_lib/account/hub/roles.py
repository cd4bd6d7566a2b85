"""A role of one name in many accounts, assumed from the hub.

How other processes come by its credentials is for `headless.fleet.credentials`.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.access.arns import Arn
from runbook_lib.account import sdk
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import remember_secrets
from runbook_lib.errors import ParameterError, RunbookError, with_next_step

# The SDKs ask again from 15 minutes before the end; what they get must be new by then.
_AHEAD = timedelta(minutes=16)
_ROLE = (r"[\w+=,.@/-]{1,512}", "the name of a role, with its path where it has one")
_EXTERNAL_ID = (r"[\w+=,.@:/-]{2,1224}", "2 to 1224 ASCII letters, digits and _+=,.@:/-")


class Roles:
    """The role in each account: assumed once, and again before its session ends.

    Threads may share it.
    """

    def __init__(
        self,
        hub: Caller,
        role: str,
        *,
        external_id: str = "",
        run_id: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Say who assumes which role; nothing is sent."""
        self._hub, self._role, self._external_id, self._now = hub, role.strip("/"), external_id, now
        name = f"assume-role-runbook-{run_id}"
        self._session_name = re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:64]
        self._sts = hub.sts  # made once: the SDK's sessions are no matter for several threads
        self._sessions: dict[str, dict[str, Any]] = {}
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def credentials(self, account_id: str) -> dict[str, Any]:
        """Return the credentials of the role in this account (sts:AssumeRole).

        Raises: RunbookError where AWS refuses, which says who must allow what.
        """
        with self._locks[account_id]:
            known = self._sessions.get(account_id)
            if known is None or known["Expiration"] - self._now() < _AHEAD:
                known = self._sessions[account_id] = self._assume(account_id)
        return known

    def _assume(self, account_id: str) -> dict[str, Any]:
        arn = f"arn:{self._hub.partition}:iam::{account_id}:role/{self._role}"
        given = {"RoleArn": arn, "RoleSessionName": self._session_name}
        if self._external_id:
            given["ExternalId"] = self._external_id
        try:
            with sdk.usable():
                response = self._sts.assume_role(**given)
        except (ClientError, RunbookError) as error:
            raise RunbookError(f"account {account_id}: {self._told(arn, error)}") from None
        remember_secrets(response)
        return dict(response["Credentials"])

    def _told(self, arn: str, error: Exception) -> str:
        """Say what was asked for and refused, and what both sides must allow."""
        asked = f"role {arn} could not be assumed by {self._hub.arn}"
        if not (isinstance(error, ClientError) and "AccessDenied" in str(error)):
            return f"{asked}: {with_next_step(error)}"
        condition = f', with sts:ExternalId "{self._external_id}"' if self._external_id else ""
        return (
            f"{asked} (AccessDenied). Either the role is not there, or its trust policy does not "
            f'admit the hub: it needs Allow sts:AssumeRole for {{"AWS": "{principal(self._hub)}"}}'
            f"{condition}; or the hub lacks Allow sts:AssumeRole on {arn}"
        )


def principal(caller: Caller) -> str:
    """Return the ARN that a trust policy names this caller by: of a session, its role's."""
    arn = Arn.parse(caller.arn)
    if not arn.session:
        return caller.arn
    return f"arn:{caller.partition}:iam::{caller.account_id}:role/{arn.name}"


def check(role: str, external_id: str) -> None:
    """Refuse names that AWS would not accept; the empty ones are not given.

    Raises: ParameterError.
    """
    for option, value, (pattern, rule) in (
        ("--role", role, _ROLE),
        ("--external-id", external_id, _EXTERNAL_ID),
    ):
        if value and not re.fullmatch(pattern, value, re.ASCII):
            raise ParameterError(
                f"{option} {value[:80]!r} is not accepted, nothing was sent: expected {rule}"
            )
    if external_id and not role:
        raise ParameterError(
            "--external-id goes with --role NAME, which it is told to; nothing was sent"
        )
