"""What AWS refuses because of the objects that exist: missing, taken, in use, too many.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Callable
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.documents import size
from runbook_lib.local_aws.rules.resources import find
from runbook_lib.local_aws.rules.second_factor import DEVICE_RULES
from runbook_lib.local_aws.store.backends import boundary_of
from runbook_lib.local_aws.store.call import ApiCall

# For each parameter that names something: what, and what AWS says when it is not there.
NAMES = {
    "UserName": ("user", "The user with name {} cannot be found."),
    "RoleName": ("role", "The role with name {} cannot be found."),
    "GroupName": ("group", "The group with name {} cannot be found."),
    "PolicyArn": ("policy", "Policy {} was not found."),
    "SerialNumber": ("device", "VirtualMFADevice with serial number {} doesn't exist."),
    "PermissionsBoundary": ("policy", "Scope ARN: {} does not exist or is not attachable."),
}
NOT_ATTACHABLE = "Policy {} does not exist or is not attachable."
STATUS = {"AccessDenied": 403, "InvalidAuthenticationCode": 403, "NoSuchEntity": 404}

# A rule is AWS's code, its message, and whether the rule is broken. It is asked about a `Named`:
# `given` parameters, `iam`, `now`, and the objects that they name: `user`, `role`, `group`, …
Named = SimpleNamespace
Rule = tuple[str, str, Callable[[Named], Any]]


def _taken(kind: str, held: str, message: str = "") -> Rule:
    def broken(n: Named) -> bool:
        own = [each for each in getattr(n.iam, held).values() if n.iam.account_id in each.arn]
        return n.given[f"{kind}Name"].lower() in {each.name.lower() for each in own}

    message = message or f"{kind} with name {{{kind}Name}} already exists."
    return "EntityAlreadyExists", message, broken


def _first(what: str, held: str) -> Rule:
    return "DeleteConflict", f"Cannot delete entity, must {what} first.", attrgetter(held)


def _quota(name: str, most: int, count: Callable[[Named], int]) -> Rule:
    return "LimitExceeded", f"Cannot exceed quota for {name}: {most}", lambda n: count(n) > most


def _attached(kind: str) -> Rule:
    def count(n: Named) -> int:
        return len({*getattr(n, kind).managed_policies, n.given["PolicyArn"]})

    return _quota(f"PoliciesPer{kind.title()}", 10, count)


def _inline(kind: str, most: int) -> Rule:
    def broken(n: Named) -> bool:
        new = {n.given["PolicyName"]: n.given["PolicyDocument"]}
        return sum(map(size, (getattr(n, kind).policies | new).values())) > most

    name = f"{kind} {{{kind.title()}Name}}"
    return "LimitExceeded", f"Maximum policy size of {most} bytes exceeded for {name}", broken


def _no_inline(kind: str) -> Rule:
    def broken(n: Named) -> bool:
        return n.given["PolicyName"] not in getattr(n, kind).policies

    return "NoSuchEntity", f"The {kind} policy with name {{PolicyName}} cannot be found.", broken


def _no_key(n: Named) -> bool:
    return n.given["AccessKeyId"] not in [each.access_key_id for each in n.user.access_keys]


def _in_use(n: Named) -> bool:
    holders = (*n.iam.users.values(), *n.iam.roles.values())
    return n.policy.attachment_count > 0 or n.policy.arn in map(boundary_of, holders)


LONG = _quota("PolicySize", 6144, lambda n: size(n.given["PolicyDocument"]))
FOREIGN: Rule = (
    "AccessDenied",
    "Policy is outside your own account.",
    lambda n: n.policy.account_id != n.iam.account_id,
)
UNKNOWN_KEY: Rule = (
    "AccessDenied",
    "The access key is not of this account.",
    lambda n: n.given["AccessKeyId"] not in n.iam.access_keys,
)
IN_USE: Rule = ("DeleteConflict", "Cannot delete a policy attached to entities.", _in_use)
VERSIONS: Rule = (
    "DeleteConflict",
    "This policy has more than one version. Before you delete a policy, you must delete the "
    "policy's versions. The default version is deleted with the policy.",
    lambda n: len(n.policy.versions) > 1,
)
NO_KEY: Rule = ("NoSuchEntity", "The Access Key with id {AccessKeyId} cannot be found.", _no_key)
NO_VERSION: Rule = (
    "NoSuchEntity",
    "Policy {PolicyArn} version {VersionId} does not exist or is not attachable.",
    lambda n: n.given["VersionId"] not in [each.version_id for each in n.policy.versions],
)
NO_LOGIN: Rule = (
    "NoSuchEntity",
    "Login Profile for User {UserName} cannot be found.",
    lambda n: not n.user.password,
)
LOGIN: Rule = (
    "EntityAlreadyExists",
    "Login Profile for user {UserName} already exists.",
    lambda n: n.user.password,
)
POLICY_TAKEN = "A policy called {PolicyName} already exists. Duplicate names are not allowed."

RULES: dict[str, list[Rule]] = DEVICE_RULES | {
    "CreateUser": [_taken("User", "users")],
    "DeleteUser": [
        _first("remove users from group", "user.group_list"),
        _first("delete access keys", "user.access_keys"),
        _first("delete login profile", "user.password"),
        _first("delete MFA device", "user.mfa_devices"),
        _first("detach all policies", "user.managed_policies"),
        _first("delete policies", "user.policies"),
    ],
    "UpdateAccessKey": [NO_KEY],
    "DeleteAccessKey": [NO_KEY],
    "CreateLoginProfile": [LOGIN],
    "GetLoginProfile": [NO_LOGIN],
    "DeleteLoginProfile": [NO_LOGIN],
    "GetUserPolicy": [_no_inline("user")],
    "DeleteUserPolicy": [_no_inline("user")],
    "GetRolePolicy": [_no_inline("role")],
    "DeleteRolePolicy": [_no_inline("role")],
    "GetGroupPolicy": [_no_inline("group")],
    "DeleteGroupPolicy": [_no_inline("group")],
    "CreateAccessKey": [_quota("AccessKeysPerUser", 2, lambda n: len(n.user.access_keys) + 1)],
    "GetAccessKeyLastUsed": [UNKNOWN_KEY],
    "CreateGroup": [_taken("Group", "groups")],
    "DeleteGroup": [
        _first("remove users from group", "group.users"),
        _first("detach all policies", "group.managed_policies"),
        _first("delete policies", "group.policies"),
    ],
    "AddUserToGroup": [
        _quota("GroupsPerUser", 10, lambda n: len({*n.user.group_list, n.group.name}))
    ],
    "CreateRole": [_taken("Role", "roles")],
    "DeleteRole": [
        _first("detach all policies", "role.managed_policies"),
        _first("delete policies", "role.policies"),
    ],
    "CreatePolicy": [_taken("Policy", "managed_policies", POLICY_TAKEN), LONG],
    "CreatePolicyVersion": [FOREIGN, LONG],
    "GetPolicyVersion": [NO_VERSION],
    "DeletePolicyVersion": [FOREIGN, NO_VERSION],
    "SetDefaultPolicyVersion": [FOREIGN, NO_VERSION],
    "TagPolicy": [FOREIGN],
    "UntagPolicy": [FOREIGN],
    "DeletePolicy": [FOREIGN, IN_USE, VERSIONS],
    "AttachUserPolicy": [_attached("user")],
    "AttachRolePolicy": [_attached("role")],
    "AttachGroupPolicy": [_attached("group")],
    "PutUserPolicy": [_inline("user", 2048)],
    "PutRolePolicy": [_inline("role", 10240)],
    "PutGroupPolicy": [_inline("group", 5120)],
}


def check_conflicts(call: ApiCall) -> None:
    """Raise AwsError for what is missing, taken, in use or too many."""
    given, action = call.parameters, call.operation.name
    named = Named(iam=call.iam, given=given, now=call.accounts.clock.now())
    if call.service == "iam":
        _find_named(named, action)
    for code, message, broken in RULES.get(action, []):
        if broken(named):
            raise AwsError(code, message.format(**given), STATUS.get(code, 409))


def _find_named(named: Named, action: str) -> None:
    given = named.given
    for parameter, (kind, message) in NAMES.items():
        if parameter in given:
            found = find(named.iam, kind, given[parameter])
            setattr(named, kind, found)
            if found is None and kind == "policy" and given[parameter].count(":") < 5:
                raise AwsError("ValidationError", "Invalid ARN:  Could not be parsed!")
            if found is None and action != f"Create{parameter.removesuffix('Name')}":
                if parameter == "PolicyArn" and action.startswith("Attach"):
                    message = NOT_ATTACHABLE
                raise AwsError("NoSuchEntity", message.format(given[parameter]), 404)
