"""The loop over a fleet, against an executor that ends what it is told to end, in that order."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from typing import Any

import pytest

from runbook_lib.headless.fleet import window as windows
from runbook_lib.headless.fleet.rows import LAST_WAVE, Row
from runbook_lib.headless.fleet.window import Window, work_through


class InOrder(Executor):
    """Runs nothing until asked how many are at work; then ends the oldest."""

    def __init__(self, fail: set[str]) -> None:
        self.fail, self.waiting = fail, list[tuple[Future[dict[str, Any]], Row]]()
        self.log: list[str] = []
        self.at_once: list[int] = []

    def submit(self, work: Callable[..., Any], /, row: Row) -> Future[dict[str, Any]]:  # type: ignore[override]
        future: Future[dict[str, Any]] = Future()
        self.waiting.append((future, row))
        self.log.append(row.account_id)
        return future

    def end_one(self) -> None:
        self.at_once.append(len(self.waiting))
        future, row = self.waiting.pop(0)
        future.set_result({"well": row.account_id not in self.fail})


def row(account_id: str, wave: int = LAST_WAVE, trusted: str = "") -> Row:
    return Row(account_id=account_id, chosen={"trusted_account_id": trusted}, wave=wave)


def go(
    rows: list[Row],
    window: Window,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fail: set[str] = frozenset(),  # type: ignore[assignment]
    stop_after: int = 10**9,
) -> tuple[InOrder, list[str]]:
    executor, ended = InOrder(fail), list[str]()

    def wait_and_end_one(running: Any, *arguments: Any) -> Any:
        executor.end_one()
        return wait(running, *arguments)

    def hear(one: Row, future: Future[dict[str, Any]]) -> bool:
        ended.append(one.account_id)
        return bool(future.result()["well"])

    monkeypatch.setattr(windows, "wait", wait_and_end_one)
    left = work_through(
        executor,
        lambda one: {},
        rows,
        window,
        is_stopped=lambda: len(ended) >= stop_after,
        ended=hear,
    )
    assert not executor.waiting, "what runs ends all the same"
    assert ended == executor.log
    return executor, [one.account_id for one in left]


TEN = [row(str(number)) for number in range(10)]


def test_the_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    executor, left = go(TEN, Window.of(3, 0, ramp=False), monkeypatch)
    assert executor.at_once == [3] * 8 + [2, 1]
    assert left == []


def test_it_doubles_when_as_many_as_fit_have_ended_well(monkeypatch: pytest.MonkeyPatch) -> None:
    executor, _ = go(TEN, Window.of(8, 0, ramp=True), monkeypatch)
    assert executor.at_once[:5] == [1, 2, 2, 4, 4]
    failing, _ = go(TEN, Window.of(8, 10, ramp=True), monkeypatch, fail={"0", "1"})
    assert failing.at_once[:5] == [1, 1, 1, 2, 2], "a failure does not widen it"


@pytest.mark.parametrize(
    ("tolerated", "begun"), [(0, 3), (1, 4), (2, 10)], ids=["none", "one", "two"]
)
def test_nothing_begins_when_more_fail_than_may(
    monkeypatch: pytest.MonkeyPatch, tolerated: int, begun: int
) -> None:
    window = Window.of(2, tolerated, ramp=False)
    executor, left = go(TEN, window, monkeypatch, fail={"1", "2"})
    assert executor.log == [str(number) for number in range(begun)]
    assert len(executor.log) + len(left) == 10
    assert window.is_closed == (tolerated < 2)


def test_nothing_begins_when_somebody_said_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    executor, left = go(TEN, Window.of(2, 0, ramp=False), monkeypatch, stop_after=3)
    assert executor.log == ["0", "1", "2", "3"]
    assert left == ["4", "5", "6", "7", "8", "9"]


def test_a_wave_ends_before_the_next_one_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("last"), row("b1", 2), row("a1", 1), row("a2", 1), row("b2", 2)]
    executor, _ = go(rows, Window.of(4, 0, ramp=False), monkeypatch)
    assert executor.log == ["a1", "a2", "b1", "b2", "last"]
    assert executor.at_once == [2, 1, 2, 1, 1]


def test_two_rows_are_never_at_work_in_the_same_account(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("1", trusted="9"), row("2", trusted="9"), row("3"), row("9")]
    executor, _ = go(rows, Window.of(4, 0, ramp=False), monkeypatch)
    assert executor.log == ["1", "3", "2", "9"]
