"""The embedded AWS for as long as runs need it: the first starts it, the last one stops it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from runbook_lib import local_aws
from runbook_lib.machine import state


@contextmanager
def for_a_run() -> Iterator[None]:
    """Keep the embedded AWS running inside the block; one started otherwise stays afterwards."""
    guests = state.private_folder("local", "runs")
    mine = guests / str(os.getpid())
    with state.exclusive(guests, "the embedded AWS", patience=60):
        if local_aws.running() is None:
            for name in guests.glob("[0-9]*"):
                name.unlink()
            local_aws.start(idle_seconds=1800)  # a run that is killed cannot stop it
            (guests / "started").touch()
        mine.touch()
    try:
        yield
    finally:
        with state.exclusive(guests, "the embedded AWS", patience=60):
            mine.unlink(missing_ok=True)
            if (guests / "started").exists() and not any(
                psutil.pid_exists(int(guest.name)) for guest in guests.glob("[0-9]*")
            ):
                (guests / "started").unlink()
                local_aws.stop()
