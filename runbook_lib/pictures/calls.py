"""Who called whom: a row for each call, beside it a line for each caller and service."""

from collections.abc import Sequence
from typing import Any

from runbook_lib.machine.language import translated
from runbook_lib.pictures import shapes
from runbook_lib.pictures.words import (
    Who,
    answer,
    call,
    is_session,
    joins,
    outcome,
    remarks,
    service,
    who,
)
from runbook_lib.pictures.writing import Part, height, written

_NUMBER, _ROOM, _APART = 26, 178, 8
_SERVICE, _PRINCIPAL, _PRINCIPALS = 64, 168, 420  # the width of one column, and of all callers'


class Calls:
    """The rows and columns, placed as they are drawn."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = rows
        callers = sorted(dict.fromkeys(row.who for row in rows), key=is_session)
        services = sorted({service(row).name for row in rows}, key="STS EC2 IAM".find)
        principal = min(_PRINCIPAL, _PRINCIPALS // max(len(callers), 1))
        self.columns: dict[str, tuple[int, int]] = {}  # where its middle is, and how wide it is
        x = _NUMBER + _ROOM + 2 * _APART
        for one in [*callers, *services]:
            wide = principal if one in callers else _SERVICE
            self.columns[one] = x + wide // 2, wide
            x += wide
        self.width = x + _APART
        self.begins = _begins(rows)
        self.bands: list[str] = []
        self.drawn: list[str] = []
        self.begun: dict[str, int] = {}  # where the line of a column begins

    def draw(self) -> shapes.Picture:
        """Draw the calls; where a role is assumed, the line of its session begins."""
        first = [one for one in self.columns if one not in self.begins.values()]
        tall = max((self._tall(one) for one in first), default=0)
        y = _APART + tall + _APART
        for one in first:
            self._begin(one, _APART + tall - self._tall(one))
        for number, row in enumerate(self.rows, 1):
            end = self._row(number, row, y)
            if number % 2:
                self.bands.append(shapes.band(y, self.width, end - y))
            y = end
        lines = [shapes.upright(x, self.begun[one], y) for one, (x, _) in self.columns.items()]
        edges = "\n".join(f"{n}  {_step(row)}" for n, row in enumerate(self.rows, 1))
        alt = translated(f"Who called whom, in order: {'; '.join(map(_step, self.rows))}.")
        drawn = [*self.bands, *lines, *self.drawn]
        return shapes.picture(self.width, y + _APART, drawn, alt, edges)

    def _row(self, number: int, row: Any, top: int) -> int:
        """Draw a call, and the session that it may begin; say where the row ends."""
        parts = [
            Part(row.action, bold=True, most=1),
            Part(outcome(row), row.observed),
            Part("" if row.code == "ok" else row.code, "muted"),
            Part(remarks(row), "muted"),
        ]
        tall = height(parts, _ROOM) + 2 * _APART
        start, end = self.columns[row.who][0], self.columns[service(row).name][0]
        self.drawn.append(written(_APART + 2, top + _APART, _NUMBER, [Part(str(number), "muted")]))
        self.drawn.append(written(_NUMBER + _APART, top + _APART, _ROOM, parts))
        self.drawn.append(shapes.arrow(start, end, top + tall // 2, row.observed))
        begun = self.begins.get(number)
        return self._session(begun, end, top + tall) if begun else top + tall

    def _session(self, one: str, start: int, top: int) -> int:
        """Draw how a session of the role begins, with the credentials that STS hands out."""
        tall = self._tall(one)
        x, wide = self.columns[one]
        self._begin(one, top)
        given = [Part(translated("its credentials"), "muted")]
        self.drawn.append(written(_NUMBER + _APART, top + tall // 2 - 10, _ROOM, given))
        end = x + wide // 2 - _APART // 2
        self.drawn.append(shapes.arrow(start, end, top + tall // 2, "allowed"))
        return top + tall + 2 * _APART

    def _begin(self, one: str, top: int) -> None:
        x, wide = self.columns[one]
        self.begun[one] = top + self._tall(one)
        left = x - wide // 2 + _APART // 2
        parts, tall = _head(one), self._tall(one)
        self.drawn.append(shapes.box(left, top, wide - _APART, tall, parts, centred=True))

    def _tall(self, one: str) -> int:
        return shapes.box_height(_head(one), self.columns[one][1] - _APART)


def _begins(rows: Sequence[Any]) -> dict[int, str]:
    """Say which call begins which session: the first one admitted before the session calls."""
    begins: dict[int, str] = {}
    for session in dict.fromkeys(row.who for row in rows if is_session(row.who)):
        for number, row in enumerate(rows, 1):
            if row.who == session:
                break
            if joins(row) and row.observed == "allowed" and number not in begins:
                begins[number] = session
                break
    return begins


def _head(one: str) -> list[Part]:
    of = who(one) if ":" in one else Who("", "", one)
    return [Part(of.kind, "muted"), Part(of.name, bold=True)]


def _step(row: Any) -> str:
    return f"{who(row.who)} → {service(row)}: {call(row)}: {answer(row)}"
