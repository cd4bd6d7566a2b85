"""The HTTP server on loopback. What is answered is for `gateway`; its process, for `serving`."""

import logging
import os
import re
import secrets
import socket
import sys
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from typing import Any

from runbook_lib.errors import LocalAwsError
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.answers import Answer, refused
from runbook_lib.local_aws.http.gateway import Gateway
from runbook_lib.local_aws.keys import Administrators, Key
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.server_state import CHALLENGE_HEADER, PROOF_HEADER, Running
from runbook_lib.local_aws.store.accounts import Accounts
from runbook_lib.local_aws.store.call import HttpRequest

LONGEST_BODY = 1024 * 1024
log = logging.getLogger(__name__)


class LocalAws:
    """The embedded AWS inside this process: STS, IAM and EC2 on a loopback port.

    Starting forgets whatever an earlier one held, so there is one at a time in a process.
    An account is made when its administrator first calls. `seed` makes ids repeat; secrets
    never do.
    """

    def __init__(
        self, *, clock: Clock | None = None, seed: int | None = None, port: int = 0
    ) -> None:
        """Say what it will hold; `start`, or `with`, opens it."""
        self.clock = clock or Clock()
        self.instance = secrets.token_hex(16)
        self._port = port
        self._administrators = Administrators(secrets.token_bytes(32), seed)
        self._server: _Server | None = None

    def __enter__(self) -> "LocalAws":
        return self if self._server else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "LocalAws":
        """Open the port, return self. Raises: LocalAwsError if the port is taken."""
        gateway = Gateway(Accounts(self.clock, self._administrators))
        try:
            self._server = _Server(gateway, self._port, self.instance)
        except (OSError, OverflowError) as error:
            message = f"the embedded AWS cannot listen on port {self._port}: {error}"
            raise LocalAwsError(f"{message}; choose another port, or 0 for any free one") from None
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def port(self) -> int:
        """Return the port. Raises: LocalAwsError unless started."""
        return self._started.server_port

    @property
    def gateway(self) -> Gateway:
        """Return what answers the requests; its steps may be added to."""
        return self._started.gateway

    @property
    def endpoint(self) -> str:
        """Return the URL for `endpoint_url` or `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def idle_seconds(self) -> float:
        """Return for how long nobody has called."""
        return monotonic() - self._started.last_request

    def described(self, pid: int, created: float, started: str) -> Running:
        """Return what other processes need to know to use this server."""
        return Running(pid, created, self.port, started, self.instance, self._administrators)

    def administrator(self, account_id: str, partition: str = "aws") -> Key:
        """Return the key of an account's administrator; the account need not exist yet.

        Raises: ParameterError unless the id is 12 digits and the partition is known.
        """
        return self._administrators.key(account_id, partition)

    @property
    def _started(self) -> "_Server":
        if self._server is None:
            raise LocalAwsError("the embedded AWS is not started: call start() first")
        return self._server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False  # else a taken port would pass for a free one
    request_queue_size = 128

    def __init__(self, gateway: Gateway, port: int, instance: str) -> None:
        self.gateway, self._instance = gateway, instance
        self.last_request = monotonic()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def proof(self, challenge: str) -> str:
        """Return what shows who asks that this server, at this port, knows the state file."""
        secret = self.gateway.accounts.administrators
        return secret.proof(self._instance, self.server_port, os.getpid(), challenge)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(error := sys.exc_info()[1], OSError):  # clients may hang up
            log.error("%s in a connection", type(error).__name__)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._connections):
            super().shutdown_request(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    timeout = 60  # of a connection on which nothing comes
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        lengths = self.headers.get_all("Content-Length", ["0"])
        digits = lengths[0].lstrip("0")
        if len(lengths) > 1 or not re.fullmatch("[0-9]*", digits):
            self.send_error(400)
            return
        short = len(digits) <= len(str(LONGEST_BODY)) and int(digits or 0) <= LONGEST_BODY
        known = short and "Transfer-Encoding" not in self.headers
        self.close_connection |= not known
        body = self.rfile.read(int(digits or 0)) if known else b""
        if "Authorization" in self.headers:  # else somebody only asks whether this is running
            self.server.last_request = monotonic()
        client = self.client_address[0]
        http = HttpRequest(self.command, self.path, self.headers, body, client, known)
        self._send(self.server.gateway.answer(http))
        if not known:
            self._read_away()

    do_GET = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not HTTP, in AWS's shape and never as a failure of the server."""
        self.close_connection, self.request_version = True, self.protocol_version
        error = AwsError("MalformedInput", "The request is not HTTP.", min(code, 431))
        self._send(refused("sts", error, ""))
        self._read_away()

    def _read_away(self) -> None:
        """Read what still comes: a client whose body is not taken never sees the answer."""
        self.wfile.flush()
        self.connection.settimeout(1)
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            until = monotonic() + 10
            while monotonic() < until and self.connection.recv(65536):
                pass

    def _send(self, answer: Answer) -> None:
        self.date = answer.date
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-amzn-RequestId", answer.request_id)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if challenge := self._challenge():
            self.send_header(PROOF_HEADER, self.server.proof(challenge))
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _challenge(self) -> str:
        headers = getattr(self, "headers", None)  # there are none where the request was not HTTP
        return headers.get(CHALLENGE_HEADER, "") if headers else ""

    def version_string(self) -> str:
        return "embedded-aws"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.date, usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a URL may hold a policy or a token."""
