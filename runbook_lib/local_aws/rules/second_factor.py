"""MFA devices: enabling one, its code with a call of STS, and the session of GetSessionToken.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from operator import attrgetter
from typing import Any

from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.mfa_devices import Device

FAILED = "MultiFactorAuthentication failed"
NEED_BOTH = f"{FAILED}, must provide both MFA serial number and one time pass code."
NOT_THEIRS = (
    f"{FAILED}, unable to validate MFA code.  Please verify your MFA serial number is valid and "
    "associated with this user."
)
WRONG_CODE = f"{FAILED} with invalid MFA one time pass code. "
IN_SESSION = "Cannot call GetSessionToken with session credentials"
DEFAULT = 43_200
TAKEN = "MFADevice entity at the same path and name already exists."
MOST = 8  # devices of one user
WRONG_CODES = "Authentication code for device is not valid."
IN_USE = "MFA VirtualDevice in use. Must deactivate first."


def check_code(call: ApiCall) -> None:
    """Note when the caller's second factor was given: with this call, or for the session.

    Raises: AwsError AccessDenied for a code that is not good. A good one is used up, also where
    the call is refused for another reason.
    """
    session, now = call.identity.session, call.accounts.clock.now()
    call.mfa = session.mfa if session else None
    serial, code = (call.parameters.get(name) for name in ("SerialNumber", "TokenCode"))
    if call.service != "sts" or not (serial or code):
        return
    if not (serial and code):
        raise AwsError("AccessDenied", NEED_BOTH, 403)
    device = call.iam.virtual_mfa_devices.get(serial)
    if not isinstance(device, Device) or device.user is not call.identity.entity:
        raise AwsError("AccessDenied", NOT_THEIRS, 403)
    if not device.take(code, now=now):
        raise AwsError("AccessDenied", WRONG_CODE, 403)
    call.mfa = now


def get_session_token(call: ApiCall) -> None:
    """Open the session that GetSessionToken asks for. Raises: AwsError AccessDenied in one."""
    if call.action == "sts:GetSessionToken":
        if call.identity.session:
            raise AwsError("AccessDenied", IN_SESSION, 403)
        seconds = int(call.parameters.get("DurationSeconds", DEFAULT))
        user = call.identity.entity
        call.session = call.accounts.open_session(user, seconds, mfa=call.mfa)


def _taken(n: Any) -> bool:
    name = f":mfa{n.given.get('Path', '/')}{n.given['VirtualMFADeviceName']}"
    return any(arn.lower().endswith(name.lower()) for arn in n.iam.virtual_mfa_devices)


def _wrong_codes(n: Any) -> bool:
    codes = (n.given["AuthenticationCode1"], n.given["AuthenticationCode2"])
    return not n.device.take(*codes, now=n.now)


# As in `rules.conflicts`: AWS's code, its message, and whether the rule is broken.
DEVICE_RULES: dict[str, list[Any]] = {
    "CreateVirtualMFADevice": [("EntityAlreadyExists", TAKEN, _taken)],
    "EnableMFADevice": [
        ("EntityAlreadyExists", "MFA Device is already in use.", attrgetter("device.user")),
        (
            "LimitExceeded",
            f"Cannot exceed quota for MFADevicesPerUser: {MOST}",
            lambda n: len(n.user.mfa_devices) >= MOST,
        ),
        ("InvalidAuthenticationCode", WRONG_CODES, _wrong_codes),
    ],
    "DeactivateMFADevice": [
        ("NoSuchEntity", "MFA Device invalid for user.", lambda n: n.device.user is not n.user)
    ],
    "DeleteVirtualMFADevice": [("DeleteConflict", IN_USE, attrgetter("device.user"))],
}
