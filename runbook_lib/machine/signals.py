"""Being told to stop: Ctrl-C, SIGTERM and SIGHUP end whatever runs in the same tidy way.

The first signal raises `Stopped` in the main thread, and stays noted: whoever must not be
interrupted holds it, and asks `check` afterwards. Where it comes into a finalizer, which loses
every exception, it is sent again a moment later. Further signals are noted only, so that nothing
interrupts the tidying up.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopped(KeyboardInterrupt):
    """Somebody told this process to stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_status = 128 + signum


class _Told:
    signum: int | None = None
    holding = False
    listening = False


def listen() -> None:
    """Answer the signals from here on; one that is ignored (nohup, a background job) stays so."""
    _Told.listening = True
    for each in _SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _note)
    if hasattr(signal, "pthread_kill"):
        sys.unraisablehook = _send_again


def check() -> None:
    """Raise Stopped where a signal has come."""
    if _Told.signum is not None:
        raise Stopped(_Told.signum)


def told() -> int:
    """Return the number of the signal that has come, or nothing."""
    return _Told.signum or 0


def ignore() -> None:
    """Let no signal disturb what is left to do, which is to tidy up.

    A thread has no say in it, nor has what is called in somebody else's process.
    """
    if not (_Told.listening and _is_main()):
        return
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    _Told.signum = None


@contextmanager
def held() -> Iterator[None]:
    """Let a signal wait until the end of the block: what is begun in it is finished.

    Only the main thread is interrupted by signals; in another one this does nothing.
    """
    if not _is_main():
        yield
        return
    before, _Told.holding = _Told.holding, True
    try:
        yield
    finally:
        _Told.holding = before


@contextmanager
def tidied() -> Iterator[ExitStack]:
    """Lend a stack that no signal disturbs when it is closed, however the block ends."""
    stack = ExitStack()
    try:
        yield stack
    finally:
        with held():
            stack.close()


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _note(signum: int, frame: FrameType | None) -> None:
    first, _Told.signum = _Told.signum is None, _Told.signum or signum
    if first and not _Told.holding and not _is_importing(frame):
        check()


def _send_again(lost: "sys.UnraisableHookArgs") -> None:
    """Answer an exception that a finalizer lost: a signal's is raised again, when it is done."""
    if isinstance(lost.exc_value, Stopped):
        _Told.signum, signum = None, lost.exc_value.exit_status - 128
        again = [threading.main_thread().ident, signum]
        threading.Timer(0.02, signal.pthread_kill, again).start()
    else:
        sys.__unraisablehook__(lost)


def _is_importing(frame: FrameType | None) -> bool:
    """Tell whether this is in the middle of an import, whose lock an exception would never free."""
    while frame and "importlib._bootstrap" not in frame.f_code.co_filename:
        frame = frame.f_back
    return frame is not None
