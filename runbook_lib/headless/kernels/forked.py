"""A kernel that is forked from a prepared process: what it is told, and what is heard of it."""

import os
import pickle
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import wait
from threading import Thread

LOST = -256  # how it ended is not known: the process that it was forked from was killed


@dataclass(frozen=True)
class Start:
    """What a kernel is told: where its sockets are, its working directory and environment."""

    connection_file: str
    cwd: str
    variables: dict[str, str]

    def _bootstrap(self, parent_sentinel: int) -> int:
        """Become the kernel. The forkserver calls this by name.

        A `multiprocessing.Process` would be run here as well, but the script of whoever asks for a
        kernel would be imported first.
        """
        from runbook_lib.headless.kernels import application

        os.setpgid(0, 0)  # a signal for the kernel reaches what it started, too, and nobody else
        Thread(target=_end_with, args=(parent_sentinel,), daemon=True).start()
        os.dup2(0, 2)  # what the process itself says is no output of a notebook
        os.chdir(self.cwd)
        os.environ.clear()
        os.environ.update(self.variables)
        application.start(self.connection_file)
        os._exit(0)


def _end_with(parent_sentinel: int) -> None:
    """Kill this process and all that it started when whoever asked for it is gone."""
    wait([parent_sentinel])
    os.killpg(0, signal.SIGKILL)


class Forked:
    """A kernel's process, with what a provisioner uses of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, server: forkserver.ForkServer, start: Start) -> None:
        """Fork. Raises: OSError or EOFError where the prepared process dies meanwhile."""
        self._ended, told = server.connect_to_new_process([])
        self._ours = os.dup(told)  # as long as this is open, the kernel knows that we live
        self.returncode: int | None = None
        try:
            with open(told, "wb") as pipe:
                pipe.write(pickle.dumps({}) + pickle.dumps(start))
            self.pid: int = forkserver.read_signed(self._ended)
        except BaseException:
            self._close()
            raise

    def poll(self) -> int | None:
        """Return its exit status, a signal's number below zero, or None while it lives."""
        return self._wait(0)

    def wait(self) -> int | None:
        """Wait until it has ended."""
        return self._wait(None)

    def _wait(self, seconds: float | None) -> int | None:
        if self.returncode is None and wait([self._ended], seconds):
            try:
                self.returncode = forkserver.read_signed(self._ended)
            except EOFError:
                self.returncode = LOST
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it started."""
        with suppress(ProcessLookupError):
            try:
                os.killpg(self.pid, signum)
            except ProcessLookupError:  # a moment after the fork it leads no group yet
                os.kill(self.pid, signum)

    def end(self) -> None:
        """Kill it with all that it started, and wait until it is gone."""
        self.send_signal(signal.SIGKILL)
        self._wait(5)
        self._close()

    def _close(self) -> None:
        os.close(self._ended)
        os.close(self._ours)
