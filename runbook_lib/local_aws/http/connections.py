"""The HTTP server and its connections. What is answered is for `gateway`."""

import logging
import os
import re
import socket
import sys
from contextlib import suppress
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

from runbook_lib.local_aws.http.answers import Answer, refused
from runbook_lib.local_aws.http.gateway import Gateway
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.server_state import CHALLENGE_HEADER, PROOF_HEADER
from runbook_lib.local_aws.store.call import HttpRequest

LONGEST_BODY = 1024 * 1024
log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Takes connections on the loopback port; a gateway answers what comes on them."""

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
    server: Server

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
