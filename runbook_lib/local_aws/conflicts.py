"""What AWS refuses because of the objects that exist: missing, taken, in use, too many.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Callable, Iterator
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from .answers import AwsError
from .calls import Call
from .context import tags_of
from .documents import size
from .moto_seams import Iam
from .resources import find

# For each parameter that names something: what, and what AWS says when it is not there.
NAMES = {
    "UserName": ("user", "The user with name {} cannot be found."),
    "RoleName": ("role", "The role with name {} cannot be found."),
    "GroupName": ("group", "The group with name {} cannot be found."),
    "InstanceProfileName": ("profile", "Instance Profile {} cannot be found."),
    "PolicyArn": ("policy", "Policy {} does not exist or is not attachable."),
    "PermissionsBoundary": ("policy", "Scope ARN: {} does not exist or is not attachable."),
}
STATUS = {"NoSuchEntity": 404, "AccessDenied": 403}

# A rule is AWS's code, its message, and whether the rule is broken. It is asked about a `Named`:
# `given` parameters, `iam`, and the objects that they name: `user`, `role`, `group`, …
Named = SimpleNamespace
Rule = tuple[str, str, Callable[[Named], Any]]


def _taken(
    kind: str, parameter: str, message: str = "{kind} with name {{{name}}} already exists."
) -> Rule:
    def broken(n: Named) -> bool:
        wanted, own = n.given.get(parameter, ""), n.given.get(parameter.removeprefix("New"))
        changed = parameter.removeprefix("New") == parameter or wanted != own
        return changed and wanted.lower() in {name.lower() for name in _names(n.iam, kind)}

    return "EntityAlreadyExists", message.format(kind=kind, name=parameter), broken


def _names(iam: Iam, kind: str) -> Iterator[str]:
    own = (
        policy for policy in iam.managed_policies.values() if policy.account_id == iam.account_id
    )
    held: dict[str, Any] = {
        "User": iam.users.values(),
        "Role": iam.roles.values(),
        "Group": iam.groups.values(),
        "Instance Profile": iam.instance_profiles.values(),
        "Policy": own,
    }
    return (each.name for each in held[kind])


def _first(what: str, held: str) -> Rule:
    return "DeleteConflict", f"Cannot delete entity, must {what} first.", attrgetter(held)


def _limit(message: str, most: int, count: Callable[[Named], int]) -> Rule:
    return "LimitExceeded", message.format(most=most), lambda n: count(n) > most


def _attached(kind: str) -> list[Rule]:
    def count(n: Named) -> int:
        return len({*getattr(n, kind).managed_policies, n.given["PolicyArn"]})

    return [_limit(f"Cannot exceed quota for PoliciesPer{kind.title()}: {{most}}", 10, count)]


def _inline(kind: str, most: int) -> list[Rule]:
    def count(n: Named) -> int:
        new = {n.given["PolicyName"]: n.given["PolicyDocument"]}
        return sum(map(size, (getattr(n, kind).policies | new).values()))

    return [_limit(f"Maximum policy size of {{most}} bytes exceeded for {kind}.", most, count)]


def _tags(kind: str) -> list[Rule]:
    def count(n: Named) -> int:
        return len({*tags_of(getattr(n, kind)), *(tag["Key"] for tag in n.given["Tags"])})

    return [_limit("The number of tags has reached the maximum limit.", 50, count)]


def _is_boundary(n: Named) -> bool:
    holders = (*n.iam.users.values(), *n.iam.roles.values())
    boundaries = (getattr(holder, "permissions_boundary", None) or {} for holder in holders)
    return n.policy.arn in (each.get("PermissionsBoundaryArn") for each in boundaries)


LONG = _limit(
    "Cannot exceed quota for PolicySize: {most}", 6144, lambda n: size(n.given["PolicyDocument"])
)
FOREIGN: Rule = (
    "AccessDenied",
    "Policy is outside your own account.",
    lambda n: n.policy.account_id != n.iam.account_id,
)
RULES: dict[str, list[Rule]] = {
    "CreateUser": [_taken("User", "UserName")],
    "UpdateUser": [_taken("User", "NewUserName")],
    "DeleteUser": [
        _first("remove users from group", "user.group_list"),
        _first("delete access keys", "user.access_keys"),
        _first("delete login profile", "user.password"),
        _first("detach all policies", "user.managed_policies"),
        _first("delete policies", "user.policies"),
    ],
    "CreateAccessKey": [
        _limit(
            "Cannot exceed quota for AccessKeysPerUser: {most}",
            2,
            lambda n: len(n.user.access_keys) + 1,
        ),
    ],
    "GetAccessKeyLastUsed": [
        (
            "AccessDenied",
            "The access key is not of this account.",
            lambda n: n.given["AccessKeyId"] not in n.iam.access_keys,
        ),
    ],
    "CreateGroup": [_taken("Group", "GroupName")],
    "UpdateGroup": [_taken("Group", "NewGroupName")],
    "DeleteGroup": [
        _first("remove users from group", "group.users"),
        _first("detach all policies", "group.managed_policies"),
        _first("delete policies", "group.policies"),
    ],
    "AddUserToGroup": [
        _limit(
            "Cannot exceed quota for GroupsPerUser: {most}",
            10,
            lambda n: len({*n.user.group_list, n.group.name}),
        ),
    ],
    "CreateRole": [_taken("Role", "RoleName")],
    "DeleteRole": [
        _first("remove roles from instance profile", "role.instance_profile_list"),
        _first("detach all policies", "role.managed_policies"),
        _first("delete policies", "role.policies"),
    ],
    "CreateInstanceProfile": [
        _taken("Instance Profile", "InstanceProfileName", "{kind} {{{name}}} already exists.")
    ],
    "RemoveRoleFromInstanceProfile": [
        (
            "NoSuchEntity",
            "The role is not in the instance profile.",
            lambda n: n.role not in n.profile.roles,
        ),
    ],
    "CreatePolicy": [
        _taken(
            "Policy",
            "PolicyName",
            "A policy called {{{name}}} already exists. Duplicate names are not allowed.",
        ),
        LONG,
    ],
    "CreatePolicyVersion": [FOREIGN, LONG],
    "DeletePolicyVersion": [FOREIGN],
    "SetDefaultPolicyVersion": [FOREIGN],
    "TagPolicy": [FOREIGN],
    "UntagPolicy": [FOREIGN],
    "DeletePolicy": [
        FOREIGN,
        (
            "DeleteConflict",
            "Cannot delete a policy attached to entities.",
            attrgetter("policy.attachment_count"),
        ),
        ("DeleteConflict", "Cannot delete a policy attached to entities.", _is_boundary),
        (
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete "
            "the policy's versions. The default version is deleted with the policy.",
            lambda n: len(n.policy.versions) > 1,
        ),
    ],
    "AttachUserPolicy": _attached("user"),
    "AttachRolePolicy": _attached("role"),
    "AttachGroupPolicy": _attached("group"),
    "PutUserPolicy": _inline("user", 2048),
    "PutRolePolicy": _inline("role", 10240),
    "PutGroupPolicy": _inline("group", 5120),
    "TagUser": _tags("user"),
    "TagRole": _tags("role"),
}


def check_conflicts(call: Call, iam: Iam) -> None:
    """Raise AwsError for what is missing, taken, in use or too many."""
    if call.service != "iam":
        return
    given, action = call.parameters, call.operation.name
    named = Named(iam=iam, given=given)
    for parameter, (kind, message) in NAMES.items():
        if parameter in given:
            found = find(iam, kind, given[parameter])
            setattr(named, kind, found)
            if found is None and action != f"Create{parameter.removesuffix('Name')}":
                raise AwsError("NoSuchEntity", message.format(given[parameter]), 404)
    keys = [tag["Key"].lower() for tag in given.get("Tags", [])]
    if len(set(keys)) < len(keys):
        message = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
        raise AwsError("InvalidInput", message)
    for code, message, broken in RULES.get(action, []):
        if broken(named):
            raise AwsError(code, message.format(**given), STATUS.get(code, 409))
