"""Who uses the embedded AWS: runs alone, which may stop it at their end, or somebody else too."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from runbook_lib.machine import state

RUN_VARIABLE = "RUNBOOK_IN_A_RUN"  # set for a run's kernels
_IN_A_RUN: ContextVar[bool] = ContextVar("in_a_run", default=False)


def only_used_by_runs() -> Path:
    """Return the path of the file that is there as long as nobody but runs uses the server."""
    return state.private_folder("local", "runs") / "started"


@contextmanager
def in_a_run() -> Iterator[None]:
    """Let what this thread does inside the block count as a run's."""
    token = _IN_A_RUN.set(True)
    try:
        yield
    finally:
        _IN_A_RUN.reset(token)


def note_use() -> None:
    """Note that somebody has asked where the server is; a run and its kernels do not count."""
    if RUN_VARIABLE not in os.environ and not _IN_A_RUN.get():
        only_used_by_runs().unlink(missing_ok=True)
