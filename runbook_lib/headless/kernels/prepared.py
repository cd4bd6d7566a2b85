"""The process that kernels are forked from: it has imported what notebooks need.

Quick to import, so that it is started before all that takes its time.
"""

import os
import re
import shutil
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import current_process
from multiprocessing.forkserver import ForkServer
from pathlib import Path
from threading import Lock

import psutil

from runbook_lib.errors import RunbookError
from runbook_lib.headless.kernels.forked import Forked, Start

SETTINGS = "ipython"  # IPython's own: the person's have no say in what a run shows
AGAIN = "running again is safe: it makes only what is missing"
_NAME = re.compile(r"runbook-([0-9]+)-(config-)?[a-z0-9_]{8}")  # as `tempfile` completes it
_LONGEST_FOLDER = 60  # the path of a socket may have 107 bytes, and what is made here adds 40


class PreparedProcess:
    """The process that kernels are forked from, started at once; threads may share it."""

    def __init__(self) -> None:
        self.folder = private_folder()
        self._lock, self._number = Lock(), 0
        self._server = ForkServer()
        self._server.set_forkserver_preload(["runbook_lib.headless.kernels.preload"])
        self._ensure_running()

    def fork(self, cwd: Path, variables: Mapping[str, str]) -> tuple[Forked, str]:
        """Start a kernel; return its process and its connection file.

        Raises: RunbookError where the prepared process dies meanwhile.
        """
        with self._lock:  # which is also held where the environment is changed for a moment
            self._number += 1
            name, environment = str(self.folder / str(self._number)), {**os.environ, **variables}
        from jupyter_client.connect import write_connection_file

        key = os.urandom(32).hex().encode()
        file, _ = write_connection_file(f"{name}.json", ip=name, key=key, transport="ipc")
        start = Start(file, str(cwd), environment)
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
        deadline = time.monotonic() + 5
        while self.folder.exists() and time.monotonic() < deadline:
            shutil.rmtree(self.folder, ignore_errors=True)  # a kernel may be making its sockets yet

    def _ensure_running(self) -> None:
        options = current_process()._config  # type: ignore[attr-defined]  # where multiprocessing makes its socket
        ours = {"PYTHONSAFEPATH": "1"}  # nothing is imported from the working directory
        ours |= {"IPYTHONDIR": str(self.folder / SETTINGS)}
        with self._lock:
            before = {name: os.environ[name] for name in ours if name in os.environ}
            os.environ.update(ours)
            options["tempdir"] = str(self.folder)
            try:
                self._server.ensure_running()
            finally:
                for name in ours:
                    del os.environ[name]
                os.environ.update(before)
                del options["tempdir"]


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


def private_folder() -> Path:
    """Make a folder, 0700, and remove those that killed runbooks have left."""
    place = Path(tempfile.gettempdir())
    if os.name == "posix" and len(os.fsencode(place)) > _LONGEST_FOLDER:
        place = Path("/tmp")
    for folder in place.glob("runbook-*-*"):
        if _was_left(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"runbook-{os.getpid()}-", dir=place))


def _was_left(folder: Path) -> bool:
    """Tell whether a runbook made this folder that is no more: a person's may be named like it."""
    made = _NAME.fullmatch(folder.name)
    if made is None or psutil.pid_exists(int(made[1])):
        return False
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        return False  # another one was faster
    return stat.S_ISDIR(mode) and mode & 0o777 == 0o700  # beside which sockets set the sticky bit
