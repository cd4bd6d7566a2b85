"""The embedded AWS as a process of its own: find it, start it, stop it. Nothing here loads moto.

The state file holds where the server is and the secret that administrators' keys are derived
from; the process itself writes it, once it is ready, and stops when the file is gone.
"""

import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import runbook_lib
from runbook_lib.errors import LocalAwsError
from runbook_lib.local_aws.server_state import (
    ANSWER_SECONDS,
    Running,
    answers,
    forget,
    read_state,
    state_file,
)
from runbook_lib.local_aws.usage import note_use
from runbook_lib.machine import software, state

PATIENCE, END_SECONDS = 60.0, 10.0
_STOP = software.program("runbook", "local", "stop")


def running() -> Running | None:
    """Return the running server, or None; a state file that a dead one left counts as none.

    Raises: LocalAwsError where it lives and does not answer, so that no second one is started.
    """
    found = read_state()
    try:
        return found if found and answers(found) else None
    except TimeoutError:
        raise LocalAwsError(
            f"the embedded AWS (pid {found.pid if found else ''}) lives and does not answer within "
            f"{ANSWER_SECONDS} seconds: it is stopped or overloaded. Wait, or end it with "
            f"{_STOP}; what was made in it is then gone"
        ) from None


def ensure_running(*, idle_seconds: int | None = 1800) -> Running:
    """Return the running server; start one that outlives this process if there is none.

    Raises: LocalAwsError if it cannot be started.
    """
    note_use()
    with _exclusive():
        return running() or _launch(idle_seconds=idle_seconds)


def start(
    *,
    port: int = 0,
    idle_seconds: int | None = None,
    seed: int | None = None,
    fixed_time: datetime | None = None,
) -> Running:
    """Start the server in a process of its own and wait until it is ready.

    Raises: LocalAwsError if one runs already, the port is taken, or it does not come up.
    """
    note_use()
    with _exclusive():
        if found := running():
            raise LocalAwsError(
                f"an embedded AWS runs already, at {found.endpoint} (pid {found.pid}); "
                f"use it, or stop it first: {_STOP}"
            )
        fixed = fixed_time.isoformat() if fixed_time else None
        return _launch(port=port, idle_seconds=idle_seconds, seed=seed, fixed_time=fixed)


def stop() -> bool:
    """Stop the server and wait until it is gone. Return whether there was one.

    Raises: LocalAwsError if it does not stop.
    """
    with _exclusive():
        try:
            found = running()
        except LocalAwsError:  # it lives and does not answer
            found = read_state()
        if found and not _end(found):
            raise LocalAwsError(f"the embedded AWS does not stop; end it: kill -9 {found.pid}")
        forget()
        return found is not None


def _end(found: Running) -> bool:
    """End the server's process; return whether it ended."""
    import psutil  # here, because only who stops a server needs it

    process = _process_of(found)
    for end in ("terminate", "kill"):  # one that was halted does not hear the first
        try:
            if process:
                getattr(process, end)()
                process.wait(END_SECONDS)
            return True
        except psutil.NoSuchProcess:
            return True
        except psutil.TimeoutExpired:
            continue
    return False


def _process_of(found: Running) -> Any:
    """Return the server's process, None where it is gone, or something else has its pid by now."""
    import psutil

    try:
        process = psutil.Process(found.pid)
        same = abs(process.create_time() - found.created) < 1
        return process if same and __package__ in process.cmdline() else None
    except psutil.Error:
        return None


def _launch(**options: str | int | None) -> Running:
    forget()
    log = state_file().with_name("server.log")
    child = _spawn(log, options)
    deadline = time.monotonic() + PATIENCE
    while child.poll() is None and time.monotonic() < deadline:
        if found := read_state():
            # Whoever started it need not wait for it; this thread does, so that no zombie stays.
            Thread(target=child.wait, daemon=True).start()
            return found
        time.sleep(0.02)
    child.kill()
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
    head = "the embedded AWS did not start; its log ends with:"
    raise LocalAwsError("\n".join([head, *lines, f"(log: {log})"]))


def _spawn(log: Path, options: dict[str, str | int | None]) -> "subprocess.Popen[bytes]":
    given = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if value is not None
    ]
    with open(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "runbook_lib.local_aws", *given],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(),
            start_new_session=True,
        )


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOTO_"))}
    path = [str(Path(runbook_lib.__file__).parent.parent), kept.get("PYTHONPATH", "")]
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "RUNBOOK_HOME": str(state.home().absolute()),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _exclusive() -> AbstractContextManager[None]:
    folder = state.private_folder("local")
    return state.exclusive(folder, "the embedded AWS", patience=2 * PATIENCE)
