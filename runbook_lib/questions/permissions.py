"""The least that whoever runs the runbook may do: run, plan and destroy one variant, no more.

A test runs all three as somebody who may do just this, and again without each single action.
"""

from collections.abc import Iterator

from runbook_lib import access
from runbook_lib.account.caller import Caller
from runbook_lib.errors import RunbookError
from runbook_lib.policies import Document, Setup
from runbook_lib.questions import naming
from runbook_lib.questions.people import People

_POLICY = "CreatePolicy TagPolicy GetPolicy GetPolicyVersion ListPolicyTags DeletePolicy"
_USER = """
    CreateUser TagUser GetUser DeleteUser CreateAccessKey ListAccessKeys DeleteAccessKey
    ListAttachedUserPolicies ListUserPolicies ListGroupsForUser
"""
_ROLE = "CreateRole TagRole GetRole DeleteRole ListAttachedRolePolicies ListRolePolicies"
_DEVICE = "CreateVirtualMFADevice TagMFADevice ListMFADeviceTags DeleteVirtualMFADevice"
_USERS_DEVICE = " EnableMFADevice ListMFADevices DeactivateMFADevice"
_INLINE = "PutRolePolicy GetRolePolicy DeleteRolePolicy"


def least_policy(wanted: Setup) -> Document:
    """Return the policy of an operator (no call): in both accounts, where there are two.

    Running another variant over one that is there takes more: destroy that first.
    """
    return {"Version": "2012-10-17", "Statement": [*_statements(wanted)]}


def _statements(wanted: Setup) -> Iterator[Document]:
    yield _allow("ReadAccount", "GetAccountAuthorizationDetails", "*")
    yield _allow("Policy", _POLICY, wanted.policy_arn)
    yield _allow("User", _USER + _USERS_DEVICE * wanted.asks_for_mfa, wanted.user_arn)
    if wanted.asks_for_mfa:
        yield _allow("Device", _DEVICE, wanted.user_arn.replace(":user/", ":mfa/", 1))
    attach = "AttachUserPolicy DetachUserPolicy"
    yield _allow("UsersPolicy", attach, wanted.user_arn, wanted.policy_arn)
    yield _allow("Role", _ROLE, wanted.role_arn)
    if managed := wanted.role_policy_arn:
        yield _allow("RolesPolicy", "AttachRolePolicy DetachRolePolicy", wanted.role_arn, managed)
        yield _allow("RolesPolicyDocument", "GetPolicy GetPolicyVersion", managed)
    else:
        yield _allow("RolesPolicy", _INLINE, wanted.role_arn)


def _allow(sid: str, actions: str, resource: str, policy: str = "") -> Document:
    named = [f"iam:{action}" for action in sorted(actions.split())]
    statement = {"Sid": sid, "Effect": "Allow", "Action": named, "Resource": resource}
    only = {"Condition": {"ArnEquals": {"iam:PolicyARN": policy}}}
    return statement | (only if policy else {})


def lacking(caller: Caller, wanted: Setup) -> list[str]:
    """Return which of these this caller may not do in its account, as far as its policies tell.

    Of a caller whose policies the account does not hold, nothing can be told. Needs
    iam:GetAccountAuthorizationDetails.
    """
    people = People(caller)
    try:
        who = naming.principal(people, caller.arn).principal
    except RunbookError:
        return []
    found = []
    for statement in least_policy(wanted)["Statement"]:
        resource = statement["Resource"]
        if resource.split(":")[4:5] not in ([], ["aws"], [caller.account_id]):
            continue
        sent = statement.get("Condition", {}).get("ArnEquals", {})
        for action in statement["Action"]:
            asked = access.Request(who, action, resource, sent, lambda key: key != "resource")
            if access.judge(asked).answer == "no":
                found.append(f"{action} on {resource}")
    return found
