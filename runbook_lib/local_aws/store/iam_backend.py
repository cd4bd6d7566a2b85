"""moto's IAM, made to behave as AWS does: its state, ids and secrets, and AWS's own policies."""

import base64
import json
import secrets
from collections import Counter
from copy import copy
from functools import cache
from hashlib import sha256
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import (
    AccessKey,
    AWSManagedPolicy,
    Group,
    IAMBackend,
    ManagedPolicy,
    Role,
    User,
)
from moto.iam.utils import generate_access_key_id_from_account_id

from runbook_lib.local_aws.store.mfa_devices import Device

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

    def remove_user_from_group(self, group_name: str, user_name: str) -> None:
        if self.get_user(user_name) in self.get_group(group_name).users:  # else nothing to do
            super().remove_user_from_group(group_name, user_name)

    # Of users' and roles' tags a key is the same in any case.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html

    def tag_user(self, name: str, tags: list[dict[str, str]]) -> None:
        self.untag_user(name, [tag["Key"] for tag in tags])
        super().tag_user(name, tags)

    def untag_user(self, name: str, tag_keys: list[str]) -> None:
        super().untag_user(name, _named(self.get_user(name).tags, tag_keys))

    def tag_role(self, role_name: str, tags: list[dict[str, str]]) -> None:
        self.untag_role(role_name, [tag["Key"] for tag in tags])
        super().tag_role(role_name, tags)

    def untag_role(self, role_name: str, tag_keys: list[str]) -> None:
        super().untag_role(role_name, _named(self.get_role(role_name).tags, tag_keys))

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


def _named(tags: list[dict[str, str]] | None, keys: list[str]) -> list[str]:
    """Return the keys of these tags that are meant."""
    meant = {key.lower() for key in keys}
    return [tag["Key"] for tag in tags or [] if tag["Key"].lower() in meant]


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
