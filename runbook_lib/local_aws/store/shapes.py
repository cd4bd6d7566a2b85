"""How the keys of AWS's answers differ from moto's attributes, by the end of their path.

moto takes the first end that fits.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from moto.core.serialize import never_return
from moto.ec2.responses import EC2Response
from moto.iam.responses import IamResponse

Shapes = dict[str, Callable[[Any], Any]]


def encoded(document: str) -> str:
    """Return a policy as IAM's answers hold it; moto encodes some, and some not."""
    raw = document if document.lstrip().startswith("{") else unquote(document)
    return quote(raw, safe="")


DEVICES = "ListVirtualMFADevicesResponse.VirtualMFADevices.VirtualMFADevice"
IAM: Shapes = {
    "CreateRoleResponse.Role.MaxSessionDuration": never_return,
    "CreateRoleResponse.Role.RoleLastUsed": never_return,
    "GetGroupResponse.Users.User.PermissionsBoundary": never_return,
    "GetGroupResponse.Users.User.Tags": never_return,
    "ListUsersResponse.Users.User.PermissionsBoundary": never_return,
    "CreatePolicyVersionResponse.PolicyVersion.Document": never_return,
    "ListPolicyVersionsResponse.Versions.PolicyVersion.Document": never_return,
    "CreateVirtualMFADeviceResponse.VirtualMFADevice.Tags": lambda tags: tags or None,
    f"{DEVICES}.Base32StringSeed": never_return,
    f"{DEVICES}.QRCodePNG": never_return,
    f"{DEVICES}.Tags": never_return,
    f"{DEVICES}.User.PermissionsBoundary": never_return,
    f"{DEVICES}.User.Tags": never_return,
    # AWS's documentation says PermissionsBoundaryPolicy, AWS says Policy.
    "PermissionsBoundary.PermissionsBoundaryType": lambda _: "Policy",
    "PolicyDocument": encoded,
    ".Document": encoded,
    **IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER,
}
EC2: Shapes = {
    "Instance.StateReason": lambda reason: reason if reason.code else None,
    **EC2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER,
}
