"""moto's backends, made to behave as AWS does: their state, their time, their ids.

moto is pinned exactly, and a test fails when a name used here moves. What answers a call is in
`store.actions`; what AWS refuses and moto does not is for `rules`.
"""

import base64
import json
import secrets
import sys
from collections import Counter
from collections.abc import Callable
from copy import copy
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from moto.core.base_backend import BackendDict
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import (
    AccessKey,
    AWSManagedPolicy,
    Group,
    IAMBackend,
    ManagedPolicy,
    Role,
    User,
    iam_backends,
)
from moto.iam.utils import generate_access_key_id_from_account_id
from moto.moto_api._internal import mock_random

from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.store.mfa_devices import Device

# moto's words for what IAM and EC2 hold, for other rooms
__all__ = ["INSTANCE_TYPES", "EC2Backend", "Group", "Iam", "Role", "User"]

setattr(ManagedPolicy, "permissions_boundary_usage_count", 0)  # noqa: B010  # moto has none


class Iam(IAMBackend):
    """moto's IAM of one account, with ids and secrets as AWS makes them."""

    def _init_aws_policies(self) -> list[ManagedPolicy]:
        return [*aws_policies(self.partition).values()]

    def _init_managed_policies(self) -> dict[str, ManagedPolicy]:
        return {**aws_policies(self.partition)}  # every account's own, once it attaches them

    def create_user(self, *args: Any, **kwargs: Any) -> User:
        user = super().create_user(*args, **kwargs)
        user.id = new_id(self.account_id, "AIDA")
        return user

    def create_group(self, *args: Any, **kwargs: Any) -> Group:
        group = super().create_group(*args, **kwargs)
        group.id = new_id(self.account_id, "AGPA")
        return group

    def create_policy(self, *args: Any, **kwargs: Any) -> ManagedPolicy:
        policy = super().create_policy(*args, **kwargs)
        policy.id = new_id(self.account_id, "ANPA")
        return policy

    def attach_user_policy(self, policy_arn: str, user_name: str) -> None:
        if policy_arn not in self.get_user(user_name).managed_policies:  # else moto counts it twice
            self._have_own(policy_arn)
            super().attach_user_policy(policy_arn, user_name)

    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        if policy_arn not in self.get_role(role_name).managed_policies:
            self._have_own(policy_arn)
            super().attach_role_policy(policy_arn, role_name)

    def attach_group_policy(self, policy_arn: str, group_name: str) -> None:
        self._have_own(policy_arn)
        super().attach_group_policy(policy_arn, group_name)

    def _have_own(self, policy_arn: str) -> None:
        policy = self.managed_policies.get(policy_arn)
        if isinstance(policy, AWSManagedPolicy) and not policy.attachment_count:
            self.managed_policies[policy_arn] = copy(policy)

    def update_assume_role_policy(self, role_name: str, policy_document: str) -> None:
        # Checked by `rules.documents`: moto's own check refuses valid trust policies.
        self.get_role(role_name).assume_role_policy_document = policy_document

    def count_boundaries(self) -> None:
        """Write down at each managed policy how many users and roles have it as boundary."""
        held = Counter(boundary_of(each) for each in (*self.users.values(), *self.roles.values()))
        for policy in self.managed_policies.values():
            setattr(policy, "permissions_boundary_usage_count", held[policy.arn])  # noqa: B010

    def create_virtual_mfa_device(self, device_name: str, path: str) -> Device:
        device = Device(self.account_id, self.region_name, f"{path or '/'}{device_name}")
        self.virtual_mfa_devices[device.arn] = device
        return device

    def has(self, entity: User | Role) -> bool:
        """Tell whether this very user or role is still there, not another of its name."""
        return entity.id in self.roles or self.users.get(entity.name) is entity

    def get_account_authorization_details(self, policy_filter: list[str]) -> dict[str, Any]:
        """Of its own managed policies AWS tells those that are in use."""
        kinds = policy_filter or ["AWSManagedPolicy", "LocalManagedPolicy"]

        def is_told(one: Any) -> bool:
            if not isinstance(one, AWSManagedPolicy):
                return "LocalManagedPolicy" in kinds
            used = one.attachment_count or getattr(one, "permissions_boundary_usage_count", 0)
            return bool(used) and "AWSManagedPolicy" in kinds

        told = [*filter(is_told, self.managed_policies.values())]
        return super().get_account_authorization_details(policy_filter) | {"managed_policies": told}

    def create_access_key(self, *args: Any, **kwargs: Any) -> AccessKey:
        key = super().create_access_key(*args, **kwargs)
        key.secret_access_key = new_secret()
        return key


class Ec2(EC2Backend):
    """moto's EC2 of one account in one region."""

    def _load_amis(self) -> None:
        """Load none of 1,300 images: it takes 0.1 s for every account and region."""

    def describe_tags(self, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """Return tags; moto looks at all tags of all resources where it asks for one's own."""
        ids = filters["resource-id"] if filters and filters.keys() == {"resource-id"} else ["*"]
        if any({"*", "?"} & set(one) for one in ids):
            return super().describe_tags(filters)
        return [
            {
                "resource_id": one,
                "key": key,
                "value": value,
                "resource_type": EC2_PREFIX_TO_RESOURCE.get(get_prefix(one), ""),
            }
            for one in ids
            for key, value in self.tags.get(one, {}).items()
        ]


def boundary_of(entity: object) -> str:
    """Return the ARN of a user's or role's permissions boundary, "" where there is none."""
    found = getattr(entity, "permissions_boundary", None) or {}
    return str(found.get("PermissionsBoundaryArn", ""))


def new_id(account_id: str, prefix: str, length: int = 21) -> str:
    """Return an id like AIDA…, which holds the account as AWS's do."""
    return generate_access_key_id_from_account_id(account_id, prefix, length)


def new_secret() -> str:
    """Return a secret access key: 40 characters, never repeatable."""
    return base64.b64encode(secrets.token_bytes(30)).decode()


def reset(clock: Clock) -> None:
    """Forget everything, and let moto tell this clock's time from now on."""
    aws_policies("aws")  # while nobody waits for an answer
    BackendDict.reset()
    iam_backends.backend, ec2_backends.backend = Iam, Ec2
    _set_time(lambda: clock.now().replace(microsecond=0, tzinfo=None))


def iam(account_id: str, partition: str) -> Iam:
    """Return the IAM of an account."""
    backend = iam_backends[account_id][partition]
    assert isinstance(backend, Iam)
    return backend


def iams(partition: str) -> list[Iam]:
    """Return the IAM of every account in a partition."""
    held = [(account_id, [*regions]) for account_id, regions in iam_backends.items()]
    return [iam(account_id, partition) for account_id, regions in held if partition in regions]


def ec2(account_id: str, region: str) -> EC2Backend:
    """Return the EC2 of an account in a region."""
    return ec2_backends[account_id][region]


def seed_ids(seed: str) -> None:
    """Let the ids that moto makes next follow from this text."""
    mock_random.seed(seed)


def request_id() -> str:
    """Return an id for one request."""
    return str(UUID(int=mock_random.getrandbits(128), version=4))


def note_use(role: Role, now: datetime, region: str) -> None:
    """Remember when a role's session was last used."""
    role.last_used = now
    role.last_used_region = region  # type: ignore[assignment]  # moto declares None only


def _set_time(utcnow: Callable[[], datetime]) -> None:
    # moto's modules import `utcnow` by name, so each one's own name is replaced.
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and hasattr(module, "utcnow"):
            setattr(module, "utcnow", utcnow)  # noqa: B010


@cache
def aws_policies(partition: str) -> dict[str, ManagedPolicy]:
    """Return AWS's own managed policies by ARN, once for all accounts: they take 0.6 MB."""
    policies: list[ManagedPolicy] = []
    for name, entry in json.loads(aws_managed_policies_data).items():
        policy = AWSManagedPolicy.from_data(name, "aws", partition, entry)
        policy.partition = partition
        policy.id = "ANPA" + base64.b32encode(sha256(name.encode()).digest())[:17].decode()
        policies.append(policy)
    return {policy.arn: policy for policy in policies}
