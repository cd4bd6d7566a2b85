"""Questions about an account: what is answered is what AWS does when it is really asked."""

import json
import random
import re
from itertools import chain, combinations
from pathlib import Path
from typing import Any, get_args

import boto3
import pytest
from botocore.exceptions import ClientError

from runbook_lib import attempts, local_aws, questions
from runbook_lib.access import Policy, Principal, judge
from runbook_lib.access.arns import short
from runbook_lib.access.conditions import is_met
from runbook_lib.access.matching import context_of
from runbook_lib.account import journal
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import Secret
from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.policies import PARTNER_ACCOUNT_ID, Variant
from runbook_lib.questions import naming
from runbook_lib.questions.people import People, request, understood
from runbook_lib.runbook import Runbook, open_runbook
from tests.scenario import build
from tests.test_command_line import papermill, runbook

Client = Any
OFFERS: dict[str, dict[str, Any]] = {  # what a caller may send along
    "external id": {"ExternalId": "word"},
    "session name": {"RoleSessionName": "visit-1"},
    "source identity": {"SourceIdentity": "ann"},
    "session tag": {"Tags": [{"Key": "team", "Value": "red"}]},
}
CONDITIONS: list[dict[str, Any]] = [
    {},
    {},
    {"StringEquals": {"sts:ExternalId": "word"}},
    {"StringNotEquals": {"sts:ExternalId": "word"}},
    {"StringLike": {"sts:RoleSessionName": "visit-*"}},
    {"StringEquals": {"sts:SourceIdentity": "ann"}},
    {"StringEquals": {"aws:RequestTag/team": "red"}},
    {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
    {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
    {"StringEquals": {"aws:username": "u1"}},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/u*"}},
    {"Null": {"sts:ExternalId": "false"}, "StringLike": {"sts:RoleSessionName": "visit-*"}},
]
ACTIONS = ["sts:AssumeRole", "sts:*", ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def client(account: Caller, key_id: str, secret: Any, token: Any = None) -> Client:
    def reveal(value: Any) -> Any:
        return value.reveal() if isinstance(value, Secret) else value

    return boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=account.place.endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=reveal(secret),
        aws_session_token=reveal(token),
    )


class World:
    """An account with users, groups, boundaries and roles as chance makes them."""

    def __init__(self, account: Caller, seed: int) -> None:
        self.account, self.iam, self.chance = account, account.iam, random.Random(seed)
        self.own = account.account_id
        self.target = f"arn:aws:iam::{self.own}:role/target"
        self.callers: dict[str, Client] = {}
        limit = policy(self.statement("Allow"), *self.perhaps(self.statement("Deny"), 0.3))
        made = self.iam.create_policy(PolicyName="limit", PolicyDocument=limit)
        self.limit = made["Policy"]["Arn"]
        self.iam.create_group(GroupName="team")
        self.iam.put_group_policy(
            GroupName="team", PolicyName="of-team", PolicyDocument=policy(self.statement("Allow"))
        )
        for name in ("u1", "u2", "u3"):
            self.add_user(name)
        for name in ("r1", "r2"):
            self.add_role(name)
        self.iam.create_role(
            RoleName="target",
            AssumeRolePolicyDocument=policy(*(self.trusting() for _ in range(3))),
            Tags=[{"Key": "team", "Value": "red"}],
        )

    def perhaps(self, value: Any, share: float = 0.5) -> list[Any]:
        return [value] if self.chance.random() < share else []

    def statement(self, effect: str) -> dict[str, Any]:
        resource = self.chance.choice(["*", self.target, f"arn:aws:iam::{self.own}:role/other"])
        action, condition = self.chance.choice(ACTIONS), self.chance.choice(CONDITIONS)
        return {"Effect": effect, "Action": action, "Resource": resource, "Condition": condition}

    def trusting(self) -> dict[str, Any]:
        people = [f"arn:aws:iam::{self.own}:user/u1", f"arn:aws:iam::{self.own}:role/r1"]
        named = self.chance.choice([self.own, *people, people, "*"])
        action, condition = self.chance.choice(ACTIONS), self.chance.choice(CONDITIONS)
        effect = self.chance.choice(["Allow", "Allow", "Deny"])
        return {
            "Effect": effect,
            "Action": action,
            "Principal": {"AWS": named},
            "Condition": condition,
        }

    def limited(self) -> dict[str, str]:
        return {"PermissionsBoundary": self.limit} if self.chance.random() < 0.3 else {}

    def own_policy(self) -> str:
        return policy(self.statement("Allow"), *self.perhaps(self.statement("Deny"), 0.3))

    def add_user(self, name: str) -> None:
        tags = self.perhaps({"Key": "team", "Value": "red"})
        arn = self.iam.create_user(UserName=name, Tags=tags, **self.limited())["User"]["Arn"]
        for document in self.perhaps(self.own_policy()):
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        for group in self.perhaps("team", 0.3):
            self.iam.add_user_to_group(GroupName=group, UserName=name)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        self.callers[arn] = self.client(key["AccessKeyId"], key["SecretAccessKey"])

    def add_role(self, name: str) -> None:
        trust = policy(
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": self.own}}
        )
        role = self.iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=trust,
            Tags=self.perhaps({"Key": "team", "Value": "red"}),
            **self.limited(),
        )["Role"]
        for document in self.perhaps(self.own_policy(), 0.8):
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        made = self.account.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="caller")
        key = made["Credentials"]
        self.callers[role["Arn"]] = self.client(
            key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"]
        )

    def client(self, key_id: str, secret: Any, token: Any = None) -> Client:
        return client(self.account, key_id, secret, token)

    def admits(self, client: Client, offers: tuple[str, ...]) -> bool:
        given: dict[str, Any] = {"RoleArn": self.target, "RoleSessionName": "plain"}
        for name in offers:
            given |= OFFERS[name]
        try:
            client.assume_role(**given)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return False
        return True


EVERY_OFFER = list(chain(*(combinations(OFFERS, n) for n in range(len(OFFERS) + 1))))


def foretold(world: World, arn: str, offers: tuple[str, ...]) -> bool:
    """Tell what the answers say of a call that sends this along."""
    people = People(world.account)
    role, found = naming.role(people, "target"), naming.principal(people, arn)
    sent = {"aws:sourceip": "127.0.0.1", "sts:rolesessionname": "plain"}
    sent |= {"aws:multifactorauthpresent": "false"} if ":role/" in arn else {}
    keys = {
        "external id": ("sts:externalid", "word"),
        "session name": ("sts:rolesessionname", "visit-1"),
        "source identity": ("sts:sourceidentity", "ann"),
        "session tag": ("aws:requesttag/team", "red"),
    }
    sent |= dict(keys[name] for name in offers)
    actions = ["sts:AssumeRole"]
    actions += ["sts:SetSourceIdentity"] if "source identity" in offers else []
    actions += ["sts:TagSession"] if "session tag" in offers else []
    for action in actions:
        asked = request(found.principal, action, role["Arn"], found.entity, role)
        answer = judge(asked, people.trust(role), world.own)
        context = {**context_of(asked), **sent}
        holds = [
            all(is_met(test, context, None) for test in way.met)
            and not any(all(is_met(it, context, None) for it in some) for some in way.avoided)
            for way in answer.ways
        ]
        if answer.answer == "no" or (answer.ways and not any(holds)):
            return False
    return True


@pytest.mark.parametrize("seed", range(8))
def test_what_is_answered_is_what_aws_does(account: Caller, seed: int) -> None:
    world = World(account, seed)
    answers = {row.principal: row for row in questions.who(account, "target")}
    for arn, client in world.callers.items():
        row = answers.get(arn)
        answer = row.answer if row else "no"
        tried = {offers: world.admits(client, offers) for offers in EVERY_OFFER}
        assert tried == {offers: foretold(world, arn, offers) for offers in EVERY_OFFER}, row
        assert answer != "no" or not any(tried.values())
        assert answer != "yes" or tried[()]
        assert questions.why(account, arn, "sts:AssumeRole", "target").answer == answer


EXPECTED = {  # of each variant: who has which answer
    "tutorial": [
        ("user/administrator", "yes"),
        ("user/assume-role-user", "yes"),
        ("account OWN", "only with"),
    ],
    "least-privilege": [("user/assume-role-user", "yes")],
    "external-id": [("account 999988887777", "only with")],
    "mfa": [("user/assume-role-user", "only with")],
}


def of_variant(account_id: str, variant: str) -> Runbook:
    trusted = PARTNER_ACCOUNT_ID if variant == "external-id" else ""
    chosen = {"account_id": account_id, "variant": variant, "trusted_account_id": trusted}
    return open_runbook(chosen)


@pytest.mark.parametrize("variant", get_args(Variant))
def test_each_variant_is_answered_and_aws_bears_it_out(
    embedded_aws: local_aws.Running, account_id: str, variant: Variant, tmp_path: Path
) -> None:
    book = of_variant(account_id, variant)
    build(book)
    rows = questions.who(book.role_account, "assume-role-role")
    assert [(short(row.principal).replace(account_id, "OWN"), row.answer) for row in rows] == (
        EXPECTED[variant]
    )
    attempts.require(attempts.admissions(book, book.open_user(), rows))
    trusted = ["-r", "trusted_account_id", book.wanted.trusted_account_id]
    asked = papermill(
        "09_who_and_why",
        tmp_path,
        "-r",
        "account_id",
        account_id,
        "-r",
        "variant",
        variant,
        *trusted,
    )
    assert asked.returncode == 0, asked.stderr[-3000:]


@pytest.fixture
def made(account: Caller) -> Caller:
    """An account with a few people, in which somebody has questions."""
    iam, own = account.iam, account.account_id
    for name in ("alice", "bob", "both"):
        iam.create_user(UserName=name)
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="alice")
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam.put_group_policy(GroupName="team", PolicyName="ask", PolicyDocument=policy(may))
    idp = f"arn:aws:iam::{own}:oidc-provider/token.actions.githubusercontent.com"
    principals: list[dict[str, Any]] = [
        {"AWS": own},
        {"AWS": "210987654321"},
        {"Service": "ec2.amazonaws.com"},
    ]
    statements = [{**may, "Principal": one} for one in principals]
    statements.append(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": idp},
            "Condition": {
                "StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"}
            },
        }
    )
    statements.append(
        {
            "Effect": "Deny",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{own}:user/bob"},
        }
    )
    for one in statements:
        one.pop("Resource", None)
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=policy(*statements))
    iam.create_role(RoleName="both", AssumeRolePolicyDocument=policy(statements[0]))
    return account


def test_everybody_named_is_a_row_with_what_it_depends_on(made: Caller) -> None:
    rows = {short(row.principal): row for row in questions.who(made, "deploy")}
    assert rows["user/alice"].answer == "yes"
    assert rows["user/alice"].decided_by[1]["policy"] == 'inline policy "ask" of group "team"'
    assert "user/bob" not in rows
    assert rows["ec2.amazonaws.com"].answer == "yes"
    assert rows["account 210987654321"].conditions == [
        "an identity policy in account 210987654321 that allows it"
    ]
    whole = rows[f"account {made.account_id}"]
    assert whole.answer == "only with"
    assert whole.why.endswith("user/administrator, user/alice")
    (provider,) = (row for name, row in rows.items() if "oidc-provider" in name)
    assert provider.answer == "only with"
    assert provider.conditions == [
        f"a token of {provider.principal}",
        "web identity claim (token.actions.githubusercontent.com:sub StringLike repo:acme/app:*)",
    ]
    assert [row.answer for row in questions.who(made, "deploy")] == sorted(
        (row.answer for row in rows.values()), key=["yes", "only with", "no"].index
    )


def test_who_is_named_and_gone_or_denied_is_a_row_that_says_no(made: Caller) -> None:
    own = made.account_id
    named = [{"AWS": f"arn:aws:iam::{own}:user/bob"}, {"AWS": f"arn:aws:iam::{own}:user/both"}]
    statements = [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": one} for one in named
    ]
    deny = {**statements[0], "Effect": "Deny"}
    made.iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=policy(*statements, deny))
    gone = made.iam.get_user(UserName="both")["User"]["UserId"]
    made.iam.delete_user(UserName="both")
    rows = {short(row.principal): row for row in questions.who(made, "deploy")}
    assert {name: row.answer for name, row in rows.items()} == {"user/bob": "no", gone: "no"}
    assert "denies" in rows["user/bob"].why
    assert "is nobody" in rows[gone].why


@pytest.mark.parametrize(
    ("asked", "answer", "words"),
    [
        (("alice", "sts:AssumeRole", "deploy"), "yes", "of group"),
        (("bob", "sts:AssumeRole", "deploy"), "no", "denies sts:AssumeRole"),
        (("user/bob", "STS:assumerole", "role/deploy"), "no", "denies"),
        (("root", "sts:AssumeRole", "deploy"), "no", "root user"),
        (("root", "iam:CreateUser"), "yes", "everything in its account"),
        (("alice", "sts:GetCallerIdentity"), "yes", "needs no permission"),
        (("alice", "ec2:DescribeInstances"), "no", "no statement allows"),
        (("ec2.amazonaws.com", "sts:AssumeRole", "deploy"), "yes", "admits ec2.amazonaws.com"),
        (("ecs.amazonaws.com", "sts:AssumeRole", "deploy"), "no", "does not admit"),
        (
            ("arn:aws:iam::210987654321:user/eve", "sts:AssumeRole", "deploy"),
            "only with",
            "what its own account allows is not seen",
        ),
        (("arn:aws:iam::210987654321:user/eve", "sts:AssumeRole", "both"), "no", "does not admit"),
        (
            ("alice", "sts:AssumeRole", "arn:aws:iam::210987654321:role/theirs"),
            "only with",
            "allows sts:AssumeRole",
        ),
        (("bob", "sts:AssumeRole", "arn:aws:iam::210987654321:role/theirs"), "no", "no statement"),
        (("administrator", "iam:GetUser", "bob"), "yes", "AdministratorAccess"),
        (("administrator", "s3:GetObject", "arn:aws:s3:::b/k"), "yes", "AdministratorAccess"),
    ],
)
def test_why_answers_anybody_about_anything(
    made: Caller, asked: tuple[str, ...], answer: str, words: str
) -> None:
    found = questions.why(made, *asked)
    assert found.answer == answer
    assert words in found.why
    assert bool(found.to_allow) == (answer == "no" and asked[0] != "root")
    assert found.not_seen


SESSIONS = {  # a trust policy that tells the sessions of role both apart: by name, who is let in
    "named": ([("Allow", "Principal", ["SESSION"])], "session StringEquals s1"),
    "denied": (
        [("Allow", "Principal", ["ROLE"]), ("Deny", "Principal", ["SESSION"])],
        "not session StringEquals s1",
    ),
    "spared": (
        [("Allow", "Principal", ["ROLE"]), ("Deny", "NotPrincipal", ["SESSION", "ROLE", "OWN"])],
        "not session StringNotEquals s1",
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_what_depends_on_a_sessions_name_is_answered_only_with_it(made: Caller, name: str) -> None:
    iam, own = made.iam, made.account_id
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=policy(admit(own)))
    session = f"arn:aws:sts::{own}:assumed-role/r/s1"
    whom = {"SESSION": session, "ROLE": f"arn:aws:iam::{own}:role/r", "OWN": own}
    trust = [
        {"Effect": effect, "Action": "sts:AssumeRole", element: {"AWS": [*map(whom.get, names)]}}
        for effect, element, names in SESSIONS[name][0]
    ]
    iam.create_role(RoleName="target", AssumeRolePolicyDocument=policy(*trust))
    found = questions.why(made, "role/r", "sts:AssumeRole", "target")
    assert found.conditions == [f"name of the caller's session ({SESSIONS[name][1]})"]
    for called in ("s1", "s2"):
        answer = questions.why(made, session[:-2] + called, "sts:AssumeRole", "target").answer
        assert answer == ("yes" if (called == "s1") != (name == "denied") else "no")
        assert is_admitted(made, "r", called) == (answer == "yes")


def admit(principal: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": principal}}


def is_admitted(account: Caller, role: str, session: str) -> bool:
    """Tell whether a session of this role may assume the role target."""
    arn = f"arn:aws:iam::{account.account_id}:role/"
    key = account.sts.assume_role(RoleArn=arn + role, RoleSessionName=session)["Credentials"]
    token = [key[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    caller = client(account, *token)
    try:
        caller.assume_role(RoleArn=f"{arn}target", RoleSessionName="visit")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def test_a_name_may_be_given_as_it_is_shown_with_its_path(made: Caller) -> None:
    iam = made.iam
    iam.create_user(UserName="eve", Path="/a/b/")
    iam.create_role(
        RoleName="web", Path="/c/", AssumeRolePolicyDocument=policy(admit(made.account_id))
    )
    found = questions.why(made, "user/a/b/eve", "sts:AssumeRole", "role/c/web")
    assert (short(found.principal), short(found.resource)) == ("user/a/b/eve", "role/c/web")
    assert [short(row.principal) for row in questions.who(made, "role/c/web")]


@pytest.mark.parametrize(
    ("action", "name", "resource"),
    [
        ("iam:GetUser", "both", "user/both"),
        ("iam:PassRole", "both", "role/both"),
        ("iam:AddUserToGroup", "Team", "group/team"),
        ("iam:GetPolicy", "assume", "policy/assume"),
        ("iam:CreateUser", "zoe", "user/zoe"),
        ("iam:CreateRole", "zoe", "role/zoe"),
    ],
)
def test_a_name_is_that_of_what_the_action_is_about(
    made: Caller, action: str, name: str, resource: str
) -> None:
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    made.iam.create_policy(PolicyName="assume", PolicyDocument=policy(may))
    before = len(journal.calls())
    assert short(questions.why(made, "alice", action, name).resource) == resource
    sent = {call.action for call in journal.calls()[before:]}
    assert sent == {"iam:GetAccountAuthorizationDetails"}


def test_that_an_instance_profile_is_not_taken_for_a_role_of_its_name(made: Caller) -> None:
    with pytest.raises(ParameterError, match="expected an ARN"):
        questions.why(made, "alice", "iam:AddRoleToInstanceProfile", "both")


def test_what_no_policy_can_change_is_refused_without_advice(made: Caller) -> None:
    for principal, action, resource in (
        ("role/both", "sts:GetSessionToken", ""),
        ("role/both", "sts:GetFederationToken", ""),
        ("root", "sts:AssumeRole", "arn:aws:iam::210987654321:role/theirs"),
    ):
        found = questions.why(made, principal, action, resource)
        assert (found.answer, found.to_allow) == ("no", [])


def test_who_is_deleted_is_named_where_the_trust_policy_refuses(made: Caller) -> None:
    iam, bob = made.iam, f"arn:aws:iam::{made.account_id}:user/bob"
    before = iam.get_user(UserName="bob")["User"]["UserId"]
    iam.update_assume_role_policy(RoleName="both", PolicyDocument=policy(admit(bob)))
    assert "deleted" not in questions.why(made, "alice", "sts:AssumeRole", "both").why
    iam.delete_user(UserName="bob")
    iam.create_user(UserName="bob")
    found = questions.why(made, "bob", "sts:AssumeRole", "both")
    assert found.answer == "no"
    assert f"it names {before}, who is deleted" in found.why


def test_a_refusal_of_somebody_elsewhere_says_that_it_takes_both_accounts(made: Caller) -> None:
    eve = "arn:aws:iam::210987654321:user/eve"
    found = questions.why(made, eve, "sts:AssumeRole", "both")
    assert found.not_seen[0] == (
        "an identity policy in account 210987654321 that allows it, which it takes as well"
    )


def test_what_a_policy_says_that_is_not_understood_is_never_guessed() -> None:
    odd = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"A": {}}}}
    plain = {"Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}
    deny = {"Statement": {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}}

    def ask(*documents: dict[str, Any]) -> Any:
        held = tuple(
            Policy(f"p{n}", understood(it, "identity", "x")) for n, it in enumerate(documents)
        )
        who = Principal("arn:aws:iam::123456789012:user/a", "123456789012", "AIDA", held)
        return judge(request(who, "ec2:RunInstances", "*"))

    assert [str(way) for way in ask(odd).ways] == [
        "a policy that is not understood (not-understood:x StringEquals allows it)"
    ]
    assert [str(way) for way in ask(odd, plain).ways] == [
        "a policy that is not understood (not not-understood:x StringEquals denies it)"
    ]
    assert ask(odd, plain, deny).answer == "no"


def test_what_has_to_be_sent_along_may_take_another_action(made: Caller) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "OWN"}}
    statement["Condition"] = {"StringEquals": {"sts:SourceIdentity": "ann"}}
    trust = policy(statement).replace("OWN", made.account_id)
    made.iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=trust)
    refused = questions.why(made, "administrator", "sts:AssumeRole", "deploy")
    assert refused.answer == "no"
    assert refused.why.startswith("it takes sts:SetSourceIdentity as well: trust policy of role")
    (one,) = refused.to_allow
    also = [statement, dict(one.add or {})]
    more = policy(*also).replace("OWN", made.account_id)
    made.iam.update_assume_role_policy(RoleName="deploy", PolicyDocument=more)
    found = questions.why(made, "administrator", "sts:AssumeRole", "deploy")
    assert found.conditions == ["source identity (sts:SourceIdentity StringEquals ann)"]


def test_a_resource_that_is_not_named_is_answered_only_with(made: Caller) -> None:
    may = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
    made.iam.put_user_policy(UserName="bob", PolicyName="read", PolicyDocument=policy(may))
    found = questions.why(made, "bob", "s3:GetObject")
    assert found.conditions == ["resource StringLike arn:aws:s3:::bucket/*"]
    assert questions.why(made, "bob", "s3:GetObject", "arn:aws:s3:::bucket/k").answer == "yes"
    refused = questions.why(made, "bob", "s3:GetObject", "arn:aws:s3:::other/k")
    assert "covers only" in refused.why
    assert "resource policies of s3" in refused.not_seen[0]


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        (("alicia", "iam:GetUser"), RunbookError, "near it are alice"),
        (("both", "iam:GetUser"), ParameterError, "user/both or role/both"),
        (("arn:aws:iam::OWN:user/alicia", "iam:GetUser"), RunbookError, "user/alice"),
        (("arn:aws:s3:::bucket", "iam:GetUser"), ParameterError, "expected a name"),
        (("arn:aws", "iam:GetUser"), ParameterError, "is no ARN"),
        (("al ice", "iam:GetUser"), ParameterError, "expected a name"),
        (("alice", "iam:GetUsr"), ParameterError, "near it are iam:GetUser"),
        (("alice", "iam:*"), ParameterError, "one action"),
        (("alice", "GetUser"), ParameterError, "with its service"),
        (("alice", "iamm:GetUser"), ParameterError, "no service 'iamm'"),
        (("alice", "sts:AssumeRole"), ParameterError, "name it"),
        (("alice", "sts:AssumeRole", "deploi"), RunbookError, "near it are deploy"),
        (("alice", "sts:AssumeRole", "arn:aws:s3:::b"), ParameterError, "is no role"),
        (("alice", "s3:GetObject", "key"), ParameterError, "expected an ARN"),
        (("ec2.amazonaws.com", "s3:GetObject"), ParameterError, "through a role"),
        (
            ("administrator", "iam:GetUser", "arn:aws:iam::210987654321:user/eve"),
            ParameterError,
            "its caller's own account",
        ),
        (
            ("arn:aws:iam::210987654321:user/eve", "iam:GetUser", "alice"),
            ParameterError,
            "its caller's own account",
        ),
        (
            ("alice", "sts:AssumeRoleWithWebIdentity", "deploy"),
            ParameterError,
            "alice sts:AssumeRole deploy",
        ),
        (("accounts.google.com", "sts:AssumeRole", "deploy"), ParameterError, "WithWebIdentity"),
        (
            ("arn:aws:sts::OWN:assumed-role/c/both/s1", "iam:GetUser"),
            ParameterError,
            "without the role's path",
        ),
        (("arn:aws:sts::OWN:assumed-role/both", "iam:GetUser"), ParameterError, "is no session"),
    ],
)
def test_what_is_not_there_is_told_with_what_comes_near(
    made: Caller, asked: tuple[str, ...], error: type[RunbookError], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        questions.why(made, *(one.replace("OWN", made.account_id) for one in asked))


def test_the_command_line_prints_one_document(made: Caller) -> None:
    out, _ = runbook("why", made.account_id, "bob", "sts:AssumeRole", "deploy", "--json")
    told = json.loads(out)
    assert {"principal", "action", "resource", "allowed", "decided_by", "why", "unless"} <= {*told}
    assert told["allowed"] is False
    assert told["to_allow"] == [
        {"where": 'trust policy of role "deploy"', "take_away": "statement 5"},
        {
            "where": "an identity policy of user/bob",
            "add": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": told["resource"]},
        },
    ]
    out, told_besides = runbook("who", made.account_id, "deploy", "--json")
    assert {"principal", "answer", "conditions", "decided_by"} <= {*json.loads(out)[0]}
    assert "not seen" in told_besides
    out, _ = runbook("who", made.account_id, "deploi", "--json", status=1)
    assert "near it are deploy" in json.loads(out)["error"]
    runbook("why", made.account_id, "bob", "s3:GetObjct", status=2)
