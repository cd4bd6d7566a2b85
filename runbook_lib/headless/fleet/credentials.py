"""Credentials for each account of a fleet, as the SDK's profiles: those that there are, or a role.

Secrets stay in this process: a profile of a role asks for them over a socket that only this user
can reach. So they are in no file, no environment and no argument, and the role is assumed once for
all kernels of an account.
"""

import json
import shlex
import socket
import socketserver
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from threading import Thread
from typing import Any, Protocol

from runbook_lib.account import opening, parameters
from runbook_lib.account.hub.config_file import with_profiles
from runbook_lib.account.hub.roles import Roles, check
from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless.fleet import credential_process
from runbook_lib.headless.kernels.prepared import private_folder

_PLACE = "{account_id}"


class Row(Protocol):
    """What is read of a fleet's row."""

    @property
    def account_id(self) -> str:
        """12 digits."""

    @property
    def profile(self) -> str:
        """One of the person's AWS config file, or nothing."""


@contextmanager
def for_accounts(
    rows: Collection[Row],
    *,
    role: str = "",
    external_id: str = "",
    profile_pattern: str = "",
    profile: str = "",
    region: str = str(parameters.DEFAULTS["region"]),
    run_id: str = "",
) -> Iterator[Mapping[str, str]]:
    """Give the profile of each account, for as long as the block runs; backend aws only.

    As `named`, and the role is assumed by `profile` (the hub's; "" is the SDK's own choice).
    AWS_CONFIG_FILE is another meanwhile, in this process and the kernels that it starts; several
    threads may be in such a block, for different accounts. That a profile is the right account's
    is for `opening.open_account` to find out. Needs sts:AssumeRole.
    Raises: ParameterError before anything is sent; RunbookError where the hub has no credentials.
    """
    found = named(rows, role=role, external_id=external_id, profile_pattern=profile_pattern)
    entered = [account_id for account_id, name in found.items() if role and not name]
    if not entered:
        yield found
        return
    if not hasattr(socket, "AF_UNIX"):
        raise RunbookError(
            "--role needs Unix sockets, which this system lacks: give each account a profile of "
            "your AWS config file (--profile-pattern, or a column profile)"
        )
    hub = opening.open_hub(region, profile)
    roles = Roles(hub, role, external_id=external_id, run_id=run_id or opening.new_run_id())
    made = {account_id: f"{role.strip('/')}@{account_id}" for account_id in entered}
    folder = private_folder()
    commands = {name: _command(folder / "hub", account_id) for account_id, name in made.items()}
    try:
        with _answering(folder / "hub", roles, made), with_profiles(hub.session, commands):
            yield found | made
    finally:
        rmtree(folder, ignore_errors=True)


def named(
    rows: Collection[Row], *, role: str = "", external_id: str = "", profile_pattern: str = ""
) -> dict[str, str]:
    """Return the profile of each account: its row's own, or by the pattern; "" is the role.

    Raises: ParameterError.
    """
    _check(rows, role, external_id, profile_pattern)
    return {row.account_id: row.profile or _filled(profile_pattern, row) for row in rows}


def _filled(pattern: str, row: Row) -> str:
    return pattern.replace(_PLACE, row.account_id)


def _check(rows: Collection[Row], role: str, external_id: str, pattern: str) -> None:
    check(role, external_id)
    if role and pattern:
        raise ParameterError(
            "--role and --profile-pattern are two ways into an account: choose one; nothing was "
            "sent"
        )
    if pattern and _PLACE not in pattern:
        raise ParameterError(
            f"--profile-pattern {pattern!r} is one profile, and one profile is one account's; "
            f"nothing was sent: write {_PLACE} where the account's id stands, such as "
            f"'{_PLACE}-admin'"
        )
    for row in rows:
        parameters.check({"profile": row.profile or _filled(pattern, row)})
    without = [row.account_id for row in rows if not (row.profile or role or pattern)]
    if len(rows) > 1 and without:
        raise ParameterError(
            f"no credentials are named for {', '.join(without[:5])}"
            f"{f' and {len(without) - 5} more' if without[5:] else ''}; nothing was sent: add "
            f"--role NAME, --profile-pattern '{_PLACE}-NAME', or a column profile"
        )


def _command(path: Path, account_id: str) -> str:
    """Return the command line by which the SDK asks at this path."""
    script = credential_process.__file__
    return shlex.join([sys.executable, "-I", "-S", script, str(path), account_id])


@contextmanager
def _answering(path: Path, roles: Roles, accounts: Collection[str]) -> Iterator[None]:
    """Answer `credential_process` at this path: an account's id, and what it is to print."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            account_id = self.rfile.readline(100).decode("ascii", "replace").strip()
            self.wfile.write(_answer(roles, account_id, accounts).encode())

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads, request_queue_size = True, 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing: a kernel that is killed in the middle hangs up."""

    with Server(str(path), Handler) as server:
        Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def _answer(roles: Roles, account_id: str, accounts: Collection[str]) -> str:
    if account_id not in accounts:
        return f"{credential_process.REFUSED}\naccount {account_id}: not one of this fleet's"
    try:
        found = roles.credentials(account_id)
    except RunbookError as error:
        return f"{credential_process.REFUSED}\n{error}"
    shown = {**found, "Version": 1, "Expiration": found["Expiration"].isoformat()}
    return f"{credential_process.GIVEN}\n{json.dumps(shown)}"
