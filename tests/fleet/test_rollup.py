"""What a fleet leaves: one page, JSON, CSV and JUnit, also from run folders alone."""

import csv
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.headless.fleet import record, rollup
from runbook_lib.headless.fleet.record import Account, Fleet
from runbook_lib.headless.report import report
from tests.conftest import FinishedRun
from tests.fleet.pages import spoilt
from tests.test_command_line import runbook

ACCOUNT = "278805249149"


@pytest.fixture
def pods(finished_run: FinishedRun, tmp_path: Path) -> Path:
    """What `runbook run` left for one account, as pods leave it for many."""
    shutil.copytree(finished_run.folder.parents[1], tmp_path / "shared")
    return tmp_path / "shared"


def test_run_folders_alone_are_rolled_up(pods: Path) -> None:
    out, err = runbook("fleet", "report", str(pods), "--json")
    made = json.loads(out)
    assert made["counts"]["proven"] == 1
    assert "1 proven" in err
    (account,) = made["accounts"]
    assert (account["account_id"], account["state"], account["calls"]) == (ACCOUNT, "proven", 55)
    assert (pods / account["report"]).exists()
    assert {"state", "section", "cause", "next_step", "seconds", "mutating"} <= set(account)
    suites = ElementTree.parse(pods / "junit.xml").getroot()
    assert [len(suite) for suite in suites] == [12]
    assert f'<a href="{account["report"]}">{ACCOUNT}</a>' in (pods / "fleet.html").read_text()


def test_what_is_not_proven_stands_first(tmp_path: Path) -> None:
    states = {"111111111111": "proven", "222222222222": "skipped", "333333333333": "not started"}
    states |= {"444444444444": "proven", "555555555555": "failed"}
    accounts = [Account(account_id=one, state=state) for one, state in states.items()]
    fleet = Fleet(run_id="mixed", accounts=accounts, outcome="stopped")
    fleet.count()
    rows = re.findall(r'<th scope="row">(\d{12})', rollup.write(fleet, tmp_path).read_text())
    assert [one[0] for one in rows] == ["3", "5", "1", "2", "4"]


def test_what_ended_before_the_power_did_is_found_in_the_run_folders(pods: Path) -> None:
    (run,) = pods.glob(f"{ACCOUNT}/*")
    accounts = [Account(account_id=ACCOUNT), Account(account_id="111111111111")]
    record.write(Fleet(run_id="cut-short", accounts=accounts, begun=run.name[:8]), pods)
    found = {one.account_id: one.state for one in record.read(pods).accounts}
    assert found == {ACCOUNT: "proven", "111111111111": "not started"}
    record.write(Fleet(run_id="resumed", accounts=accounts, begun="99990101T000000Z"), pods)
    assert record.read(pods).counts["not started"] == 2, "that run was before"


def test_the_report_says_what_the_sdk_sent_again(pods: Path) -> None:
    (path,) = pods.glob(f"{ACCOUNT}/*/run.json")
    run = json.loads(path.read_text())
    first, second, third = run["calls"][:3]
    first["retries"], second["retries"] = 2, 1
    del third["retries"], third["throttled"]  # as earlier runs have it
    path.write_text(json.dumps(run))
    page = report.write(path.parent).read_text()
    assert page.count("sent 3 times") == 1
    assert page.count("sent 2 times") == 1
    assert record.read(pods).accounts[0].retries == 3


def test_a_folder_that_is_no_fleets_is_refused(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"accounts": [{}], "run_id": "x"}', '{"accounts": [{"x": 1}]}'):
        if text:
            (tmp_path / "fleet.json").write_text(text)
        with pytest.raises(ParameterError, match=r"fleet\.json"):
            record.read(tmp_path)


def test_groups_have_one_cause_each_and_the_most_frequent_comes_first(tmp_path: Path) -> None:
    fleet = spoilt(tmp_path)
    assert [len(group["account_ids"]) for group in fleet.groups] == [3, 1, 1]
    first = fleet.groups[0]
    assert (first["code"], first["action"], first["section"]) == (
        "AccessDenied",
        "iam:CreateRole",
        "04_role",
    )
    assert first["next_step"].endswith("or sign in as somebody else, then resume")


def test_text_of_anybodys_stays_text(tmp_path: Path) -> None:
    fleet = spoilt(tmp_path)
    record.write(fleet, tmp_path)
    page = rollup.write(fleet, tmp_path).read_text()
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; \\u202egnirts" in page
    cells = list(csv.DictReader((tmp_path / "fleet.csv").read_text().splitlines()))
    assert not [one for row in cells for one in row.values() if one[:1] in ("=", "+", "@")]


def test_half_of_the_proven_took_no_longer_than_p50() -> None:
    fleet = Fleet(
        run_id="x",
        accounts=[
            Account(account_id=f"{number:012}", state="proven", seconds=float(number))
            for number in range(1, 101)
        ],
    )
    fleet.count()
    assert fleet.seconds == {"p50": 50.5, "p95": 95.05, "max": 100.0}
