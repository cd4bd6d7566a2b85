"""The pictures: the same for the same evidence, safe, legible, and said in words too."""

import re
from dataclasses import replace
from typing import get_args
from xml.etree import ElementTree

import pytest

from runbook_lib import pictures, policies
from runbook_lib.attempts.evidence import Attempt
from runbook_lib.pictures import shapes

HERE, THERE = "123456789012", "999988887777"
SESSION = f"arn:aws:sts::{HERE}:assumed-role/assume-role-role/assume-role-session"
ADMINISTRATOR = f"arn:aws:iam::{HERE}:user/administrator"


def setup(variant: policies.Variant = "tutorial", home: str = HERE, **names: str) -> policies.Setup:
    named = {"policy_name": "assume-role-policy", "user_name": "assume-role-user"}
    return policies.Setup(
        account_id=HERE,
        partition="aws",
        variant=variant,
        trusted_account_id=home,
        **named | {"role_name": "assume-role-role"} | names,
    )


def row(who: str, action: str, outcome: str, given: str = "") -> Attempt:
    code = "ok" if outcome == "allowed" else "AccessDenied"
    return Attempt(
        who=who,
        action=action,
        expected=outcome,
        predicted=outcome,
        observed=outcome,
        code=code,
        why="",
        given=given,
    )


def evidence(wanted: policies.Setup) -> list[Attempt]:
    return [
        row(wanted.user_arn, "ec2:DescribeInstances", "refused"),
        row(wanted.user_arn, "sts:AssumeRole", "allowed"),
        row(SESSION, "ec2:DescribeInstances", "allowed"),
        row(SESSION, "iam:ListUsers", "refused"),
        row(wanted.user_arn, "sts:AssumeRole", "refused", "external_id=somebody-elses"),
        row(ADMINISTRATOR, "sts:AssumeRole", "refused"),
    ]


def both(wanted: policies.Setup) -> list[pictures.Picture]:
    rows = evidence(wanted)
    return [pictures.access(wanted, rows), pictures.sequence(rows)]


def words(picture: pictures.Picture) -> list[str]:
    drawn = ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}text")
    return [text.text or "" for text in drawn]


def test_who_may_assume_what_as_text() -> None:
    wanted = setup("least-privilege")
    assert repr(pictures.access(wanted, evidence(wanted))).splitlines() == [
        "user assume-role-user of account 123456789012, has assume-role-policy",
        "  ✓ allowed: sts:AssumeRole → role assume-role-role",
        "  ✕ refused: sts:AssumeRole with external_id=somebody-elses → role assume-role-role",
        "  ✕ refused: ec2:DescribeInstances → EC2",
        "role assume-role-role of account 123456789012, trusts assume-role-user, "
        "has describe-instances",
        "  ✓ allowed: ec2:DescribeInstances → EC2",
        "  ✕ refused: iam:ListUsers → IAM",
        "user administrator of account 123456789012",
        "  ✕ refused: sts:AssumeRole → role assume-role-role",
    ]


def test_who_called_whom_as_text() -> None:
    lines = repr(pictures.sequence(evidence(setup()))).splitlines()
    assert lines[0] == (
        "1  user assume-role-user → EC2: ec2:DescribeInstances: ✕ refused · AccessDenied"
    )
    assert lines[2] == (
        "3  session of role assume-role-role → EC2: ec2:DescribeInstances: ✓ allowed"
    )
    assert len(lines) == 6


@pytest.mark.parametrize("variant", get_args(policies.Variant))
@pytest.mark.parametrize("home", [HERE, THERE])
def test_every_edge_is_in_the_drawing_and_in_the_alternative(
    variant: policies.Variant, home: str
) -> None:
    wanted = setup(variant, home)
    for picture in both(wanted):
        drawn = words(picture)
        for attempt in evidence(wanted):
            assert any(attempt.action in text for text in drawn)
            assert attempt.action in picture.alt
        assert picture.alt.endswith(".")
        assert sum("allowed" in text for text in drawn) == 2
        assert sum("refused" in text for text in drawn) == 4


def test_accounts_are_bounded_and_named() -> None:
    one, two = (pictures.access(setup(home=home), []) for home in (HERE, THERE))
    assert [text for text in words(one) if text.startswith("account")] == [f"account {HERE}"]
    assert {f"account {HERE}", f"account {THERE}"} <= set(words(two))


def test_the_same_evidence_gives_the_same_bytes() -> None:
    first, second = (
        "".join(one._repr_html_() for one in both(setup("external-id", THERE))) for _ in range(2)
    )
    assert first == second
    wanted = setup()
    doubled = evidence(wanted) + evidence(wanted)[:1]
    assert pictures.access(wanted, doubled) == pictures.access(wanted, evidence(wanted))


def test_allowed_and_refused_differ_by_more_than_colour() -> None:
    allowed, refused = (
        shapes.arrow(0, 300, 0, outcome, "sts:AssumeRole", f"{mark} {outcome}")
        for outcome, mark in (("allowed", "✓"), ("refused", "✕"))
    )
    assert 'stroke-dasharray="none"' in allowed
    assert 'stroke-dasharray="5 4"' in refused
    assert re.findall(r'<path d="([^"]*)"', allowed) != re.findall(r'<path d="([^"]*)"', refused)


def test_what_is_not_proven_says_what_was_expected() -> None:
    wanted = setup()
    odd = replace(evidence(wanted)[1], observed="inconclusive", code="AccessDenied")
    for picture in (pictures.access(wanted, [odd]), pictures.sequence([odd])):
        assert "expected allowed" in words(picture)
        assert any("? inconclusive" in text for text in words(picture))


def test_names_cannot_break_the_picture() -> None:
    name = "<script>alert(1)</script>&\"'\u202e\x07"
    wanted = setup(user_name=name, home=THERE)
    for picture in both(wanted):
        ElementTree.fromstring(picture.svg)
        assert "<script" not in picture.svg + picture._repr_html_()
        assert not {"\u202e", "\x07"} & set(picture.svg)


@pytest.mark.parametrize("name", ["W" * 64, "아주-긴-이름-" * 8, "a-role-" * 9])
def test_long_names_are_shortened_in_the_middle(name: str) -> None:
    short = shapes.fit(name, 150)
    begin, end = short.split("…")
    assert name.startswith(begin)
    assert name.endswith(end)
    assert len(short) < 25
    assert shapes.fit("assume-role-user", 150) == "assume-role-user"


def test_the_image_shows_itself_everywhere() -> None:
    page = pictures.access(setup(), [])._repr_html_()
    image = ElementTree.fromstring(page.replace('">', '"/>'))
    assert image.tag == "img"
    assert image.get("alt", "").startswith("Who may assume what")
    assert image.get("src", "").startswith("data:image/svg+xml;base64,")
    assert int(image.get("width", 0)) <= 1000


def test_the_drawing_asks_for_nothing() -> None:
    for picture in both(setup()):
        assert re.findall(r"https?://[^\"]+", picture.svg) == ["http://www.w3.org/2000/svg"]
        assert not re.search(r"url\(|href|@import", picture.svg)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("look", sorted(shapes._COLOURS))
@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_stands_out_from_its_paper(look: str, dark: bool) -> None:
    bright, dim = sorted(
        map(luminance, (shapes._COLOURS[look][dark], shapes._PAPER[dark])), reverse=True
    )
    assert (bright + 0.05) / (dim + 0.05) >= (3 if look == "faint" else 4.5)
