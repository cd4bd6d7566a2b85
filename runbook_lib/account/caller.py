"""Who is calling, and where: the first argument of every call.

How a caller comes to be is for `opening`; what is called, for `iam`, `sts` and `ec2`.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from runbook_lib.access.arns import Arn
from runbook_lib.account import journal, profiles, sdk
from runbook_lib.account.secret import Secret
from runbook_lib.errors import LocalAwsError, WrongAccountError
from runbook_lib.machine import software, state


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where calls go."""

    backend: str
    region: str
    profile: str
    endpoint: str | None
    run_id: str

    def exclusive(self, account_id: str) -> AbstractContextManager[None]:
        """Keep other runs out of this account inside the block."""
        return state.exclusive(profiles.folder(self.backend, account_id), f"account {account_id}")

    def session(
        self, access_key_id: str, secret: Secret, token: Secret | None = None
    ) -> sdk.Session:
        """Make a session with these credentials; its other settings are those of this place."""
        profile = None if self.backend == "local" else self.profile
        return sdk.static(access_key_id, secret, token, profile=profile)

    def client(self, session: sdk.Session, service: str, attempts: int = 5) -> Any:
        """Make a client of this place that tries so many times."""
        return sdk.client(
            session,
            service,
            region=self.region,
            endpoint=self.endpoint,
            run_id=self.run_id,
            attempts=attempts,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Caller:
    """A principal whose credentials answer: an administrator, the user, or a role session.

    `identified` holds the ids of the access keys that AWS has said to be this principal's.
    """

    place: Place
    account_id: str
    partition: str
    arn: str
    user_id: str
    session: sdk.Session = field(repr=False)
    identified: set[str] = field(repr=False)
    administrator: "Caller | None" = field(default=None, repr=False)

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

    @cached_property
    def organizations(self) -> Any:
        """This principal's client of Organizations."""
        return self._client("organizations")

    def _client(self, service: str, **options: int) -> Any:
        client = self.place.client(self.session, service, **options)
        journal.watch(client, lambda: self.arn)
        client.meta.events.register_first("before-send", self._require_right_account)
        client.meta.events.register("after-call-error", self._gone)
        return client

    def _require_right_account(self, event_name: str, request: Any, **_: object) -> None:
        """Let no change leave that is signed with a key not known to be this principal's."""
        key_id, action = _key_id_of(request), journal.action_of(event_name)
        if key_id in self.identified or not journal.is_mutating(action):
            return
        found, asked_with = identity(self.sts)
        if _principal(found) == _principal({"Account": self.account_id, "Arn": self.arn}):
            self.identified.add(asked_with)
        if key_id not in self.identified:
            raise WrongAccountError(
                f"{action} was not sent: the credentials were {self.arn}'s when the account was "
                f"opened and are {found['Arn']}'s now. Sign in to account {self.account_id} "
                "again, then run again"
            )

    def _gone(self, exception: Exception, **_: object) -> None:
        """Say what it means that the embedded AWS does not answer."""
        if self.place.backend == "local" and isinstance(exception, sdk.UNREACHABLE):
            raise LocalAwsError(
                f"the embedded AWS at {self.place.endpoint} has gone: it was stopped, or stopped "
                "itself when nobody had used it for half an hour. What was made in it is gone as "
                "well. Run the notebooks again from the first cell of section 2, or all of them: "
                f"{software.program('runbook', 'run', 'ACCOUNT_ID')}"
            ) from None


def identity(sts: Any) -> tuple[dict[str, Any], str]:
    """Ask who is calling, and return also the id of the key that the question was signed with."""
    asked: list[str] = []

    def note(request: Any, **_: object) -> None:
        asked.append(_key_id_of(request))

    sts.meta.events.register("before-send", note)
    try:
        return dict(sts.get_caller_identity()), asked[-1]
    finally:
        sts.meta.events.unregister("before-send", note)


def _key_id_of(request: Any) -> str:
    """Return the id of the access key that a request is signed with."""
    header = request.headers.get("Authorization", b"")
    text = header.decode() if isinstance(header, bytes) else str(header)
    found = re.search(r"Credential=([^/]+)/", text)
    return found[1] if found else ""


def _principal(found: dict[str, str]) -> tuple[str, str]:
    """Return account and user or role: a role's next session may have another name."""
    arn = Arn.parse(found["Arn"])
    return found["Account"], arn.name if arn.session else found["Arn"]
