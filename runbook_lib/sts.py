"""AWS Security Token Service: one function per call; the response's own dict comes back.

https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
"""

import getpass
from typing import Any, NamedTuple

from runbook_lib.access.arns import Arn
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import Secret
from runbook_lib.errors import RunbookError


class Mfa(NamedTuple):
    """A second factor, used once."""

    serial_number: str
    token_code: Secret


def get_caller_identity(caller: Caller) -> dict[str, Any]:
    """Ask AWS who is calling (no permission needed, not even a denied one).

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    return dict(caller.sts.get_caller_identity())


def assume_role(
    caller: Caller,
    role_arn: str,
    session_name: str,
    *,
    duration_seconds: int | None = None,
    external_id: str | None = None,
    mfa: Mfa | None = None,
) -> dict[str, Any]:
    """Exchange the caller's credentials for the role's temporary ones (sts:AssumeRole).

    The secret key and the session token in the response are `Secret`; they last one hour, or
    `duration_seconds`.
    Raises: ClientError AccessDenied when either side does not allow it, or there is no such role.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    optional: dict[str, Any] = {"ExternalId": external_id} if external_id else {}
    if duration_seconds:
        optional["DurationSeconds"] = duration_seconds
    if mfa:
        optional |= {"SerialNumber": mfa.serial_number, "TokenCode": mfa.token_code.reveal()}
    response = caller.sts.assume_role(RoleArn=role_arn, RoleSessionName=session_name, **optional)
    credentials = response["Credentials"]
    for name in ("SecretAccessKey", "SessionToken"):
        credentials[name] = Secret(credentials[name])
    return dict(response)


def second_factor(caller: Caller) -> Mfa | None:
    """Ask for the code of the user's MFA device; None where it has no device.

    Needs iam:ListMFADevices, as the administrator.
    Raises: RunbookError where nobody is there to type the code.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
    """
    administrator = caller.administrator or caller
    user_name = Arn.parse(caller.arn).name
    devices = administrator.iam.list_mfa_devices(UserName=user_name)["MFADevices"]
    if not devices:
        return None
    try:
        code = getpass.getpass(f"MFA code of {user_name}: ")
    except NotImplementedError:  # a kernel without a person
        raise RunbookError(
            f"user {user_name!r} has an MFA device, and nobody is here to type its code: run "
            "05_assume_role.ipynb in JupyterLab (make lab)"
        ) from None
    return Mfa(devices[0]["SerialNumber"], Secret(code.strip()))
