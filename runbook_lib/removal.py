"""Taking away what the runbook made, nothing else, in the order that AWS demands.

What is the runbook's own is told in `ownership`, from tags alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from runbook_lib import iam
from runbook_lib.account import ownership, profiles
from runbook_lib.account.caller import Caller
from runbook_lib.policies import Setup

Described = Mapping[str, Any]
Row = dict[str, str]


def destroy(account: Caller, home: Caller, wanted: Setup, *, confirm: bool) -> list[Row]:
    """Delete every user with its key, role and policy that carries the runbook's tags.

    Without `confirm` nothing is deleted: the rows say what would be. No local state is needed.
    Needs iam:Get*, iam:List*, iam:Detach* and iam:Delete*.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_manage.html#id_users_deleting
    """
    rows = []
    for kind, found in named(account, home, wanted):
        if found is None or not ownership.is_ours(found):
            name = getattr(wanted, f"{kind}_name")
            there = "left: the runbook did not make it" if found else "not there"
            rows.append({"Kind": kind, "Name": name, "Outcome": there})
    for caller in each(home, account):
        for kind, ours in owned(caller):
            outcome = _DELETE[kind](caller, ours, wanted) if confirm else "would be deleted"
            rows.append({"Kind": kind, "Name": name_of(kind, ours), "Outcome": outcome})
        if confirm:
            profiles.remove(caller.place.backend, caller.account_id)
    return rows


def owned(caller: Caller) -> Iterator[tuple[str, Described]]:
    """Yield what carries the runbook's tags, in the order in which AWS lets it be deleted.

    Needs iam:GetAccountAuthorizationDetails, iam:ListPolicies, iam:ListPolicyTags.
    """
    pages = caller.iam.get_paginator("get_account_authorization_details")
    found = pages.paginate(Filter=["User", "Role"]).build_full_result()
    yield from (("user", one) for one in found["UserDetailList"] if ownership.is_ours(one))
    yield from (("role", one) for one in found["RoleDetailList"] if ownership.is_ours(one))
    policies = caller.iam.get_paginator("list_policies").paginate(Scope="Local")
    for one in policies.build_full_result()["Policies"]:
        tags = caller.iam.list_policy_tags(PolicyArn=one["Arn"])["Tags"]
        if ownership.is_ours({"Tags": tags}):
            yield "policy", one


def named(account: Caller, home: Caller, wanted: Setup) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the user, role and policy of the wanted names, None where there is none.

    Needs iam:GetUser, iam:GetRole, iam:GetPolicy.
    """
    user = iam.find(home.iam.get_user, UserName=wanted.user_name)
    role = iam.find(account.iam.get_role, RoleName=wanted.role_name)
    policy = iam.find(home.iam.get_policy, PolicyArn=wanted.policy_arn)
    return [
        ("user", user and user["User"]),
        ("role", role and role["Role"]),
        ("policy", policy and policy["Policy"]),
    ]


def each(one: Caller, other: Caller) -> list[Caller]:
    """Return the administrators of two accounts, or of one that plays both parts."""
    return [one] if one.account_id == other.account_id else [one, other]


def name_of(kind: str, found: Described) -> str:
    """Return the name of an object as IAM describes it."""
    return str(found[f"{kind.title()}Name"])


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


_DELETE = {"user": _delete_user, "role": _delete_role, "policy": _delete_policy}
