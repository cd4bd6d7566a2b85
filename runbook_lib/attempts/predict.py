"""What AWS should answer, judged from the policies as the account holds them, real or embedded.

Reads with the administrator's permissions; the judging itself is `access`.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from runbook_lib import access
from runbook_lib.access.arns import Arn
from runbook_lib.account import inventory, journal, ownership
from runbook_lib.account.caller import Caller
from runbook_lib.account.inventory import every
from runbook_lib.policies import Document
from runbook_lib.questions import naming
from runbook_lib.questions.people import People
from runbook_lib.runbook import Runbook


def predict(
    caller: Caller,
    action: str,
    resource: str = "*",
    *,
    owner: Caller | None = None,
    context: Mapping[str, str] | None = None,
    anew: bool = False,
) -> access.Decision:
    """Tell whether this principal may do this, and why.

    Each principal is read once, and again after this process has changed something, or `anew`.
    `owner` administers the account of the role that is to be assumed. Needs iam:GetUser,
    iam:ListAttachedUserPolicies, iam:ListUserPolicies, iam:ListGroupsForUser, iam:GetPolicy,
    iam:GetPolicyVersion and their like for roles.
    Raises: access.PolicyError for a document that cannot be judged.
    """
    if anew:
        for read in (_principal, _role, _policy):
            read.cache_clear()
    with journal.reads_for("the prediction"):
        who = _principal(caller, journal.changes())
        found = _role(owner, Arn.parse(resource).name, journal.changes()) if owner else None
    request = access.Request(who, action, resource, context or {})
    if owner is None:
        return access.evaluate(request)
    if found is None:
        return access.Decision("implicitDeny", f"there is no role {resource}", (), "resource")
    name = f'trust policy of role "{found["RoleName"]}"'
    trust = access.Policy(name, access.parse(found["AssumeRolePolicyDocument"], "trust"))
    return access.evaluate(request, trust, owner.account_id)


def made_as(book: Runbook) -> dict[str, str]:
    """Return with which variant the policy and the role were made, as their tags tell.

    What is not there, or has no such tag, is left out (iam:GetPolicy, iam:GetRole).
    """
    arn, name, changes = book.wanted.policy_arn, book.wanted.role_name, journal.changes()
    with journal.reads_for("the prediction"):
        role = _role(book.role_account, name, changes) or {}
        held = inventory.find(lambda: _policy(book.user_account, arn, changes)) or {}
    told = {"policy": held, "role": role}
    found = {kind: ownership.value(one, ownership.VARIANT_TAG) for kind, one in told.items()}
    return {kind: variant for kind, variant in found.items() if variant}


def longest_session(book: Runbook) -> int | None:
    """Return how long sessions of the role may last, in seconds; None without one (iam:GetRole)."""
    with journal.reads_for("the prediction"):
        role = _role(book.role_account, book.wanted.role_name, journal.changes()) or {}
    longest: int | None = role.get("MaxSessionDuration")
    return longest


@lru_cache
def _principal(caller: Caller, changes: int) -> access.Principal:
    """Return this caller with every policy that applies to it."""
    administrator = caller.administrator
    if administrator is None:  # whose policies the account's own details tell
        return naming.principal(People(caller), caller.arn).principal
    who = Arn.parse(caller.arn)
    if who.kind == "assumed-role":
        described = _role(administrator, who.name, changes) or {}
        policies, role_arn = _role_policies(administrator, described), described.get("Arn")
    else:
        described = administrator.iam.get_user(UserName=who.name)["User"]
        policies, role_arn = _user_policies(administrator, who.name), None
    return access.Principal(
        arn=caller.arn,
        account_id=caller.account_id,
        user_id=caller.user_id,
        identity_policies=tuple(policies),
        boundary=_boundary(administrator, described),
        role_arn=role_arn,
    )


@lru_cache
def _role(administrator: Caller, role_name: str, changes: int) -> dict[str, Any] | None:
    found = inventory.find(administrator.iam.get_role, RoleName=role_name)
    return found and found["Role"]


def _role_policies(administrator: Caller, role: Mapping[str, Any]) -> Iterable[access.Policy]:
    if role:  # a session of a role that is gone may do nothing
        for name, document in inventory.role_policies(administrator, role["RoleName"]).items():
            managed = document is None
            yield _managed(administrator, name) if managed else _inline(name, document or {})


def _user_policies(administrator: Caller, user_name: str) -> Iterable[access.Policy]:
    client, user = administrator.iam, {"UserName": user_name}
    for arn in inventory.user_policies(administrator, user_name):
        yield _managed(administrator, arn)
    for name in every(client, "list_user_policies", "PolicyNames", **user):
        yield _inline(name, client.get_user_policy(**user, PolicyName=name)["PolicyDocument"])
    for group in every(client, "list_groups_for_user", "Groups", **user):
        yield from _group_policies(administrator, {"GroupName": group["GroupName"]})


def _group_policies(administrator: Caller, group: Mapping[str, str]) -> Iterable[access.Policy]:
    client = administrator.iam
    for policy in every(client, "list_attached_group_policies", "AttachedPolicies", **group):
        yield _managed(administrator, policy["PolicyArn"])
    for name in every(client, "list_group_policies", "PolicyNames", **group):
        yield _inline(name, client.get_group_policy(**group, PolicyName=name)["PolicyDocument"])


def _boundary(administrator: Caller, described: Mapping[str, Any]) -> access.Policy | None:
    boundary = described.get("PermissionsBoundary")
    arn = boundary["PermissionsBoundaryArn"] if boundary else None
    return _managed(administrator, arn, "boundary") if arn else None


@lru_cache
def _policy(administrator: Caller, arn: str, changes: int) -> dict[str, Any]:
    return dict(administrator.iam.get_policy(PolicyArn=arn)["Policy"])


def _managed(administrator: Caller, arn: str, kind: access.Kind = "identity") -> access.Policy:
    policy = _policy(administrator, arn, journal.changes())
    document = inventory.default_document(administrator, policy)
    return access.Policy(f'policy "{policy["PolicyName"]}"', access.parse(document, kind))


def _inline(name: str, document: Document) -> access.Policy:
    return access.Policy(f'inline policy "{name}"', access.parse(document, "identity"))
