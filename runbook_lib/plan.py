"""Taking away what the runbook made, nothing else, in the order that AWS demands.

What is wanted is described in `policies`; what is the runbook's own is told in `ownership`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from runbook_lib import iam, ownership, profiles
from runbook_lib.account import Caller
from runbook_lib.policies import Setup

Described = Mapping[str, Any]


class _Kind(NamedTuple):
    name: str
    find: Callable[[Caller, Setup], dict[str, Any] | None]
    delete: Callable[[Caller, Described, Setup], str]


def destroy(account: Caller, home: Caller, wanted: Setup, *, confirm: bool) -> list[dict[str, str]]:
    """Delete the user with its key, the role and the policy, where the runbook made them.

    `account` administers the role's account, `home` the user's; mostly they are the same.
    Without `confirm` nothing is deleted: the rows say what would be. Needs iam:Get*, iam:List*,
    iam:Detach* and iam:Delete* on these three.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_manage.html#id_users_deleting
    """
    callers = {"user": home, "role": account, "policy": home}
    rows = [_take_away(kind, callers[kind.name], wanted, confirm) for kind in _KINDS]
    if confirm:
        profiles.remove(home.place.backend, home.account_id)
    return rows


def _take_away(kind: _Kind, caller: Caller, wanted: Setup, confirm: bool) -> dict[str, str]:
    found = kind.find(caller, wanted)
    if found is None:
        name, outcome = getattr(wanted, f"{kind.name}_name"), "not there"
    else:
        (described,) = (value for key, value in found.items() if key != "ResponseMetadata")
        name = described[f"{kind.name.title()}Name"]
        if not ownership.is_ours(described):
            outcome = "left: the runbook did not make it"
        else:
            outcome = kind.delete(caller, described, wanted) if confirm else "would be deleted"
    return {"Kind": kind.name, "Name": name, "Outcome": outcome}


def _delete_user(caller: Caller, user: Described, wanted: Setup) -> str:
    name, client = user["UserName"], caller.iam
    keys = [
        one["AccessKeyId"] for one in client.list_access_keys(UserName=name)["AccessKeyMetadata"]
    ]
    ours = [key for key in keys if ownership.is_our_key(user, key)]
    attached = iam.user_policies(caller, name)
    for key in ours:
        client.delete_access_key(UserName=name, AccessKeyId=key)
    for arn in attached if ours == keys else {wanted.policy_arn} & set(attached):
        client.detach_user_policy(UserName=name, PolicyArn=arn)
    if ours != keys:
        return "left: it has an access key that the runbook did not make"
    client.delete_user(UserName=name)
    return "deleted"


def _delete_role(caller: Caller, role: Described, _: Setup) -> str:
    for policy in iam.role_policies(caller, role["RoleName"]):
        iam.remove_from_role(caller, role["RoleName"], policy)
    caller.iam.delete_role(RoleName=role["RoleName"])
    return "deleted"


def _delete_policy(caller: Caller, policy: Described, _: Setup) -> str:
    arn = policy["Arn"]
    if caller.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"]:
        return "left: it is attached to something that the runbook did not make"
    for version in caller.iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not version["IsDefaultVersion"]:
            caller.iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    caller.iam.delete_policy(PolicyArn=arn)
    return "deleted"


_KINDS = (
    _Kind(
        "user",
        lambda caller, wanted: iam.find(caller.iam.get_user, UserName=wanted.user_name),
        _delete_user,
    ),
    _Kind(
        "role",
        lambda caller, wanted: iam.find(caller.iam.get_role, RoleName=wanted.role_name),
        _delete_role,
    ),
    _Kind(
        "policy",
        lambda caller, wanted: iam.find(caller.iam.get_policy, PolicyArn=wanted.policy_arn),
        _delete_policy,
    ),
)
