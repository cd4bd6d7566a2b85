"""Who has authenticated: a user, or a role in a session that AssumeRole opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runbook_lib.access import Policy
from runbook_lib.local_aws.store.backends import Role, User


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
