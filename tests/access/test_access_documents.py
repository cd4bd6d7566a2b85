"""What AWS stores and what it refuses as malformed, with the place."""

import json
from typing import Any

import pytest
from access_cases import ACCOUNT, ROLE, SESSION, USER, admit, allow, document

from runbook_lib.access import Kind, PolicyError, parse

ACCEPTED: dict[str, tuple[Kind, Any]] = {
    "a statement that is no list": ("identity", {"Statement": allow()}),
    "the old version": ("identity", document(allow(), version="2008-10-17")),
    "no version": ("identity", {"Statement": [allow()]}),
    "JSON text": ("identity", json.dumps(document(allow()))),
    "tuples for lists": ("identity", {"Statement": (allow(("ec2:*",), ("*",)),)}),
    "an empty Sid, twice": ("identity", document(allow(Sid=""), allow(Sid=""))),
    "an empty Condition": ("identity", document(allow(Condition={}))),
    "an operator without keys": ("identity", document(allow(Condition={"StringEquals": {}}))),
    "numbers and booleans as values": (
        "identity",
        document(allow(Condition={"Bool": {"a:b": True}, "NumericLessThan": {"a:c": [1, 2.5]}})),
    ),
    "every qualifier": (
        "identity",
        document(allow(Condition={"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a"]}})),
    ),
    "NotAction and NotResource": (
        "identity",
        document({"Effect": "Deny", "NotAction": "iam:*", "NotResource": ROLE}),
    ),
    "an ARN with fewer parts and a star": ("identity", document(allow("ec2:*", "arn:aws:ec2:*"))),
    "a wildcard for the partition": ("identity", document(allow("*", "arn:*:s3:::bucket"))),
    "everything in an account": ("identity", document(allow("*", f"arn:aws:iam::{ACCOUNT}:*"))),
    "a boundary": ("boundary", document(allow())),
    "a session policy": ("session", document(allow())),
    "a trust policy with Id": ("trust", {"Id": "x", **document(admit(ACCOUNT))}),
    "trust in everyone": ("trust", document(admit({"AWS": "*"}), {**admit("x"), "Principal": "*"})),
    "trust in every form of principal": (
        "trust",
        document(admit([ACCOUNT, USER, ROLE, SESSION, "AIDAABC", "AROAABC"])),
    ),
    "trust in a service and an identity provider": (
        "trust",
        document(admit({"Service": "ec2.amazonaws.com", "Federated": "accounts.google.com"})),
    ),
    "trust for all of STS": ("trust", document(admit(ACCOUNT, Action=["sts:*", "STS:tagsession"]))),
    "a deny of everyone but some": (
        "trust",
        document({"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": ACCOUNT}}),
    ),
}

REFUSED: dict[str, tuple[Kind, Any, str]] = {
    "text that is no JSON": ("identity", "{", "document"),
    "an empty text": ("identity", "", "document"),
    "a number": ("identity", "7", "document"),
    "a list": ("identity", [], "document"),
    "bytes": ("identity", b"{}", "document"),
    "JSON without end": ("identity", "[" * 100_000, "document"),
    "a name twice": ("identity", '{"Version": "2012-10-17", "Version": "2012-10-17"}', "document"),
    "no statement": ("identity", {"Version": "2012-10-17"}, "Statement"),
    "an empty list of statements": ("identity", document(), "Statement"),
    "an unknown version": ("identity", document(allow(), version="2012-10-18"), "Version"),
    "a version of another type": ("identity", {"Version": 1, "Statement": allow()}, "Version"),
    "an unknown element": ("identity", {"Extra": 1, **document(allow())}, "document.Extra"),
    "Id in an identity policy": ("identity", {"Id": "x", **document(allow())}, "document.Id"),
    "a statement that is a text": ("identity", document("x"), "Statement[0]"),  # type: ignore[arg-type]
    "an unknown element of a statement": (
        "identity",
        document(allow(), allow(Actions="x")),
        "Statement[1].Actions",
    ),
    "no effect": ("identity", document({"Action": "*", "Resource": "*"}), "Statement[0].Effect"),
    "an effect in lower case": ("identity", document(allow(Effect="allow")), "Statement[0].Effect"),
    "a Sid with a space": ("identity", document(allow(Sid="a b")), "Statement[0].Sid"),
    "a Sid twice": ("identity", document(allow(Sid="a"), allow(Sid="a")), "Statement[1].Sid"),
    "no action": ("identity", document({"Effect": "Allow", "Resource": "*"}), "Statement[0]"),
    "Action and NotAction": ("identity", document(allow(NotAction="*")), "Statement[0]"),
    "an empty list of actions": ("identity", document(allow([])), "Statement[0].Action"),
    "an action without service": (
        "identity",
        document(allow(["ec2:*", "RunInstances"])),
        "Statement[0].Action[1]",
    ),
    "an action with a wildcard service": (
        "identity",
        document(allow("e*:Run")),
        "Statement[0].Action",
    ),
    "an action that is null": ("identity", document(allow(None)), "Statement[0].Action"),
    "no resource": ("identity", document({"Effect": "Allow", "Action": "*"}), "Statement[0]"),
    "Resource and NotResource": ("identity", document(allow(NotResource="*")), "Statement[0]"),
    "a resource that is no ARN": (
        "identity",
        document(allow("*", "bucket")),
        "Statement[0].Resource",
    ),
    "a resource of too few parts": (
        "identity",
        document(allow("*", "arn:aws:s3:bucket")),
        "Statement[0].Resource",
    ),
    "a resource with a wildcard service": (
        "identity",
        document(allow("*", "arn:aws:*:::x")),
        "Statement[0].Resource",
    ),
    "a wildcard in the type of an IAM resource": (
        "identity",
        document(allow("*", [USER, f"arn:aws:iam::{ACCOUNT}:u*"])),
        "Statement[0].Resource[1]",
    ),
    "an identity policy with Principal": (
        "identity",
        document(allow(Principal="*")),
        "Statement[0].Principal",
    ),
    "a boundary with Principal": (
        "boundary",
        document(allow(Principal="*")),
        "Statement[0].Principal",
    ),
    "a trust policy without Principal": (
        "trust",
        document({"Effect": "Allow", "Action": "sts:AssumeRole"}),
        "Statement[0]",
    ),
    "a trust policy with Resource": (
        "trust",
        document(admit(ACCOUNT, Resource="*")),
        "Statement[0].Resource",
    ),
    "a trust policy for another service": (
        "trust",
        document(admit(ACCOUNT, Action=["sts:AssumeRole", "iam:PassRole"])),
        "Statement[0].Action[1]",
    ),
    "a trust policy for every service": (
        "trust",
        document(admit(ACCOUNT, Action="*")),
        "Statement[0].Action",
    ),
    "NotPrincipal with Allow": (
        "trust",
        document({"Effect": "Allow", "Action": "sts:AssumeRole", "NotPrincipal": "*"}),
        "Statement[0].NotPrincipal",
    ),
    "a principal that is an ARN without type": (
        "trust",
        document({**admit("x"), "Principal": USER}),
        "Statement[0].Principal",
    ),
    "a principal of unknown type": (
        "trust",
        document(admit({"CanonicalUser": "x"})),
        "Statement[0].Principal.CanonicalUser",
    ),
    "a principal that is null": (
        "trust",
        document({**admit("x"), "Principal": None}),
        "Statement[0].Principal",
    ),
    "no principals": ("trust", document(admit({})), "Statement[0].Principal"),
    "an empty list of principals": ("trust", document(admit([])), "Statement[0].Principal.AWS"),
    "a wildcard inside a principal": (
        "trust",
        document(admit(f"arn:aws:iam::{ACCOUNT}:user/*")),
        "Statement[0].Principal.AWS",
    ),
    "an account of eleven digits": (
        "trust",
        document(admit(ACCOUNT[:11])),
        "Statement[0].Principal.AWS",
    ),
    "a group as principal": (
        "trust",
        document(admit([USER, f"arn:aws:iam::{ACCOUNT}:group/g"])),
        "Statement[0].Principal.AWS[1]",
    ),
    "a condition that is a list": (
        "identity",
        document(allow(Condition=[])),
        "Statement[0].Condition",
    ),
    "an unknown operator": (
        "identity",
        document(allow(Condition={"StringIs": {"a:b": "c"}})),
        "Statement[0].Condition.StringIs",
    ),
    "an operator in another case": (
        "identity",
        document(allow(Condition={"stringEquals": {"a:b": "c"}})),
        "Statement[0].Condition.stringEquals",
    ),
    "an unknown qualifier": (
        "identity",
        document(allow(Condition={"ForSomeValues:StringEquals": {"a:b": "c"}})),
        "Statement[0].Condition.ForSomeValues:StringEquals",
    ),
    "NullIfExists": (
        "identity",
        document(allow(Condition={"NullIfExists": {"a:b": "true"}})),
        "Statement[0].Condition.NullIfExists",
    ),
    "BinaryEquals, which cannot be judged": (
        "identity",
        document(allow(Condition={"BinaryEquals": {"a:b": "QQ=="}})),
        "Statement[0].Condition.BinaryEquals",
    ),
    "a key without service": (
        "identity",
        document(allow(Condition={"StringEquals": {"SourceIp": "x"}})),
        "Statement[0].Condition.StringEquals.SourceIp",
    ),
    "a key twice in different case": (
        "identity",
        document(allow(Condition={"StringEquals": {"a:b": "x", "A:B": "y"}})),
        "Statement[0].Condition.StringEquals.A:B",
    ),
    "no values": (
        "identity",
        document(allow(Condition={"StringEquals": {"a:b": []}})),
        "Statement[0].Condition.StringEquals.a:b",
    ),
    "a value that is an object": (
        "identity",
        document(allow(Condition={"StringEquals": {"a:b": ["x", {}]}})),
        "Statement[0].Condition.StringEquals.a:b[1]",
    ),
    "a value without end": (
        "identity",
        document(allow(Condition={"NumericEquals": {"a:b": 10**5000}})),
        "Statement[0].Condition.NumericEquals.a:b",
    ),
}


@pytest.mark.parametrize(("kind", "source"), ACCEPTED.values(), ids=ACCEPTED)
def test_aws_stores(kind: Kind, source: Any) -> None:
    assert parse(source, kind).statements


@pytest.mark.parametrize(("kind", "source", "place"), REFUSED.values(), ids=REFUSED)
def test_aws_refuses(kind: Kind, source: Any, place: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        parse(source, kind)
    assert refusal.value.place == place
    assert str(refusal.value) == f"{place}: {refusal.value.problem}"


def test_an_error_says_what_was_expected() -> None:
    with pytest.raises(
        PolicyError, match=r'^Statement\[0\].Effect: expected "Allow" or "Deny", found "allow"$'
    ):
        parse(document(allow(Effect="allow")), "identity")


def test_a_document_keeps_what_was_written() -> None:
    statement = parse(document(allow("ec2:Run", Sid="one")), "identity").statements[0]
    assert (statement.index, statement.sid, statement.effect) == (0, "one", "Allow")
    assert (statement.actions, statement.not_actions) == (("ec2:Run",), ())
    assert (statement.resources, statement.not_resources) == (("*",), ())
    assert (statement.principals, statement.not_principals, statement.conditions) == ((), (), ())
