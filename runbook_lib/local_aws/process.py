"""The embedded AWS as a process of its own: find it, start it, stop it. Nothing here loads moto.

The state file holds where the server is and the secret that administrators' keys are derived
from; the process itself writes it, once it is ready, and stops when the file is gone.
"""

import hmac
import http.client
import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread

import runbook_lib
from runbook_lib.errors import LocalAwsError
from runbook_lib.local_aws.keys import Administrators, Key
from runbook_lib.local_aws.usage import note_use
from runbook_lib.machine import state

CHALLENGE_HEADER, PROOF_HEADER = "x-local-aws-challenge", "x-local-aws-proof"
PATIENCE = 60.0


@dataclass(frozen=True)
class Running:
    """An embedded AWS that runs in a process of its own. Its repr shows no secret."""

    pid: int
    created: float  # when the process was, as the system says: pids are used again
    port: int
    started: str
    instance: str = field(repr=False)
    administrators: Administrators = field(repr=False)

    @property
    def endpoint(self) -> str:
        """Return the URL for `endpoint_url` or `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    def administrator(self, account_id: str, partition: str = "aws") -> Key:
        """Return the key of an account's administrator; the account need not exist yet.

        Raises: ParameterError unless the id is 12 digits and the partition is known.
        """
        return self.administrators.key(account_id, partition)


def running() -> Running | None:
    """Return the running server, or None; a state file that a dead one left counts as none."""
    found = read_state()
    return found if found and _answers(found) else None


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
                "use it, or stop it first: runbook local stop"
            )
        fixed = fixed_time.isoformat() if fixed_time else None
        return _launch(port=port, idle_seconds=idle_seconds, seed=seed, fixed_time=fixed)


def stop() -> bool:
    """Stop the server and wait until it is gone. Return whether there was one.

    Raises: LocalAwsError if it does not stop.
    """
    with _exclusive():
        found = running()
        if found and not _end(found):
            raise LocalAwsError(
                f"the embedded AWS does not stop; end it: kill -9 {found.pid}",
            )
        state_file().unlink(missing_ok=True)
        return found is not None


def _end(found: Running) -> bool:
    """End the server's process, and no other that has its pid by now; return whether it ended."""
    import psutil  # here, because only who stops a server needs it

    try:
        process = psutil.Process(found.pid)
        if abs(process.create_time() - found.created) < 1:
            process.terminate()
            process.wait(PATIENCE)
    except psutil.NoSuchProcess:
        pass
    except psutil.TimeoutExpired:
        return False
    return True


def state_file() -> Path:
    """Return the path of the state file; it need not exist."""
    return state.private_folder("local") / "server.json"


def read_state() -> Running | None:
    """Return what the state file says, None where it is absent, unreadable or not this user's."""
    try:
        with state_file().open(encoding="utf-8") as file:
            fields = json.load(file) if state.is_private(file.fileno()) else {}
        administrators = Administrators(bytes.fromhex(fields.pop("secret")), fields.pop("seed"))
        return Running(**fields, administrators=administrators)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_state(found: Running) -> None:
    """Tell every process of this user where the server is."""
    fields = {name: value for name, value in vars(found).items() if name != "administrators"}
    secret = {"secret": found.administrators.secret.hex(), "seed": found.administrators.seed}
    state.write_private(state_file(), json.dumps(fields | secret, indent=1))


def _launch(**options: str | int | None) -> Running:
    state_file().unlink(missing_ok=True)
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


def _answers(found: Running) -> bool:
    """Ask whoever has the port to prove that it is the server, and the process, of the file."""
    connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=10)
    challenge = secrets.token_hex(16)
    try:
        connection.request("GET", "/", headers={CHALLENGE_HEADER: challenge})
        said = connection.getresponse().getheader(PROOF_HEADER, "")
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    expected = found.administrators.proof(found.instance, found.port, found.pid, challenge)
    return hmac.compare_digest(said.encode(), expected.encode())


def _exclusive() -> AbstractContextManager[None]:
    folder = state.private_folder("local")
    return state.exclusive(folder, "the embedded AWS", patience=2 * PATIENCE)
