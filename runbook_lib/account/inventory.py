"""What IAM holds in an account: one thing at a time, or all of it at once. Reads only.

Whose it is, `ownership` tells; what should be there is described in `policies`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.account import ownership
from runbook_lib.account.caller import Caller
from runbook_lib.account.waiting import code_of
from runbook_lib.policies import Document

Described = Mapping[str, Any]


def find(call: Callable[..., dict[str, Any]], **names: str) -> dict[str, Any] | None:
    """Call, and return None where AWS has no such entity."""
    try:
        return call(**names)
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return None
        raise


def every(client: Any, operation: str, key: str, **names: str) -> list[Any]:
    """Return one list of an answer, all pages of it."""
    return list(client.get_paginator(operation).paginate(**names).build_full_result()[key])


def default_document(caller: Caller, policy: Described) -> Document:
    """Return the document of a managed policy's default version (iam:GetPolicyVersion)."""
    version = caller.iam.get_policy_version(
        PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
    )
    return dict(version["PolicyVersion"]["Document"])


def access_keys(caller: Caller, user_name: str) -> list[dict[str, Any]]:
    """Return the keys of a user; none where the user went a moment ago (iam:ListAccessKeys)."""
    listed = find(caller.iam.list_access_keys, UserName=user_name)
    return listed["AccessKeyMetadata"] if listed else []


def user_policies(caller: Caller, user_name: str) -> list[str]:
    """Return the ARNs of the managed policies attached to a user (iam:ListAttachedUserPolicies)."""
    listed = every(
        caller.iam, "list_attached_user_policies", "AttachedPolicies", UserName=user_name
    )
    return [policy["PolicyArn"] for policy in listed]


def role_policies(caller: Caller, role_name: str) -> dict[str, Document | None]:
    """Return a role's managed policies by ARN, its inline ones by name with their documents.

    Needs iam:ListAttachedRolePolicies, iam:ListRolePolicies, iam:GetRolePolicy.
    """
    client, role = caller.iam, {"RoleName": role_name}
    attached = every(client, "list_attached_role_policies", "AttachedPolicies", **role)
    inline = every(client, "list_role_policies", "PolicyNames", **role)
    managed: dict[str, Document | None] = {policy["PolicyArn"]: None for policy in attached}
    return managed | {
        name: client.get_role_policy(**role, PolicyName=name)["PolicyDocument"] for name in inline
    }


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every user and role of an account, and the policies that it has made itself."""

    caller: Caller
    users: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    policies: list[dict[str, Any]]
    groups: list[dict[str, Any]] = field(default_factory=list)

    def user(self, name: str) -> dict[str, Any] | None:
        """Return the user of this name; AWS does not tell names apart by their case."""
        return _named(self.users, "UserName", name)

    def role(self, name: str) -> dict[str, Any] | None:
        """Return the role of this name, in whatever case."""
        return _named(self.roles, "RoleName", name)

    def policy(self, name: str) -> dict[str, Any] | None:
        """Return the policy of this name, in whatever case, with its tags (iam:ListPolicyTags)."""
        found = _named(self.policies, "PolicyName", name)
        return found and self._with_tags(found)

    def owned(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what carries the runbook's tags, in the order in which AWS lets it be deleted.

        The tags of policies are asked for one by one, so only of those that have a version which
        could be the runbook's: it allows sts:AssumeRole and nothing else.
        """
        yield from (("user", one) for one in self.users if ownership.is_ours(one))
        yield from (("role", one) for one in self.roles if ownership.is_ours(one))
        for one in self.policies:
            documents = [version["Document"] for version in one["PolicyVersionList"]]
            if "Tags" in one or any(map(_could_be_ours, documents)):
                yield from [("policy", one)] if ownership.is_ours(self._with_tags(one)) else []

    def _with_tags(self, policy: dict[str, Any]) -> dict[str, Any]:
        if "Tags" not in policy:
            listed = find(self.caller.iam.list_policy_tags, PolicyArn=policy["Arn"])
            policy["Tags"] = listed["Tags"] if listed else []
        return policy


def take(caller: Caller, *kinds: str) -> Inventory:
    """Read an account, page by page (iam:GetAccountAuthorizationDetails).

    `kinds` may add Group and AWSManagedPolicy, of which AWS tells those that are in use.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
    """
    pages = caller.iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User", "Role", "LocalManagedPolicy", *kinds]
    )
    found = pages.build_full_result()
    lists = ("UserDetailList", "RoleDetailList", "Policies", "GroupDetailList")
    return Inventory(caller, *(found[name] for name in lists))


def document(policy: Described) -> Document:
    """Return the document of a policy's default version, as an inventory holds it."""
    (default,) = (one for one in policy["PolicyVersionList"] if one["IsDefaultVersion"])
    return dict(default["Document"])


def inline_documents(role: Described) -> dict[str, Document]:
    """Return a role's inline policies by name, as an inventory holds them."""
    return {one["PolicyName"]: one["PolicyDocument"] for one in role.get("RolePolicyList", [])}


def names_of_others(user: Described) -> list[str]:
    """Return a user's inline policies and groups, as an inventory holds them."""
    inline = [f"the inline policy {one['PolicyName']}" for one in user.get("UserPolicyList", [])]
    return inline + [f"the group {name}" for name in user.get("GroupList", [])]


def attached(entity: Described) -> list[str]:
    """Return the ARNs of an entity's managed policies, as an inventory holds them."""
    return [policy["PolicyArn"] for policy in entity["AttachedManagedPolicies"]]


def _named(described: list[dict[str, Any]], key: str, name: str) -> dict[str, Any] | None:
    return next((one for one in described if one[key].lower() == name.lower()), None)


def _could_be_ours(found: Document) -> bool:
    statements = found.get("Statement")
    only = statements[0] if isinstance(statements, list) and len(statements) == 1 else statements
    actions = only.get("Action") if isinstance(only, Mapping) else None
    return actions in ("sts:AssumeRole", ["sts:AssumeRole"])
