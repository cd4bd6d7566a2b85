"""What AWS refuses because of the objects that exist: missing, taken, in use, too many.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .answers import AwsError
from .calls import Call
from .context import tags_of
from .documents import size
from .moto_seams import Iam
from .resources import find

EXISTS, IN_USE, LIMIT = "EntityAlreadyExists", "DeleteConflict", "LimitExceeded"
STATUS = {EXISTS: 409, IN_USE: 409, LIMIT: 409, "NoSuchEntity": 404, "AccessDenied": 403}

MISSING = {
    "UserName": ("user", "The user with name {} cannot be found."),
    "RoleName": ("role", "The role with name {} cannot be found."),
    "GroupName": ("group", "The group with name {} cannot be found."),
    "InstanceProfileName": ("instance-profile", "Instance Profile {} cannot be found."),
    "PolicyArn": ("policy", "Policy {} does not exist or is not attachable."),
    "PermissionsBoundary": ("policy", "Scope ARN: {} does not exist or is not attachable."),
}
MADE = {
    "CreateUser": "UserName",
    "CreateRole": "RoleName",
    "CreateGroup": "GroupName",
    "CreateInstanceProfile": "InstanceProfileName",
}


@dataclass
class Named:
    """The parameters of a call, and what they name."""

    iam: Iam
    given: dict[str, Any]

    @property
    def user(self) -> Any:
        return find(self.iam, "user", self.given["UserName"])

    @property
    def role(self) -> Any:
        return find(self.iam, "role", self.given["RoleName"])

    @property
    def group(self) -> Any:
        return find(self.iam, "group", self.given["GroupName"])

    @property
    def profile(self) -> Any:
        return find(self.iam, "instance-profile", self.given["InstanceProfileName"])

    @property
    def policy(self) -> Any:
        return find(self.iam, "policy", self.given["PolicyArn"])


Rule = tuple[str, str, Callable[[Named], Any]]


def taken(names: Iterable[str], wanted: str | None, own: str = "") -> bool:
    """Say whether a name is taken; case makes no difference."""
    others = {name.lower() for name in names if name != own}
    return wanted is not None and wanted.lower() in others


def inline_size(holder: Any, given: dict[str, Any]) -> int:
    documents = holder.policies | {given["PolicyName"]: given["PolicyDocument"]}
    return sum(map(size, documents.values()))


def too_many_tags(holder: Any, given: dict[str, Any]) -> bool:
    return len({key.lower() for key in (*tags_of(holder), *(t["Key"] for t in given["Tags"]))}) > 50


def is_boundary(named: Named) -> bool:
    arn = named.given["PolicyArn"]
    holders = (*named.iam.users.values(), *named.iam.roles.values())
    boundaries = (getattr(holder, "permissions_boundary", None) for holder in holders)
    return any(each and each["PermissionsBoundaryArn"] == arn for each in boundaries)


def attached(holder: str) -> list[Rule]:
    most = f"Cannot exceed quota for PoliciesPer{holder.title()}: 10"
    return [
        (
            LIMIT,
            most,
            lambda n: len({*getattr(n, holder).managed_policies, n.given["PolicyArn"]}) > 10,
        )
    ]


def inline(holder: str, most: int) -> list[Rule]:
    message = f"Maximum policy size of {most} bytes exceeded for {holder} {{{holder.title()}Name}}"
    return [(LIMIT, message, lambda n: inline_size(getattr(n, holder), n.given) > most)]


def first(what: str, found: Callable[[Named], Any]) -> Rule:
    return (IN_USE, f"Cannot delete entity, must {what} first.", found)


FULL = "The number of tags has reached the maximum limit."
TOO_LONG: Rule = (
    LIMIT,
    "Cannot exceed quota for PolicySize: 6144",
    lambda n: size(n.given["PolicyDocument"]) > 6144,
)
FOREIGN: Rule = (
    "AccessDenied",
    "Policy is outside your own account.",
    lambda n: n.given["PolicyArn"].split(":")[4] != n.iam.account_id,
)

RULES: dict[str, list[Rule]] = {
    "CreateUser": [
        (
            EXISTS,
            "User with name {UserName} already exists.",
            lambda n: taken(n.iam.users, n.given["UserName"]),
        ),
    ],
    "UpdateUser": [
        (
            EXISTS,
            "User with name {NewUserName} already exists.",
            lambda n: taken(n.iam.users, n.given.get("NewUserName"), n.given["UserName"]),
        ),
    ],
    "DeleteUser": [
        first("remove users from group", lambda n: n.user.group_list),
        first("delete access keys", lambda n: n.user.access_keys),
        first("delete login profile", lambda n: n.user.password),
        first("delete MFA device", lambda n: n.user.mfa_devices),
        first("detach all policies", lambda n: n.user.managed_policies),
        first("delete policies", lambda n: n.user.policies),
        first("delete signing certificates", lambda n: n.user.signing_certificates),
        first("delete SSH public keys", lambda n: n.user.ssh_public_keys),
    ],
    "CreateAccessKey": [
        (
            LIMIT,
            "Cannot exceed quota for AccessKeysPerUser: 2",
            lambda n: len(n.user.access_keys) >= 2,
        ),
    ],
    "CreateLoginProfile": [
        (EXISTS, "Login Profile for user {UserName} already exists.", lambda n: n.user.password),
    ],
    "GetAccessKeyLastUsed": [
        (
            "AccessDenied",
            "the access key {AccessKeyId} is not of this account",
            lambda n: n.given["AccessKeyId"] not in n.iam.access_keys,
        ),
    ],
    "CreateGroup": [
        (
            EXISTS,
            "Group with name {GroupName} already exists.",
            lambda n: taken(n.iam.groups, n.given["GroupName"]),
        ),
    ],
    "UpdateGroup": [
        (
            EXISTS,
            "Group with name {NewGroupName} already exists.",
            lambda n: taken(n.iam.groups, n.given.get("NewGroupName"), n.given["GroupName"]),
        ),
    ],
    "DeleteGroup": [
        first("remove users from group", lambda n: n.group.users),
        first("detach all policies", lambda n: n.group.managed_policies),
        first("delete policies", lambda n: n.group.policies),
    ],
    "AddUserToGroup": [
        (
            LIMIT,
            "Cannot exceed quota for GroupsPerUser: 10",
            lambda n: len({*n.user.group_list, n.group.name}) > 10,
        ),
    ],
    "CreateRole": [
        (
            EXISTS,
            "Role with name {RoleName} already exists.",
            lambda n: taken((role.name for role in n.iam.roles.values()), n.given["RoleName"]),
        ),
    ],
    "DeleteRole": [
        first("remove roles from instance profile", lambda n: n.role.instance_profile_list),
        first("detach all policies", lambda n: n.role.managed_policies),
        first("delete policies", lambda n: n.role.policies),
    ],
    "CreateInstanceProfile": [
        (
            EXISTS,
            "Instance Profile {InstanceProfileName} already exists.",
            lambda n: taken(n.iam.instance_profiles, n.given["InstanceProfileName"]),
        ),
    ],
    "RemoveRoleFromInstanceProfile": [
        (
            "NoSuchEntity",
            "The role with name {RoleName} is not in instance profile {InstanceProfileName}.",
            lambda n: n.role not in n.profile.roles,
        ),
    ],
    "CreatePolicy": [
        (
            EXISTS,
            "A policy called {PolicyName} already exists. Duplicate names are not allowed.",
            lambda n: taken(
                (
                    p.name
                    for p in n.iam.managed_policies.values()
                    if p.account_id == n.iam.account_id
                ),
                n.given["PolicyName"],
            ),
        ),
        TOO_LONG,
    ],
    "CreatePolicyVersion": [FOREIGN, TOO_LONG],
    "DeletePolicyVersion": [FOREIGN],
    "SetDefaultPolicyVersion": [FOREIGN],
    "DeletePolicy": [
        FOREIGN,
        (
            IN_USE,
            "Cannot delete a policy attached to entities.",
            lambda n: n.policy.attachment_count or is_boundary(n),
        ),
        (
            IN_USE,
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy.",
            lambda n: len(n.policy.versions) > 1,
        ),
    ],
    "AttachUserPolicy": attached("user"),
    "AttachRolePolicy": attached("role"),
    "AttachGroupPolicy": attached("group"),
    "PutUserPolicy": inline("user", 2048),
    "PutRolePolicy": inline("role", 10240),
    "PutGroupPolicy": inline("group", 5120),
    "TagUser": [(LIMIT, FULL, lambda n: too_many_tags(n.user, n.given))],
    "TagRole": [(LIMIT, FULL, lambda n: too_many_tags(n.role, n.given))],
    "TagPolicy": [FOREIGN],
    "UntagPolicy": [FOREIGN],
}


def check_conflicts(call: Call, iam: Iam) -> None:
    """Raise AwsError for what is missing, taken, in use or too many."""
    if call.service != "iam":
        return
    given, name = call.parameters, call.operation.name
    for parameter, (kind, message) in MISSING.items():
        made = MADE.get(name) == parameter
        if parameter in given and not made and find(iam, kind, given[parameter]) is None:
            raise AwsError("NoSuchEntity", message.format(given[parameter]), 404)
    keys = [tag["Key"].lower() for tag in given.get("Tags", [])]
    if len(set(keys)) < len(keys):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise AwsError("InvalidInput", message)
    for code, message, broken in RULES.get(name, []):
        if broken(Named(iam, given)):
            raise AwsError(code, message.format(**given), STATUS[code])
