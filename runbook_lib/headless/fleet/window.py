"""The one loop over a fleet's accounts, for any executor: how many at once, and when no more begin.

What was not submitted cannot run, so that concurrency, ramp, error threshold and Ctrl-C are the
same for threads here and for a cluster.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Any

from runbook_lib.headless.fleet.rows import Row

PAUSE = 0.2  # how soon it is seen that somebody told us to stop
Done = Future[dict[str, Any]]


@dataclass(slots=True)
class Window:
    """How many accounts may be at work: `size` now, `most` later; and how many may fail."""

    most: int
    size: int
    tolerated: int
    failures: int = 0
    _well: int = 0  # ended well since it was last widened

    @classmethod
    def of(cls, most: int, tolerated: int, *, ramp: bool) -> "Window":
        """Begin with one account, where it is to widen."""
        return cls(most, 1 if ramp else most, tolerated)

    def note(self, well: bool) -> None:
        """Widen to the double when as many accounts as fit have ended well."""
        self.failures += not well
        self._well += well
        if self._well >= self.size < self.most:
            self.size, self._well = min(self.most, 2 * self.size), 0

    @property
    def is_closed(self) -> bool:
        """Whether more have failed than may."""
        return self.failures > self.tolerated


def work_through(
    executor: Executor,
    work: Callable[[Row], dict[str, Any]],
    rows: Iterable[Row],
    window: Window,
    *,
    is_stopped: Callable[[], bool],
    ended: Callable[[Row, Done], bool],
) -> list[Row]:
    """Let the work be done for each row, wave by wave; return the rows that did not begin.

    `ended` hears of each row that ended, and tells whether it ended well. Nothing new begins once
    the window is closed or somebody said stop; what runs ends all the same.
    """
    waiting = sorted(rows, key=lambda row: row.wave)
    running: dict[Done, Row] = {}
    while True:
        while not is_stopped() and (row := _next(waiting, list(running.values()), window)):
            running[executor.submit(work, row)] = row
            waiting.remove(row)
        if not running:
            return waiting
        for future in wait(running, PAUSE, FIRST_COMPLETED).done:
            window.note(ended(running.pop(future), future))


def _next(waiting: list[Row], running: list[Row], window: Window) -> Row | None:
    """Return the row that may begin: of the wave that is under way, in no account at work."""
    if window.is_closed or len(running) >= window.size or not waiting:
        return None
    wave = min(row.wave for row in [waiting[0], *running])
    busy = set().union(*(row.accounts for row in running))
    return next((row for row in waiting if row.wave == wave and not busy & row.accounts), None)
