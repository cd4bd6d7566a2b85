"""Questions about an account: what is answered is what AWS does when it is really asked."""

import json
import random
from itertools import chain, combinations
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from runbook_lib import questions
from runbook_lib.access import judge
from runbook_lib.access.conditions import is_met
from runbook_lib.access.matching import context_of
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import Secret
from runbook_lib.questions import naming
from runbook_lib.questions.people import People, request

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
        def reveal(value: Any) -> Any:
            return value.reveal() if isinstance(value, Secret) else value

        return boto3.client(
            "sts",
            region_name="us-east-1",
            endpoint_url=self.account.place.endpoint,
            aws_access_key_id=key_id,
            aws_secret_access_key=reveal(secret),
            aws_session_token=reveal(token),
        )

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
