"""`fleet plan` and `fleet destroy`, account by account: one that fails keeps no other from it."""

import json
import re
from pathlib import Path

import pytest

from runbook_lib import local_aws
from runbook_lib.runbook import open_runbook
from tests.fleet.test_ends import listed
from tests.scenario import build
from tests.test_command_line import at_a_terminal, runbook

ACCOUNTS = ["121212121212", "232323232323", "343434343434"]  # nobody else's


@pytest.fixture
def built(embedded_aws: local_aws.Running, tmp_path: Path) -> str:
    """A file of three accounts, in the first two of which the runbook has made everything."""
    for account_id in ACCOUNTS[:2]:
        build(open_runbook({"account_id": account_id}))
    return listed(tmp_path, *ACCOUNTS)


def test_plan_tells_of_each_account_and_changes_nothing(built: str, tmp_path: Path) -> None:
    out, err = runbook("fleet", "plan", built, "--except", ACCOUNTS[1], "--json", cwd=tmp_path)
    found = {one["account_id"]: one for one in json.loads(out)}
    assert found[ACCOUNTS[0]]["summary"] == "Nothing to do: 6 to keep"
    assert found[ACCOUNTS[1]]["state"] == "skipped"
    assert found[ACCOUNTS[2]]["summary"] == "Plan: 6 to create"
    assert not any(one.get("mutating") for one in found.values())
    assert "2 planned" in err
    out, _ = runbook("fleet", "plan", built, cwd=tmp_path)
    assert "Plan: 6 to create" in out


def test_destroy_takes_away_what_the_runbook_made_in_each(built: str, tmp_path: Path) -> None:
    _, err = runbook("fleet", "destroy", built, status=2, cwd=tmp_path)
    assert "add --yes where no question is wanted" in err
    out, _ = runbook("fleet", "destroy", built, "--yes", "--json", cwd=tmp_path)
    found = {one["account_id"]: one for one in json.loads(out)}
    assert {one["state"] for one in found.values()} == {"destroyed"}
    gone = [row for row in found[ACCOUNTS[0]]["rows"] if row["Outcome"] == "deleted"]
    assert {"policy", "user", "role", "access key"} <= {row["Kind"] for row in gone}
    out, _ = runbook("fleet", "plan", built, "--json", cwd=tmp_path)
    assert {one["summary"] for one in json.loads(out)} == {"Plan: 6 to create"}


def test_an_account_that_could_not_be_looked_at_is_told_at_the_end(built: str) -> None:
    """After the question as well: its objects are still there."""
    with open_runbook({"account_id": ACCOUNTS[1]}).exclusive():
        status, shown = at_a_terminal("fleet", "destroy", built, until="[y/N]", typed=b"y\n")
    assert status == 1
    _, end = shown.split("[y/N]")
    assert "another runbook is at work" in end
    assert re.search(r"\d destroyed", end)


def test_an_account_that_is_left_out_is_not_reached_by_way_of_another(
    tmp_path: Path, built: str
) -> None:
    """The user of a row lives in the account that it trusts."""
    rows = [{"account_id": ACCOUNTS[2], "trusted_account_id": ACCOUNTS[0]}]
    rows.append({"account_id": ACCOUNTS[0]})
    file = tmp_path / "trusting.json"
    file.write_text(json.dumps(rows))
    _, err = runbook("fleet", "destroy", str(file), "--yes", "--except", ACCOUNTS[0], status=2)
    assert f"leave {ACCOUNTS[2]} out as well" in err
    runbook("fleet", "plan", str(file), "--only", ACCOUNTS[2])


def test_what_somebody_added_stays_and_is_told(built: str, tmp_path: Path) -> None:
    iam = open_runbook({"account_id": ACCOUNTS[0]}).user_account.iam
    iam.attach_user_policy(
        UserName="assume-role-user", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    out, err = runbook(
        "fleet", "destroy", built, "--yes", "--max-errors", "1", "--json", status=1, cwd=tmp_path
    )
    states = {one["account_id"]: one["state"] for one in json.loads(out)}
    assert list(states.values()) == ["failed", "destroyed", "destroyed"]
    assert "DeleteConflict" in err
