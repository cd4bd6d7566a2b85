"""One recorded answer of AWS, and where it is recorded.

A sentence says ACCOUNT for the account's id and USER for the ARN of the user that acts; a shape
says which keys are there and, after a minus, which are not.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from local_aws_people import Account, Actor, trusting

LOCALSTACK_IAM = "localstack tests/aws/services/iam/test_iam.snapshot.json"
LOCALSTACK_STS = "localstack tests/aws/services/sts/test_sts.snapshot.json"
MOTO_POLICIES = "moto tests/test_iam/test_iam_policies.py"
MOTO_SHAPES = "moto tests/test_iam/test_iam_response_attributes.py (aws_verified)"
MOTO_INSTANCES = "moto tests/test_ec2/test_instances.py (aws_verified)"
CUSTODIAN = "cloud-custodian tests/data/placebo/"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
DENIED = GUIDE + "troubleshoot_access-denied.html"
THREADS = "transcripts in public threads"


class Row(NamedTuple):
    """`answer` is `Code status: sentence`, or the keys of what is answered."""

    kind: str
    recording: str
    does: Callable[[Account], Any]
    answer: str


def user(a: Account, *statements: Any, **given: Any) -> Actor:
    """A user who may do what these statements say, and nothing else."""
    return a.user(*statements, **given)


def member(a: Account, *statements: Any) -> Actor:
    """A user with these statements in a managed policy."""
    found = a.user()
    a.iam.attach_user_policy(UserName="alice", PolicyArn=a.managed(*statements))
    return found


def role_trusting(a: Account, principal: Any, **more: Any) -> str:
    return a.role(trust=trusting(principal, **more))
