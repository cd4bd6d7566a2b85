"""Standard input, output and error as a command finds them: closed, full, or with no reader."""

import io
import os
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from runbook_lib.account.secret import redact


class _Unheard(io.FileIO):
    """A file that nobody may be reading any more: what cannot be written is dropped."""

    def write(self, text: Any) -> int:
        try:
            return super().write(text) or 0
        except OSError:
            return len(text)


def prepare() -> None:
    """Let a command do its work whatever became of its terminal, and its file descriptors.

    What is said on stderr is for whoever reads it: nobody has to.
    """
    taken = os.open(os.devnull, os.O_RDWR)
    while taken <= 2:  # else the next file that is opened would be taken for stdout or stderr
        os.set_inheritable(taken, True)
        taken = os.dup(taken)
    os.close(taken)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False, encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False, encoding="utf-8")
    encoding = sys.stderr.encoding if sys.stderr else "utf-8"
    raw = io.BufferedWriter(_Unheard(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, encoding, "backslashreplace", line_buffering=True)


def on_unexpected(tell: Callable[[str], None]) -> None:
    """Have an error that nobody expects shown without secrets, and its last line told."""

    def show(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lines = redact("".join(traceback.format_exception(kind, error, trace)))
        print(lines, end="", file=sys.stderr)
        tell(lines.strip().rpartition("\n")[2])

    def show_of_a_thread(caught: threading.ExceptHookArgs) -> None:
        if caught.exc_type is not SystemExit:
            show(caught.exc_type, caught.exc_value, caught.exc_traceback)

    sys.excepthook = show
    threading.excepthook = show_of_a_thread
