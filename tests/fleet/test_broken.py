"""Twelve accounts, seven of them broken in seven ways: each is named, and none hides another."""

import csv
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.machine import software
from tests.fleet.world import (
    BROKEN,
    DENIED,
    FOREIGN,
    FULL,
    GOOD,
    KILLED,
    THROTTLED,
    UNPROVEN,
    WRONG,
    World,
)

EXPECTED = {  # state, section, code, action
    WRONG: ("refused", "opening", "WrongAccount", ""),
    DENIED: ("failed", "04_role", "AccessDenied", "iam:CreateRole"),
    FOREIGN: ("refused", "plan", "ForeignObject", ""),
    THROTTLED: ("failed", "plan", "Throttling", "iam:GetAccountAuthorizationDetails"),
    KILLED: ("failed", "03_user", "KernelDied", ""),
    FULL: ("refused", "plan", "LimitExceeded", "iam:CreateAccessKey"),
    UNPROVEN: ("failed", "05_assume_role", "NotProven", ""),
}


@dataclass(frozen=True)
class Tried:
    """A fleet that ran, and what `fleet.json` said then; the same resumed when all was mended."""

    said: "subprocess.CompletedProcess[str]"
    made: dict[str, Any]
    resumed: "subprocess.CompletedProcess[str]"
    after: dict[str, Any]
    called: set[str]
    folder: Path
    suites: ElementTree.Element
    rows: list[dict[str, str]]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    place = tmp_path_factory.mktemp("fleet")
    with LocalAws(clock=Clock(datetime.now(UTC))) as aws:
        world = World(aws, place)
        world.spoil()
        path = world.rows(KILLED)
        said = world.fleet(str(path), "--yes", "--max-errors", "60%")
        (folder,) = place.glob("runs/fleet/*")
        made = json.loads((folder / "fleet.json").read_text())
        suites = ElementTree.parse(folder / "junit.xml").getroot()
        rows = list(csv.DictReader((folder / "fleet.csv").read_text().splitlines()))
        world.mend()
        resumed = world.fleet(str(path), "--yes", "--resume", str(folder))
        after = json.loads((folder / "fleet.json").read_text())
        yield Tried(said, made, resumed, after, set(world.called), folder, suites, rows)


def by_id(made: dict[str, Any]) -> dict[str, Any]:
    return {one["account_id"]: one for one in made["accounts"]}


def test_five_are_proven_and_seven_named_and_the_exit_status_says_so(tried: Tried) -> None:
    assert tried.said.returncode == 1, tried.said.stderr
    counts = tried.made["counts"]
    assert (counts["proven"], counts["refused"], counts["failed"]) == (5, 3, 4)
    assert sum(counts.values()) == 12
    assert "Traceback" not in tried.said.stderr


@pytest.mark.parametrize("account_id", BROKEN)
def test_each_is_named_with_state_cause_and_next_step(tried: Tried, account_id: str) -> None:
    one = by_id(tried.made)[account_id]
    found = tuple(one[name] for name in ("state", "section", "code", "action"))
    assert found == EXPECTED[account_id], one["cause"]
    assert one["cause"]
    assert one["next_step"]
    assert account_id in tried.said.stderr
    assert one["next_step"] in tried.said.stderr
    (row,) = (row for row in tried.rows if row["account_id"] == account_id)
    assert (row["state"], row["code"]) == (one["state"], one["code"])


def test_nothing_was_changed_where_it_was_refused(tried: Tried) -> None:
    assert by_id(tried.made)[WRONG]["calls"] == 1, "GetCallerIdentity, and nothing else"
    assert by_id(tried.made)[FOREIGN]["mutating"] == 0


def test_what_was_throttled_is_counted(tried: Tried) -> None:
    one = by_id(tried.made)[THROTTLED]
    assert (one["throttled"], one["retries"]) == (5, 4)
    assert all(by_id(tried.made)[good]["throttled"] == 0 for good in GOOD)


def test_the_last_lines_are_the_failed_and_the_command_that_resumes(tried: Tried) -> None:
    failed, resume = tried.said.stderr.strip().splitlines()[-2:]
    assert set(failed.removeprefix("failed: ").split(",")) == set(BROKEN)
    assert resume.startswith(f"resume: {software.program('runbook', 'fleet')} ")
    assert resume.endswith(f"--resume {tried.folder.relative_to(tried.folder.parents[2])}")


def test_every_account_is_a_suite_with_its_rows_of_evidence(tried: Tried) -> None:
    suites = {one.get("name", "").split()[-1]: one for one in tried.suites}
    assert set(suites) == {*GOOD, *BROKEN}
    assert len(suites[GOOD[0]].findall("testcase[@classname='proof']")) == 5
    assert {name for name, one in suites.items() if one.get("failures") != "0"} == set(BROKEN)


def test_resuming_touches_exactly_the_seven_and_proves_them(tried: Tried) -> None:
    assert tried.resumed.returncode == 0, tried.resumed.stderr
    assert tried.called == set(BROKEN)
    assert tried.after["counts"]["proven"] == 12
    assert tried.after["groups"] == []
    before, after = by_id(tried.made), by_id(tried.after)
    assert [before[one] for one in GOOD] == [after[one] for one in GOOD]


def test_no_secret_is_in_what_a_fleet_writes_or_says(tried: Tried) -> None:
    text = (tried.folder.parents[2] / "credentials").read_text()
    secrets = [line.split(" = ")[1] for line in text.splitlines() if "secret" in line]
    assert len(secrets) == 12
    said = [tried.said.stdout, tried.said.stderr, tried.resumed.stderr]
    said += [path.read_text() for path in tried.folder.rglob("*.*") if path.is_file()]
    assert not [one for one in secrets for text in said if one in text]
