"""Where the running embedded AWS is, and the proof that it is there.

The state file holds it, with the secret that administrators' keys are derived from.
"""

import hmac
import http.client
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from runbook_lib.local_aws.keys import Administrators, Key
from runbook_lib.machine import state

CHALLENGE_HEADER, PROOF_HEADER = "x-local-aws-challenge", "x-local-aws-proof"
CLOCK_HEADER = "x-local-aws-clock"
ANSWER_SECONDS = 10


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


def state_file() -> Path:
    """Return the path of the state file; it need not exist."""
    return state.private_folder("local") / "server.json"


def forget() -> None:
    """Remove what says where the server is, and the keys of users that were in it."""
    state_file().unlink(missing_ok=True)
    for folder in state_file().parent.glob("[0-9]" * 12):
        for name in state.KEPT:
            (folder / name).unlink(missing_ok=True)


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


def answers(found: Running) -> bool:
    """Ask whoever has the port to prove that it is the server, and the process, of the file."""
    connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=ANSWER_SECONDS)
    challenge = secrets.token_hex(16)
    try:
        connection.request("GET", "/", headers={CHALLENGE_HEADER: challenge})
        said = connection.getresponse().getheader(PROOF_HEADER, "")
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    expected = found.administrators.proof(found.instance, found.port, found.pid, challenge)
    return hmac.compare_digest(said.encode(), expected.encode())


def move_clock(found: Running, account_id: str, seconds: float) -> None:
    """Move an account's clock on: codes of MFA devices change there, sessions end.

    Raises: OSError, HTTPException where it does not answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=ANSWER_SECONDS)
    told = f"{account_id} {seconds}"
    proof = found.administrators.proof(CLOCK_HEADER, told)
    try:
        headers = {CLOCK_HEADER: told, PROOF_HEADER: proof}
        connection.request("GET", "/", headers=headers)
        connection.getresponse()
    finally:
        connection.close()
