"""The user's virtual MFA device: whose it is, making one that works, and taking it away.

It is named after the user, and is the runbook's where its own tags say so. Its seed is told once,
and kept where the key is; a device whose seed was lost is replaced, as a key is.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from runbook_lib.account import ownership, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.account.inventory import every, find
from runbook_lib.account.mfa.codes import unused_step
from runbook_lib.account.profiles import MfaDevice
from runbook_lib.account.secret import Secret
from runbook_lib.account.waiting import until_settled
from runbook_lib.errors import ForeignObjectError
from runbook_lib.machine import totp


class Found(NamedTuple):
    """What is there under the name of the user's device."""

    serial_number: str
    described: dict[str, Any] | None  # its tags; None where there is no such device
    enabled: bool
    held: MfaDevice | None  # what this machine keeps of it

    @property
    def ours(self) -> bool:
        """Whether it is there and the runbook made it."""
        return self.described is not None and ownership.is_ours(self.described)

    @property
    def foreign(self) -> str:
        """What to say where somebody else made it, or nothing."""
        if self.described is None or self.ours:
            return ""
        return (
            f"{self.serial_number} is there and the runbook did not make it, so its seed is "
            "somebody else's: delete it, or choose another user_name"
        )


def look(caller: Caller, user_name: str) -> Found:
    """Look for the user's device (iam:ListMFADeviceTags, iam:ListMFADevices)."""
    serial_number = f"arn:{caller.partition}:iam::{caller.account_id}:mfa/{user_name}"
    described = find(caller.iam.list_mfa_device_tags, SerialNumber=serial_number)
    listed = described and find(
        lambda: {"devices": every(caller.iam, "list_mfa_devices", "MFADevices", UserName=user_name)}
    )
    enabled = [one["SerialNumber"] for one in (listed or {}).get("devices", [])]
    held = profiles.read_device(caller.place.backend, caller.account_id)
    made_by = ownership.value(described or {}, ownership.RUN_TAG)
    known = held and (held.serial_number, held.made_by) == (serial_number, made_by)
    return Found(serial_number, described, serial_number in enabled, held if known else None)


def make(caller: Caller, user: Mapping[str, Any], variant: str) -> dict[str, Any]:
    """Make the user's device where it is missing, and enable it; cut short, it is made whole.

    Raises: ForeignObjectError where somebody else made a device of this name.
    """
    name = user["UserName"]
    found = look(caller, name)
    if found.foreign:
        raise ForeignObjectError(found.foreign)
    shown = {"VirtualMFADevice": {"SerialNumber": found.serial_number, "UserName": name}}
    if found.held and found.enabled:
        return {**shown, "Outcome": "already there"}
    if not ownership.value(user, ownership.DEVICE_TAG):
        # Before the device is there: whoever sees this user knows to look for it.
        caller.iam.tag_user(UserName=name, Tags=ownership.device_made(caller.place.run_id))
    outcome = "created" if found.described is None else "enabled" if found.held else "replaced"
    if outcome == "replaced":
        remove(caller, name)
    _enable(caller, name, found.held or _create(caller, name, variant))
    return {**shown, "Outcome": outcome}


def remove(caller: Caller, user_name: str) -> None:
    """Take the user's device away (iam:DeactivateMFADevice, iam:DeleteVirtualMFADevice)."""
    serial = f"arn:{caller.partition}:iam::{caller.account_id}:mfa/{user_name}"
    find(caller.iam.deactivate_mfa_device, UserName=user_name, SerialNumber=serial)
    caller.iam.delete_virtual_mfa_device(SerialNumber=serial)


def _create(caller: Caller, user_name: str, variant: str) -> MfaDevice:
    run_id = caller.place.run_id
    made = caller.iam_once.create_virtual_mfa_device(
        VirtualMFADeviceName=user_name, Tags=ownership.tags(run_id, variant)
    )["VirtualMFADevice"]
    held = MfaDevice(made["SerialNumber"], Secret(made["Base32StringSeed"].decode()), run_id, 0)
    profiles.write_device(caller.place.backend, caller.account_id, held)
    return held


def _enable(caller: Caller, user_name: str, held: MfaDevice) -> None:
    def enable() -> Any:
        now = profiles.read_device(caller.place.backend, caller.account_id) or held
        step = unused_step(caller, now.last_step + 1)  # so that the one before is unused as well
        noted = held._replace(last_step=step)
        profiles.write_device(caller.place.backend, caller.account_id, noted)
        first, second = (totp.code(held.seed.reveal(), one) for one in (step - 1, step))
        return caller.iam.enable_mfa_device(
            UserName=user_name,
            SerialNumber=held.serial_number,
            AuthenticationCode1=first,
            AuthenticationCode2=second,
        )

    until_settled(
        caller.place.backend,
        "the user's MFA device",
        enable,
        not_yet={"NoSuchEntity", "EntityTemporarilyUnmodifiable"},
        in_a_row=1,
    )
