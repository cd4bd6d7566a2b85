"""Ctrl-C, SIGTERM and SIGHUP end a run the same tidy way, at whatever stage they come."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_lib import local_aws
from runbook_lib.account import parameters, profiles
from runbook_lib.headless import run
from runbook_lib.machine import state
from tests.test_command_line import BIN, runbook

Stage = Callable[[Path, str], bool]  # the test's folder, and what the run has said so far
STAGES: dict[str, Stage] = {
    "it begins": lambda folder, said: "account" in said,
    "the server is there": lambda folder, said: (folder / "state/local/server.json").exists(),
    "the folder is there": lambda folder, said: bool([*folder.glob("runs/*/*")]),
    "section 1 has passed": lambda folder, said: "01_environment passed" in said,
    "section 3 has passed": lambda folder, said: "03_user passed" in said,
    "section 6 has passed": lambda folder, said: "06_references passed" in said,
}


def interrupted(folder: Path, stage: Stage, signum: int) -> tuple[int, str]:
    """Run, send the signal at this stage, and return the exit status and what was said."""
    temporary = folder / "tmp"
    temporary.mkdir()
    said = folder / "said.txt"
    command = [str(BIN / "runbook"), "run", "123456789012", "--output", str(folder / "runs")]
    with said.open("w") as file:
        environment = os.environ | {"TMPDIR": str(temporary)}
        process = subprocess.Popen(command, stderr=file, env=environment, start_new_session=True)
        while not stage(folder, said.read_text()):
            assert process.poll() is None, said.read_text()
            time.sleep(0.01)  # a real process gets there in real time
        process.send_signal(signum)
        status = process.wait(timeout=60)
    return status, said.read_text()


@pytest.mark.parametrize(
    ("stage", "signum"),
    [*zip(STAGES, [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 2, strict=True)],
    ids=lambda value: value if isinstance(value, str) else signal.Signals(value).name,
)
def test_a_signal_ends_a_run_tidily(tmp_path: Path, stage: str, signum: int) -> None:
    status, said = interrupted(tmp_path, STAGES[stage], signum)
    assert status == 128 + signum, said
    assert said.count("interrupted: what was made so far stays in the account") == 1
    assert "Traceback" not in said
    assert local_aws.running() is None
    assert list((tmp_path / "tmp").iterdir()) == []
    for folder in tmp_path.glob("runs/*/*"):
        made = json.loads((folder / "run.json").read_text())
        assert (made["outcome"], made["exit_status"]) == ("interrupted", status)
        assert "Interrupted" in (folder / "report.html").read_text()
        assert not list(folder.glob(".*"))
    with state.exclusive(profiles.folder("local", "123456789012"), "it"):
        pass  # nobody holds it


IN_A_FINALIZER = """
import os, signal, time
from runbook_lib.machine import signals

class Closing:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(10))

signals.listen()
try:
    Closing()
    time.sleep(30)
except signals.Stopped as stopped:
    raise SystemExit(stopped.exit_status)
"""


def test_a_signal_that_a_finalizer_loses_is_answered_and_not_told_as_a_fault() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FINALIZER], capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")


WHILE_TIDYING = """
import os, signal, time
from runbook_lib.errors import RunbookError
from runbook_lib.machine import signals

def tidy():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.05)
    print("tidied")

signals.listen()
try:
    with signals.tidied() as around:
        around.callback(tidy)
        raise RunbookError("the account cannot be opened")
except RunbookError as error:
    print(error)
"""


def test_a_signal_does_not_cut_short_the_tidying_up_after_a_failure() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHILE_TIDYING], capture_output=True, text=True, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "tidied\nthe account cannot be opened\n"


def test_who_calls_it_keeps_its_own_answers_to_signals(
    embedded_aws: local_aws.Running, account_id: str, tmp_path: Path
) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    chosen = {"account_id": account_id, "region": "ap-northeast-2", "backend": "local"}
    made, _ = run.run({**parameters.DEFAULTS, **chosen}, tmp_path, lambda *_: None)
    after = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert (made.outcome, after) == ("passed", before)


def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    """As with nohup, or in the background of a shell without job control."""
    command = f"trap '' HUP INT; exec {BIN / 'runbook'} run 123456789012 --output {tmp_path}"
    process = subprocess.Popen(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    read = process.stderr.readline()
    for signum in (signal.SIGHUP, signal.SIGINT):
        process.send_signal(signum)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 0, read + rest


def test_the_server_stays_where_somebody_else_uses_it(tmp_path: Path) -> None:
    command = [str(BIN / "runbook"), "run", "123456789012", "--output", str(tmp_path / "runs")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "02_assume_role_policy passed" not in process.stderr.readline():
            assert process.poll() is None
        _, err = runbook("local", "start", status=1)
        assert "use it, or stop it first" in err
        process.communicate(timeout=60)
    assert process.returncode == 0
    try:
        assert local_aws.running() is not None
        runbook("run", "123456789012", "--output", str(tmp_path / "runs"))
        assert local_aws.running() is not None
    finally:
        runbook("local", "stop")
