"""`runbook fleet` through the hub: an organization's accounts, entered by a role, written to S3."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runbook_lib import local_aws
from runbook_lib.account import opening, parameters
from runbook_lib.account.caller import Caller
from runbook_lib.headless.fleet import record, task
from runbook_lib.headless.fleet.record import Account, Fleet
from runbook_lib.headless.fleet.rows import Row
from runbook_lib.headless.fleet.task import Job
from tests import scenario
from tests.fleet.test_s3 import BUCKET, keys, runbook, s3, server  # noqa: F401

ROLE = local_aws.HUB_ROLE
SANDBOX, CLOSED, MANAGEMENT = "555555555555", "666666666666", "111111111111"


@pytest.fixture
def hub(embedded_aws: local_aws.Running, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The management account's administrator, signed in."""
    hub = opening.open_hub("ap-northeast-2", backend="local")
    scenario.sign_in(monkeypatch, hub)
    return hub


def test_that_a_fleet_of_an_organization_goes_through_the_role_to_s3(
    s3: Any,  # noqa: F811
    hub: Caller,
    tmp_path: Path,
) -> None:
    words = ("--organization", "--ou", "Sandbox", "--backend", "aws", "--role", ROLE, "--yes")
    output = ("--output", f"s3://{BUCKET}/fleets", "--json")
    ran = runbook("fleet", *words, *output, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    states = {one["account_id"]: (one["state"], one["cause"]) for one in made["accounts"]}
    assert states == {
        SANDBOX: ("proven", ""),
        CLOSED: ("skipped", "left out by --organization: its state is SUSPENDED"),
    }
    folder = f"fleets/fleet/{made['run_id']}"
    rollup = {"fleet.html", "fleet.json", "fleet.csv", "junit.xml"}
    assert {f"{folder}/{name}" for name in rollup} < set(keys(s3))
    assert f"{folder}/{made['accounts'][0]['report']}" in keys(s3)
    assert f"report: s3://{BUCKET}/{folder}/fleet.html" in ran.stderr
    assert not list((tmp_path / "temporary").iterdir())
    for one in ("fleet.html", "fleet.json"):
        s3.delete_object(Bucket=BUCKET, Key=f"{folder}/{one}")
    again = runbook("fleet", "report", f"s3://{BUCKET}/{folder}", "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["counts"]["proven"] == 1
    assert f"{folder}/fleet.html" in keys(s3)


def test_that_workers_assume_the_role_for_themselves(hub: Caller) -> None:
    """Each of several threads of one worker, for an account of its own; one has no such role."""
    usual = {name: value for name, value in parameters.DEFAULTS.items() if name != "confirm"}
    rows = [
        Row(account_id=name, chosen=usual | {"account_id": name, "backend": "aws"})
        for name in ("222222222222", "333333333333", "444444444444", CLOSED)
    ]
    job = Job("plan", entry={"role": ROLE, "external_id": "", "region": "ap-northeast-2"})
    with ThreadPoolExecutor(len(rows)) as threads:
        found = list(threads.map(lambda row: task.in_account(row, job, None), rows))
    assert [one["state"] for one in found] == ["planned", "planned", "planned", "unreachable"]
    assert found[-1]["code"] == "RoleNotAssumed"


def test_that_an_embedded_organization_needs_no_credentials(
    embedded_aws: local_aws.Running, tmp_path: Path
) -> None:
    ran = runbook("fleet", "plan", "--organization", "--only", SANDBOX, "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    states = {one["account_id"]: one["state"] for one in json.loads(ran.stdout)}
    assert states == {
        **dict.fromkeys((MANAGEMENT, "222222222222", "333333333333", "444444444444"), "skipped"),
        **{SANDBOX: "planned", CLOSED: "skipped"},
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["accounts.csv", "--organization"], "FILE and --organization both name accounts"),
        (["--ou", "x"], "--ou and --tag go with --organization"),
        (["accounts.csv", "--role", "x"], "go with --backend aws; the embedded AWS"),
        (["accounts.csv", "--profile", "x"], "go with --backend aws; the embedded AWS"),
        (["accounts.csv", "--backend", "aws", "--yes"], "no credentials are named for 1111"),
        (
            ["accounts.csv", "--backend", "aws", "--yes", "--profile-pattern", "x"],
            "--profile-pattern 'x' is one profile",
        ),
        (
            ["accounts.csv", "--backend", "aws", "--yes", "--external-id", "xx"],
            "--external-id goes with --role",
        ),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "accounts.csv").write_text("account_id\n111111111111\n222222222222\n")
    ran = runbook("fleet", *words, cwd=tmp_path)
    assert (ran.returncode, said in ran.stderr) == (2, True), ran.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("account_id", "words", "said"),
    [
        ("111111111111", ["--backend", "aws", "--role", "x"], "was run with --backend local"),
        ("222222222222", [], "holds none of these accounts"),
        ("111111111111", ["--variant", "mfa"], "proved variant tutorial in 111111111111"),
    ],
)
def test_that_another_fleets_folder_is_not_resumed(
    tmp_path: Path, account_id: str, words: list[str], said: str
) -> None:
    """What was proven on the embedded AWS is proven nowhere else."""
    (tmp_path / "accounts.csv").write_text(f"account_id\n{account_id}\n")
    made = Fleet(run_id="before", accounts=[Account(account_id="111111111111", state="proven")])
    record.write(made, tmp_path)
    run = tmp_path / "111111111111" / made.run_id / "run.json"
    run.parent.mkdir(parents=True)
    run.write_text(
        json.dumps(
            {"account_id": "111111111111", "run_id": "r", "variant": "tutorial", "backend": "local"}
        )
    )
    before = (tmp_path / "fleet.json").read_text()
    ran = runbook("fleet", "accounts.csv", "--resume", ".", *words, cwd=tmp_path)
    assert (ran.returncode, said in ran.stderr) == (2, True), ran.stderr
    assert (tmp_path / "fleet.json").read_text() == before


def test_that_ctrl_c_leaves_no_profile_and_no_socket(hub: Caller, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    command = [str(Path(sys.executable).parent / "runbook"), "fleet", "--organization", "--yes"]
    command += ["--backend", "aws", "--role", ROLE, "--ou", "Workloads", "--max-concurrency", "1"]
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130, first + rest
    assert "proven" in first
    assert not list((tmp_path / "temporary").iterdir())
