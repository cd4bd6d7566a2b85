"""Malformed policies: one sentence of AWS's each."""

import json
from typing import Any

from local_aws_people import allow, policy
from recorded import LOCALSTACK_IAM, MOTO_POLICIES, THREADS, Row

ARN = "arn:aws:s3:::example_bucket"
LEGACY = "The policy failed legacy parsing"
SYNTAX = "Syntax errors in policy."
ACTIONS = "Policy statement must contain actions."
RESOURCES = "Policy statement must contain resources."
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
COLON = "Actions/Condition can contain only one colon."
NEWER = "Policy document must be version 2012-10-17 or greater."
PATHS = (
    'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, '
    "instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, "
    "oidc-provider/, report/, access-report/."
)
OK = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": ARN}


def whole(statement: Any = OK, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement} | more)


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in OK.items() if name not in names} | more


def dated(value: str, operator: str = "DateLessThanEquals") -> dict[str, Any]:
    return OK | {"Condition": {operator: {"a": value}}}


def on(resource: Any) -> str:
    return whole(OK | {"Resource": resource})


# What is given to CreatePolicy, and what AWS says.
IDENTITY = [
    ("This is not a json document", SYNTAX),
    (json.dumps({"Statement": OK}), NEWER),
    (whole(Version="2008-10-17"), NEWER),
    (whole(Version="2013-10-17"), SYNTAX),
    (json.dumps({"Version": "2012-10-17"}), SYNTAX),
    (whole(["afd"]), SYNTAX),
    (whole([]), SYNTAX),
    (whole(**{"Extra field": "value"}), SYNTAX),
    (whole(OK | {"Extra field": "value"}), SYNTAX),
    (whole(Id=["cd3a324d"]), SYNTAX),
    (whole(Id={}), SYNTAX),
    (whole(OK | {"Effect": "invalid"}), SYNTAX),
    (whole(without("Effect")), SYNTAX),
    (whole(OK | {"Action": "invalid"}), VENDOR),
    (whole(without("Action", NotAction="")), VENDOR),
    (whole(without("Resource", Action="invalid")), VENDOR),
    (whole(OK | {"Action": "a a:ListBucket"}), "Vendor a a is not valid"),
    (whole(OK | {"Action": "s3:List:Bucket"}), COLON),
    (whole([OK, OK | {"Action": "s:3s:ListBucket"}]), COLON),
    (on("invalid resource"), 'Resource invalid resource must be in ARN format or "*".'),
    (on(["adf"]), 'Resource adf must be in ARN format or "*".'),
    (on(""), 'Resource  must be in ARN format or "*".'),
    (
        whole(OK | {"Action": "s:3:ListBucket", "Resource": "sdfsadf"}),
        'Resource sdfsadf must be in ARN format or "*".',
    ),
    (
        on("a:bsdfdsafsad"),
        'Partition "bsdfdsafsad" is not valid for resource "arn:bsdfdsafsad:*:*:*:*".',
    ),
    (on("a:b:cadfsdf"), 'Partition "b" is not valid for resource "arn:b:cadfsdf:*:*:*".'),
    (on("a:b:c:d:e:f:g:h"), 'Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".'),
    (
        on("aws:s3:::example_bucket"),
        'Partition "s3" is not valid for resource "arn:s3:::example_bucket:*".',
    ),
    (
        on(["arn:error:s3:::example_bucket", "arn:error:s3::example_bucket"]),
        'Partition "error" is not valid for resource "arn:error:s3:::example_bucket".',
    ),
    (whole(without("Resource")), RESOURCES),
    (on([]), RESOURCES),
    (whole(without("Action")), ACTIONS),
    (whole({"Effect": "Allow"}), ACTIONS),
    (whole(OK | {"Action": []}), ACTIONS),
    (whole([{"Effect": "Deny"}, OK]), ACTIONS),
    (on("arn:aws:iam:::example_bucket"), PATHS),
    (on("arn:aws:s3::example_bucket"), LEGACY),
    (whole(without("Action", Resource="arn:aws:s3::example_bucket")), LEGACY),
    (on("arn:aws"), "Resource vendor must be fully qualified and cannot contain regexes."),
    (on({"a": ARN}), SYNTAX),
    (on(["adfdf", {}]), SYNTAX),
    (whole(OK | {"NotResource": []}), SYNTAX),
    (whole(OK | {"NotResource": "*"}), SYNTAX),
    (whole(OK | {"Action": [[]]}), SYNTAX),
    (whole(OK | {"Action": {}}), SYNTAX),
    (whole(OK | {"NotAction": "s3:ListBucket"}), SYNTAX),
    (whole(OK | {"Condition": []}), SYNTAX),
    (whole(OK | {"Condition": "a"}), SYNTAX),
    (whole(OK | {"Condition": {"a": "b"}}), SYNTAX),
    (whole(OK | {"Condition": {"DateGreaterThan": []}}), SYNTAX),
    (whole(OK | {"Condition": {"DateGreaterThan": {"a": {}}}}), SYNTAX),
    (whole(OK | {"Condition": {"x": {"a": "1"}}}), SYNTAX),
    (whole(OK | {"Condition": {"ForAnyValue::StringEqualsIfExists": {"a": "asf"}}}), SYNTAX),
    (
        on("arn:aws:iam:us-east-1::example_bucket"),
        "IAM resource arn:aws:iam:us-east-1::example_bucket cannot contain region information.",
    ),
    (
        on("arn:aws:s3:us-east-1::example_bucket"),
        "Resource arn:aws:s3:us-east-1::example_bucket can not contain region information.",
    ),
    (whole(OK | {"Sid": {}}), SYNTAX),
    (
        whole([OK | {"Sid": "sdf"}, {"Sid": "sdf", "Effect": "Allow"}]),
        "Statement IDs (SID) in a single policy must be unique.",
    ),
    (whole(OK | {"Effect": "denY"}), LEGACY),
    (whole(without("Action", "Resource", Effect="allow")), LEGACY),
    (whole(dated("sdfdsf", "DateGreaterThan")), LEGACY),
    (whole(dated("234-13")), LEGACY),
    (whole(dated("2016-12-13t2:00:00.593194+1")), LEGACY),
    (whole(dated("9223372036854775808", "DateLessThan")), LEGACY),
    (json.dumps({"Statement": dated("sdfdsf")}), NEWER),
    (whole(without("Action", NotAction="s3:ListBucket", Resource="arn:aws::::b")), LEGACY),
    (whole(without("Resource", NotResource="arn:aws:s3::example_bucket")), LEGACY),
    (on("arn:aws::fdsasf"), LEGACY),
]
PRINCIPAL = policy(allow("*", Principal="*"))
STS = {"Effect": "Allow", "Principal": {"AWS": "ACCOUNT"}, "Action": "sts:AssumeRole"}
NOT_STS = "AssumeRole policy may only specify STS AssumeRole actions."

# What is given to CreateRole as trust policy, what AWS says, and where that is recorded.
TRUST = [
    ("{", "This policy contains invalid Json", LOCALSTACK_IAM),
    ("trust.json", "This policy contains invalid Json", "AWSCookbook/Security#2"),
    (
        policy(STS | {"Resource": "*"}),
        "Has prohibited field Resource",
        "kubernetes-sigs/external-dns#3085",
    ),
    (policy(STS | {"Action": "iam:GetUser"}), NOT_STS, THREADS),
    (policy(STS | {"Action": "*"}), NOT_STS, THREADS),
    (policy(STS | {"Action": ["sts:AssumeRole", "ec2:*"]}), NOT_STS, THREADS),
    (
        policy(STS | {"Principal": "*"}),
        'AssumeRolepolicy contained an invalid principal: "STAR":"*".',
        "aws/aws-cdk packages/@aws-cdk/aws-iam/test/role.test.ts",
    ),
    (
        json.dumps({"version": "2012-10-17", "statement": [STS]}),
        "Unknown field version",
        THREADS,
    ),
    (json.dumps({"Comment": "x", "Statement": [STS]}), "Unknown field Comment", THREADS),
    (policy(STS | {"Principals": "*"}), "Unknown field Principals", THREADS),
    (
        policy(STS | {"Principal": {"AWS": "arn:aws:iam::ACCOUNT:role/eks-nodes"}}),
        'Invalid principal in policy: "AWS":"arn:aws:iam::ACCOUNT:role/eks-nodes"',
        "opstrace/opstrace#88",
    ),
    (
        policy(STS | {"Principal": {"AWS": "arn:aws:iam::ACCOUNT:user/none"}}),
        'Invalid principal in policy: "AWS":"arn:aws:iam::ACCOUNT:user/none"',
        THREADS,
    ),
    (
        policy(STS | {"Principal": {"Federated": "provider"}}),
        "Federated principals must be valid domain names or SAML metadata ARNs",
        "terraform-aws-modules/terraform-aws-eks#2594",
    ),
    (
        policy(STS | {"Principal": {"Service": "nobody"}}),
        'Invalid principal in policy: "SERVICE":"nobody"',
        THREADS,
    ),
]


def malformed(action: str, recording: str, document: str, sentence: str, **given: str) -> Row:
    """A document that this action of IAM refuses."""

    def call(a: Any) -> Any:
        a.iam.create_user(UserName="alice")
        name = "AssumeRolePolicyDocument" if action == "create_role" else "PolicyDocument"
        whole = given | {name: document.replace("ACCOUNT", a.id)}
        return getattr(a.iam, action)(**whole)

    return Row("malformed", recording, call, f"MalformedPolicyDocument 400: {sentence}")


ROWS = [
    *(malformed("create_policy", MOTO_POLICIES, *pair, PolicyName="p") for pair in IDENTITY),
    *(
        malformed("create_role", recording, document, sentence, RoleName="app")
        for document, sentence, recording in TRUST
    ),
    malformed(
        "create_policy",
        "terraform transcripts in public threads",
        PRINCIPAL,
        "Policy document should not specify a principal.",
        PolicyName="p",
    ),
    malformed(
        "put_user_policy",
        THREADS,
        PRINCIPAL,
        "Policy document should not specify a principal.",
        UserName="alice",
        PolicyName="p",
    ),
    malformed(
        "put_user_policy",
        "aws-samples/aws-health-aware#1",
        whole(without("Resource")),
        RESOURCES,
        UserName="alice",
        PolicyName="p",
    ),
]
