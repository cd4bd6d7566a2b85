"""Kernels that nobody else on this machine can listen to: sockets in a private folder, not TCP."""

import shutil
import tempfile
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, ClassVar

from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class PrivateKernelManager(AsyncKernelManager):
    """A kernel manager over IPC; parallel starts cannot collide on a port either."""

    was_told_to_stop: ClassVar[bool] = False

    @default("transport")
    def _private_transport(self) -> str:
        return "ipc"

    @default("ip")
    def _private_place(self) -> str:
        return str(Path(tempfile.mkdtemp(prefix="runbook-")) / "kernel")  # 0700, and short

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        """Start the kernel; what its process itself says on stderr is no output of a notebook."""
        PrivateKernelManager.was_told_to_stop = False
        await super()._async_launch_kernel(kernel_cmd, **options, stderr=DEVNULL)

    _launch_kernel = _async_launch_kernel

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        """Stop the kernel; nbclient does so in the middle of a cell on Ctrl-C, and says nothing."""
        PrivateKernelManager.was_told_to_stop = True
        await super()._async_shutdown_kernel(now=now, restart=restart)

    shutdown_kernel = _async_shutdown_kernel

    def cleanup_ipc_files(self) -> None:
        """Remove the sockets with their folder."""
        shutil.rmtree(Path(self.ip).parent, ignore_errors=True)
