"""Which requests meet a condition. Each row is one statement `Allow, if`."""

from typing import Any

import pytest
from access_cases import ACCOUNT, USER, allow, ask, session, user

KEY = "aws:Word"
ABSENT = None

# words → operator, values of the policy, value of the request (None: not sent), met?
ROWS: dict[str, tuple[str, Any, Any, bool]] = {
    "a text equals": ("StringEquals", "a", "a", True),
    "one of several values suffices": ("StringEquals", ["b", "a"], "a", True),
    "a text in other case does not equal": ("StringEquals", "a", "A", False),
    "a star is no wildcard for StringEquals": ("StringEquals", "*", "a", False),
    "an absent key equals nothing": ("StringEquals", "a", ABSENT, False),
    "an empty text is sent all the same": ("StringEquals", "", "", True),
    "another text is not equal": ("StringNotEquals", "a", "b", True),
    "none of several values may equal": ("StringNotEquals", ["b", "a"], "a", False),
    "an absent key is not equal": ("StringNotEquals", "a", ABSENT, True),
    "case ignored": ("StringEqualsIgnoreCase", "Ab", "aB", True),
    "case ignored, negated": ("StringNotEqualsIgnoreCase", "Ab", "aB", False),
    "a star matches across slashes and colons": ("StringLike", "a*z", "a/b:c/z", True),
    "a star matches nothing too": ("StringLike", "a*z", "az", True),
    "a star matches a line's end": ("StringLike", "a*", "a\nb", True),
    "a question mark matches one character": ("StringLike", "a?c", "abc", True),
    "a question mark matches exactly one": ("StringLike", "a?c", "ac", False),
    "several stars": ("StringLike", "*a*b*c", "xaxbxxbxc", True),
    "several stars in vain": ("StringLike", "*a*b*c", "xaxcxxbx", False),
    "a dot is a dot": ("StringLike", "a.*", "abc", False),
    "brackets are plain": ("StringLike", "[ab]*", "a", False),
    "like is case-sensitive": ("StringLike", "A*", "ab", False),
    "not like": ("StringNotLike", "a*", "ba", True),
    "not like, but like the second": ("StringNotLike", ["a*", "b*"], "ba", False),
    "an escaped star is a star": ("StringLike", "a${*}", "a*", True),
    "an escaped star is no wildcard": ("StringLike", "a${*}", "ab", False),
    "an escaped question mark": ("StringLike", "${?}*", "?x", True),
    "an escaped dollar": ("StringLike", "${$}*", "$x", True),
    "an open brace is plain text": ("StringLike", "${a*", "${ab", True),
    "IfExists holds for an absent key": ("StringEqualsIfExists", "a", ABSENT, True),
    "IfExists still compares": ("StringEqualsIfExists", "a", "b", False),
    "IfExists, negated": ("StringNotEqualsIfExists", "a", ABSENT, True),
    "an ARN is like": ("ArnLike", "arn:aws:iam::*:user/*", USER, True),
    "ArnEquals has wildcards too": ("ArnEquals", "arn:aws:iam::*:user/*", USER, True),
    "an ARN's star stays in its part": (
        "ArnLike",
        "arn:aws:sns:*:111122223333:finance/*",
        "arn:aws:sns:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        False,
    ),
    "a text's star does not": (
        "StringLike",
        "arn:aws:sns:*:111122223333:finance/*",
        "arn:aws:sns:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        True,
    ),
    "the last part of an ARN may hold colons": (
        "ArnLike",
        "arn:*:*:*:*:*",
        "arn:a:b:c:d:e:f",
        True,
    ),
    "an ARN is case-sensitive": ("ArnLike", USER.upper(), USER, False),
    "not an ARN": ("ArnLike", "*", "ann", False),
    "ArnNotLike": ("ArnNotLike", "arn:aws:iam::*:role/*", USER, True),
    "ArnNotEquals": ("ArnNotEquals", USER, USER, False),
    "ArnNotEquals without the key": ("ArnNotEquals", USER, ABSENT, True),
    "true is true": ("Bool", "true", "true", True),
    "true in any case": ("Bool", "True", "TRUE", True),
    "true as JSON has it": ("Bool", True, "true", True),
    "false is not true": ("Bool", "true", "false", False),
    "a word is no truth": ("Bool", "yes", "yes", False),
    "no MFA is not MFA=false": ("Bool", "false", ABSENT, False),
    "no MFA, if exists": ("BoolIfExists", "true", ABSENT, True),
    "numbers equal by value": ("NumericEquals", "10", "10.0", True),
    "numbers differ": ("NumericNotEquals", "10", "11", True),
    "a number is below": ("NumericLessThan", "10", "9", True),
    "a number is not below itself": ("NumericLessThan", "10", "10", False),
    "a number is at most itself": ("NumericLessThanEquals", 10, "10", True),
    "a number is above": ("NumericGreaterThan", "-1", "0", True),
    "a number is at least": ("NumericGreaterThanEquals", "2.5", "2.5", True),
    "numbers are no texts": ("NumericLessThan", "10", "9 ", False),
    "a word is no number": ("NumericNotEquals", "10", "ten", False),
    "no number in the policy": ("NumericNotEquals", "ten", "10", False),
    "an Arabic digit is no number": ("NumericEquals", "1", "\u0661", False),
    "infinity is no number": ("NumericGreaterThan", "1", "inf", False),
    "an absent number is not equal": ("NumericNotEquals", "10", ABSENT, True),
    "an absent number is not below": ("NumericLessThan", "10", ABSENT, False),
    "one moment in two zones": (
        "DateEquals",
        "2030-01-01T01:00:00+01:00",
        "2030-01-01T00:00:00Z",
        True,
    ),
    "a moment in epoch time": ("DateEquals", "1893456000", "2030-01-01T00:00:00Z", True),
    "a day begins at midnight": ("DateLessThan", "2030-01-02", "2030-01-01T23:59:59Z", True),
    "a month begins on its first": ("DateGreaterThanEquals", "2030-01", "2030-01-01", True),
    "fractions of a second count": (
        "DateGreaterThan",
        "2030-01-01T00:00:00.1Z",
        "2030-01-01T00:00:00.2Z",
        True,
    ),
    "another date": ("DateNotEquals", "2030-01-01", "2030-01-02", True),
    "a later date is not at most": ("DateLessThanEquals", "2030-01-01", "2030-01-02", False),
    "no date": ("DateLessThan", "2030-13-01", "2030-01-01", False),
    "no date, negated": ("DateNotEquals", "soon", "2030-01-01", False),
    "an address in a network": ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
    "an address outside": ("IpAddress", "203.0.113.0/24", "203.0.114.9", False),
    "one address": ("IpAddress", "203.0.113.9", "203.0.113.9", True),
    "an address with host bits": ("IpAddress", "203.0.113.7/24", "203.0.113.9", True),
    "an IPv6 address": ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    "IPv6 is not in IPv4": ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    "not in the network": ("NotIpAddress", "203.0.113.0/24", "203.0.114.9", True),
    "not in either network": ("NotIpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "10.1.1.1", False),
    "no address, so neither in": ("IpAddress", "0.0.0.0/0", "anywhere", False),
    "nor out": ("NotIpAddress", "0.0.0.0/0", "anywhere", False),
    "a netmask is no CIDR": ("IpAddress", "10.0.0.0/255.0.0.0", "10.1.1.1", False),
    "null: the key is absent": ("Null", "true", ABSENT, True),
    "null: the key is there": ("Null", "true", "x", False),
    "not null": ("Null", "false", "x", True),
    "not null, as JSON has it": ("Null", False, "x", True),
    "not null, but absent": ("Null", "false", ABSENT, False),
    "an empty list is null": ("Null", "true", [], True),
    "all of the values": ("ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], True),
    "not all of the values": ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    "all of no values": ("ForAllValues:StringEquals", "a", ABSENT, True),
    "all of an empty text": ("ForAllValues:StringEquals", "a", "", True),
    "all are unlike": ("ForAllValues:StringNotLike", "key1*", ["key2", "key3"], True),
    "one is like": ("ForAllValues:StringNotLike", "key1*", ["key2", "key1"], False),
    "any of the values": ("ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], True),
    "none of the values": ("ForAnyValue:StringEquals", ["a", "b"], ["c", "d"], False),
    "any of no values": ("ForAnyValue:StringEquals", "a", ABSENT, False),
    "any of no values, if exists": ("ForAnyValue:StringEqualsIfExists", "a", ABSENT, True),
    "any is unlike": ("ForAnyValue:StringNotLike", "key1*", ["key1", "key2"], True),
    "any unlike of no values": ("ForAnyValue:StringNotLike", "key1*", ABSENT, False),
    "several values need a qualifier": ("StringEquals", ["a", "b"], ["a", "b"], False),
    "several values need one to differ, too": ("StringNotEquals", "c", ["a", "b"], False),
    "several values need a qualifier even where there is one": ("StringEquals", "a", ["a"], False),
}


@pytest.mark.parametrize(("operator", "values", "sent", "met"), ROWS.values(), ids=ROWS)
def test_conditions(operator: str, values: Any, sent: Any, met: bool) -> None:
    who = user(allow(Condition={operator: {KEY: values}}))
    assert ask(who, **({} if sent is None else {"AWS__word": sent})).allowed is met


def test_several_keys_and_operators_must_all_be_met() -> None:
    who = user(allow(Condition={"StringEquals": {"a:b": "1", "a:c": "2"}, "Bool": {"a:d": "true"}}))
    assert ask(who, a__b="1", a__c="2", a__d="true").allowed
    assert not ask(who, a__b="1", a__c="2").allowed
    assert not ask(who, a__b="1", a__d="true").allowed


TAG = "${aws:PrincipalTag/team}"
# words → operator, value of the policy, value of the request, the tag (None: none), met?
VARIABLES: dict[str, tuple[str, str, str, Any, bool]] = {
    "a variable is replaced": ("StringEquals", f"x-{TAG}", "x-red", "red", True),
    "its name in any case": ("StringEquals", "${AWS:principaltag/TEAM}", "red", "red", True),
    "a missing one equals nothing": ("StringEquals", TAG, "", None, False),
    "a missing one is like nothing": ("StringLike", f"*{TAG}*", "x", None, False),
    "a missing one is unequal to everything": ("StringNotEquals", TAG, "x", None, True),
    "a missing one ignoring case": ("StringEqualsIgnoreCase", TAG, "", None, False),
    "a default for a missing one": ("StringEquals", TAG[:-1] + ", 'blue'}", "blue", None, True),
    "no default where it is there": ("StringEquals", TAG[:-1] + ", 'blue'}", "blue", "red", False),
    "its star is no wildcard": ("StringLike", f"{TAG}", "anything", "*", False),
    "its star is a star": ("StringLike", f"{TAG}", "*", "*", True),
    "its question mark neither": ("StringLike", f"a{TAG}", "ab", "?", False),
    "it is not replaced again": ("StringEquals", TAG, "ann", "${aws:username}", False),
    "several values are no variable": ("StringEquals", TAG, "a", ["a", "b"], False),
    "in an ARN": (
        "ArnLike",
        f"arn:aws:iam::*:user/{TAG}/*",
        f"arn:aws:iam::{ACCOUNT}:user/red/x",
        "red",
        True,
    ),
    "in a Bool": ("Bool", TAG, "true", "True", True),
    "not in a number": ("NumericEquals", TAG, "1", "1", False),
    "not in an address": ("IpAddress", TAG, "10.0.0.1", "10.0.0.1", False),
}


@pytest.mark.parametrize(
    ("operator", "value", "sent", "tag", "met"), VARIABLES.values(), ids=VARIABLES
)
def test_variables(operator: str, value: str, sent: str, tag: Any, met: bool) -> None:
    context = {"aws__Word": sent} | ({} if tag is None else {"aws__PrincipalTag/team": tag})
    who = user(allow(Condition={operator: {KEY: value}}))
    assert ask(who, **context).allowed is met


def test_a_username_with_a_star_opens_nothing() -> None:
    who = user(allow(Condition={"StringLike": {KEY: "${aws:username}"}}))
    assert not ask(who, aws__username="*", aws__Word="anything").allowed


@pytest.mark.parametrize(
    ("key", "of_user", "of_session"),
    [
        ("aws:PrincipalArn", USER, f"arn:aws:iam::{ACCOUNT}:role/path/caller"),
        ("aws:PrincipalAccount", ACCOUNT, ACCOUNT),
        ("aws:userid", "AIDAANNANNANNANN", "AROACALLERCALLER:visit"),
        ("aws:username", "ann", None),
        ("aws:PrincipalType", "User", "AssumedRole"),
    ],
)
def test_what_follows_from_the_principal(key: str, of_user: str, of_session: str | None) -> None:
    for who, value in ((user, of_user), (session, of_session)):
        test = {"StringEquals": {key: value}} if value else {"Null": {key: "true"}}
        assert ask(who(allow(Condition=test))).allowed
    ours = user(allow(Condition={"StringEquals": {key: "given"}}))
    assert ask(ours, **{key.replace(":", "__"): "given"}).allowed


def test_stars_cannot_make_a_comparison_slow() -> None:
    who = user(allow(Condition={"StringLike": {KEY: "*a" * 1000 + "b"}}))
    assert not ask(who, aws__Word="a" * 5000).allowed
