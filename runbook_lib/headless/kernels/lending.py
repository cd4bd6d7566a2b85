"""Kernels for the notebooks of a run, each a fresh process, and the next one always ready.

They are forked from a prepared process, or ordinary ones where there is none. Their sockets are in
a private folder, not on TCP.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from threading import current_thread, main_thread
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_event_loop, run_sync
from traitlets import Unicode, default

from runbook_lib.errors import RunbookError
from runbook_lib.headless.kernels.forked import LOST, Forked
from runbook_lib.headless.kernels.prepared import (
    AGAIN,
    SETTINGS,
    PreparedProcess,
    private_folder,
)
from runbook_lib.machine import signals

STARTING_SECONDS = 60


class Kernels:
    """The kernels of one run: in this folder, with these environment variables added."""

    def __init__(
        self, process: PreparedProcess | None, cwd: Path, variables: Mapping[str, str], count: int
    ) -> None:
        self._process, self._cwd, self._left = process, cwd, count
        self._variables = {"PYTHONSTARTUP": "", **variables}  # the person's, for prompts
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
        folder = private_folder()
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
        if current_thread() is not main_thread():
            ensure_event_loop().close()  # Jupyter made it for this thread, and leaves it open

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
            Path(file).unlink(missing_ok=True)


def how_it_ended(manager: Any) -> RunbookError:
    """Say what became of a kernel that is dead. Raises: Stopped where it is to be."""
    signals.check()
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

    @default("context")
    def _shared_context(self) -> zmq.asyncio.Context:
        """Share one: ending one's own waits for ever where a signal cut the making of a socket."""
        return zmq.asyncio.Context.instance()

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

    async def _async_is_alive(self) -> bool:
        """Count as dead where somebody told us to stop: no signal interrupts a thread."""
        return not signals.told() and await super()._async_is_alive()

    is_alive = _async_is_alive


class _Specs(KernelSpecManager):
    """Knows this Python's kernel alone, whatever is installed for the person or the machine."""

    ipython_dir = Unicode()

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        own = {"IPYTHONDIR": self.ipython_dir}
        return KernelSpec(argv=command, display_name="Python 3", language="python", env=own)


def _manager(connection_file: Path, **options: str) -> AsyncKernelManager:
    return AsyncKernelManager(
        connection_file=str(connection_file),
        client_class=f"{__name__}._Client",
        kernel_spec_manager=_Specs(ipython_dir=str(connection_file.parent / SETTINGS)),
        **options,
    )


def _end(future: Future[tuple[Forked, str]]) -> None:
    if not future.exception():
        future.result()[0].end()
