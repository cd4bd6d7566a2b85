"""Who called whom: a column for each caller and service, a step down for each attempt."""

from collections.abc import Sequence
from typing import Any

from runbook_lib.pictures.shapes import Picture, arrow, lifeline, picture
from runbook_lib.pictures.words import Who, answer, call, is_session, joins, remarks, service, who

_STEP, _TOP = 64, 10


def draw(rows: Sequence[Any]) -> Picture:
    """Draw the attempts; where a role is first assumed, the column of its session begins."""
    callers = sorted(dict.fromkeys(row.who for row in rows), key=is_session)
    services = sorted({service(row).name for row in rows}, key="STS EC2 IAM".find)
    apart = max(140, 800 // max(len(callers + services), 1))
    places = {one: apart * n + apart // 2 for n, one in enumerate([*callers, *services])}
    tops, arrows, y = dict.fromkeys(places, _TOP), [], 96
    for number, row in enumerate(rows, 1):
        start, end = places[row.who], places[service(row).name]
        labels = (f"{number}  {row.action}", answer(row), remarks(row))
        arrows.append(arrow(start, end, y, row.observed, *labels))
        y += _STEP
        new = [one for one in callers if is_session(one) and tops[one] == _TOP]
        for one in new if _admits(row) else []:
            y += 30
            tops[one] = y - 50
            arrows.append(arrow(end, places[one], y, "allowed", "", "its credentials"))
            y += _STEP
    heads = [
        lifeline(x, tops[one], y, apart - 8, who(one) if ":" in one else Who("", "", one))
        for one, x in places.items()
    ]
    lines = [f"{n}  {_step(row)}" for n, row in enumerate(rows, 1)]
    alt = f"Who called whom, in order: {'; '.join(map(_step, rows))}."
    return picture(apart * len(places), y + 8, heads + arrows, alt, "\n".join(lines))


def _admits(row: Any) -> bool:
    return joins(row) and row.observed == "allowed"


def _step(row: Any) -> str:
    return f"{who(row.who)} → {service(row)}: {call(row)}: {answer(row)}"
