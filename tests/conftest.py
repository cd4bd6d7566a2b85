"""Every test starts from a scrubbed environment and an account that nobody else uses."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runbook_lib import local_aws
from runbook_lib.account import journal, secret
from runbook_lib.account.caller import Caller
from runbook_lib.machine import state
from runbook_lib.runbook import Runbook, open_runbook

REPOSITORY = Path(__file__).parent.parent
_SCRUBBED = ("AWS_", "RUNBOOK_", "MOTO_", "JUPYTER", "PAPERMILL", "COLUMNS", "LINES")
_counter = itertools.count()
for _signal in (signal.SIGINT, signal.SIGHUP):  # ignored in a background job and under nohup
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _scrubbed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(_SCRUBBED):
            monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "state"))
    journal.CALLS.clear()
    monkeypatch.setattr(secret, "_KNOWN", set())  # what one test must hide, another may show
    yield
    assert local_aws.running() is None or (tmp_path / "state" / "shared").exists()


@pytest.fixture(scope="session")
def _embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One embedded AWS for all tests of this process, in a state folder of its own."""
    home = tmp_path_factory.mktemp("embedded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNBOOK_HOME", str(home))
        local_aws.start()
    yield home
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNBOOK_HOME", str(home))
        local_aws.stop()


@pytest.fixture
def embedded_aws(_embedded_aws: Path, tmp_path: Path, _scrubbed: None) -> local_aws.Running:
    """The shared embedded AWS, seen from this test's own state folder."""
    shutil.copy(_embedded_aws / "local" / "server.json", state.private_folder("local"))
    (tmp_path / "state" / "shared").touch()
    running = local_aws.running()
    assert running is not None
    return running


@pytest.fixture
def account_id(request: pytest.FixtureRequest) -> str:
    """An account id of this test's own."""
    return f"{zlib.crc32(request.node.nodeid.encode()):010}{next(_counter) % 100:02}"


@pytest.fixture
def book(embedded_aws: local_aws.Running, account_id: str) -> Runbook:
    """A runbook for an account in which nothing has been made."""
    return open_runbook({"account_id": account_id})


@pytest.fixture
def account(book: Runbook) -> Caller:
    """The administrator of that account."""
    return book.role_account


@dataclass(frozen=True)
class FinishedRun:
    """What `runbook run` left: its folder, its state folder, and what it wrote."""

    folder: Path
    state: Path
    stdout: str
    stderr: str


def run_of(home: Path, *options: str) -> FinishedRun:
    """Run the whole runbook in a folder, as a person starts it."""
    command = [str(Path(sys.executable).parent / "runbook"), "run", "278805249149", "--json"]
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_SCRUBBED)}
    kept |= {"RUNBOOK_HOME": str(home / "state"), "HOME": str(home)}
    asked = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, env=kept, cwd=home
    )
    assert asked.returncode == 0, asked.stderr
    (report,) = home.glob("runs/*/*/report.html")
    return FinishedRun(report.parent, home / "state", asked.stdout, asked.stderr)


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A whole run, for every test that only looks at one."""
    return run_of(tmp_path_factory.mktemp("run"))
