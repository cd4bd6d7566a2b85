"""Where the runbook keeps what it must remember: outside the repository, for this user's eyes only.

What the files mean belongs to their writers (`profiles`, `local_aws`).
"""

import os
import re
import shlex
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import platformdirs

from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.machine.files import explained

# The files of an account's folder that hold its user's keys, or ask for one.
KEPT = ("credentials", "config", "key-requested.json", "mfa-device")
_PLAIN = re.compile(r"[\w ./+-]+")  # what a shell leaves as it is between double quotes


def home() -> Path:
    """Return the state folder: `$RUNBOOK_HOME`, or the platform's own place for user state.

    Raises: ParameterError where that is no whole path: it would follow the working directory.
    """
    chosen = os.environ.get("RUNBOOK_HOME")
    if not chosen:
        return platformdirs.user_state_path("assume-role-runbook")
    path = Path(os.path.expanduser(chosen))  # a `~` in quotes reaches us as it is
    if not path.is_absolute():
        raise ParameterError(
            f"RUNBOOK_HOME is {chosen!r}, and keys would be kept in whatever folder you are in; "
            f"give the whole path: export RUNBOOK_HOME={Path.home() / path.name}"
        )
    return path


def as_typed(path: Path) -> str:
    """Return a path below the state folder as a shell takes it, with no name of this machine's."""
    name = "RUNBOOK_HOME" if os.environ.get("RUNBOOK_HOME") else "HOME"
    above = home() if name == "RUNBOOK_HOME" else Path.home()
    below = path.relative_to(above).as_posix() if path.is_relative_to(above) else ""
    return f'"${name}/{below}"' if _PLAIN.fullmatch(below) else shlex.quote(str(path))


def private_folder(*names: str) -> Path:
    """Return a folder below the state folder, made 0700 where it is missing.

    Raises: RunbookError where it cannot be made, or others could put something into it.
    """
    folder = home()
    with explained("make the folder", folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_private(folder)
        for name in names:
            folder = folder / name
            folder.mkdir(mode=0o700, exist_ok=True)
            _require_private(folder)
    return folder


def is_private(path: int | Path) -> bool:
    """Tell whether a file or folder is this user's, and nobody else may write to it."""
    found = os.stat(path)
    return os.name != "posix" or (
        found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _require_private(folder: Path) -> None:
    if not is_private(folder):
        where = shlex.quote(str(folder))
        raise RunbookError(
            f"others may write to {where}, where keys are kept, so what is in it is not believed; "
            f"make it yours alone, then run again: "
            f"sudo chown {os.geteuid()} {where} && chmod 700 {where}"
        )


@contextmanager
def exclusive(folder: Path, what: str, *, patience: float = 0) -> Iterator[None]:
    """Hold this folder's lock inside the block, waiting so many seconds for it.

    Raises: RunbookError when another process holds it all the while.
    """
    lock = filelock.FileLock(folder / "lock", mode=0o600)
    with explained("lock", folder):
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

    Raises: RunbookError when it cannot be written; the old file is then as it was.
    """
    with explained("write", path):
        _replace(path, text)


def _replace(path: Path, text: str) -> None:
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
