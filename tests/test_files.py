"""Files that cannot be had, and a terminal that has gone: a message, and the work goes on."""

import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbook_lib.account import journal
from runbook_lib.account.caller import Caller
from runbook_lib.errors import MissingStepError, ParameterError, RunbookError
from runbook_lib.machine import state
from runbook_lib.machine.files import explained
from tests.test_command_line import BIN, runbook

RUNBOOK = str(BIN / "runbook")
Make = Callable[[Path], Path]


def _folder(path: Path, mode: int) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


def _dangling(folder: Path) -> Path:
    (folder / "link").symlink_to("/nowhere/at/all")
    return folder / "link"


def _file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file"


def _loop(folder: Path) -> Path:
    (folder / "loop").symlink_to(folder / "loop")
    return folder / "loop"


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (_dangling, "a link that leads nowhere"),
        (_file, "is where a folder must be: move it"),
        (lambda folder: _file(folder) / "below", "is where a folder must be: move it"),
        (_loop, "a link that leads nowhere"),
        (lambda folder: folder / ("x" * 300), "choose another folder"),
        (lambda folder: Path("/proc/nothing"), "choose another folder"),
    ],
    ids=["dangling", "file", "below a file", "loop", "long", "not to be made"],
)
@pytest.mark.parametrize("what", ["state", "output"])
def test_a_folder_that_cannot_be_made_is_a_message_with_the_next_step(
    make: Make, step: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make(tmp_path)
    if what == "state":
        with monkeypatch.context() as patch:
            patch.setenv("RUNBOOK_HOME", str(place))
            _, err = runbook("plan", "123456789012", status=1)
    else:
        _, err = runbook("run", "123456789012", "--output", str(place), status=1)
    assert str(place)[:60] in err
    assert step in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "number", [1, 2, 5, 13, 20, 21, 23, 24, 28, 30, 36, 40, 122], ids=os.strerror
)
def test_every_refusal_names_the_path_and_what_to_do(number: int, tmp_path: Path) -> None:
    with pytest.raises(RunbookError) as told, explained("write", tmp_path / "x"):
        raise OSError(number, os.strerror(number), str(tmp_path / ".x.abc"))
    assert f"cannot write '{tmp_path / 'x'}': {os.strerror(number)}; " in str(told.value)
    assert str(told.value).endswith(", then run again")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o702, 0o1777])
@pytest.mark.parametrize("below", [(), ("local",), ("local", "123456789012")])
def test_a_state_folder_that_others_can_write_to_is_refused(
    below: tuple[str, ...], mode: int
) -> None:
    folder = state.private_folder(*below)
    folder.chmod(mode)
    try:
        with pytest.raises(RunbookError, match=f"chmod 700 {folder}"):
            state.private_folder("local", "123456789012")
    finally:
        folder.chmod(0o700)
    assert state.private_folder("local", "123456789012").is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_state_folder_of_somebody_else_is_refused() -> None:
    folder = state.private_folder()
    os.chown(folder, 12345, -1)
    try:
        with pytest.raises(RunbookError, match=f"sudo chown 0 {folder}"):
            state.private_folder()
    finally:
        os.chown(folder, 0, -1)


def test_the_state_folder_is_a_whole_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("RUNBOOK_HOME", "~/state")
        assert state.home() == tmp_path / "home" / "state"
        for relative in ("state", "./state", "../state", "~nobody-of-this-name/state"):
            patch.setenv("RUNBOOK_HOME", relative)
            with pytest.raises(ParameterError, match="give the whole path"):
                state.home()
        _, err = runbook("plan", "123456789012", status=2)
    assert "give the whole path" in err


def test_a_working_directory_that_is_gone_is_a_message(tmp_path: Path) -> None:
    gone = f"mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir {tmp_path}/gone"
    asked = subprocess.run(
        ["sh", "-c", f"{gone} && exec {RUNBOOK} run 123456789012"], capture_output=True, text=True
    )
    assert asked.returncode == 1
    assert "this folder is gone: go to one that exists" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_too_few_descriptors_are_told_before_anything_begins(tmp_path: Path) -> None:
    command = f"ulimit -n 40 && exec {RUNBOOK} run 123456789012 --json --output {tmp_path}"
    asked = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert asked.returncode == 1
    assert "ulimit -n 4096" in json.loads(asked.stdout)["error"]
    assert list(tmp_path.glob("1*")) == []


def test_few_descriptors_that_may_be_more_are_made_more() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 256:
        pytest.skip("this machine allows no more")
    command = f"ulimit -Sn 40 && exec {RUNBOOK} local status"
    assert subprocess.run(["sh", "-c", command], capture_output=True).returncode == 0


def test_a_file_that_cannot_be_written_does_not_hide_the_error_before_it(tmp_path: Path) -> None:
    """As the command line says it, of either kind."""
    raising = [
        "raise PermissionError(13, 'Permission denied', '/x')",
        "state.write_private(Path('/proc/nothing'), '')",
    ]
    for line in raising:
        code = (
            "import sys\nfrom pathlib import Path\nfrom runbook_lib.cli import main\n"
            "from runbook_lib.errors import MissingStepError\nfrom runbook_lib.machine import state"
            "\ndef run():\n try:\n  raise MissingStepError('section 3 is missing')\n"
            f" finally:\n  {line}\nmain._run = run\nmain.main()\n"
        )
        asked = subprocess.run([BIN / "python", "-c", code], capture_output=True, text=True)
        assert asked.returncode == MissingStepError.exit_status
        first, second = asked.stderr.strip().splitlines()
        assert first == "section 3 is missing"
        assert "cannot" in second


def test_a_call_that_failed_is_not_hidden_by_a_record_that_cannot_be_written(
    account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(journal.RECORD_VARIABLE, "/proc/nothing/record")
    with pytest.raises(account.iam.exceptions.NoSuchEntityException):
        account.iam.get_user(UserName="nobody")
    with pytest.raises(RunbookError, match="cannot write '/proc/nothing/record'"):
        account.iam.list_users()


@pytest.fixture
def server() -> Iterator[None]:
    runbook("local", "start")
    yield
    runbook("local", "stop")


@pytest.mark.parametrize(
    "ending",
    ["2>/dev/full", "2>&-", "2>&1 >{out} | head -1", "2>&- >&- <&-", "2>&1 >{out} | true"],
    ids=["full", "closed", "reader gone", "all closed", "no reader"],
)
@pytest.mark.usefixtures("server")
def test_nobody_has_to_read_what_is_said(ending: str, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = f"{RUNBOOK} run 123456789012 --json --output {tmp_path}/runs {ending}"
    script = f"set -o pipefail; {command.format(out=out)}"
    assert subprocess.run(["bash", "-c", script], stdout=subprocess.DEVNULL).returncode == 0
    (made,) = tmp_path.glob("runs/*/*/run.json")
    assert json.loads(made.read_text())["outcome"] == "passed"
    if out.exists():
        assert json.loads(out.read_text())["outcome"] == "passed"


@pytest.mark.parametrize("ending", ["2>/dev/full", "2>&-", "2>&1 | true"])
@pytest.mark.parametrize(
    ("arguments", "status"), [("run 12", 2), ("run", 2), ("local start --nothing", 2)]
)
def test_an_exit_status_does_not_depend_on_who_reads(
    arguments: str, status: int, ending: str
) -> None:
    script = f"set -o pipefail; {RUNBOOK} {arguments} {ending}"
    assert subprocess.run(["bash", "-c", script], capture_output=True).returncode == status
