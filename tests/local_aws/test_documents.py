"""Every policy comes back as it was sent, from every answer of IAM that holds one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore import model
from local_aws_people import Account, Actor, allow, policy, trusting
from moto.core.utils import get_service_model

from runbook_lib.local_aws.rules.supported import ACTIONS

ODD = [
    "a+b",
    "%20",
    "100%",
    "%2B",
    "a b",
    "\"quoted\" 'too'",
    "역할",
    "é",
    "<&>",
    "back\\slash",
    "~*!",
]
CONDITION = {"StringEquals": {"aws:PrincipalTag/x": ODD}}
DOCUMENT = policy(allow("sts:AssumeRole", Condition=CONDITION)).replace(", ", ",\n\t  ")


@pytest.fixture
def full(account: Account) -> Account:
    """An account in which every kind of policy is this one."""
    iam = account.iam
    iam.create_user(UserName="alice")
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=DOCUMENT)
    iam.create_group(GroupName="team")
    iam.put_group_policy(GroupName="team", PolicyName="p", PolicyDocument=DOCUMENT)
    account.role(trust=trusting(account.id, Condition=CONDITION))
    iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=DOCUMENT)
    iam.create_policy(PolicyName="p", PolicyDocument=DOCUMENT)
    return account


def details(a: Account, kind: str) -> Any:
    kinds = ["User", "Group", "Role", "LocalManagedPolicy"]
    return a.iam.get_account_authorization_details(Filter=kinds)[kind][-1]


POLICIES: dict[str, Callable[[Account], Any]] = {
    "GetUserPolicy": lambda a: a.iam.get_user_policy(UserName="alice", PolicyName="p"),
    "GetGroupPolicy": lambda a: a.iam.get_group_policy(GroupName="team", PolicyName="p"),
    "GetRolePolicy": lambda a: a.iam.get_role_policy(RoleName="app", PolicyName="p"),
    "GetPolicyVersion": lambda a: a.iam.get_policy_version(
        PolicyArn=a.arn("policy/p"), VersionId="v1"
    )["PolicyVersion"],
    "GetAccountAuthorizationDetails, user": lambda a: details(a, "UserDetailList")[
        "UserPolicyList"
    ][0],
    "GetAccountAuthorizationDetails, group": lambda a: details(a, "GroupDetailList")[
        "GroupPolicyList"
    ][0],
    "GetAccountAuthorizationDetails, role": lambda a: details(a, "RoleDetailList")[
        "RolePolicyList"
    ][0],
    "GetAccountAuthorizationDetails, policy": lambda a: details(a, "Policies")["PolicyVersionList"][
        0
    ],
}
TRUSTS: dict[str, Callable[[Account], Any]] = {
    "GetRole": lambda a: a.iam.get_role(RoleName="app")["Role"],
    "ListRoles": lambda a: a.iam.list_roles()["Roles"][0],
    "UpdateRoleDescription": lambda a: a.iam.update_role_description(
        RoleName="app", Description="new"
    )["Role"],
    "GetAccountAuthorizationDetails, trust": lambda a: details(a, "RoleDetailList"),
    "CreateRole": lambda a: a.iam.create_role(
        RoleName="new", AssumeRolePolicyDocument=trusting(a.id, Condition=CONDITION)
    )["Role"],
}


def test_that_the_answers_are_all_here() -> None:
    holding = set()
    for action in ACTIONS:
        service, name = action.split(":")
        shape = get_service_model(service).operation_model(name).output_shape
        if shape is not None and "policyDocumentType" in names(shape):
            holding.add(name)
    # Instance profiles, which would hold roles, cannot be made here; versions hold no document.
    holding -= {"ListInstanceProfiles", "ListInstanceProfilesForRole"}
    holding -= {"CreatePolicyVersion", "ListPolicyVersions"}
    assert {key.partition(",")[0] for key in POLICIES | TRUSTS} == holding


def names(shape: model.Shape, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of all shapes in a shape."""
    if shape.name in seen:
        return set()
    members = getattr(shape, "members", {})
    inner = [*members.values()] if isinstance(members, dict) else []
    inner += [shape.member] if shape.type_name == "list" else []
    return {shape.name}.union(*(names(each, seen | {shape.name}) for each in inner))


@pytest.mark.parametrize("answer", POLICIES)
def test_that_a_policy_is_the_text_that_was_sent(full: Account, answer: str) -> None:
    found = POLICIES[answer](full)
    document = found.get("PolicyDocument") or found["Document"]
    assert document == json.loads(DOCUMENT)
    assert document["Statement"][0]["Condition"] == CONDITION


@pytest.mark.parametrize("answer", TRUSTS)
def test_that_a_trust_policy_means_what_was_sent(full: Account, answer: str) -> None:
    statement = TRUSTS[answer](full)["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Condition"] == CONDITION
    assert statement["Principal"]["AWS"].removesuffix(":root")[-12:] == full.id


def test_that_transitive_tags_go_along_a_chain(account: Account) -> None:
    """The first session hands on one of its two tags; the third still has it."""

    def role(name: str) -> str:
        tagged = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
        statement = allow(["sts:AssumeRole", "sts:TagSession"], Condition=tagged)
        return account.role(statement, allow("iam:GetUser", Condition=tagged), name=name)

    tags = [{"Key": "team", "Value": "red"}, {"Key": "kept", "Value": "here"}]
    chain: Actor = account.assume(role("one"), Tags=tags, TransitiveTagKeys=["team"])
    for name in ("two", "three"):
        chain = chain.assume(role(name))
    assert chain.iam.get_user(UserName="administrator")
    assert {**account.aws.gateway.accounts.sessions[chain.key_id].tags} == {"team": "red"}
