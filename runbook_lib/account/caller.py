"""Who is calling, and where: the first argument of every call.

`open_account` is the lock: nothing but GetCallerIdentity leaves before the account is known to be
the right one. What is called belongs to `iam`, `sts` and `ec2`.
"""

import os
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook_lib import local_aws
from runbook_lib.account import journal, parameters, profiles
from runbook_lib.account import sdk as sessions
from runbook_lib.account.sdk import Session, chain, static
from runbook_lib.account.secret import Secret, guard_kernel
from runbook_lib.account.waiting import until_settled
from runbook_lib.errors import MissingStepError, RunbookError, WrongAccountError, with_next_step
from runbook_lib.machine import state
from runbook_lib.policies import Setup, describe

RUN_ID_VARIABLE = "RUNBOOK_RUN_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where calls go."""

    backend: str
    region: str
    profile: str
    endpoint: str | None
    run_id: str

    def exclusive(self, account_id: str) -> AbstractContextManager[None]:
        """Hold this account's lock, so that two runs at once do not meet in it."""
        return state.exclusive(profiles.folder(self.backend, account_id), f"account {account_id}")

    def client(self, session: Session, service: str, attempts: int = 5) -> Any:
        """Make a client of this place that tries so many times."""
        return sessions.client(
            session,
            service,
            region=self.region,
            endpoint=self.endpoint,
            run_id=self.run_id,
            attempts=attempts,
        )


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A principal whose credentials answer: an administrator, the user, or a role session."""

    place: Place
    account_id: str
    partition: str
    arn: str
    user_id: str
    session: Session = field(repr=False)
    administrator: "Caller | None" = field(default=None, repr=False)
    read_only: bool = False

    @cached_property
    def iam(self) -> Any:
        """This principal's IAM client."""
        return self._client("iam")

    @cached_property
    def iam_once(self) -> Any:
        """This principal's IAM client for what must not be sent twice: it never retries."""
        return self._client("iam", attempts=1)

    @cached_property
    def sts(self) -> Any:
        """This principal's STS client, regional."""
        return self._client("sts")

    @cached_property
    def ec2(self) -> Any:
        """This principal's EC2 client."""
        return self._client("ec2")

    @property
    def calls(self) -> list[journal.Call]:
        """Every call of this process so far, by whomever it was made."""
        return journal.CALLS

    def _client(self, service: str, **options: int) -> Any:
        client = self.place.client(self.session, service, **options)
        journal.watch(client, lambda: self.arn)
        client.meta.events.register_first("before-call", self._lock)
        return client

    def _lock(self, event_name: str, **_: object) -> None:
        """Let no mutating call leave unless the live credentials are still this principal's."""
        action = ":".join(event_name.split(".")[1:])
        if journal.is_mutating(action):
            if self.read_only:
                raise WouldChange(action)
            if self._live["Arn"] != self.arn:
                raise WrongAccountError(
                    f"{action} was not sent: the credentials were {self.arn}'s when the account "
                    f"was opened and are {self._live['Arn']}'s now. Open the account again"
                )

    @cached_property
    def _live(self) -> dict[str, Any]:
        return dict(self.sts.get_caller_identity())


class WouldChange(Exception):
    """A read-only caller was about to send this action."""

    def __init__(self, action: str) -> None:
        super().__init__(action)
        self.action = action


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
    to another account or partition; RunbookError when there are none or they do not answer.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    guard_kernel()
    parameters.check({"region": region, "backend": backend, "profile": profile})
    wanted = parameters.account_id(account_id)
    local = backend == "local"
    session, endpoint = _local(wanted, region) if local else (chain(region, profile), None)
    place = Place(
        backend=backend, region=region, profile=profile, endpoint=endpoint, run_id=_run_id()
    )
    caller = _identify(place, session)
    if caller.account_id != wanted:
        raise WrongAccountError(
            f"account {wanted} was asked for, but {_source(place, session)} belongs to account "
            f"{caller.account_id}; nothing was sent but GetCallerIdentity. Choose the profile of "
            f"{wanted} (runbook: --profile NAME, papermill: -r profile NAME)"
        )
    if caller.arn.endswith(":root"):
        raise WrongAccountError(
            f"{_source(place, session)} is the root user of account {wanted}, which should do no "
            "such work; nothing was sent but GetCallerIdentity. Use a role or user of the account"
        )
    return caller


def open_setup(chosen: Mapping[str, Any]) -> tuple[Caller, Caller, Setup]:
    """Open the role's account and the user's, and describe what these parameters want there.

    Raises: as `open_account`.
    """
    where = [chosen[name] for name in ("region", "backend", "profile")]
    account = open_account(chosen["account_id"], *where)
    trusted = chosen["trusted_account_id"]
    home = open_account(trusted, *where) if trusted else account
    names = {name: chosen[name] for name in ("policy_name", "user_name", "role_name")}
    return account, home, describe(account, chosen["variant"], trusted_account_id=trusted, **names)


def open_user(administrator: Caller) -> Caller:
    """Open the tutorial's user with the key in this account's profile file (no permission needed).

    Raises: MissingStepError when this machine holds no key that answers.
    """
    key = profiles.read_key(administrator.place.backend, administrator.account_id)
    if key is None:
        raise _no_key(administrator, "this machine holds no key of the user")
    session = static(key.access_key_id, key.secret_access_key)
    place = administrator.place
    try:
        return _identify_settled(place, session, administrator, "the user's key")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise _no_key(administrator, f"the user's key is refused with {code}") from None


def open_session(administrator: Caller, caller: Caller, response: dict[str, Any] | None) -> Caller:
    """Open the role session that AssumeRole returned to this caller (no permission needed).

    Where it was refused there is no session, and the caller stays who it is.
    """
    if response is None:
        return caller
    credentials = response["Credentials"]
    session = static(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )
    place = administrator.place
    return _identify_settled(place, session, administrator, "the session's credentials")


def hand_over(
    as_user: Caller, role_arn: str, session_name: str, external_id: str | None = None
) -> dict[str, str]:
    """Write both profiles for other tools; return who each of them is (no call)."""
    place = as_user.place
    where = (place.backend, as_user.account_id)
    profiles.write_user(*where, region=place.region, endpoint=place.endpoint)
    profiles.write_role(
        *where,
        region=place.region,
        endpoint=place.endpoint,
        role_arn=role_arn,
        session_name=session_name,
        external_id=external_id,
    )
    return {profiles.USER_PROFILE: as_user.arn, profiles.ROLE_PROFILE: role_arn}


def new_run_id() -> str:
    """Return an id that tags, user agent and report of one run share."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def _identify(place: Place, session: Session, administrator: Caller | None = None) -> Caller:
    sts = place.client(session, "sts")
    who = {"Arn": ""}
    journal.watch(sts, lambda: who["Arn"])
    try:
        who |= sts.get_caller_identity()
    except (BotoCoreError, EOFError, NotImplementedError) as error:  # the latter: no MFA code
        raise sessions.unusable(error) from None
    except ClientError as error:
        if administrator:  # who knows better what that means
            raise
        raise RunbookError(with_next_step(error)) from None
    partition = who["Arn"].split(":")[1]
    if partition != session.get_partition_for_region(place.region):
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
        administrator=administrator,
    )


def _run_id() -> str:
    """Return the id of the run that this kernel belongs to, or make this kernel's own."""
    return os.environ.setdefault(RUN_ID_VARIABLE, new_run_id())


def _identify_settled(place: Place, session: Session, administrator: Caller, what: str) -> Caller:
    """Wait for credentials that were made a moment ago."""
    caller: Caller = until_settled(
        place.backend,
        what,
        lambda: _identify(place, session, administrator),
        not_yet={"InvalidClientTokenId"},
    )
    return caller


def _local(account_id: str, region: str) -> tuple[Session, str]:
    running = local_aws.ensure_running()
    key = running.administrator(account_id, sessions.partition(region))
    return static(key.access_key_id, Secret(key.secret_access_key)), running.endpoint


def _source(place: Place, session: Session) -> str:
    if place.profile:
        return f"profile {place.profile!r}"
    return f"profile {session.profile_name!r} of the AWS SDK's credential chain"


def _no_key(administrator: Caller, what: str) -> MissingStepError:
    return MissingStepError(
        f"{what} (account {administrator.account_id}, {administrator.place.backend}); "
        "section 5 needs one: run notebooks/03_user.ipynb first"
    )
