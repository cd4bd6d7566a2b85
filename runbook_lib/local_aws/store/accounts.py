"""The accounts that exist, and who acts in them: users, and roles in sessions.

Users, roles and instances live in moto's backends; sessions live here, because moto's never expire.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runbook_lib.access import Policy
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.keys import Administrators
from runbook_lib.local_aws.organization import Organization
from runbook_lib.local_aws.store import backends, provisioning
from runbook_lib.local_aws.store.backends import Iam, Role, User


@dataclass(frozen=True)
class Session:
    """What AssumeRole gave: temporary credentials of one role under one name."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    role: Role
    name: str
    issued: datetime
    expires: datetime
    policies: tuple[Policy, ...] | None
    source_identity: str
    tags: Mapping[str, str]
    transitive: frozenset[str]  # keys of tags that go along to the sessions of this session
    packed_size: int | None  # of policies and tags, in percent of what there is room for


@dataclass(frozen=True)
class Identity:
    """An authenticated user, or a role in a session."""

    account_id: str
    partition: str
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


class Accounts:
    """Everything that one embedded AWS holds. Not safe for several threads at once."""

    def __init__(self, clock: Clock, administrators: Administrators) -> None:
        """Begin with nothing: whatever moto held is forgotten."""
        self.clock, self.administrators = clock, administrators
        self.organization = Organization()
        self.sessions: dict[str, Session] = {}
        self._made: set[tuple[str, str]] = set()  # accounts by partition, and regions in use
        self._requests: Counter[tuple[str, ...]] = Counter()
        backends.reset(clock)

    def request_id(self, *kind: str) -> str:
        """Return the id of the next request of its kind.

        With a seed all ids that the request makes follow from that, so they repeat however the
        requests of other accounts, or of other kinds, fall between.
        """
        self._requests[kind] += 1
        if self.administrators.seed is not None:
            backends.seed_ids(f"{self.administrators.seed} {kind} {self._requests[kind]}")
        return backends.request_id()

    def iam(self, account_id: str, partition: str) -> Iam | None:
        """Return the IAM of an account, None where nobody has made that account yet."""
        made = (account_id, partition) in self._made
        member = self.organization.accounts.get(account_id) if partition == "aws" else None
        if not made and member and member.state == "ACTIVE":  # the organization has
            self.make(account_id)
            made = True
        return backends.iam(account_id, partition) if made else None

    def make(self, account_id: str, partition: str = "aws") -> None:
        """Make an account, with its administrator."""
        self.request_id(account_id, partition)
        key = self.administrators.key(account_id, partition)
        provisioning.add_administrator(backends.iam(account_id, partition), key)
        if partition == "aws" and account_id in self.organization.accounts:
            provisioning.add_hub_role(backends.iam(account_id, partition))
        self._made.add((account_id, partition))

    def open_region(self, account_id: str, region: str) -> None:
        """Run the tutorial's instance there, at the account's first use of EC2 in this region."""
        if (account_id, region) not in self._made:
            self.request_id(account_id, region)
            provisioning.run_instance(account_id, region)
            self._made.add((account_id, region))
