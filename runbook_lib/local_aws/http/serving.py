"""What the server process does: start, say where it is, serve, and stop when nobody needs it."""

import argparse
import gc
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from threading import Event

import psutil

from runbook_lib.errors import LocalAwsError
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.server_state import Running, forget, read_state, write_state
from runbook_lib.machine.dumps import forbid_core_dumps


def main() -> int:
    """Serve until told to stop, idle for too long, or no longer the one in the state file."""
    options = _options()
    forbid_core_dumps()
    stopping = Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _number, _frame: stopping.set())
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    server = LocalAws(clock=Clock(options.fixed_time), seed=options.seed, port=options.port)
    try:
        server.start()
    except LocalAwsError as error:
        print(error, file=sys.stderr)
        return 1
    gc.freeze()
    gc.enable()
    with server:
        write_state(_described(server))
        _serve(server, options.idle_seconds, stopping)
    return 0


def _described(server: LocalAws) -> Running:
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return server.described(os.getpid(), psutil.Process().create_time(), started)


def _serve(server: LocalAws, idle_seconds: float | None, stopping: Event) -> None:
    while not stopping.wait(min(1.0, (idle_seconds or 4) / 4)):
        if not _is_current(server):
            return
        if idle_seconds and server.idle_seconds > idle_seconds:
            break
    if _is_current(server):
        forget()


def _is_current(server: LocalAws) -> bool:
    found = read_state()
    return found is not None and found.instance == server.instance


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m runbook_lib.local_aws")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--idle-seconds", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--fixed-time", type=datetime.fromisoformat)
    return parser.parse_args()
