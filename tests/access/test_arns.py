"""ARNs taken apart."""

import pytest

from runbook_lib.access.arns import Arn, short

IAM, STS = "arn:aws:iam::123456789012:", "arn:aws:sts::123456789012:"


@pytest.mark.parametrize(
    ("text", "kind", "name", "session"),
    [
        (f"{IAM}root", "root", "root", ""),
        (f"{IAM}user/ada", "user", "ada", ""),
        (f"{IAM}user/division/team/ada", "user", "ada", ""),
        (f"{IAM}role/aws-service-role/ec2.amazonaws.com/spot", "role", "spot", ""),
        ("arn:aws:iam::aws:policy/AmazonEC2FullAccess", "policy", "AmazonEC2FullAccess", ""),
        (f"{STS}assumed-role/reader/monday", "assumed-role", "reader", "monday"),
        (f"{STS}federated-user/ada", "federated-user", "ada", ""),
    ],
)
def test_what_an_arn_names(text: str, kind: str, name: str, session: str) -> None:
    arn = Arn.parse(text)
    assert (arn.kind, arn.name, arn.session) == (kind, name, session)
    assert str(arn) == text


def test_every_part_has_its_name() -> None:
    arn = Arn.parse("arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1:2")
    assert arn == Arn("aws-cn", "ec2", "cn-north-1", "123456789012", "instance/i-1:2")


@pytest.mark.parametrize("text", ["", "*", "ada", "123456789012", "arn:aws:iam::123456789012"])
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no ARN: expected arn:PARTITION"):
        Arn.parse(text)


def test_principals_are_cut_to_what_tells_them_apart_in_one_account() -> None:
    assert short(f"{IAM}user/ada may assume {IAM}role/reader") == "user/ada may assume role/reader"
    assert short(f"{STS}assumed-role/reader/monday") == "assumed-role/reader/monday"
    assert short("arn:aws:iam::aws:policy/Of") == "arn:aws:iam::aws:policy/Of"
    assert short("") == ""
