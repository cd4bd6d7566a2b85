"""The embedded AWS on a loopback port: opened, described, closed. Its process is for `serving`."""

import secrets
from threading import Thread
from time import monotonic

from runbook_lib.errors import LocalAwsError
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.connections import Server
from runbook_lib.local_aws.http.gateway import Gateway
from runbook_lib.local_aws.keys import Administrators, Key
from runbook_lib.local_aws.server_state import Running
from runbook_lib.local_aws.store.accounts import Accounts


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
        self._server: Server | None = None

    def __enter__(self) -> "LocalAws":
        return self if self._server else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> "LocalAws":
        """Open the port, return self. Raises: LocalAwsError if the port is taken."""
        gateway = Gateway(Accounts(self.clock, self._administrators))
        try:
            self._server = Server(gateway, self._port, self.instance)
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
    def _started(self) -> Server:
        if self._server is None:
            raise LocalAwsError("the embedded AWS is not started: call start() first")
        return self._server
