"""What the file system refuses, as a person reads it: which path, what was tried, what to do."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runbook_lib.errors import RunbookError

_ELSEWHERE = "choose another folder (RUNBOOK_HOME for the state, --output for reports)"
_WRITABLE = f"make it yours to write, or {_ELSEWHERE}"
_IN_THE_WAY = (
    f"a file, or a link that leads nowhere, is where a folder must be: move it, or {_ELSEWHERE}"
)
_LEAST, _ENOUGH = 256, 4096  # open files and sockets
_DESCRIPTORS = "let this shell open more files: ulimit -n 4096"
_STEPS = {
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EROFS: _WRITABLE,
    errno.ENOSPC: f"free some space there, or {_ELSEWHERE}",
    errno.EDQUOT: f"free some space there, or {_ELSEWHERE}",
    errno.EEXIST: _IN_THE_WAY,
    errno.ENOTDIR: _IN_THE_WAY,
    errno.ELOOP: _IN_THE_WAY,
    errno.EISDIR: "a folder is where a file must be: move it",
    errno.EMFILE: _DESCRIPTORS,
    errno.ENFILE: _DESCRIPTORS,
    errno.ENAMETOOLONG: _ELSEWHERE,
}


def require_descriptors() -> None:
    """Let this process, and what it starts, open the files and sockets that a run needs.

    Raises: RunbookError where the shell does not allow it.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(_ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < _LEAST:
        raise RunbookError(f"a program may open only {hard} files here; {_DESCRIPTORS}")


@contextmanager
def explained(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError inside the block, which does this to that path, into a message."""
    try:
        yield
    except OSError as error:
        raise refusal(error, what, path) from None


def refusal(error: OSError, what: str = "use", path: Path | None = None) -> RunbookError:
    """Return an OSError as a message with the next step."""
    found = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
    if path and found not in path.parents:  # a parent may be in the way; a temporary file's name
        found = path  # says nothing
    tried = f"cannot {what} {str(found)!r}" if found else "this machine refused"
    reason = error.strerror or str(error) or type(error).__name__
    return RunbookError(f"{tried}: {reason}; {_next_step(error)}, then run again")


def _next_step(error: OSError) -> str:
    if error.errno == errno.ENOENT and not _has_a_place():
        return "this folder is gone: go to one that exists (cd)"
    return _STEPS.get(error.errno or 0, f"mend that, or {_ELSEWHERE}")


def _has_a_place() -> bool:
    """Tell whether the working directory still exists."""
    try:
        return bool(os.getcwd())
    except OSError:
        return False
