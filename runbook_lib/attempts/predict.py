"""What AWS should answer, judged from the policies as the account holds them, real or embedded.

Reads with the administrator's permissions; the judging itself is `access`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from runbook_lib import access, iam
from runbook_lib.account.caller import Caller
from runbook_lib.policies import Document


def predict(
    caller: Caller,
    action: str,
    resource: str = "*",
    *,
    owner: Caller | None = None,
    context: Mapping[str, str] | None = None,
) -> access.Decision:
    """Say whether this principal may do this, and why.

    `owner` administers the account of the role that is to be assumed. Needs iam:GetUser,
    iam:ListAttachedUserPolicies, iam:ListUserPolicies, iam:ListGroupsForUser, iam:GetPolicy,
    iam:GetPolicyVersion and their like for roles.
    Raises: access.PolicyError for a document that cannot be judged.
    """
    request = access.Request(
        principal=principal(caller), action=action, resource=resource, context=context or {}
    )
    if owner is None:
        return access.evaluate(request)
    found = iam.find(owner.iam.get_role, RoleName=resource.rpartition("/")[2])
    if found is None:
        return access.Decision("implicitDeny", f"there is no role {resource}", (), "resource")
    name = f'trust policy of role "{found["Role"]["RoleName"]}"'
    trust = access.Policy(name, access.parse(found["Role"]["AssumeRolePolicyDocument"], "trust"))
    return access.evaluate(request, trust, owner.account_id)


def principal(caller: Caller) -> access.Principal:
    """Return this caller with every policy that applies to it."""
    administrator = caller.administrator or caller
    if ":assumed-role/" in caller.arn:
        return _role_session(administrator, caller)
    user = administrator.iam.get_user(UserName=caller.arn.rpartition("/")[2])["User"]
    return access.Principal(
        arn=caller.arn,
        account_id=caller.account_id,
        user_id=caller.user_id,
        identity_policies=tuple(_user_policies(administrator, user["UserName"])),
        boundary=_boundary(administrator, user),
    )


def _role_session(administrator: Caller, caller: Caller) -> access.Principal:
    role_name = caller.arn.split("/")[-2]
    role = administrator.iam.get_role(RoleName=role_name)["Role"]
    policies = (
        _managed(administrator, name) if document is None else _inline(name, document)
        for name, document in iam.role_policies(administrator, role_name).items()
    )
    return access.Principal(
        arn=caller.arn,
        account_id=caller.account_id,
        user_id=caller.user_id,
        identity_policies=tuple(policies),
        boundary=_boundary(administrator, role),
        role_arn=role["Arn"],
    )


def _user_policies(administrator: Caller, user_name: str) -> Iterable[access.Policy]:
    client = administrator.iam
    for arn in iam.user_policies(administrator, user_name):
        yield _managed(administrator, arn)
    for name in _every(client, "list_user_policies", "PolicyNames", UserName=user_name):
        inline = client.get_user_policy(UserName=user_name, PolicyName=name)
        yield _inline(name, inline["PolicyDocument"])
    for group in _every(client, "list_groups_for_user", "Groups", UserName=user_name):
        yield from _group_policies(administrator, group["GroupName"])


def _group_policies(administrator: Caller, group_name: str) -> Iterable[access.Policy]:
    client = administrator.iam
    listed = _every(
        client, "list_attached_group_policies", "AttachedPolicies", GroupName=group_name
    )
    for policy in listed:
        yield _managed(administrator, policy["PolicyArn"])
    for name in _every(client, "list_group_policies", "PolicyNames", GroupName=group_name):
        inline = client.get_group_policy(GroupName=group_name, PolicyName=name)
        yield _inline(name, inline["PolicyDocument"])


def _boundary(administrator: Caller, described: Mapping[str, Any]) -> access.Policy | None:
    boundary = described.get("PermissionsBoundary")
    arn = boundary["PermissionsBoundaryArn"] if boundary else None
    return _managed(administrator, arn, "boundary") if arn else None


def _managed(administrator: Caller, arn: str, kind: access.Kind = "identity") -> access.Policy:
    policy = administrator.iam.get_policy(PolicyArn=arn)["Policy"]
    document = iam.default_document(administrator, policy)
    return access.Policy(f'policy "{policy["PolicyName"]}"', access.parse(document, kind))


def _inline(name: str, document: Document) -> access.Policy:
    return access.Policy(f'inline policy "{name}"', access.parse(document, "identity"))


def _every(client: Any, operation: str, key: str, **names: str) -> list[Any]:
    return list(client.get_paginator(operation).paginate(**names).build_full_result()[key])
