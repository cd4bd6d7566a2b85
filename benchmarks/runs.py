"""The tutorial in five ways, side by side: `python benchmarks/runs.py [--rounds N] [--json FILE]`.

Each time in an account in which nothing was done. The ways take turns, so that whatever else the
machine does meets all of them; a round before the others warms up and tells the memory. Linux only.
"""

import argparse
import ctypes
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from runbook_lib import local_aws
from runbook_lib.headless import notebooks

BIN = Path(sys.executable).parent
TUTORIAL = r"""
set -e
document() { echo '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '"$1"'}]}'; }
document '"Action": ["sts:AssumeRole"], "Resource": "*"' > file1.json
document '"Action": "sts:AssumeRole", "Principal": {"AWS": "'$ACCOUNT'"}, "Condition": {}' > file2.json
aws --version
aws iam create-policy --policy-name assume-role-policy --policy-document file://file1.json
aws iam create-user --user-name assume-role-user
KEY=$(aws iam create-access-key --user-name assume-role-user --query AccessKey.[AccessKeyId,SecretAccessKey] --output text)
aws iam attach-user-policy --user-name assume-role-user --policy-arn arn:aws:iam::$ACCOUNT:policy/assume-role-policy
aws iam create-role --role-name assume-role-role --assume-role-policy-document file://file2.json
aws iam attach-role-policy --role-name assume-role-role --policy-arn arn:aws:iam::aws:policy/AmazonEC2FullAccess
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
printf '%s\n' $KEY '' '' | aws configure
! aws ec2 describe-instances
GOT=$(aws sts assume-role --role-arn arn:aws:iam::$ACCOUNT:role/assume-role-role --role-session-name assume-role-session --query Credentials.[AccessKeyId,SecretAccessKey,SessionToken] --output text)
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<< "$GOT"
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
aws ec2 describe-instances
"""  # noqa: E501
API = """
import json, os, sys, papermill
for path, made, parameters in json.loads(sys.argv[1]):
    folder = os.path.dirname(path)
    papermill.execute_notebook(path, made, parameters, cwd=folder, progress_bar=False)
"""
Figures = dict[str, float]


def aws_commands(account_id: str, folder: Path) -> list[list[str]]:
    """Name the one shell script that types the tutorial's eleven commands."""
    running = local_aws.ensure_running()
    key = running.administrator(account_id)
    own = {"ACCOUNT": account_id, "PATH": f"{BIN}:{os.environ['PATH']}"}
    own |= {"AWS_ENDPOINT_URL": running.endpoint, "AWS_DEFAULT_REGION": "ap-northeast-2"}
    own |= {"AWS_ACCESS_KEY_ID": key.access_key_id, "AWS_SECRET_ACCESS_KEY": key.secret_access_key}
    own |= {f"AWS_{name}_FILE": f"{folder}/{name}" for name in ("CONFIG", "SHARED_CREDENTIALS")}
    environment = [f"{name}={value}" for name, value in own.items()]
    return [["env", f"--chdir={folder}", *environment, "bash", "-c", TUTORIAL]]


def papermill_commands(account_id: str, folder: Path) -> list[list[str]]:
    """Name the loop over the notebooks."""
    return [
        [str(BIN / "papermill"), "--no-progress-bar", "--cwd", str(path.parent), str(path),
         str(folder / path.name), "-r", "account_id", account_id]
        for path in notebooks.sections()
    ]  # fmt: skip


def papermill_api(account_id: str, folder: Path) -> list[list[str]]:
    """Name one process that calls papermill for each notebook."""
    parameters = {"account_id": account_id}
    asked = [(str(path), str(folder / path.name), parameters) for path in notebooks.sections()]
    return [[sys.executable, "-c", API, json.dumps(asked)]]


def runbook_run(account_id: str, folder: Path) -> list[list[str]]:
    """Name the one command of the house."""
    return [[str(BIN / "runbook"), "run", account_id, "--output", str(folder)]]


WAYS: dict[str, tuple[str, Callable[[str, Path], list[list[str]]]]] = {
    "a": ("the tutorial's aws commands", aws_commands),
    "b": ("papermill commands", papermill_commands),
    "c": ("papermill's API", papermill_api),
    "d": ("runbook run", runbook_run),
    "e": ("runbook run, own server", runbook_run),
}


def once(way: str, account_id: str, *, weigh: bool = False) -> Figures:
    """Run one way in an account; tell seconds, CPU, calls and where the time went."""
    running = None if way == "e" else local_aws.ensure_running()
    server = psutil.Process(running.pid) if running else None
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, record = Path(name), Path(name, "calls.jsonl")
        commands = WAYS[way][1](account_id, folder)
        environment = os.environ | ({"RUNBOOK_RECORD": str(record)} if way in "bc" else {})
        before, busy, began = _cpu(), _busy(server), time.time()
        starts, peak = [], 0.0
        for command in commands:
            starts.append(time.time())
            peak = max(peak, _finish(command, environment, weigh))
        ended = time.time()
        found = {"seconds": ended - began, "cpu": _cpu() - before + _busy(server) - busy}
        found |= {"MiB": peak / 2**20} if weigh else {}
        found["calls"] = _calls(folder, record) if way != "a" else 9
        return found | (_split(folder, starts, ended) if way != "a" else {})


def _finish(command: list[str], environment: dict[str, str], weigh: bool) -> float:
    """Run a command and wait for it and all it left; return the memory at its highest."""
    peak = 0.0
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    while weigh and process.poll() is None:
        family = [process.pid, *(child.pid for child in psutil.Process().children(recursive=True))]
        peak = max(peak, sum(map(_proportional, set(family))))
        time.sleep(0.05)
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    return peak


def _proportional(pid: int) -> float:
    with suppress(psutil.Error):
        return float(psutil.Process(pid).memory_full_info().pss)
    return 0.0


def _cpu() -> float:
    """Return what all descendants used that have ended, orphans too: they come back to us."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy(server: psutil.Process | None) -> float:
    return sum(server.cpu_times()[:2]) if server else 0.0


def _calls(folder: Path, record: Path) -> int:
    for run in folder.glob("*/*/run.json"):
        return len(json.loads(run.read_text(encoding="utf-8"))["calls"])
    lines = record.read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["kind"] == "call" for line in lines)


def _split(folder: Path, starts: list[float], ended: float) -> Figures:
    """Tell, from what papermill noted, the time before, between, in and after the cells."""
    noted = [notebooks.read(path) for path in sorted(folder.rglob("0*.ipynb"))]
    first = [_clock(notebook, "start_time") for notebook in noted]
    last = [_clock(notebook, "end_time") for notebook in noted]
    cells = sum(
        cell.metadata.papermill.duration or 0 for notebook in noted for cell in notebook.cells
    )
    if len(starts) > 1:  # a process for each notebook
        before = sum(one - start for one, start in zip(first, starts, strict=True))
        after = sum(end - one for one, end in zip(last, [*starts[1:], ended], strict=True))
    else:
        before, after = first[0] - starts[0], ended - last[-1]
    kernels = ended - starts[0] - before - after - cells
    return {"start": before, "kernels": kernels, "cells": cells, "end": after}


def _clock(notebook: Any, name: str) -> float:
    return datetime.fromisoformat(notebook.metadata.papermill[name]).timestamp()


def measure(rounds: int) -> dict[str, list[Figures]]:
    """Let the ways take turns; the first figures of each are of the round that warms up."""
    accounts = (f"{number:012}" for number in itertools.count(200_000_000_000))
    found: dict[str, list[Figures]] = {way: [] for way in WAYS}
    for number in range(rounds + 1):
        for way in WAYS:
            local_aws.stop() if way == "e" else local_aws.ensure_running()
            found[way].append(once(way, next(accounts), weigh=number == 0))
    return found


def table(found: dict[str, list[Figures]]) -> list[dict[str, Any]]:
    """Make a row of medians for each way; `ratio` is to the tutorial's own commands."""
    rows = []
    for way, (weighed, *rounds) in found.items():
        seconds = [figures["seconds"] for figures in rounds]
        row: dict[str, Any] = {
            name: median(figures[name] for figures in rounds) for name in rounds[0]
        }
        row |= {"MiB": weighed["MiB"], "fastest": min(seconds), "slowest": max(seconds)}
        rows.append({"way": f"{way} {WAYS[way][0]}", **row})
    for row in rows:
        row["ratio"] = row["seconds"] / rows[0]["seconds"]
    return rows


COLUMNS = ["way", "ratio", "seconds", "fastest", "slowest", "cpu", "MiB", "calls"]
COLUMNS += ["start", "kernels", "cells", "end"]


def main() -> None:
    """Measure and print a table; the file holds every single figure as well."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--ways", default="abcde")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    for way in set(WAYS) - set(chosen.ways):
        del WAYS[way]
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans are ours to wait for
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        os.environ["RUNBOOK_HOME"] = home
        try:
            found = measure(chosen.rounds)
        finally:
            local_aws.stop()
    rows = table(found)
    print(f"{COLUMNS[0]:30}" + "".join(f"{name:>9}" for name in COLUMNS[1:]))
    for row in rows:
        print(f"{row['way']:30}" + "".join(f"{row.get(name, 0):9.2f}" for name in COLUMNS[1:]))
    if chosen.json:
        chosen.json.write_text(json.dumps({"table": rows, "rounds": found}, indent=1))


if __name__ == "__main__":
    main()
