"""The HTTP server on loopback. What is answered is for `gateway`; processes are for `process`."""

import secrets
import socket
from collections.abc import Sequence
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from runbook_lib.errors import LocalAwsError

from .clock import Clock
from .keys import Administrators, Key
from .process import INSTANCE_HEADER, Running

if TYPE_CHECKING:
    from .world import World

LONGEST_BODY = 1024 * 1024
IDLE_CONNECTION = 60


class LocalAws:
    """The embedded AWS inside this process: STS, IAM and EC2 on a loopback port.

    Starting forgets whatever an earlier one held, so there is one at a time in a process.
    `accounts` are made before the port opens; any other is made when its administrator first
    calls. `seed` makes ids repeat; secrets never do.
    """

    def __init__(
        self,
        accounts: Sequence[str] = (),
        *,
        clock: Clock | None = None,
        seed: int | None = None,
        port: int = 0,
    ) -> None:
        self.clock = clock or Clock()
        self._accounts = tuple(accounts)
        self._administrators = Administrators(secrets.token_bytes(32), seed)
        self.instance = secrets.token_hex(16)
        self._port = port
        self._server: _Server | None = None

    def __enter__(self) -> "LocalAws":
        return self if self._server else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "LocalAws":
        """Open the port, warm, and return self. Raises: LocalAwsError if the port is taken."""
        from .warm_up import warm_world  # moto takes a second: only servers pay for it

        world = warm_world(self.clock, self._administrators, self._accounts)
        try:
            self._server = _Server(world, self._port, self.instance)
        except OSError as error:
            message = f"the embedded AWS cannot listen on port {self._port}: {error.strerror}"
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
        """Return the port. Raises: LocalAwsError before `start`."""
        if self._server is None:
            raise LocalAwsError("the embedded AWS is not started: call start() first")
        return self._server.server_port

    @property
    def endpoint(self) -> str:
        """Return the URL for `endpoint_url` or `AWS_ENDPOINT_URL`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def idle_seconds(self) -> float:
        """Return for how long nobody has called."""
        return monotonic() - self._server.last_request if self._server else 0.0

    def described(self, pid: int, started: str) -> Running:
        """Return what other processes need to know to use this server."""
        return Running(self.endpoint, pid, self.port, started, self.instance, self._administrators)

    def administrator(self, account_id: str, partition: str = "aws") -> Key:
        """Return the key of an account's administrator; the account need not exist yet.

        Raises: ParameterError unless the id is 12 digits and the partition is known.
        """
        return self._administrators.key(account_id, partition)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False
    request_queue_size = 128

    def __init__(self, world: "World", port: int, instance: str) -> None:
        self.world, self.instance = world, instance
        self.last_request = monotonic()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up is no news."""

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._connections):
            super().shutdown_request(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "AmazonEC2", ""
    timeout = IDLE_CONNECTION
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        from .authentication import Http
        from .gateway import answer

        length = self.headers.get("Content-Length", "0")
        if (
            not length.isdecimal()
            or int(length) > LONGEST_BODY
            or "Transfer-Encoding" in self.headers
        ):
            return self.send_error(413)
        body = self.rfile.read(int(length))
        self.server.last_request = monotonic()
        http = Http(self.command, self.path, self.headers, body, self.client_address[0])
        found = answer(http, self.server.world)
        self._send(found.status, found.body, found.request_id)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_POST

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is not HTTP as we speak it, in AWS's shape and never as a server error."""
        from .answers import AwsError, to_xml

        self.close_connection = True
        refusal = AwsError("MalformedInput", "the request cannot be read", min(code, 431))
        self._send(refusal.status, to_xml("sts", refusal, ""), "")

    def _send(self, status: int, body: str, request_id: str) -> None:
        sent = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(sent)))
        self.send_header("x-amzn-RequestId", request_id)
        self.send_header(INSTANCE_HEADER, self.server.instance)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(sent)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.world.clock.now(), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a URL may hold a policy or a token."""
