"""Forked kernels are kernels like any other, and nothing of them stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from runbook_lib.errors import RunbookError
from runbook_lib.headless import kernels, sections
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
STARTER = """
import asyncio, os
from runbook_lib.headless.kernels import PrivateKernelManager, preloaded
async def start():
    kernel = PrivateKernelManager()
    await kernel.start_kernel(cwd=os.getcwd())
    print(PrivateKernelManager.nursery.pid, kernel.provisioner.pid, flush=True)
    await asyncio.sleep(600)
with preloaded():
    asyncio.run(start())
"""


def ask(source: str, folder: Path) -> Any:
    """Run a cell in a forked kernel and return what it printed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(
        notebook,
        resources={"metadata": {"path": str(folder)}},
        kernel_manager_class=kernels.PrivateKernelManager,
    ).execute()
    return "".join(output.text for output in notebook.cells[0].outputs)


@pytest.fixture
def nursery() -> Iterator[subprocess.Popen[str]]:
    with kernels.preloaded():
        assert kernels.PrivateKernelManager.nursery
        yield kernels.PrivateKernelManager.nursery


def lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(") ")[2][0] != "Z"  # an orphan that nobody has looked after yet


def assert_gone_soon(*pids: int) -> None:
    deadline = time.monotonic() + 20
    while any(map(lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)  # real processes end in real time
    assert not any(map(lives, pids))


def test_a_kernel_is_where_and_what_it_was_asked_to_be(
    nursery: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_TEST", "set after the nursery was started")
    said = ask(
        "import os, subprocess, sys\n"
        "print(os.getcwd(), os.environ['RUNBOOK_TEST'], 'pandas' in sys.modules, sep='|')\n"
        "print(subprocess.run(['false']).returncode, sys.stdin.read(), os.getppid(), sep='|')",
        tmp_path,
    )
    place, status = said.splitlines()
    assert place == f"{tmp_path}|set after the nursery was started|True"
    assert status == f"1||{nursery.pid}"


def test_kernels_know_nothing_of_each_other(nursery: subprocess.Popen[str], tmp_path: Path) -> None:
    first, second = (
        ask("import os; print(os.getpid(), 'mark' in globals()); mark = 1", tmp_path).split()
        for _ in range(2)
    )
    assert first[0] != second[0]
    assert first[1] == second[1] == "False"
    assert_gone_soon(int(first[0]), int(second[0]))


def test_nothing_is_left_when_whoever_started_them_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as starter:
        assert starter.stdout
        pids = [int(pid) for pid in starter.stdout.readline().split()]
        assert all(map(lives, pids))
        starter.kill()
    assert_gone_soon(*pids)


def test_a_kernel_that_dies_is_one_message(tmp_path: Path) -> None:
    """Of the section, also where the nursery itself was killed."""
    cells = [nbformat.v4.new_code_cell("x: int = 1", metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell("import os; os.kill(os.getpid(), 9)")]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = tmp_path / "01_dies.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    (tmp_path / "out").mkdir()
    with kernels.preloaded():
        with pytest.raises(RunbookError, match="the kernel died"):
            sections.run(path, {}, tmp_path / "out", lambda cell: None)
        assert kernels.PrivateKernelManager.nursery
        os.kill(kernels.PrivateKernelManager.nursery.pid, signal.SIGKILL)
        kernels.PrivateKernelManager.nursery.wait()
        with pytest.raises(RunbookError, match=r"process that starts kernels died.* again is safe"):
            sections.run(path, {}, tmp_path / "out", lambda cell: None)
