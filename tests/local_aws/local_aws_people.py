"""Who acts in the tests of the embedded AWS, and short words for what they set up."""

import json
from functools import cached_property
from typing import Any

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.process import Running

Server = LocalAws | Running
REGION = "ap-northeast-2"
_SESSION = botocore.session.Session()  # one, so that service models are read once


class Actor:
    """Somebody with credentials: `.sts`, `.iam` and `.ec2` are clients of theirs."""

    def __init__(
        self,
        aws: Server,
        key_id: str,
        secret: str,
        token: str | None = None,
        region: str = REGION,
    ) -> None:
        self.aws, self.key_id, self.secret, self.token = aws, key_id, secret, token
        self.region = region

    def client(self, service: str, **changes: Any) -> BaseClient:
        given = {
            "region_name": self.region,
            "endpoint_url": self.aws.endpoint,
            "aws_access_key_id": self.key_id,
            "aws_secret_access_key": self.secret,
            "aws_session_token": self.token,
            "config": Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        }
        return _SESSION.create_client(service, **(given | changes))

    @cached_property
    def sts(self) -> Any:
        return self.client("sts")

    @cached_property
    def iam(self) -> Any:
        return self.client("iam")

    @cached_property
    def ec2(self) -> Any:
        return self.client("ec2")

    def assume(self, role_arn: str, **given: Any) -> "Actor":
        """Assume a role; the session's own Actor."""
        given = {"RoleSessionName": "session"} | given
        found = self.sts.assume_role(RoleArn=role_arn, **given)["Credentials"]
        keys = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return Actor(self.aws, *(found[name] for name in keys), region=self.region)


class Account(Actor):
    """An account's administrator, and short words for what tests set up."""

    def __init__(self, aws: Server, id: str, partition: str = "aws", region: str = REGION) -> None:
        key = aws.administrator(id, partition)
        super().__init__(aws, key.access_key_id, key.secret_access_key, region=region)
        self.id, self.partition = id, partition

    def arn(self, what: str) -> str:
        return f"arn:{self.partition}:iam::{self.id}:{what}"

    def other(self, partition: str = "aws", region: str = REGION) -> "Account":
        """Another account."""
        return Account(self.aws, f"{(int(self.id) + 7) % 10**12:012}", partition, region)

    def user(self, *statements: dict[str, Any], name: str = "alice", **given: Any) -> Actor:
        """Make a user with an access key and, if there are statements, an inline policy."""
        self.iam.create_user(UserName=name, **given)
        if statements:
            self.iam.put_user_policy(
                UserName=name, PolicyName="inline", PolicyDocument=policy(*statements)
            )
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Actor(self.aws, key["AccessKeyId"], key["SecretAccessKey"], region=self.region)

    def role(
        self, *statements: dict[str, Any], trust: str | None = None, name: str = "app", **given: Any
    ) -> str:
        """Make a role that trusts this account, or as given; return its ARN."""
        self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust or trusting(self.id), **given
        )
        if statements:
            self.iam.put_role_policy(
                RoleName=name, PolicyName="inline", PolicyDocument=policy(*statements)
            )
        return self.arn(f"role{given.get('Path', '/')}{name}")

    def managed(self, *statements: dict[str, Any], name: str = "managed") -> str:
        """Make a managed policy; return its ARN."""
        document = policy(*(statements or (allow("*"),)))
        made = self.iam.create_policy(PolicyName=name, PolicyDocument=document)
        return str(made["Policy"]["Arn"])

    def wait(self, seconds: float) -> None:
        self.aws.clock.advance(seconds)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trusting(principal: Any, effect: str = "Allow", **more: Any) -> str:
    action = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    return policy({"Effect": effect, "Principal": {"AWS": principal}, "Action": action, **more})
