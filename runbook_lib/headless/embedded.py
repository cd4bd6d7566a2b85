"""The embedded AWS for as long as runs need it: the first starts it, the last one stops it.

It stays where it was started otherwise, or where anybody else has used it meanwhile.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from runbook_lib import local_aws
from runbook_lib.machine import state


@contextmanager
def for_a_run() -> Iterator[None]:
    """Keep the embedded AWS running inside the block."""
    guests = state.private_folder("local", "runs")
    mine = guests / f"{os.getpid()}-{secrets.token_hex(4)}"  # a process may run several at once
    started = local_aws.only_used_by_runs()
    with state.exclusive(guests, "the embedded AWS", patience=60):
        if local_aws.running() is None:
            for name in guests.glob("[0-9]*"):
                name.unlink()
            local_aws.start(idle_seconds=1800)  # a run that is killed cannot stop it
            started.touch()
        mine.touch()
    try:
        with local_aws.in_a_run():
            yield
    finally:
        with state.exclusive(guests, "the embedded AWS", patience=60):
            mine.unlink(missing_ok=True)
            others = any(map(_lives, guests.glob("[0-9]*")))
            if started.exists() and not others:
                started.unlink()
                local_aws.stop()


def _lives(guest: Path) -> bool:
    return bool(psutil.pid_exists(int(guest.name.partition("-")[0])))
