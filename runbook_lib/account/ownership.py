"""What the runbook made, told from AWS tags alone: nothing else is changed or deleted. No calls.

Policies, users, roles and MFA devices carry tags; an access key cannot, so its user's tag names it.
A tag of the user also says that there is a device to look for.
"""

from collections.abc import Mapping
from typing import Any

from runbook_lib.errors import ForeignObjectError

RUN_TAG = "assume-role-runbook:run-id"
VARIANT_TAG = "assume-role-runbook:variant"
KEY_TAG = "assume-role-runbook:access-key"
DEVICE_TAG = "assume-role-runbook:mfa-device"

Tags = list[dict[str, str]]


def tags(run_id: str, variant: str) -> Tags:
    """Return the tags of everything that this run makes."""
    return [{"Key": RUN_TAG, "Value": run_id}, {"Key": VARIANT_TAG, "Value": variant}]


def key_made(access_key_id: str) -> Tags:
    """Return the user's tag that names the runbook's key."""
    return [{"Key": KEY_TAG, "Value": access_key_id}]


def device_made(run_id: str) -> Tags:
    """Return the user's tag that says that a run makes an MFA device for it."""
    return [{"Key": DEVICE_TAG, "Value": run_id}]


def value(described: Mapping[str, Any], key: str) -> str:
    """Return the value of a tag of an object as IAM describes it, or nothing."""
    found = [tag["Value"] for tag in described.get("Tags", []) if tag["Key"] == key]
    return found[0] if found else ""


def is_ours(described: Mapping[str, Any]) -> bool:
    """Tell whether the runbook made this policy, user, role or MFA device."""
    return bool(value(described, RUN_TAG))


def require_ours(kind: str, name: str, described: Mapping[str, Any]) -> None:
    """Refuse to touch what somebody else made.

    Raises: ForeignObjectError.
    """
    if not is_ours(described):
        raise ForeignObjectError(
            f"{kind} {name!r} exists and the runbook did not make it (it has no tag {RUN_TAG!r}); "
            f"it is left as it is. Choose another name: -r {kind}_name NAME"
        )
