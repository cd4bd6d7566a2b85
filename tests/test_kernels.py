"""Forked kernels are kernels like any other, and nothing of them stays behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from runbook_lib.errors import RunbookError
from runbook_lib.headless import sections
from runbook_lib.headless.kernels.lending import Kernels
from runbook_lib.headless.kernels.prepared import PreparedProcess, prepared
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
STARTER = """
import sys
from contextlib import closing
from pathlib import Path
from runbook_lib.headless.kernels.lending import Kernels
from runbook_lib.headless.kernels.prepared import prepared
with prepared() as process, closing(Kernels(process, Path.cwd(), {}, 2)) as kernels:
    if sys.argv[1] == "starting":
        print(process.pid, flush=True)
    with kernels.kernel() as manager:
        print(process.pid, manager.provisioner.pid, kernels._next.result()[0].pid, flush=True)
        input()
"""
Ask = Callable[..., str]


@pytest.fixture(scope="module")
def process() -> Iterator[PreparedProcess]:
    with prepared() as started:
        assert started
        yield started


@pytest.fixture(params=["forked", "ordinary"])
def lent(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kernels]:
    process = request.getfixturevalue("process") if request.param == "forked" else None
    with closing(Kernels(process, tmp_path, {"RUNBOOK_TEST": "told"}, 3)) as lent:
        yield lent


PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def ask(source: str, kernels: Kernels, folder: Path, metadata: dict[str, Any] = PYTHON) -> str:
    """Run a section of cells, with lines of --- between them; return what the last one printed."""
    cells = [nbformat.v4.new_code_cell("x: int = 1", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(one) for one in source.split("\n---\n")]
    place = Path(tempfile.mkdtemp(dir=folder))
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), place / "in.ipynb")
    (place / "out").mkdir()
    try:
        sections.run(place / "in.ipynb", {}, place / "out", kernels, lambda cell: None)
    finally:
        executed = nbformat.read(place / "out" / "in.ipynb", as_version=4)
    return "".join(output.text for output in executed.cells[-1].outputs)


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def assert_gone_soon(*pids: int) -> None:
    deadline = time.monotonic() + 20
    while any(map(lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)  # real processes end in real time
    assert not any(map(lives, pids))


def test_a_kernel_is_where_and_what_it_was_asked_to_be(lent: Kernels, tmp_path: Path) -> None:
    said = ask(
        "import os, resource, signal, subprocess, sys\n"
        "print(os.getcwd(), os.environ['RUNBOOK_TEST'], '' in sys.path, sep='|')\n"
        "print(subprocess.run(['false']).returncode, os.getpgid(0) == os.getpid(), sep='|')\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
        lent,
        tmp_path,
    )
    assert said.splitlines() == [f"{tmp_path}|told|True", "1|True", "True"]


def test_a_forked_kernel_dumps_no_core_and_has_our_input_and_output_nowhere(
    process: PreparedProcess, tmp_path: Path
) -> None:
    with closing(Kernels(process, tmp_path, {}, 1)) as lent:
        said = ask(
            "import os, resource, sys\n"
            "print('pandas' in sys.modules, os.getppid(), resource.getrlimit(resource.RLIMIT_CORE))"
            "\nprint(sys.stdin.read(), os.getsid(0) == os.getppid(), 'pytest' in sys.modules)",
            lent,
            tmp_path,
        )
    assert said == f"True {process.pid} (0, 0)\n True False\n"


@pytest.mark.parametrize("argv", [["/gone", "-c", "pass"], ["python", "-m", "ipykernel"], None])
def test_kernelspecs_do_not_matter(
    argv: list[str] | None, lent: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the notebook's own nor what is installed under that name."""
    spec = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(
        json.dumps({"argv": argv, "display_name": "x", "language": "x"} if argv else "{")
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for metadata in (
        {"kernelspec": {"name": "an-editor", "display_name": "x", "language": "julia"}},
        {"kernelspec": {"name": ".venv (3.12)", "display_name": "x"}},
        {},  # as nbstripout leaves it
    ):
        assert ask("print(1)", lent, tmp_path, metadata) == "1\n"


def test_kernels_know_nothing_of_each_other(lent: Kernels, tmp_path: Path) -> None:
    look = (
        "import os, sys\n"
        "print('mark' in globals(), 'antigravity' in sys.modules, os.environ.get('MARK'), "
        "os.getcwd(), 'the-mark' in str([os.path.realpath(f'/proc/self/fd/{n}') for n in "
        "os.listdir('/proc/self/fd')]), sys.path, sep='|')\n"
    )
    change = "mark = 1; os.environ['MARK'] = '1'; os.chdir('/'); kept = open('the-mark', 'w')\n"
    change += "sys.modules['antigravity'] = os; sys.path.append('/mark'); import json; json.x = 1"
    first, second = ask(look + change, lent, tmp_path), ask(look, lent, tmp_path)
    assert first == second
    assert first.startswith(f"False|False|None|{tmp_path}|False|")


def test_a_kernel_has_a_session_and_a_history_of_its_own(lent: Kernels, tmp_path: Path) -> None:
    look = "'kept'\n---\nprint(len(In), Out, get_ipython().kernel.session.session, sep='|')"
    first, second = (ask(look, lent, tmp_path).split("|") for _ in range(2))
    assert first[:2] == second[:2] == ["4", "{2: 'kept'}"]
    assert first[2] != second[2]


@pytest.mark.parametrize("fork", [True, False])
def test_the_persons_ipython_settings_have_no_say(
    fork: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "ipython_config.py").write_text("raise SystemExit(3)")
    (profile / "startup" / "first.py").write_text("mark = 1")
    (tmp_path / "startup.py").write_text("mark = 1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    with prepared(fork=fork) as process, closing(Kernels(process, tmp_path, {}, 1)) as lent:
        assert ask("print('mark' in globals())", lent, tmp_path) == "False\n"
    assert os.environ["IPYTHONDIR"] == str(tmp_path / "ipython")
    assert list(tmp_path.rglob("*.sqlite*")) == []


def test_two_runs_at_once_do_not_mix(process: PreparedProcess, tmp_path: Path) -> None:
    def run(name: str) -> list[str]:
        (tmp_path / name).mkdir()
        source = "import os, time; time.sleep(0.2); print(os.environ['NAME'], os.getcwd())"
        with closing(Kernels(process, tmp_path / name, {"NAME": name}, 3)) as lent:
            return [ask(source, lent, tmp_path) for _ in range(3)]

    before = Path.cwd()
    with ThreadPoolExecutor(3) as threads:
        said = list(threads.map(run, "abc"))
    assert said == [[f"{name} {tmp_path / name}\n"] * 3 for name in "abc"]
    assert Path.cwd() == before


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "the kernel was killed, perhaps for lack of memory"),
        ("import os; os.kill(os.getpid(), 11)", r"the kernel crashed \(SIGSEGV\)"),
        ("import os; os._exit(3)", r"the kernel ended in the middle of a cell \(exit status 3\)"),
        ("import time; time.sleep(60)", "a cell took longer than 2 seconds and was stopped"),
        ("from runbook_lib.errors import MissingStepError; raise MissingStepError('no')", "no"),
    ],
)
def test_each_end_is_named_as_what_it_is(
    source: str, said: str, lent: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "CELL_SECONDS", 2)
    with pytest.raises(RunbookError, match=said):
        ask(source, lent, tmp_path)
    assert ask("print(1)", lent, tmp_path) == "1\n", "the next one is not harmed"


def test_a_kernel_that_does_not_answer_is_reported_as_that(
    process: PreparedProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sections, "STARTING_SECONDS", 1)
    with closing(Kernels(process, tmp_path, {}, 2)) as lent:
        assert lent._next
        stopped = lent._next.result()[0].pid
        os.kill(stopped, signal.SIGSTOP)
        with pytest.raises(RunbookError, match="did not answer within 1 seconds"):
            ask("print(1)", lent, tmp_path)
        assert_gone_soon(stopped)


def test_a_prepared_process_killed_in_the_middle_of_a_cell_ends_the_run_and_not_the_next(
    tmp_path: Path,
) -> None:
    kill = "import os, time; os.kill(os.getppid(), 9); time.sleep(60)"
    with prepared() as process, closing(Kernels(process, tmp_path, {}, 3)) as lent:
        started = time.monotonic()
        with pytest.raises(RunbookError, match=r"process that starts kernels was killed.* is safe"):
            ask(kill, lent, tmp_path)
        assert time.monotonic() - started < 20
        assert ask("print(1)", lent, tmp_path) == "1\n"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def start(state: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STARTER, state]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, text=True, cwd=REPOSITORY, start_new_session=True, **pipes)


def test_nothing_is_left_when_whoever_started_them_is_killed(place: Path, tmp_path: Path) -> None:
    """The next one removes the folder with the sockets."""
    with start("started") as starter:
        assert starter.stdout
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert len(pids) == 3
        assert all(map(lives, pids))
        starter.kill()
    assert_gone_soon(*pids)
    assert list(place.glob("runbook-*"))
    with prepared():
        (own,) = place.glob("runbook-*")
        assert own.name.startswith(f"runbook-{os.getpid()}-")
        assert own.stat().st_mode & 0o777 == 0o700
    assert not list(place.glob("runbook-*"))


@pytest.mark.parametrize("state", ["starting", "started"])
def test_ctrl_c_leaves_nothing(place: Path, state: str) -> None:
    with start(state) as starter:
        assert starter.stdout
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        os.killpg(starter.pid, signal.SIGINT)
        assert starter.wait(20) == -signal.SIGINT
    assert_gone_soon(*pids)
    assert not list(place.iterdir())


def test_a_long_temporary_folder_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 150)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    for fork in (True, False):
        with prepared(fork=fork) as process, closing(Kernels(process, tmp_path, {}, 1)) as lent:
            assert ask("print(1)", lent, tmp_path) == "1\n"


def test_the_report_of_a_section_that_died_holds_what_it_said_before(
    process: PreparedProcess, tmp_path: Path
) -> None:
    with closing(Kernels(process, tmp_path, {}, 1)) as lent, pytest.raises(RunbookError):
        ask("print('first')\n---\nimport os; os.kill(os.getpid(), 9)", lent, tmp_path)
    (out,) = tmp_path.glob("*/out/in.ipynb")
    assert "first" in json.dumps(json.loads(out.read_text())["cells"][-2]["outputs"])


def test_no_folder_of_sockets_is_left_by_this_module() -> None:
    mine = Path(tempfile.gettempdir()).glob(f"runbook-{os.getpid()}-*")
    assert len(list(mine)) <= 1, "the one of the process that all share"
