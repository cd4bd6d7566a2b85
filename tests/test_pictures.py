"""The pictures: the same for the same evidence, safe, legible, and said in words too."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args
from xml.etree import ElementTree

import pytest

from runbook_lib import pictures, policies
from runbook_lib.attempts.evidence import Attempt
from runbook_lib.pictures import colours, shapes, writing
from tests.picture_geometry import Box, collisions, measured

SVG = "{http://www.w3.org/2000/svg}"
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


NAMES = [
    "W" * 64,
    "m" * 64,
    "@" * 64,
    "i" * 64,
    "+=,.@_-" * 9 + "x",
    "production-data-pipeline-cross-account-deployment-role-eu-west-1",
]


def cases() -> Iterator[tuple[str, list[pictures.Picture]]]:
    """Every variant in one account and in two, with usual names and the longest that IAM allows."""
    for variant in get_args(policies.Variant):
        for home, where in ((HERE, ""), (THERE, " in two accounts")):
            yield f"{variant}{where}, usual names", both(setup(variant, home))
            for name in NAMES:
                all_names = dict.fromkeys(("user_name", "role_name"), name)
                all_names["policy_name"] = (name * 2)[:128]
                wanted = setup(variant, home, **all_names)
                yield f"{variant}{where}, {name[:7]}", hard(wanted, name)
    yield "nothing yet", [pictures.access(setup(), []), pictures.sequence([])]


def hard(wanted: policies.Setup, name: str) -> list[pictures.Picture]:
    """Much at once: two sessions and a stranger of long names, doubts, and long external ids."""
    session = f"arn:aws:sts::{HERE}:assumed-role/{name}/{name}"
    stranger = f"arn:aws:iam::{HERE}:user/path/{name}"
    rows = [
        *evidence(wanted),
        row(wanted.user_arn, "sts:GetSessionToken", "refused", "serial_number=" + name),
        row(wanted.user_arn, "sts:AssumeRole", "allowed", "external_id=" + name * 3),
        row(session, "ec2:DescribeKeyPairs", "allowed"),
        row(session, "sts:GetCallerIdentity", "allowed"),
        row(session, "iam:GetAccountAuthorizationDetails", "refused"),
        row(session, "ec2:DescribeInstances", "refused"),
        row(stranger, "sts:AssumeRole", "refused", "external_id=" + name),
        row(stranger, "sts:AssumeRole", "refused"),
    ]
    rows[1] = replace(rows[1], observed="inconclusive", given="external_id=" + name)
    rows[2] = replace(rows[2], code="UnauthorizedOperation", predicted="refused")
    return [pictures.access(wanted, rows), pictures.sequence(rows)]


def words(picture: pictures.Picture) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


CASES = dict(cases())


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
    allowed, refused = (shapes.arrow(0, 300, 0, outcome) for outcome in ("allowed", "refused"))
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


@pytest.mark.parametrize("name", [*NAMES, "아주-긴-이름-" * 8])
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("bold", [False, True])
def test_a_long_name_is_broken_and_then_shortened_in_the_middle(
    name: str, most: int, bold: bool
) -> None:
    lines = writing.wrapped(writing.Part(name, bold=bold, most=most), 150)
    assert len(lines) <= most
    assert all(writing.width(line, bold=bold) <= 150 for line in lines)
    begin, mark, end = "".join(lines).partition("…")
    assert name.startswith(begin)
    assert name.endswith(end)
    assert (begin + end == name) == (not mark)


def test_a_short_name_stays_as_it_is() -> None:
    assert writing.wrapped(writing.Part("assume-role-user"), 150) == ["assume-role-user"]
    assert writing.wrapped(writing.Part("assume-role-user", bold=True), 100) == [
        "assume-",
        "role-user",
    ]


@pytest.mark.parametrize("case", CASES)
def test_no_text_touches_anything(case: str) -> None:
    for picture in CASES[case]:
        assert collisions(picture.svg, measured(picture.svg)) == []


def test_what_touches_is_found() -> None:
    """Where the measure says that a letter is wide, and where things are moved together."""
    (picture, _) = CASES["least-privilege, usual names"]
    text = measured(picture.svg)[0]
    moved = Box("moved", *(one + 3 for one in text[1:]))
    assert collisions(picture.svg, [text, moved])
    assert collisions(picture.svg, [Box("wide", 0, 0, 2000, 10)])
    assert collisions(picture.svg, [Box("on a border", 15, 40, 40, 50)])


@pytest.mark.parametrize("case", CASES)
def test_what_is_shortened_is_there_in_full(case: str) -> None:
    for picture in CASES[case]:
        titles = {one.text for one in ElementTree.fromstring(picture.svg).iter(f"{SVG}title")}
        for one in measured(picture.svg):
            begin, mark, _ = one.name.partition("…")
            assert not mark or any(begin in str(title) for title in titles)


@pytest.mark.parametrize("name", NAMES)
def test_long_names_are_whole_in_the_alternative_and_in_a_title(name: str) -> None:
    wanted = setup(user_name=name, role_name=name)
    picture = pictures.access(wanted, evidence(wanted))
    titles = [one.text for one in ElementTree.fromstring(picture.svg).iter(f"{SVG}title")]
    assert titles.count(name) == 2  # the user's, the role's
    assert f"user {name} is refused ec2:DescribeInstances on EC2" in picture.alt
    assert f"role {name} of account {HERE}" in repr(picture)


def test_a_session_begins_once() -> None:
    wanted = setup("mfa")
    again = [row(wanted.user_arn, "sts:AssumeRole", "allowed", "mfa")] * 2
    assert words(pictures.sequence(evidence(wanted) + again)).count("its credentials") == 1


def test_a_session_without_an_assume_role_is_there_from_the_start() -> None:
    picture = pictures.sequence([row(SESSION, "iam:ListUsers", "refused")])
    assert "its credentials" not in words(picture)
    assert {"session of role", "assume-role-role"} <= set(words(picture))


def test_a_service_that_user_and_role_call_is_one_box() -> None:
    wanted = setup("least-privilege")
    assert words(pictures.access(wanted, evidence(wanted))).count("EC2") == 1


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


@pytest.mark.parametrize("look", sorted(colours.COLOURS))
@pytest.mark.parametrize("ground", sorted(colours.GROUNDS))
@pytest.mark.parametrize("dark", [False, True])
def test_every_colour_stands_out_from_its_ground(look: str, ground: str, dark: bool) -> None:
    pair = colours.COLOURS[look][dark], colours.GROUNDS[ground][dark]
    bright, dim = sorted(map(luminance, pair), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= (3 if look == "faint" else 4.5)
