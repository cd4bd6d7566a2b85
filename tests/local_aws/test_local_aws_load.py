"""What is large is answered, and holds up nobody: bodies, lists, accounts."""

import socket
import tracemalloc

import pytest
from botocore.exceptions import ClientError
from local_aws_people import REGION, Account
from moto.ec2.models import ec2_backends

from runbook_lib.local_aws.http.connections import LONGEST_BODY
from runbook_lib.local_aws.http.server import LocalAws

_KIND = {"instance_type": "t2.micro", "is_instance_type_default": False, "region_name": REGION}


@pytest.mark.parametrize(
    ("length", "status"),
    [
        (b"Content-Length: 1048577\r\n", b"413"),
        (b"Content-Length: 99999999999999999999\r\n", b"413"),
        (b"Content-Length: " + b"9" * 5_000 + b"\r\n", b"413"),
        (b"Content-Length: " + b"0" * 5_000 + b"\r\n", b"403"),
        (b"Content-Length: 0x10\r\n", b"400"),
        (b"Content-Length: 1_0\r\n", b"400"),
        (b"Content-Length: -1\r\n", b"400"),
        (b"Content-Length: \xd9\xa1\r\n", b"400"),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n", b"400"),
        (b"Transfer-Encoding: chunked\r\n", b"413"),
        (b"Content-Length:\r\n", b"403"),
        (b"", b"403"),
    ],
)
def test_that_any_length_of_a_body_is_answered(aws: LocalAws, length: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", aws.port), timeout=5) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n")
        reply = connection.recv(65536)
    assert reply.startswith(b"HTTP/1.1 " + status)
    assert b"<ErrorResponse" in reply


@pytest.mark.parametrize("size", [LONGEST_BODY, 4 * LONGEST_BODY, 40 * LONGEST_BODY])
def test_that_who_sends_too_much_is_told_so(account: Account, size: int) -> None:
    with pytest.raises(ClientError) as refused:
        account.sts.assume_role(RoleArn="x" * size, RoleSessionName="x")
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLarge"
    assert account.sts.get_caller_identity()


def test_that_a_list_of_instances_ends_after_a_thousand(account: Account) -> None:
    account.ec2.describe_instances()
    region = ec2_backends[account.id][REGION]
    (image,) = {one.image_id for one in region.all_instances()}
    region.run_instances(image, 1_200, None, [], tags={"instance": {"Name": "x"}}, **_KIND)
    first = account.ec2.describe_instances()
    assert sum(len(one["Instances"]) for one in first["Reservations"]) == 1_000
    rest = account.ec2.describe_instances(NextToken=first["NextToken"])
    assert sum(len(one["Instances"]) for one in rest["Reservations"]) == 201
    assert "NextToken" not in rest
    last = rest["Reservations"][-1]["Instances"][0]
    assert last["Tags"] in ([{"Key": "Name", "Value": "x"}], [{"Key": "Name", "Value": "ssup2"}])


def test_that_an_account_takes_little_memory(aws: LocalAws) -> None:
    aws.gateway.accounts.make("880000000000")
    tracemalloc.start()
    try:
        for number in range(20):
            aws.gateway.accounts.make(f"8800000001{number:02}")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 20 < 200_000


def test_that_accounts_share_aws_s_policies_and_not_their_use(account: Account) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonEC2FullAccess"
    other = account.other()
    account.user()
    account.iam.create_group(GroupName="group")

    def counts() -> list[int]:
        policies = [who.iam.get_policy(PolicyArn=arn)["Policy"] for who in (account, other)]
        return [policy["AttachmentCount"] for policy in policies]

    account.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    account.iam.attach_group_policy(GroupName="group", PolicyArn=arn)
    assert counts() == [2, 0]
    account.iam.detach_group_policy(GroupName="group", PolicyArn=arn)
    account.iam.detach_user_policy(UserName="alice", PolicyArn=arn)
    assert counts() == [0, 0]
    account.iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    assert counts() == [1, 0]
