"""Many accounts: `python benchmarks/fleet.py [--accounts 10,100] [--broken 100] [--json FILE]`.

Fleets on an embedded AWS that is there already, in accounts in which nothing was done, against a
loop of papermill commands over a few accounts, in the same sitting: seconds, CPU of all processes
and memory for each account. Then a fleet as backend `aws` with seven accounts broken in the seven
ways of the tests, mended, and resumed. Linux only.
"""

import argparse
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

sys.path.append(str(Path(__file__).parents[1]))  # the tests know how to break an account
from benchmarks.runs import BIN, _busy, _cpu, _proportional, papermill_commands
from runbook_lib import local_aws
from runbook_lib.local_aws.http.server import LocalAws
from tests.fleet.world import BROKEN, KILLED, THROTTLED, World

LOOPED = 2  # accounts for the loop, which is slow
Figures = dict[str, Any]


def fleet(first: int, count: int) -> Figures:
    """Run a fleet of so many accounts, and measure it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = Path(name, "accounts.csv")
        path.write_text("\n".join(["account_id", *(str(first + n) for n in range(count))]))
        said, found = measured([[str(BIN / "runbook"), "fleet", str(path), "--output", name,
                                 "--json"]], count)  # fmt: skip
    assert json.loads(said)["counts"]["proven"] == count
    return {"way": "runbook fleet", "accounts": count, **found}


def loop(first: int) -> Figures:
    """Run the notebooks of a few accounts with papermill commands, one after the other."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        accounts = [str(first + number) for number in range(LOOPED)]
        commands = [one for each in accounts for one in papermill_commands(each, Path(name))]
        _, found = measured(commands, LOOPED)
    return {"way": "papermill commands", "accounts": LOOPED, **found}


def measured(commands: list[list[str]], accounts: int) -> tuple[str, Figures]:
    """Run commands; return what the last one said, and figures for each account."""
    server = psutil.Process(local_aws.ensure_running().pid)
    before, busy, began, peak, said = _cpu(), _busy(server), time.time(), 0.0, ""
    for command in commands:
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
            while process.poll() is None:
                family = psutil.Process().children(recursive=True)
                peak = max(peak, sum(_proportional(one.pid) for one in family))
                time.sleep(0.2)
            assert process.returncode == 0, command
            out.seek(0)
            said = out.read()
    seconds, cpu = time.time() - began, _cpu() - before + _busy(server) - busy
    return said, {"seconds": seconds / accounts, "cpu": cpu / accounts, "MiB": peak / 2**20}


def broken(count: int) -> str:
    """Run a fleet with seven broken accounts, mend them, resume it; return what came of it."""
    good = [str(100_000_000_000 + number) for number in range(count - len(BROKEN))]
    with tempfile.TemporaryDirectory(prefix="bench-") as name, LocalAws() as aws:
        world = World(aws, Path(name), good)
        world.spoil()
        words = [str(world.rows(KILLED, THROTTLED)), "--yes", "--max-errors", str(len(BROKEN))]
        first = world.fleet(*words)
        (folder,) = Path(name).glob("runs/fleet/*")
        assert first.returncode == 1, first.stderr
        said = [line for line in first.stderr.splitlines() if f"/{count} " not in line]
        world.mend()
        resumed = world.fleet(*words, "--resume", str(folder))
        assert resumed.returncode == 0, resumed.stderr
        assert world.called == set(BROKEN)
        counts = json.loads((folder / "fleet.json").read_text())["counts"]
    return "\n".join([*said, f"resumed in {len(BROKEN)} accounts: {counts}"])


def table(found: list[Figures]) -> str:
    """Return a line for each way; the last is the one that the others are compared with."""
    lines = [f"{'way':20}{'accounts':>9}{'s each':>9}{'CPU each':>9}{'MiB':>7}{'as fast':>9}"]
    for row in found:
        ratio = found[-1]["seconds"] / row["seconds"]
        lines.append(
            f"{row['way']:20}{row['accounts']:9}{row['seconds']:9.2f}{row['cpu']:9.2f}"
            f"{row['MiB']:7.0f}{ratio:9.1f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", default="10,100")
    options.add_argument("--broken", type=int, default=100)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans are ours to wait for
    found, first = [], 200_000_000_000
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        os.environ["RUNBOOK_HOME"] = home
        try:
            for count in map(int, filter(None, chosen.accounts.split(","))):
                found.append(fleet(first, count))
                first += count
            found.append(loop(first))
        finally:
            local_aws.stop()
    print(table(found))
    if chosen.broken:
        print(broken(chosen.broken))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
