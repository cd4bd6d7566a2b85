"""AWS Security Token Service: one function per call; the response's own dict comes back.

https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
"""

from typing import Any

from runbook_lib.account.caller import Caller
from runbook_lib.account.mfa.codes import SecondFactor
from runbook_lib.account.secret import Secret


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
    mfa: SecondFactor | None = None,
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
    response = caller.sts.assume_role(
        RoleArn=role_arn, RoleSessionName=session_name, **optional, **_with(mfa)
    )
    return _with_secrets(response)


def get_session_token(caller: Caller, *, mfa: SecondFactor | None = None) -> dict[str, Any]:
    """Give the user temporary credentials, with its second factor (no permission needed).

    The secret key and the session token in the response are `Secret`; they last 12 hours.
    Raises: ClientError AccessDenied when the code is not good, or the caller is in a session.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    return _with_secrets(caller.sts.get_session_token(**_with(mfa)))


def _with(mfa: SecondFactor | None) -> dict[str, str]:
    return {"SerialNumber": mfa.serial_number, "TokenCode": mfa.code()} if mfa else {}


def _with_secrets(response: dict[str, Any]) -> dict[str, Any]:
    credentials = response["Credentials"]
    for name in ("SecretAccessKey", "SessionToken"):
        credentials[name] = Secret(credentials[name])
    return dict(response)
