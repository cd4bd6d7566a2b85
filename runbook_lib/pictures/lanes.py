"""Who may assume what: callers on the left, the role in the middle, services on the right.

Each edge has a lane of its own. Above are the lanes that end or begin at the role, below it those
of the user itself. What is written at an edge stands between the borders of accounts.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from runbook_lib.machine.language import translated
from runbook_lib.pictures.shapes import Picture, account, arrow, box, box_height, picture
from runbook_lib.pictures.words import Who, call, joins, outcome, remarks, service, terms, who
from runbook_lib.pictures.writing import Part, height, written

_LEFT, _TOP, _NODE, _SERVICE = 22, 44, 202, 58
_MARGIN, _APART = 14, 8  # from a box to the border of its account, and between boxes
_ROOM = 154  # for what is written at an edge
_GAP = _ROOM + 2 * _APART
_LINE = 30  # from the top of a lane to its arrow
_Lane = tuple[int, int, Any]  # where it begins and ends, and its row


class Lanes:
    """The edges, sorted and placed."""

    def __init__(self, wanted: Any, rows: Sequence[Any]) -> None:
        self.user, self.role = who(wanted.user_arn), who(wanted.role_arn)
        self.held, self.terms = translated(f"has {wanted.policy_name}"), terms(wanted)
        self.two = self.user.account != self.role.account
        entering, as_user = _split(row for row in rows if row.who == wanted.user_arn)
        strangers, as_role = _split(row for row in rows if row.who != wanted.user_arn)
        self.told = [(self.user, [self.held], entering + as_user), (self.role, self.terms, as_role)]
        self.told += [(_caller(row), [], [row]) for row in strangers]
        called = {service(row) for row in as_user}
        # A service that the role and the user both call is one box.
        as_role = sorted(as_role, key=lambda row: (service(row) in called, service(row)))
        self._place(strangers, entering, as_role, as_user)
        self.side = _LEFT + _NODE + _MARGIN * self.two
        self.role_x = self.side + _GAP + _MARGIN * self.two
        self.edge = self.role_x + _NODE + _MARGIN
        self.service_x = self.edge + _GAP

    def _place(self, strangers: list[Any], *others: list[Any]) -> None:
        entering, as_role, as_user = others
        self.strangers: list[tuple[int, int, list[_Lane]]] = []
        y = _TOP
        for _, rows in groupby(sorted(strangers, key=_caller), key=_caller):
            lanes, end = _placed(y, list(rows))
            end = max(end, y + box_height(_parts(_caller(lanes[0][2])), _NODE) + _APART)
            self.strangers.append((y, end, lanes))
            y = end
        self.user_y = y + (_TOP + 12) * (self.two and bool(strangers))
        self.entering, entered = _placed(self.user_y, entering)
        self.as_role, called = _placed(_TOP, as_role)
        needed = box_height(_parts(self.role, *self.terms), _NODE) + _APART
        self.low_y = max(entered, called, _TOP + needed, y)
        self.as_user, end = _placed(self.low_y + _APART * self.two, as_user)
        needed = box_height(_parts(self.user, self.held), _NODE) + _APART
        self.end_y = max(end, self.user_y + needed)

    def draw(self) -> Picture:
        """Draw the lanes, and say the same in a sentence and in lines."""
        lines, clauses = [], []
        for one, notes, rows in self.told:
            lines.append(", ".join([translated(f"{one} of account {one.account}"), *notes]))
            lines += [f"  {outcome(row)}: {call(row)} → {self._target(row)}" for row in rows]
            clauses += [
                translated(f"{one} is {row.observed} {call(row)} on {self._target(row)}")
                for row in rows
            ]
        alt = translated(f"Who may assume what: {'; '.join(clauses)}.")
        size = (self.service_x + _SERVICE + _APART, self.end_y + _MARGIN)
        return picture(*size, self._shapes(), alt, "\n".join(lines))

    def _target(self, row: Any) -> Who:
        return self.role if joins(row) else service(row)

    def _shapes(self) -> Iterator[str]:
        yield from self._accounts()
        yield _box(_LEFT, self.user_y, self.end_y, _NODE, _parts(self.user, self.held))
        yield _box(self.role_x, _TOP, self.low_y, _NODE, _parts(self.role, *self.terms))
        for top, end, lanes in self.strangers:
            yield _box(_LEFT, top, end, _NODE, _parts(_caller(lanes[0][2])))
            yield from _arrows(_LEFT + _NODE, self.side, self.role_x, lanes)
        ends = self.as_role + self.as_user
        for called, group in groupby(ends, key=lambda lane: service(lane[2])):
            lanes = list(group)
            name = [Part(called.name, bold=True)]
            yield _box(self.service_x, lanes[0][0], lanes[-1][1], _SERVICE, name)
        yield from _arrows(_LEFT + _NODE, self.side, self.role_x, self.entering)
        yield from _arrows(self.role_x + _NODE, self.edge, self.service_x, self.as_role)
        yield from _arrows(_LEFT + _NODE, self.side, self.service_x, self.as_user)

    def _accounts(self) -> Iterator[str]:
        """Draw the accounts; strangers are of the role's, so its border goes round them too."""
        top, low, end = 8, self.low_y + 6, self.end_y + 6
        if not self.two:
            yield account((8, top), (self.edge, top), (self.edge, end), (8, end))
            yield _title(_LEFT, top, self.role)
            return
        inner, begin = self.role_x - _MARGIN, self.user_y - _TOP + top
        if self.strangers:
            step = self.strangers[-1][1] + 4
            corner = [(inner, low), (inner, step), (8, step), (8, top)]
        else:
            corner = [(inner, low), (inner, top)]
        yield account(*corner, (self.edge, top), (self.edge, low))
        yield _title(_LEFT if self.strangers else self.role_x, top, self.role)
        yield account((8, begin), (self.side, begin), (self.side, end), (8, end))
        yield _title(_LEFT, begin, self.user)


def _split(rows: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    found = list(rows)
    return [row for row in found if joins(row)], [row for row in found if not joins(row)]


def _caller(row: Any) -> Who:
    return who(row.who)


def _parts(one: Who, *notes: str) -> list[Part]:
    return [
        Part(one.kind, "muted"),
        Part(one.name, bold=True),
        *(Part(note, "muted") for note in notes),
    ]


def _below(row: Any) -> list[Part]:
    return [Part(outcome(row), row.observed), Part(remarks(row), "muted")]


def _placed(top: int, rows: Sequence[Any]) -> tuple[list[_Lane], int]:
    """Give each row a lane, one below the other, and say where the last ends."""
    lanes = []
    for row in rows:
        end = top + _LINE + 6 + height(_below(row), _ROOM) + _APART
        lanes.append((top, end, row))
        top = end
    return lanes, top


def _box(x: int, top: int, end: int, wide: int, parts: Sequence[Part]) -> str:
    return box(x, top, wide, end - _APART - top, parts, centred=len(parts) == 1)


def _title(x: int, top: int, one: Who) -> str:
    return written(x, top + 9, _NODE, [Part(translated(f"account {one.account}"), "muted")])


def _arrows(start: int, border: int, end: int, lanes: Sequence[_Lane]) -> Iterator[str]:
    for top, _, row in lanes:
        x, y = border + _APART, top + _LINE
        yield arrow(start, end, y, row.observed)
        yield written(x, y - 26, _ROOM, [Part(row.action, most=1)])
        yield written(x, y + 6, _ROOM, _below(row))
