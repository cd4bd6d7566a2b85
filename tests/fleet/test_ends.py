"""How a fleet ends: stopped by its error threshold, by Ctrl-C, or with a worker killed under it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from runbook_lib import local_aws
from runbook_lib.machine import software
from tests.fleet.world import RUNBOOK, is_kernel
from tests.test_command_line import runbook

CLUSTER = """
from pathlib import Path
from distributed import LocalCluster
from distributed.security import Security
if __name__ == "__main__":
    security = Security.temporary()
    for name in ("tls_ca_file", "tls_client_cert", "tls_client_key"):
        Path(name).write_text(getattr(security, name))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    options |= {"security": security, "protocol": "tls://", "local_directory": "dask"}
    with LocalCluster(**options) as cluster:
        print(cluster.scheduler_address, flush=True)
        input()
"""
CERTIFICATES = {  # as Dask's own settings name them
    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": "tls_ca_file",
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": "tls_client_cert",
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": "tls_client_key",
}
ACCOUNTS = ["111111111111", "222222222222", "333333333333"]


def listed(folder: Path, *cells: str) -> str:
    path = folder / "accounts.csv"
    path.write_text("\n".join(["account_id,user_name,wave", *cells]))
    return str(path)


def made(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("runs/fleet/*/fleet.json")
    return dict(json.loads(path.read_text()))


def states(folder: Path) -> dict[str, str]:
    return {one["account_id"]: one["state"] for one in made(folder)["accounts"]}


def until(found: Callable[[], Any], process: "subprocess.Popen[str]") -> Any:
    """Wait for something in a real process, which gets there in real time."""
    while not (it := found()):
        assert process.poll() is None
        time.sleep(0.02)
    return it


def test_max_errors_stops_with_four_and_says_how_many_had_begun(tmp_path: Path) -> None:
    path = listed(tmp_path, f"{ACCOUNTS[0]},administrator,1", *ACCOUNTS[1:])
    _, err = runbook("fleet", path, "--max-errors", "0", "--output", "runs", status=4, cwd=tmp_path)
    assert "1 of 3 accounts had begun" in err
    assert states(tmp_path) == dict(
        zip(ACCOUNTS, ["refused", "not started", "not started"], strict=True)
    )
    assert made(tmp_path)["outcome"] == "stopped"
    assert made(tmp_path)["accounts"][0]["mutating"] == 0


def test_ctrl_c_ends_it_cleanly_and_resuming_finishes(tmp_path: Path) -> None:
    path, temporary = listed(tmp_path, *ACCOUNTS), tmp_path / "tmp"
    temporary.mkdir()
    command = [RUNBOOK, "fleet", path, "--output", "runs", "--max-concurrency", "2"]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            command, stderr=said, cwd=tmp_path, env=os.environ | {"TMPDIR": str(temporary)}
        )
        until(lambda: " proven" in (tmp_path / "said").read_text(), process)
        until(lambda: [*tmp_path.glob("runs/fleet/*/222222222222/*/.record.jsonl")], process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 128 + signal.SIGINT
    text = (tmp_path / "said").read_text()
    assert "Traceback" not in text
    assert "interrupted: 1 proven" in text
    assert f"resume: {software.program('runbook', 'fleet')} " in text
    assert "not started" not in states(tmp_path)[ACCOUNTS[0]]
    (cause,) = {one["code"] for one in made(tmp_path)["accounts"] if one["state"] == "failed"}
    assert cause == "Interrupted"
    assert list(temporary.iterdir()) == []
    assert local_aws.running() is None
    (folder,) = tmp_path.glob("runs/fleet/*")
    for report in folder.glob("*/*/run.json"):
        assert json.loads(report.read_text())["outcome"] in ("passed", "interrupted")
    runbook("fleet", "--resume", str(folder), "--no-ramp", cwd=tmp_path)
    assert set(states(tmp_path).values()) == {"proven"}
    assert len(list(folder.glob(f"{ACCOUNTS[0]}/*/run.json"))) == 1, "it was proven already"


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_an_account_whose_worker_is_killed_is_proven_by_another_one(tmp_path: Path) -> None:
    path = listed(tmp_path, *ACCOUNTS[:1])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER], text=True, cwd=tmp_path, **pipes
    ) as cluster:
        assert cluster.stdout
        address = cluster.stdout.readline().strip()
        words = [path, "--scheduler", address, "--output", str(tmp_path / "runs")]
        assert address.startswith("tls://")
        environment = os.environ | CERTIFICATES
        fleet = subprocess.Popen([RUNBOOK, "fleet", *words], cwd=tmp_path, env=environment)
        record = until(lambda: [*tmp_path.glob("runs/fleet/*/*/*/.record.jsonl")], fleet)[0]
        until(lambda: "iam:CreateUser" in record.read_text(), fleet)
        worker_of(cluster.pid).kill()
        assert fleet.wait(120) == 0
        cluster.communicate("\n", timeout=60)
    assert states(tmp_path) == {ACCOUNTS[0]: "proven"}
    attempts = list(tmp_path.glob("runs/fleet/*/1*/*"))
    assert len(attempts) == 2
    (told,) = tmp_path.glob("runs/fleet/*/1*/*/run.json")
    calls = json.loads(told.read_text())["calls"]
    assert "iam:CreateUser" not in {call["action"] for call in calls}, "only what was missing"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("tcp://10.0.0.1:8786", "expected tls://HOST:PORT"),
        ("scheduler:8786", "expected tls://HOST:PORT"),
        ("tcp://127.0.0.1.example.com:1", "expected tls://HOST:PORT"),
        ("tls://127.0.0.1:1", "the certificates that Dask's configuration names"),
    ],
)
def test_a_scheduler_that_cannot_be_used_is_told_with_what_to_do(
    tmp_path: Path, address: str, told: str
) -> None:
    status = 2 if "expected" in told else 1
    path = listed(tmp_path, *ACCOUNTS)
    _, err = runbook("fleet", path, "--scheduler", address, status=status, cwd=tmp_path)
    assert told.lower() in err.lower()
    assert "Traceback" not in err


def worker_of(cluster: int) -> psutil.Process:
    """The worker that has kernels at work."""
    kernels = filter(is_kernel, psutil.Process(cluster).children(recursive=True))
    prepared = next(kernels).parent()
    worker = prepared.parent() if prepared else None
    assert worker
    return worker
