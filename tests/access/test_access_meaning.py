"""Which documents mean the same, and how a difference is shown."""

from typing import Any

import pytest
from access_cases import ACCOUNT, OTHER, ROLE, ROOT, USER, admit, allow, deny, document

from runbook_lib.access import PolicyError, canonical, differences, parse, same_meaning

# words → one document, another
SAME: dict[str, tuple[Any, Any]] = {
    "one value or a list of one": (document(allow("ec2:*")), document(allow(["ec2:*"], ["*"]))),
    "one statement or a list of one": ({"Statement": allow()}, {"Statement": [allow()]}),
    "no version or the old one": ({"Statement": allow()}, document(allow(), version="2008-10-17")),
    "another order of values": (
        document(allow(["ec2:A", "ec2:B"])),
        document(allow(["ec2:B", "ec2:A", "ec2:A"])),
    ),
    "another order of statements": (document(allow(), deny()), document(deny(), allow(), deny())),
    "an empty Condition": (document(allow(Condition={})), document(allow())),
    "an operator without keys": (document(allow(Condition={"Bool": {}})), document(allow())),
    "another case of actions": (document(allow("EC2:run*")), document(allow("ec2:Run*"))),
    "another case of keys": (
        document(allow(Condition={"Bool": {"AWS:x": True}})),
        document(allow(Condition={"Bool": {"aws:X": ["true"]}})),
    ),
    "Sids": (document(allow(Sid="a")), document(allow(Sid="b"))),
    "an account's ID or its root": (document(admit(ACCOUNT)), document(admit([ROOT]))),
    "everyone": (document(admit("*")), document({**admit("x"), "Principal": "*"})),
}
DIFFERENT: dict[str, tuple[Any, Any]] = {
    "the effect": (document(allow()), document(deny())),
    "the action": (document(allow("ec2:*")), document(allow("*"))),
    "Action or NotAction": (
        document({"Effect": "Deny", "Action": "a:*", "Resource": "*"}),
        document({"Effect": "Deny", "NotAction": "a:*", "Resource": "*"}),
    ),
    "a resource's case": (
        document(allow("*", ROLE)),
        document(allow("*", ROLE.replace("target", "Target"))),
    ),
    "the version": (document(allow()), document(allow(), version="2008-10-17")),
    "a condition": (document(allow()), document(allow(Condition={"Bool": {"aws:x": True}}))),
    "two statements or one of both": (
        document(allow("ec2:A", ROLE), allow("ec2:B", USER)),
        document(allow(["ec2:A", "ec2:B"], [ROLE, USER])),
    ),
    "an account or its user": (document(admit(ACCOUNT)), document(admit(USER))),
    "two accounts": (document(admit(ACCOUNT)), document(admit(OTHER))),
    "trust or permission": (document(admit("*")), document(allow("sts:AssumeRole"))),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_same_meaning(one: Any, other: Any) -> None:
    assert same_meaning(one, other, ACCOUNT)
    assert same_meaning(other, one, ACCOUNT)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_meaning(one: Any, other: Any) -> None:
    assert not same_meaning(one, other, ACCOUNT)


def test_parsed_documents_compare_too() -> None:
    assert same_meaning(parse(document(admit(ACCOUNT)), "trust"), document(admit(ROOT)), ACCOUNT)


def test_a_malformed_document_is_no_document() -> None:
    with pytest.raises(PolicyError):
        same_meaning("{", document(allow()), ACCOUNT)


def test_canonical_form() -> None:
    source = document(admit([ROOT, OTHER], Sid="a", Condition={"Bool": {"aws:X": [True, "true"]}}))
    assert canonical(source, "trust", ACCOUNT) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": [ACCOUNT, OTHER]},
                "Action": ["sts:assumerole"],
                "Condition": {"Bool": {"aws:x": ["true"]}},
            }
        ],
    }


def test_differences_of_one_statement() -> None:
    before = document(allow(["sts:AssumeRole", "sts:TagSession"]))
    after = document(allow("sts:AssumeRole", ROLE, Condition={"Bool": {"aws:x": True}}))
    assert differences(before, after, "identity", ACCOUNT) == [
        "- Action: sts:TagSession",
        "- Resource: *",
        f"+ Resource: {ROLE}",
        "+ Condition: Bool aws:x true",
    ]


def test_differences_of_trust() -> None:
    before, after = document(admit(ACCOUNT)), document(admit(USER))
    assert differences(before, after, "trust", ACCOUNT) == [
        f"- Principal: AWS {ACCOUNT}",
        f"+ Principal: AWS {USER}",
    ]


def test_statements_of_one_meaning_are_left_out() -> None:
    before = document(allow("ec2:*"), allow("iam:*"))
    after = document(allow("IAM:*"), allow("s3:*"), deny("sts:*"))
    assert differences(before, after, "identity", ACCOUNT) == [
        "- Action: ec2:*",
        "+ Action: s3:*",
        "+ Effect: Deny",
        "+ Action: sts:*",
        "+ Resource: *",
    ]
    assert differences(before, before, "identity", ACCOUNT) == []


def test_a_version_is_a_difference() -> None:
    lines = differences(document(allow()), {"Statement": allow()}, "identity", ACCOUNT)
    assert lines == ["- Version: 2012-10-17", "+ Version: 2008-10-17"]
