"""What the embedded AWS does not do it refuses, in a form that the client shows, and lists."""

import re
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from local_aws_people import Account

from runbook_lib.local_aws.rules.supported import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "not-emulated.md"
# Each by the protocol that its client speaks.
OTHERS = {
    "s3 (REST, XML)": lambda c: c("s3").list_buckets(),
    "s3 with a bucket": lambda c: c("s3").list_objects_v2(Bucket="bucket"),
    "s3 with a body": lambda c: c("s3").put_object(Bucket="bucket", Key="a b", Body=b"{}"),
    "route53 (REST, XML)": lambda c: c("route53").list_hosted_zones(),
    "cloudfront (REST, XML)": lambda c: c("cloudfront").list_distributions(),
    "lambda (REST, JSON)": lambda c: c("lambda").list_functions(),
    "lambda with a body": lambda c: c("lambda").invoke(FunctionName="f", Payload=b"{}"),
    "eks (REST, JSON)": lambda c: c("eks").list_clusters(),
    "dynamodb (JSON)": lambda c: c("dynamodb").list_tables(),
    "kms (JSON)": lambda c: c("kms").list_keys(),
    "ssm (JSON)": lambda c: c("ssm").get_parameter(Name="p"),
    "secretsmanager (JSON)": lambda c: c("secretsmanager").list_secrets(),
    "sqs (JSON)": lambda c: c("sqs").list_queues(),
    "cloudwatch (CBOR)": lambda c: c("cloudwatch").list_metrics(),
    "cloudformation (query)": lambda c: c("cloudformation").list_stacks(),
    "sns (query)": lambda c: c("sns").list_topics(),
    "rds (query)": lambda c: c("rds").describe_db_instances(),
    "cognito-identity, unsigned (JSON)": lambda c: c("cognito-identity").get_id(
        IdentityPoolId="ap-northeast-2:1"
    ),
    "sso, unsigned (REST, JSON)": lambda c: c("sso").get_role_credentials(
        roleName="admin", accountId="123456789012", accessToken="token"
    ),
    "sso-oidc, unsigned with a body": lambda c: c("sso-oidc").register_client(
        clientName="me", clientType="public"
    ),
    "s3, unsigned": lambda c: c("s3", config=Config(signature_version=UNSIGNED)).list_objects_v2(
        Bucket="bucket"
    ),
    "a context of AssumeRole": lambda c: c("sts").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/app",
        RoleSessionName="me",
        ProvidedContexts=[{"ProviderArn": "arn:aws:iam::aws:contextProvider/I"}],
    ),
    "protection from termination": lambda c: c("ec2").run_instances(
        ImageId="ami-033a6a056910d1137", MinCount=1, MaxCount=1, DisableApiTermination=True
    ),
    "sleep": lambda c: c("ec2").stop_instances(InstanceIds=["i-0123456789abcdef0"], Hibernate=True),
    **{
        f"a filter of {action}": lambda c, action=action: getattr(c("ec2"), action)(
            Filters=[{"Name": "opt-in-status", "Values": ["opted-in"]}]
        )
        for action in (
            "describe_regions",
            "describe_availability_zones",
            "describe_instance_status",
            "describe_tags",
        )
    },
    "a wildcard": lambda c: c("ec2").describe_instance_status(
        Filters=[{"Name": "instance-state-name", "Values": ["run*"]}]
    ),
    "STS without a signature": lambda c: c("sts").assume_role_with_web_identity(
        RoleArn="arn:aws:iam::123456789012:role/app", RoleSessionName="me", WebIdentityToken="t"
    ),
    "an action of STS": lambda c: c("sts").get_federation_token(Name="alice"),
    "an action of IAM": lambda c: c("iam").simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:user/a", ActionNames=["s3:ListBucket"]
    ),
    "an action of EC2": lambda c: c("ec2").create_vpc(CidrBlock="10.0.0.0/16"),
    "an action of Organizations": lambda c: c("organizations").create_account(
        Email="a@example.com", AccountName="a"
    ),
    "an action that lacks what it needs": lambda c: c("iam").create_saml_provider(),
}


@pytest.mark.parametrize("what", OTHERS)
def test_that_it_says_so_before_a_policy_refuses(account: Account, what: str) -> None:
    """The caller may do nothing at all."""
    user = account.user()
    with pytest.raises(ClientError) as refused:
        OTHERS[what](user.client)
    error = refused.value.response
    assert error["Error"]["Code"] == "NotEmulated"
    assert "does not emulate" in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_that_a_presigned_url_of_s3_is_not_emulated(account: Account, version: str) -> None:
    signing = Config(signature_version=version, s3={"addressing_style": "path"})
    client: Any = account.client("s3", config=signing)
    url = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    answer = urllib3.PoolManager().request("GET", url)
    assert answer.status == 400
    assert b"<Error><Code>NotEmulated</Code>" in answer.data


def test_that_a_presigned_url_of_sts_is_not_emulated(account: Account) -> None:
    client: Any = account.client("sts")
    answer = urllib3.PoolManager().request(
        "GET", client.generate_presigned_url("get_caller_identity")
    )
    assert (answer.status, b"NotEmulated" in answer.data) == (400, True)


def test_that_the_page_lists_the_actions_that_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    listed = {f"{service}:{name}" for service, names in rows for name in names.split(", ")}
    assert listed == ACTIONS
