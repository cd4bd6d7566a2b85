"""Who uses the embedded AWS: runs alone, which may stop it at their end, or somebody else too."""

import os
from pathlib import Path

from runbook_lib.machine import state

RUN_VARIABLE = "RUNBOOK_IN_A_RUN"  # set for a run's own process and its kernels


def only_used_by_runs() -> Path:
    """Return the path of the file that is there as long as nobody but runs uses the server."""
    return state.private_folder("local", "runs") / "started"


def note_use() -> None:
    """Note that somebody has asked where the server is; a run's own processes do not count."""
    if RUN_VARIABLE not in os.environ:
        only_used_by_runs().unlink(missing_ok=True)
