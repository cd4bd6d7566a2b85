"""AWS Identity and Access Management: one function per desired object, named after its action.

Each looks first and makes only what is missing, so that running again is safe. It returns the
response's own dict with one key of ours, `Outcome`: "created", "changed" or "already there".
Taking away belongs to `plan`.

https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from runbook_lib.access.arns import Arn
from runbook_lib.account import changing, ownership, parameters, user_key
from runbook_lib.account.caller import Caller
from runbook_lib.account.inventory import default_document, find, role_policies, user_policies
from runbook_lib.account.mfa import device
from runbook_lib.account.ownership import require_ours
from runbook_lib.policies import Document, given_to_the_role

Response = dict[str, Any]


def create_policy(
    caller: Caller, policy_name: str, document: Document, *, variant: str = "tutorial"
) -> Response:
    """Create a customer managed policy (iam:CreatePolicy, iam:TagPolicy).

    One of the runbook's own with another document gets a new default version
    (iam:CreatePolicyVersion, iam:DeletePolicyVersion).
    Raises: ForeignObjectError when somebody else's policy has that name.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
    """
    parameters.check({"policy_name": policy_name})
    arn = f"arn:{caller.partition}:iam::{caller.account_id}:policy/{policy_name}"
    there = find(caller.iam.get_policy, PolicyArn=arn)
    if there is None and (
        made := changing.create(
            caller.iam.create_policy,
            PolicyName=policy_name,
            PolicyDocument=json.dumps(document),
            Tags=ownership.tags(caller.place.run_id, variant),
        )
    ):
        return made
    there = there or changing.shown("policy", policy_name, caller.iam.get_policy, PolicyArn=arn)
    require_ours("policy", policy_name, there["Policy"])
    if changing.same(caller, default_document(caller, there["Policy"]), document):
        return {**there, "Outcome": "already there"}
    changing.replace_default_version(caller, arn, document)
    caller.iam.tag_policy(PolicyArn=arn, Tags=ownership.tags(caller.place.run_id, variant))
    return {**caller.iam.get_policy(PolicyArn=arn), "Outcome": "changed"}


def create_user(caller: Caller, user_name: str, *, variant: str = "tutorial") -> Response:
    """Create a user without any permission (iam:CreateUser, iam:TagUser).

    Raises: ForeignObjectError when somebody else's user has that name.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
    """
    parameters.check({"user_name": user_name})
    there = find(caller.iam.get_user, UserName=user_name)
    tags = ownership.tags(caller.place.run_id, variant)
    if there is None and (
        made := changing.create(caller.iam.create_user, UserName=user_name, Tags=tags)
    ):
        return made
    there = there or changing.shown("user", user_name, caller.iam.get_user, UserName=user_name)
    require_ours("user", user_name, there["User"])
    return {**there, "Outcome": "already there"}


def create_access_key(caller: Caller, user_name: str) -> Response:
    """Give the user a key and keep it in the profile file (iam:CreateAccessKey, iam:TagUser).

    A key that the runbook made and whose secret this machine does not hold can never be used
    again: it is replaced (iam:DeleteAccessKey). Anybody else's key is left alone.
    Raises: MissingStepError without the user; RunbookError when two foreign keys leave no room.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
    """
    user = changing.existing_user(caller, user_name)
    listed = caller.iam.list_access_keys(UserName=user_name)
    keys = listed["AccessKeyMetadata"]
    ours = user_key.ours(caller, user, keys)
    if key := user_key.usable(caller, keys):
        user_key.name_on(caller, user, key["AccessKeyId"])
        return {"AccessKey": key, "Outcome": "already there"}
    user_key.require_room(user_name, [k["AccessKeyId"] for k in keys], ours)
    for access_key_id in ours:
        caller.iam.delete_access_key(UserName=user_name, AccessKeyId=access_key_id)
    made = user_key.make(caller, user_name, listed)
    return {**made, "Outcome": "replaced" if ours else "created"}


def create_virtual_mfa_device(caller: Caller, user_name: str, *, variant: str = "mfa") -> Response:
    """Give the user an MFA device and keep its seed beside the key; other variants want none.

    Needs iam:CreateVirtualMFADevice, iam:TagMFADevice, iam:EnableMFADevice, iam:TagUser. One whose
    seed was lost is replaced (iam:DeactivateMFADevice, iam:DeleteVirtualMFADevice).
    Raises: MissingStepError without the user; ForeignObjectError when the device is somebody's own.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateVirtualMFADevice.html
    """
    if variant != "mfa":
        return {"Outcome": "not wanted in this variant"}
    return device.make(caller, changing.existing_user(caller, user_name), variant)


def attach_user_policy(caller: Caller, user_name: str, policy_arn: str) -> Response:
    """Attach a managed policy to the user (iam:AttachUserPolicy).

    Raises: MissingStepError without the user or the policy.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
    """
    changing.existing_user(caller, user_name)
    there = user_policies(caller, user_name)
    changing.require_only(f"user {user_name!r}", there, (policy_arn,))
    if policy_arn in there:
        return {"AttachedPolicies": there, "Outcome": "already there"}
    try:
        caller.iam.attach_user_policy(UserName=user_name, PolicyArn=policy_arn)
    except caller.iam.exceptions.NoSuchEntityException:
        name = Arn.parse(policy_arn).name
        raise changing.missing(caller, "policy", name, "02_assume_role_policy") from None
    return {"AttachedPolicies": [*there, policy_arn], "Outcome": "created"}


def create_role(
    caller: Caller, role_name: str, trust: Document, *, variant: str = "tutorial"
) -> Response:
    """Create a role that trusts as the document says (iam:CreateRole, iam:TagRole).

    One of the runbook's own with another trust policy gets this one
    (iam:UpdateAssumeRolePolicy).
    Raises: ForeignObjectError when somebody else's role has that name; MissingStepError when the
    document names a user that does not exist.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    """
    parameters.check({"role_name": role_name})
    there = find(caller.iam.get_role, RoleName=role_name)
    if there is None and (
        made := changing.create(
            partial(changing.with_principal, caller, caller.iam.create_role),
            RoleName=role_name,
            AssumeRolePolicyDocument=json.dumps(trust),
            Tags=ownership.tags(caller.place.run_id, variant),
        )
    ):
        return made
    there = there or changing.shown("role", role_name, caller.iam.get_role, RoleName=role_name)
    require_ours("role", role_name, there["Role"])
    if changing.same(caller, there["Role"]["AssumeRolePolicyDocument"], trust):
        return {**there, "Outcome": "already there"}
    changing.replace_trust(caller, role_name, trust)
    tags = ownership.tags(caller.place.run_id, variant)
    caller.iam.tag_role(RoleName=role_name, Tags=tags)
    return {**caller.iam.get_role(RoleName=role_name), "Outcome": "changed"}


def attach_role_policy(
    caller: Caller,
    role_name: str,
    policy_arn: str | None = None,
    *,
    inline: Mapping[str, Document] | None = None,
) -> Response:
    """Let the role do what this managed policy, or these inline ones, allow, and no more.

    Needs iam:AttachRolePolicy or iam:PutRolePolicy; where a variant replaces another, also
    iam:DetachRolePolicy and iam:DeleteRolePolicy.
    Raises: MissingStepError without the role.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """
    changing.require_role(caller, role_name)
    before = role_policies(caller, role_name)
    changing.require_only(f"role {role_name!r}", before, given_to_the_role(caller.partition))
    wanted = dict.fromkeys([policy_arn] if policy_arn else []) | dict(inline or {})
    changed = changing.replace_role_policies(caller, role_name, before, wanted)
    outcome = ("changed" if before else "created") if changed else "already there"
    return {"AttachedPolicies": list(wanted), "Outcome": outcome}


def list_users(caller: Caller) -> Response:
    """List the account's users, the first page (iam:ListUsers).

    Raises: ClientError AccessDenied when the caller may not.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
    """
    return dict(caller.iam.list_users())


def role_documents(caller: Caller, role_name: str) -> list[Document]:
    """Return the documents of all that a role may do (iam:GetPolicy, iam:GetPolicyVersion)."""
    return [
        document or default_document(caller, caller.iam.get_policy(PolicyArn=name)["Policy"])
        for name, document in role_policies(caller, role_name).items()
    ]
