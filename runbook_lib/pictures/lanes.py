"""Who may assume what: callers on the left, the role in the middle, services on the right.

Each edge has a lane of its own. Above are the lanes that end or begin at the role, below it those
of the user itself.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from runbook_lib.language import translated
from runbook_lib.pictures.shapes import Picture, arrow, boundary, node, picture, text
from runbook_lib.pictures.words import Who, call, joins, outcome, remarks, service, terms, who

_LEFT, _NODE, _GAP, _SERVICE, _LANE, _TOP = 22, 202, 172, 56, 64, 46


class Lanes:
    """The edges, sorted and placed."""

    def __init__(self, wanted: Any, rows: Sequence[Any]) -> None:
        self.user, self.role = who(wanted.user_arn), who(wanted.role_arn)
        self.held, self.terms = translated(f"has {wanted.policy_name}"), terms(wanted)
        self.two = self.user.account != self.role.account
        mine = [row for row in rows if row.who == wanted.user_arn]
        others = [row for row in rows if row.who != wanted.user_arn]
        self.entering, self.as_user = _split(mine)
        self.strangers, self.as_role = _split(others)
        self.user_y = _TOP + len(self.strangers) * _LANE
        self.user_y += _TOP if self.two and self.strangers else 0
        entered = self.user_y + len(self.entering) * _LANE
        self.low_y = max(entered, _TOP + max(len(self.as_role), 2) * _LANE)
        self.end_y = self.low_y + len(self.as_user) * _LANE
        self.role_x = _LEFT + _NODE + _GAP + 76 * self.two
        self.service_x = self.role_x + _NODE + _GAP

    def draw(self) -> Picture:
        """Draw the lanes, and say the same in a sentence and in lines."""
        blocks = [
            (self.user, [self.held], self.entering + self.as_user),
            (self.role, self.terms, self.as_role),
            *((who(row.who), [], [row]) for row in self.strangers),
        ]
        lines, clauses = [], []
        for one, notes, rows in blocks:
            lines.append(", ".join([translated(f"{one} of account {one.account}"), *notes]))
            lines += [f"  {outcome(row)}: {call(row)} → {self._target(row)}" for row in rows]
            clauses += [
                translated(f"{one} is {row.observed} {call(row)} on {self._target(row)}")
                for row in rows
            ]
        alt = translated(f"Who may assume what: {'; '.join(clauses)}.")
        width, height = self.service_x + _SERVICE + _LEFT, self.end_y + 20
        return picture(width, height, self._shapes(), alt, "\n".join(lines))

    def _target(self, row: Any) -> Who:
        return self.role if joins(row) else service(row)

    def _shapes(self) -> Iterator[str]:
        left, right = _LEFT + _NODE, self.role_x + _NODE
        strangers = _placed(_TOP, self.strangers)
        # In reverse, so that the service which role and user both call is one box.
        as_role, as_user = _placed(_TOP, self.as_role[::-1]), _placed(self.low_y, self.as_user)
        yield from self._boundaries()
        yield node(_LEFT, self.user_y, self.end_y, _NODE, self.user, self.held)
        yield node(self.role_x, _TOP, self.low_y, _NODE, self.role, *self.terms)
        for y, row in strangers:
            yield node(_LEFT, y, y + _LANE, _NODE, who(row.who))
        for called, ends in groupby(as_role + as_user, key=lambda end: service(end[1])):
            tops = [y for y, _ in ends]
            yield node(self.service_x, tops[0], tops[-1] + _LANE, _SERVICE, called)
        yield from _arrows(left, self.role_x, strangers + _placed(self.user_y, self.entering))
        yield from _arrows(right, self.service_x, as_role)
        yield from _arrows(left, self.service_x, as_user)

    def _boundaries(self) -> Iterator[str]:
        """Draw the accounts; strangers are of the role's, so its boundary goes round them too."""
        right, end, inner = self.service_x + _SERVICE + 14, self.end_y + 12, self.role_x - 14
        left = inner if self.two and not self.strangers else 8
        step = self.user_y - _TOP if self.two and self.strangers else end
        yield boundary(
            (left, 8), (right, 8), (right, end), (inner, end), (inner, step), (left, step)
        )
        yield text(left + 14, 32, translated(f"account {self.role.account}"), _NODE, "muted")
        if self.two:
            top, side = self.user_y - _TOP + 8, _LEFT + _NODE + 14
            yield boundary((8, top), (side, top), (side, end), (8, end))
            yield text(_LEFT, top + 24, translated(f"account {self.user.account}"), _NODE, "muted")


def _split(rows: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    return [row for row in rows if joins(row)], [row for row in rows if not joins(row)]


def _placed(top: int, rows: Sequence[Any]) -> list[tuple[int, Any]]:
    return [(top + n * _LANE, row) for n, row in enumerate(rows)]


def _arrows(start: int, end: int, lanes: Sequence[tuple[int, Any]]) -> Iterator[str]:
    for y, row in lanes:
        yield arrow(start, end, y + 27, row.observed, row.action, outcome(row), remarks(row))
