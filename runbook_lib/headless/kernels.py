"""Kernels for the notebooks of a run, each a fresh process, and the next one always ready.

On Linux they are forked from one process that has imported what notebooks need; elsewhere they are
ordinary kernels. Their sockets are in a private folder, not on TCP.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import current_process
from multiprocessing.forkserver import ForkServer
from pathlib import Path
from queue import Empty
from threading import Lock
from typing import Any

import psutil
import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import run_sync

from runbook_lib.errors import RunbookError
from runbook_lib.headless.forked import LOST, Forked, Start

STARTING_SECONDS = 60
AGAIN = "running again is safe: it makes only what is missing"
_LONGEST_FOLDER = 60  # the path of a socket may have 107 bytes, and what is made here adds 40


class PreparedProcess:
    """The process that kernels are forked from, started at once; threads may share it."""

    def __init__(self) -> None:
        self.folder = _private_folder()
        self._lock, self._number = Lock(), 0
        self._server = ForkServer()
        self._server.set_forkserver_preload(["runbook_lib.headless.preload"])
        self._ensure_running()

    def fork(self, cwd: Path, variables: Mapping[str, str]) -> tuple[Forked, str]:
        """Start a kernel; return its process and its connection file.

        Raises: RunbookError where the prepared process dies meanwhile.
        """
        with self._lock:
            self._number += 1
            name = str(self.folder / str(self._number))
        key = os.urandom(32).hex().encode()
        file, _ = write_connection_file(f"{name}.json", ip=name, key=key, transport="ipc")
        start = Start(file, str(cwd), {**os.environ, **variables})
        try:
            self._ensure_running()
            return Forked(self._server, start), file
        except (OSError, EOFError):
            raise RunbookError(
                f"the process that starts kernels died, perhaps for lack of memory; {AGAIN}"
            ) from None

    @property
    def pid(self) -> int | None:
        """Return its process id; another one is started where it was killed."""
        return self._server._forkserver_pid  # type: ignore[attr-defined, no-any-return]

    def stop(self) -> None:
        """End it, and remove all that was in its folder."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)  # an exit of its own accord takes half a second
            self._server._stop()  # type: ignore[attr-defined]
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ensure_running(self) -> None:
        options = current_process()._config  # type: ignore[attr-defined]  # where multiprocessing makes its socket
        with self._lock:
            before = os.environ.get("PYTHONSAFEPATH")
            os.environ["PYTHONSAFEPATH"] = "1"  # nothing is imported from the working directory
            options["tempdir"] = str(self.folder)
            try:
                self._server.ensure_running()
            finally:
                del options["tempdir"], os.environ["PYTHONSAFEPATH"]
                os.environ.update({"PYTHONSAFEPATH": before} if before is not None else {})


@contextmanager
def prepared(*, fork: bool = sys.platform == "linux") -> Iterator[PreparedProcess | None]:
    """Keep a prepared process inside the block; None where forking is not safe, as on macOS."""
    if not fork:
        yield None
        return
    process = PreparedProcess()
    try:
        yield process
    finally:
        process.stop()


class Kernels:
    """The kernels of one run: in this folder, with these environment variables added."""

    def __init__(
        self, process: PreparedProcess | None, cwd: Path, variables: Mapping[str, str], count: int
    ) -> None:
        self._process, self._cwd, self._variables, self._left = process, cwd, variables, count
        self._thread = ThreadPoolExecutor(1, "next-kernel")
        self._next: Future[tuple[Forked, str]] | None = None
        self._prepare()

    @contextmanager
    def kernel(self) -> Iterator[AsyncKernelManager]:
        """Lend a kernel that no notebook has used; kill it at the end of the block.

        An ordinary one is not started yet: `start_options` are for whoever does.
        """
        if self._process:
            with self._forked() as manager:
                yield manager
            return
        folder = _private_folder()
        options = {"ip": str(folder / "kernel"), "transport": "ipc"} if zmq.has("ipc") else {}
        manager = _manager(folder / "kernel.json", **options)
        try:
            yield manager
        finally:
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)
            run_sync(manager.cleanup_resources)()
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def start_options(self) -> dict[str, Any]:
        """Return what `start_kernel` takes; what the process itself says is no output."""
        environment = {**os.environ, **self._variables}
        return {"cwd": str(self._cwd), "env": environment, "stderr": subprocess.DEVNULL}

    def close(self) -> None:
        """Kill the kernel that waits, also one that is not forked yet."""
        if self._next:
            self._next.add_done_callback(_end)
        self._thread.shutdown(wait=False)

    def _prepare(self) -> None:
        self._next = None
        if self._process and self._left > 0:
            self._left -= 1
            self._next = self._thread.submit(self._process.fork, self._cwd, self._variables)

    @contextmanager
    def _forked(self) -> Iterator[AsyncKernelManager]:
        assert self._process
        assert self._next, "more kernels than the run said"
        process, file = self._next.result()
        self._prepare()
        if process.poll() is not None:  # it was killed while it waited
            process.end()
            process, file = self._process.fork(self._cwd, self._variables)
        manager = _manager(Path(file))
        manager.load_connection_file()
        known = {"kernel_id": str(process.pid), "kernel_spec": manager.kernel_spec}
        provisioner: Any = LocalProvisioner(parent=manager, **known)
        provisioner.process, provisioner.pid, provisioner.pgid = process, process.pid, process.pid
        manager.provisioner = provisioner
        try:
            yield manager
        finally:
            process.end()
            run_sync(manager.cleanup_resources)()


def how_it_ended(manager: Any) -> RunbookError:
    """Say what became of a kernel that is dead."""
    provisioner: Any = manager.provisioner
    status = run_sync(provisioner.poll)()
    if status == LOST:
        cause = "the process that starts kernels was killed, perhaps for lack of memory"
    elif status == -getattr(signal, "SIGKILL", 9):
        cause = "the kernel was killed, perhaps for lack of memory"
    elif status < 0:
        cause = f"the kernel crashed ({signal.Signals(-status).name})"
    else:
        cause = f"the kernel ended in the middle of a cell (exit status {status})"
    return RunbookError(f"{cause}; {AGAIN}")


class _Client(AsyncKernelClient):
    """A client that waits for the kernel's two answers and for nothing after them."""

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or STARTING_SECONDS)
        while time.monotonic() < deadline:
            self.kernel_info()
            with suppress(Empty):
                await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=1)
                return
            if not await self._async_is_alive():
                raise how_it_ended(self.parent)
        raise RunbookError(f"the kernel did not answer within {timeout:.0f} seconds; {AGAIN}")

    wait_for_ready = _async_wait_for_ready


def _manager(connection_file: Path, **options: str) -> AsyncKernelManager:
    client = f"{__name__}._Client"
    return AsyncKernelManager(connection_file=str(connection_file), client_class=client, **options)


def _end(future: Future[tuple[Forked, str]]) -> None:
    if not future.exception():
        future.result()[0].end()


def _private_folder() -> Path:
    """Make a folder, 0700, and remove those that killed runbooks have left."""
    place = Path(tempfile.gettempdir())
    if os.name == "posix" and len(os.fsencode(place)) > _LONGEST_FOLDER:
        place = Path("/tmp")
    for folder in place.glob("runbook-*-*"):
        whose = folder.name.split("-")[1]
        if whose.isdigit() and not psutil.pid_exists(int(whose)):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"runbook-{os.getpid()}-", dir=place))
