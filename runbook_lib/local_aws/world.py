"""What exists: accounts with their administrators and instances, sessions, who owns which key.

Objects live in moto's backends; sessions live here, because moto's never expire. What a caller may
do is for `authorization`.
"""

import hmac
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from moto.iam.models import Role, User

from runbook_lib.access import Policy

from . import moto_seams, tutorial
from .answers import AwsError, unauthenticated
from .authentication import Http, Scope, check_signature
from .clock import Clock
from .keys import Administrators, account_of
from .moto_seams import Iam
from .weather import Weather


@dataclass(frozen=True)
class Session:
    """What AssumeRole gave: temporary credentials of one role under one name."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    account_id: str
    partition: str
    role_id: str
    name: str
    issued: datetime
    expires: datetime
    policies: tuple[Policy, ...] | None
    source_identity: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Caller:
    """An authenticated user, or a role in a session."""

    account_id: str
    partition: str
    key_id: str
    entity: User | Role
    session: Session | None = None

    @property
    def arn(self) -> str:
        if self.session is None:
            return str(self.entity.arn)
        name = f"{self.entity.name}/{self.session.name}"
        return f"arn:{self.partition}:sts::{self.account_id}:assumed-role/{name}"

    @property
    def user_id(self) -> str:
        return self.entity.id if self.session is None else f"{self.entity.id}:{self.session.name}"


class World:
    """The state of one embedded AWS. Take `lock` around everything that reads or changes moto."""

    def __init__(self, clock: Clock, administrators: Administrators) -> None:
        """Begin with nothing: whatever moto held is forgotten."""
        self.clock, self.administrators = clock, administrators
        self.lock = threading.RLock()
        self.weather = Weather()
        self.sessions: dict[str, Session] = {}
        self._made: set[tuple[str, str]] = set()  # accounts by partition, and regions opened
        self._turns: Counter[tuple[str, ...]] = Counter()
        moto_seams.reset(clock)

    def turn(self, *kind: str) -> str:
        """Begin the n-th call of its kind; return a request id.

        With a seed all ids that the call makes follow from that, so they repeat however the calls
        of other accounts, or of other kinds, fall between.
        """
        self._turns[kind] += 1
        if self.administrators.seed is not None:
            moto_seams.seed_ids(f"{self.administrators.seed} {kind} {self._turns[kind]}")
        return moto_seams.request_id()

    def iam(self, account_id: str, partition: str) -> Iam | None:
        """Return the IAM of an account, None where nobody has made that account yet."""
        made = (account_id, partition) in self._made
        return moto_seams.iam(account_id, partition) if made else None

    def make_account(self, account_id: str, partition: str = "aws") -> None:
        """Make an account, with its administrator."""
        self.turn(account_id, partition)
        key = self.administrators.key(account_id, partition)
        tutorial.add_administrator(moto_seams.iam(account_id, partition), key)
        self._made.add((account_id, partition))

    def open_region(self, account_id: str, region: str) -> None:
        """Run the tutorial's instance there, at the account's first use of EC2 in this region."""
        if (account_id, region) not in self._made:
            self.turn(account_id, region)
            tutorial.run_instance(account_id, region)
            self._made.add((account_id, region))

    def authenticate(self, http: Http, scope: Scope, partition: str) -> Caller:
        """Return who signed the request, making an administrator's account on first sight.

        Raises: AwsError as AWS does for an unknown key, a wrong signature, an expired session.
        """
        token = http.header("X-Amz-Security-Token")
        if session := self.sessions.get(scope.key_id):
            check_signature(http, scope, session.secret)
            return self._in_session(session, token, scope, partition)
        found = self.administrators.recognise(scope.key_id)
        if found and found[:2] == (found[0], partition) and not self.iam(found[0], partition):
            check_signature(http, scope, found[2].secret_access_key)
            self.make_account(found[0], partition)
        account_id = account_of(scope.key_id)
        iam = self.iam(account_id, partition)
        key = iam.access_keys.get(scope.key_id) if iam and not token else None
        if iam is None or key is None or key.status != "Active":
            raise _unknown(scope)
        check_signature(http, scope, key.secret_access_key)
        return Caller(account_id, partition, scope.key_id, iam.users[str(key.user_name)])

    def _in_session(self, session: Session, token: str, scope: Scope, partition: str) -> Caller:
        role = moto_seams.iam(session.account_id, session.partition).roles.get(session.role_id)
        same = hmac.compare_digest(token.encode(), session.token.encode())
        if role is None or not same or session.partition != partition:
            raise _unknown(scope)
        if session.expires <= self.clock.now():
            if scope.service == "ec2":
                raise AwsError("RequestExpired", "Request has expired.")
            message = "The security token included in the request is expired"
            raise AwsError("ExpiredToken", message, 403)
        moto_seams.note_use(role, self.clock.now(), scope.region)
        return Caller(session.account_id, partition, session.key_id, role, session)


def _unknown(scope: Scope) -> AwsError:
    message = "The security token included in the request is invalid."
    return unauthenticated(scope.service, "InvalidClientTokenId", message)
