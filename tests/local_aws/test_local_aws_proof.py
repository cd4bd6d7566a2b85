"""A state file is believed only where the server proves itself, and no stranger is signalled."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest

from runbook_lib import local_aws
from runbook_lib.local_aws.server_state import CHALLENGE_HEADER, PROOF_HEADER, read_state


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state file; whatever runs beside it is stopped."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    yield tmp_path / "local" / "server.json"
    local_aws.stop()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Somebody else's process."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


class _Impostor(BaseHTTPRequestHandler):
    """Says whatever it has heard of the server that once had this port."""

    said: dict[str, str]

    def do_GET(self) -> None:
        self.send_response(403)
        for name, value in self.said.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def impostor() -> Iterator[tuple[type[_Impostor], int]]:
    handler = type("Handler", (_Impostor,), {"said": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield handler, server.server_port
        server.shutdown()


def headers_of(port: int, challenge: str = "") -> dict[str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={CHALLENGE_HEADER: challenge} if challenge else {})
    found = dict(connection.getresponse().getheaders())
    connection.close()
    return found


def change(file: Path, **fields: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_that_a_port_somebody_else_has_by_now_is_not_believed(
    file: Path, impostor: tuple[type[_Impostor], int]
) -> None:
    """Whatever it has seen of the server, which it asked itself while that was running."""
    handler, port = impostor
    found = local_aws.start()
    state = json.loads(file.read_text())
    handler.said = headers_of(found.port, "1234") | {"x-local-aws-instance": found.instance}
    change(file, port=port)
    assert local_aws.running() is None
    handler.said[PROOF_HEADER] = ""
    assert local_aws.running() is None
    file.write_text(json.dumps(state))
    assert local_aws.running() == found


def test_that_a_server_whose_answers_are_passed_on_is_not_believed(
    file: Path, impostor: tuple[type[_Impostor], int]
) -> None:
    handler, port = impostor
    found = local_aws.start()

    def passing_on(self: _Impostor) -> None:
        self.said = headers_of(found.port, self.headers[CHALLENGE_HEADER])
        _Impostor.do_GET(self)

    handler.do_GET = passing_on  # type: ignore[method-assign]
    state = file.read_text()
    change(file, port=port)
    assert local_aws.running() is None
    file.write_text(state)


def test_that_a_server_says_nothing_of_itself_unasked() -> None:
    found = local_aws.start()
    said = headers_of(found.port)
    assert PROOF_HEADER not in said
    assert found.instance not in str(said)
    proofs = {headers_of(found.port, challenge)[PROOF_HEADER] for challenge in ("1", "2", "1")}
    assert len(proofs) == 2


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_that_a_state_file_that_others_can_write_is_not_believed(file: Path, mode: int) -> None:
    local_aws.start()
    file.chmod(mode)
    assert read_state() is None
    file.chmod(0o600)
    assert local_aws.running() is not None


def test_that_a_state_file_cannot_send_calls_elsewhere(file: Path) -> None:
    found = local_aws.start()
    change(file, endpoint="http://192.0.2.1")
    assert read_state() is None
    assert found.endpoint == f"http://127.0.0.1:{found.port}"


def test_that_stopping_signals_no_stranger(file: Path, stranger: subprocess.Popen[bytes]) -> None:
    """The server answers, but the pid in the file is another process's."""
    found = local_aws.start()
    server = psutil.Process(found.pid)
    change(file, pid=stranger.pid)
    assert not local_aws.stop()
    assert stranger.poll() is None
    server.wait(10)  # it ends by itself, since its state file is gone
    assert not file.exists()


def test_that_a_process_made_at_another_time_is_not_ended(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one of that number in another container, where the folder is shared."""
    found = local_aws.start()
    change(file, created=found.created - 10)
    server = psutil.Process(found.pid)
    monkeypatch.setattr(psutil.Process, "terminate", lambda self: pytest.fail("a signal"))
    assert local_aws.stop()
    server.wait(10)  # by itself


def test_that_stopping_a_dead_server_signals_nobody(
    file: Path, stranger: subprocess.Popen[bytes]
) -> None:
    found = local_aws.start()
    process = psutil.Process(found.pid)
    process.kill()
    process.wait(10)
    change(file, pid=stranger.pid, created=psutil.Process(stranger.pid).create_time())
    assert not local_aws.stop()
    assert stranger.poll() is None
    assert not file.exists()
