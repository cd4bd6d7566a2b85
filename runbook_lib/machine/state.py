"""Where the runbook keeps what it must remember: outside the repository, for this user's eyes only.

What the files mean belongs to their writers (`profiles`, `local_aws`).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import platformdirs

from runbook_lib.errors import RunbookError


def home() -> Path:
    """Return the state folder: `$RUNBOOK_HOME`, or the platform's own place for user state."""
    chosen = os.environ.get("RUNBOOK_HOME")
    return Path(chosen) if chosen else platformdirs.user_state_path("assume-role-runbook")


def private_folder(*names: str) -> Path:
    """Return a folder below the state folder, made 0700 where it is missing."""
    folder = home()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in names:
        folder = folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def exclusive(folder: Path, what: str, *, patience: float = 0) -> Iterator[None]:
    """Hold this folder's lock inside the block, waiting so many seconds for it.

    Raises: RunbookError when another process holds it all the while.
    """
    lock = filelock.FileLock(folder / "lock", mode=0o600)
    try:
        lock.acquire(timeout=patience)
    except filelock.Timeout:
        raise RunbookError(
            f"another runbook is at work on {what}; wait until it has ended, then run again"
        ) from None
    try:
        yield
    finally:
        lock.release()


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only: the old text or the new, never half.

    Raises: OSError when the disk is full; the old file is then as it was.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
