"""Kernels that start at once and that nobody else on this machine can listen to.

Each is a fork of one process that has imported what notebooks need (`nursery`); its sockets are in
a private folder, not on TCP.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any, ClassVar
from uuid import uuid4

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import default

from runbook_lib.errors import RunbookError


@contextmanager
def preloaded() -> Iterator[None]:
    """Fork the kernels of this block from one process that is ready; only where that is safe."""
    if sys.platform != "linux":  # macOS's own libraries do not survive it
        yield
        return
    command = [sys.executable, "-P", "-m", "runbook_lib.headless.nursery"]
    with subprocess.Popen(  # a session of its own: Ctrl-C at a terminal is the runbook's to answer
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as nursery:
        PrivateKernelManager.nursery = nursery
        try:
            yield
        finally:
            PrivateKernelManager.nursery = None
            nursery.kill()  # it may still be importing; kernels end with it
            with suppress(BrokenPipeError):
                nursery.communicate()


class PrivateKernelManager(AsyncKernelManager):
    """A kernel manager over IPC; parallel starts cannot collide on a port either."""

    nursery: ClassVar[subprocess.Popen[str] | None] = None
    was_told_to_stop: ClassVar[bool] = False

    @default("transport")
    def _private_transport(self) -> str:
        return "ipc"

    @default("ip")
    def _private_place(self) -> str:
        return str(Path(tempfile.mkdtemp(prefix="runbook-")) / "kernel")  # 0700, and short

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        PrivateKernelManager.was_told_to_stop = False
        if self.nursery and not self.provisioner:
            kernel = {"kernel_id": str(uuid4()), "kernel_spec": self.kernel_spec}
            self.provisioner = _Forked(parent=self, **kernel)
        return await super()._async_pre_start_kernel(stderr=subprocess.DEVNULL, **options)

    pre_start_kernel = _async_pre_start_kernel

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Stop the kernel; nbclient does so in the middle of a cell on Ctrl-C, and says nothing."""
        PrivateKernelManager.was_told_to_stop = True
        await super()._async_shutdown_kernel(now=now, restart=restart)

    shutdown_kernel = _async_shutdown_kernel

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets with their folder."""
        shutil.rmtree(Path(self.ip).parent, ignore_errors=True)


class _Forked(LocalProvisioner):
    """Asks the nursery for a kernel where others start a program."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        asked = {
            "arguments": cmd[cmd.index("ipykernel_launcher") + 1 :],
            "folder": str(options.get("cwd") or Path.cwd()),
            "variables": dict(options["env"]),
        }
        try:
            process = _Process(int(self._ask_nursery(json.dumps(asked))))
        except (OSError, ValueError):
            raise RunbookError(
                "the process that starts kernels died, perhaps for lack of memory; running again "
                "is safe: it makes only what is missing"
            ) from None
        self.process, self.pid, self.pgid = process, process.pid, process.pid  # type: ignore[assignment]
        return self.connection_info

    def _ask_nursery(self, line: str) -> str:
        nursery = PrivateKernelManager.nursery
        assert nursery is not None
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(line + "\n")
        nursery.stdin.flush()
        return nursery.stdout.readline()


class _Process:
    """A process that is not this one's child, as far as `subprocess.Popen` would show it."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return 0

    def send_signal(self, signum: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signum)

    def terminate(self) -> None:
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        self.send_signal(SIGKILL)
