"""Who may not do what: EC2's, STS's and IAM's sentences."""

from collections.abc import Callable
from typing import Any

from local_aws_people import Account, allow, deny, policy, trusting
from recorded import DENIED, GUIDE, THREADS, Row, member, role_trusting, user

ASSUME = "sts:AssumeRole"
EC2_FIRST = "UnauthorizedOperation 403: You are not authorized to perform this operation. User: "
KARPENTER = "kubernetes-sigs/karpenter#2813"


def iam(
    recording: str, action: str, resource: str, call: Callable[..., Any], *statements: Any
) -> Row:
    """A refusal by IAM, for want of a policy that allows."""
    sentence = f"AccessDenied 403: User: USER is not authorized to perform: iam:{action} on "
    reason = f"because no identity-based policy allows the iam:{action} action"
    who = lambda a: call(user(a, *statements).iam, a)  # noqa: E731
    return Row("refused by IAM", recording, who, f"{sentence}resource: {resource} {reason}")


def ec2(action: str, call: Callable[..., Any], resource: str = "") -> Row:
    on = f" on resource: arn:aws:ec2:ap-northeast-2:ACCOUNT:{resource}" if resource else ""
    reason = f"because no identity-based policy allows the ec2:{action} action"
    sentence = f"{EC2_FIRST}USER is not authorized to perform: ec2:{action}{on} {reason}"
    return Row("refused by EC2", KARPENTER, lambda a: call(user(a).ec2), sentence)


def assume(recording: str, call: Callable[[Account], Any], reason: str, role: str = "app") -> Row:
    sentence = f"AccessDenied 403: User: USER is not authorized to perform: {ASSUME} on resource: "
    whole = f"{sentence}arn:aws:iam::ACCOUNT:role/{role}{reason}"
    return Row("refused by STS", recording, call, whole)


POLICY = "arn:aws:iam::ACCOUNT:policy/managed"
ID = "i-0123456789abcdef0"
IMAGE = "ami-033a6a056910d1137"


def denied_in_trust(a: Account) -> Any:
    everybody = {"Principal": {"AWS": a.id}, "Action": ASSUME}
    trust = policy({"Effect": "Allow", **everybody}, {"Effect": "Deny", **everybody})
    return user(a, allow("*")).assume(a.role(trust=trust))


def outside(a: Account) -> Any:
    """A user without a policy, of another account, which the role does not trust."""
    return user(a.other(), allow("*")).assume(role_trusting(a, a.id))


EC2 = [
    ec2("DescribeInstances", lambda c: c.describe_instances()),
    ec2("DescribeVpcs", lambda c: c.describe_vpcs()),
    ec2("DescribeKeyPairs", lambda c: c.describe_key_pairs()),
    ec2("DescribeInstances", lambda c: c.describe_instances(DryRun=True)),
    ec2("StopInstances", lambda c: c.stop_instances(InstanceIds=[ID]), f"instance/{ID}"),
    ec2("TerminateInstances", lambda c: c.terminate_instances(InstanceIds=[ID]), f"instance/{ID}"),
    ec2(
        "RunInstances",
        lambda c: c.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1),
        "instance/*",
    ),
    Row(
        "refused by EC2",
        THREADS,
        lambda a: member(a, allow("*"), deny("ec2:*")).ec2.describe_instances(),
        EC2_FIRST + "USER is not authorized to perform: ec2:DescribeInstances with an explicit "
        f"deny in an identity-based policy: {POLICY}",
    ),
    Row(
        "refused by EC2",
        THREADS,
        lambda a: user(a, allow("*"), deny("ec2:*")).ec2.describe_instances(),
        EC2_FIRST + "USER is not authorized to perform: ec2:DescribeInstances with an explicit "
        "deny in an identity-based policy",
    ),
    Row(
        "refused by EC2",
        THREADS,
        lambda a: member(a, allow("*"), deny("ec2:*")).ec2.stop_instances(InstanceIds=[ID]),
        EC2_FIRST + "USER is not authorized to perform: ec2:StopInstances on resource: "
        f"arn:aws:ec2:ap-northeast-2:ACCOUNT:instance/{ID} with an explicit deny in an "
        f"identity-based policy: {POLICY}",
    ),
    Row(
        "refused by EC2",
        DENIED,
        lambda a: user(
            a, allow("*"), PermissionsBoundary=a.managed(allow("iam:*"))
        ).ec2.describe_instances(),
        EC2_FIRST + "USER is not authorized to perform: ec2:DescribeInstances because no "
        "permissions boundary allows the ec2:DescribeInstances action",
    ),
]

STS = [
    assume(
        THREADS,
        lambda a: user(a, allow(ASSUME)).assume(role_trusting(a, "999999999999")),
        "",
    ),
    assume(THREADS, lambda a: user(a, allow(ASSUME)).assume(a.arn("role/nobody")), "", "nobody"),
    Row(
        "refused by STS",
        THREADS,
        outside,
        "AccessDenied 403: User: arn:aws:iam::OTHER:user/alice is not authorized to perform: "
        "sts:AssumeRole on resource: arn:aws:iam::ACCOUNT:role/app",
    ),
    assume(
        THREADS,
        lambda a: user(a, allow(ASSUME)).assume(
            role_trusting(a, a.id, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
        ),
        "",
    ),
    assume(DENIED, denied_in_trust, " with an explicit deny in the role trust policy"),
    assume(
        THREADS,
        lambda a: user(a).assume(a.role()),
        " because no identity-based policy allows the sts:AssumeRole action",
    ),
    assume(
        DENIED,
        lambda a: member(a, allow("*"), deny(ASSUME)).assume(a.role()),
        f" with an explicit deny in an identity-based policy: {POLICY}",
    ),
    Row(
        "refused by STS",
        THREADS,
        lambda a: user(a, allow("*")).assume(
            a.role(trust=policy({"Effect": "Allow", "Principal": {"AWS": a.id}, "Action": ASSUME})),
            Tags=[{"Key": "team", "Value": "red"}],
        ),
        "AccessDenied 403: User: USER is not authorized to perform: sts:TagSession on resource: "
        "arn:aws:iam::ACCOUNT:role/app",
    ),
]

IAM = [
    iam(THREADS, "GetUser", "user alice", lambda c, a: c.get_user()),
    iam(THREADS, "GetUser", "user bob", lambda c, a: c.get_user(UserName="bob")),
    iam("aws/aws-cdk#27067", "GetRole", "role app", lambda c, a: c.get_role(RoleName="app")),
    iam(
        "rebuy-de/aws-nuke#294",
        "GetLoginProfile",
        "user vault",
        lambda c, a: c.get_login_profile(UserName="vault"),
    ),
    iam(THREADS, "CreateAccessKey", "user bob", lambda c, a: c.create_access_key(UserName="bob")),
    iam(THREADS, "ListAccessKeys", "user alice", lambda c, a: c.list_access_keys()),
    iam(THREADS, "DeleteUser", "user bob", lambda c, a: c.delete_user(UserName="bob")),
    iam(
        "aws-samples/aws-hpc-tutorials#175",
        "AttachRolePolicy",
        "role app",
        lambda c, a: c.attach_role_policy(
            RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
    ),
    iam(
        THREADS,
        "PutUserPolicy",
        "user alice",
        lambda c, a: c.put_user_policy(
            UserName="alice", PolicyName="p", PolicyDocument=policy(allow("*"))
        ),
    ),
    iam(
        THREADS,
        "UpdateAssumeRolePolicy",
        "role app",
        lambda c, a: c.update_assume_role_policy(RoleName="app", PolicyDocument=trusting(a.id)),
    ),
    iam(
        THREADS,
        "AddUserToGroup",
        "group Admin",
        lambda c, a: c.add_user_to_group(GroupName="Admin", UserName="alice"),
    ),
    iam(THREADS, "GetGroup", "group team", lambda c, a: c.get_group(GroupName="team")),
    iam(
        THREADS,
        "GetPolicy",
        "policy arn:aws:iam::aws:policy/AdministratorAccess",
        lambda c, a: c.get_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
    iam(
        THREADS,
        "GetPolicyVersion",
        "policy arn:aws:iam::ACCOUNT:policy/none",
        lambda c, a: c.get_policy_version(PolicyArn=a.arn("policy/none"), VersionId="v1"),
    ),
    iam(
        "aws-samples/iam-workshop transcripts",
        "CreatePolicyVersion",
        "policy arn:aws:iam::ACCOUNT:policy/none",
        lambda c, a: c.create_policy_version(
            PolicyArn=a.arn("policy/none"), PolicyDocument=policy(allow("*"))
        ),
    ),
    iam(
        "galaxyproject/cloudlaunch#205",
        "CreatePolicy",
        "policy cm2-kube-policy",
        lambda c, a: c.create_policy(
            PolicyName="cm2-kube-policy", PolicyDocument=policy(allow("*"))
        ),
    ),
    iam("aws/aws-sam-cli#394", "ListPolicies", "policy path /", lambda c, a: c.list_policies()),
    iam(
        "aws/aws-sam-cli#394",
        "ListPolicies",
        "policy path /team/",
        lambda c, a: c.list_policies(PathPrefix="/team/"),
    ),
    iam(
        "aws/aws-parallelcluster#918",
        "CreateRole",
        "arn:aws:iam::ACCOUNT:role/new",
        lambda c, a: c.create_role(RoleName="new", AssumeRolePolicyDocument=trusting(a.id)),
    ),
    iam(
        THREADS,
        "CreateUser",
        "arn:aws:iam::ACCOUNT:user/team/bob",
        lambda c, a: c.create_user(UserName="bob", Path="/team/"),
    ),
    iam(THREADS, "ListUsers", "arn:aws:iam::ACCOUNT:user/", lambda c, a: c.list_users()),
    iam(THREADS, "ListGroups", "arn:aws:iam::ACCOUNT:group/", lambda c, a: c.list_groups()),
    iam("aws/aws-cli#4166", "ListRoles", "arn:aws:iam::ACCOUNT:role/", lambda c, a: c.list_roles()),
    iam(
        THREADS,
        "ListRoles",
        "arn:aws:iam::ACCOUNT:role/team/",
        lambda c, a: c.list_roles(PathPrefix="/team/"),
    ),
    iam(
        THREADS,
        "GetAccountAuthorizationDetails",
        "*",
        lambda c, a: c.get_account_authorization_details(),
    ),
    Row(
        "refused by IAM",
        GUIDE + "troubleshoot_access-denied-authorization-id.html",
        lambda a: member(a, allow("*"), deny("iam:*")).iam.list_users(),
        "AccessDenied 403: User: USER is not authorized to perform: iam:ListUsers on resource: "
        f"arn:aws:iam::ACCOUNT:user/ with an explicit deny in an identity-based policy: {POLICY}",
    ),
    Row(
        "refused by IAM",
        THREADS,
        lambda a: user(a, allow("*"), deny("iam:*")).iam.create_access_key(UserName="bob"),
        "AccessDenied 403: User: USER is not authorized to perform: iam:CreateAccessKey on "
        "resource: user bob with an explicit deny in an identity-based policy",
    ),
    Row(
        "refused by IAM",
        "aws-samples/iam-workshop transcripts",
        lambda a: user(
            a, allow("*"), PermissionsBoundary=a.managed(allow("*"), deny("iam:*"))
        ).iam.get_role(RoleName="app"),
        "AccessDenied 403: User: USER is not authorized to perform: iam:GetRole on resource: "
        f"role app with an explicit deny in a permissions boundary: {POLICY}",
    ),
    Row(
        "refused by IAM",
        THREADS,
        lambda a: a.assume(a.role(allow("ec2:*"))).iam.get_user(),
        "AccessDenied 403: User: SESSION is not authorized to perform: iam:GetUser on resource: "
        "SESSION because no identity-based policy allows the iam:GetUser action",
    ),
    Row(
        "refused by IAM",
        THREADS,
        lambda a: a.assume(a.role(allow("*"))).iam.get_user(),
        "ValidationError 400: Must specify userName when calling with non-User credentials",
    ),
]

ROWS = [*EC2, *STS, *IAM]
