"""The ways to become a caller: as an account's administrator, as the user, as a role's session.

Nothing but GetCallerIdentity leaves before the account is known to be the right one.
"""

import os
import secrets
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib import local_aws
from runbook_lib.access.arns import Arn
from runbook_lib.account import journal, parameters, profiles, sdk
from runbook_lib.account.caller import Caller, Place, identity
from runbook_lib.account.secret import Secret, guard_kernel, remember
from runbook_lib.account.waiting import until_settled
from runbook_lib.errors import (
    MissingStepError,
    RunbookError,
    UnreachableError,
    WrongAccountError,
    with_next_step,
)

RUN_ID_VARIABLE = "RUNBOOK_RUN_ID"


def open_account(
    account_id: object = "123456789012",
    region: str = "ap-northeast-2",
    backend: str = "local",
    profile: str = "",
) -> Caller:
    """Open an account as its administrator, or refuse (sts:GetCallerIdentity needs no permission).

    On `local` the embedded AWS is started where none runs; on `aws` the SDK's own chain gives the
    credentials and the endpoint.
    Raises: ParameterError before anything is sent; WrongAccountError when the credentials belong
    to another account or partition; UnreachableError when there are none or they do not answer.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    guard_kernel()
    parameters.check({"region": region, "backend": backend, "profile": profile})
    wanted = parameters.account_id(account_id)
    caller = _reach(region, backend, profile, wanted)
    if caller.account_id != wanted:
        raise WrongAccountError(
            f"account {wanted} was asked for, but {sdk.source(caller.session)} belongs to account "
            f"{caller.account_id}; nothing was sent but GetCallerIdentity. Choose the profile of "
            f"{wanted} (runbook: --profile NAME, papermill: -r profile NAME)"
        )
    return _no_root(caller)


def open_hub(region: str, profile: str = "", backend: str = "aws") -> Caller:
    """Open whoever is signed in, from where a fleet's accounts are reached or listed.

    On `local` that is the administrator of the embedded organization's management account.
    Needs no permission. Raises: as `open_account`.
    """
    parameters.check({"region": region, "backend": backend, "profile": profile})
    if backend == "local":
        return open_account(local_aws.MANAGEMENT_ACCOUNT_ID, region)
    return _no_root(_reach(region, backend, profile))


def _reach(region: str, backend: str, profile: str, wanted: str = "") -> Caller:
    """Find credentials, on `local` those of the wanted account, and ask whose they are."""
    partition = sdk.partition(region)
    where = {"backend": backend, "region": region, "profile": profile, "run_id": _run_id()}
    try:
        session, endpoint = (
            _local(wanted, partition) if backend == "local" else (sdk.chain(region, profile), None)
        )
        return _identify(Place(**where, endpoint=endpoint), session)
    except RunbookError as error:
        raise UnreachableError(*error.args) if type(error) is RunbookError else error from None


def _no_root(caller: Caller) -> Caller:
    """Refuse the root user, after the account is known."""
    if caller.arn.endswith(":root"):
        raise WrongAccountError(
            f"{sdk.source(caller.session)} is the root user of account {caller.account_id}, which "
            "should do no such work; nothing was sent but GetCallerIdentity. Use a role or user "
            "of the account"
        )
    return caller


def open_user(administrator: Caller, user_arn: str) -> Caller:
    """Open the tutorial's user with the key in this account's profile file (no permission needed).

    Raises: MissingStepError when this machine holds no key that answers as this user.
    """
    key = profiles.read_key(administrator.place.backend, administrator.account_id)
    if key is None:
        raise _no_key(administrator, "this machine holds no key of the user")
    session = administrator.place.session(key.access_key_id, key.secret_access_key)
    try:
        user = _identify_settled(session, administrator, "the user's key")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise _no_key(administrator, f"the user's key is refused with {code}") from None
    if user.arn != user_arn:
        raise _no_key(administrator, f"the key that this machine holds is {user.arn}'s")
    return user


def open_session(administrator: Caller, caller: Caller, response: dict[str, Any] | None) -> Caller:
    """Open the role session that AssumeRole returned to this caller (no permission needed).

    Where it was refused there is no session, and the caller stays who it is.
    """
    if response is None:
        return caller
    credentials = response["Credentials"]
    session = administrator.place.session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    return _identify_settled(session, administrator, "the session's credentials")


def new_run_id() -> str:
    """Return an id that tags, user agent and report of one run share."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _identify(place: Place, session: sdk.Session, administrator: Caller | None = None) -> Caller:
    sts = place.client(session, "sts")
    journal.watch(sts, lambda: "")
    try:
        with sdk.usable():
            who, key_id = identity(sts)
    except ClientError as error:
        if administrator:  # who knows better what that means
            raise
        raise RunbookError(with_next_step(error)) from None
    partition = Arn.parse(who["Arn"]).partition
    if partition != sdk.partition(place.region):
        raise WrongAccountError(
            f"region {place.region!r} is not in partition {partition!r}, where account "
            f"{who['Account']} is; nothing was sent but GetCallerIdentity. Choose another region"
        )
    return Caller(
        place=place,
        account_id=who["Account"],
        partition=partition,
        arn=who["Arn"],
        user_id=who["UserId"],
        session=session,
        identified={key_id},
        administrator=administrator,
    )


def _identify_settled(session: sdk.Session, administrator: Caller, what: str) -> Caller:
    """Wait for credentials that were made a moment ago."""
    caller: Caller = until_settled(
        administrator.place.backend,
        what,
        lambda: _identify(administrator.place, session, administrator),
        not_yet={"InvalidClientTokenId"},
    )
    return caller


def _run_id() -> str:
    """Return the id of the run that this thread or kernel belongs to, or make this kernel's own."""
    return journal.run_id() or os.environ.setdefault(RUN_ID_VARIABLE, new_run_id())


def _local(account_id: str, partition: str) -> tuple[sdk.Session, str]:
    running = local_aws.ensure_running()
    secret = running.administrators.secret
    remember(secret.hex(), repr(secret)[2:-1])  # as the state file has it, and as it prints
    key = running.administrator(account_id, partition)
    return sdk.static(key.access_key_id, Secret(key.secret_access_key)), running.endpoint


def _no_key(administrator: Caller, what: str) -> MissingStepError:
    return MissingStepError(
        f"{what} (account {administrator.account_id}, {administrator.place.backend}); "
        "section 5 needs one: run 03_user.ipynb first"
    )
