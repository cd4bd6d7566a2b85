"""May this principal do this, where some of the request is not known: yes, no, or only with what.

Every outcome that the unknown can lead to is decided by `evaluation`; nothing is guessed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from math import prod
from typing import Literal

from runbook_lib.access import explanation
from runbook_lib.access.candidates import ELSE, Outcomes, outcomes
from runbook_lib.access.conditions import Condition
from runbook_lib.access.documents import Effect, Policy
from runbook_lib.access.evaluation import (
    Decision,
    Matched,
    Readings,
    account_of,
    consulted,
    decided,
    granting,
    matched,
    settled,
)
from runbook_lib.access.matching import Reading, Request, context_of
from runbook_lib.access.patterns import Lookup

_MOST = 4096  # combinations that are told apart
Met = frozenset[Condition]  # the doubtful conditions that are met


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: these conditions are met, and of each of these statements one is not."""

    met: tuple[Condition, ...]
    avoided: tuple[tuple[Condition, ...], ...]

    def words(self) -> list[str]:
        """Say each condition on its own."""
        return explanation.way(self.met, self.avoided)

    def __str__(self) -> str:
        return " and ".join(self.words())


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes, no, or only in one of these ways; with what decided it, and the policies' say."""

    answer: Literal["yes", "only with", "no"]
    decision: Decision
    ways: tuple[Way, ...] = ()
    decided_by: tuple[Matched, ...] = ()


def judge(
    request: Request, resource_policy: Policy | None = None, resource_account: str | None = None
) -> Answer:
    """Answer for everything that the unknown keys of a request may be; else as `evaluate`."""
    if (certain := settled(request, resource_policy)) is not None:
        return Answer("yes" if certain.allowed else "no", certain)
    policies, readings = consulted(request, resource_policy)
    account = account_of(request, resource_account)
    decide = partial(decided, request, policies, account=account)
    best, worst = (decide(favouring(readings, effect)) for effect in ("Allow", "Deny"))
    if not best.allowed:
        return Answer("no", best, (), best.statements)
    if worst.allowed:
        return Answer("yes", worst, (), worst.statements)
    found = {met: decide(_as_if(readings, met)) for met in _cases(request, readings)}
    allowed = {met: decision for met, decision in found.items() if decision.allowed}
    if not allowed:
        refusal = found[max(found, key=partial(_hope, readings))]
        return Answer("no", refusal, (), refusal.statements)
    if len(allowed) == len(found):
        granted = next(iter(allowed.values()))
        return Answer("yes", granted, (), granted.statements)
    return _only(partial(_grants, request, readings, account), readings, list(found), allowed)


def _only(
    grants: Callable[[Met], list[Reading]],
    readings: Readings,
    cases: Sequence[Met],
    allowed: Mapping[Met, Decision],
) -> Answer:
    """Name the ways in: what grants, in the cases in which it does, and what must not deny."""
    needs = {met: _doubts(grants(met)) for met in allowed}
    least: dict[Met, Met] = {}
    everything = every(readings)
    place = {met: [everything.index(it) for it in grants(met)] for met in allowed}
    for met in sorted(needs, key=lambda one: (len(needs[one]), place[one])):
        if not any(known <= needs[met] for known in least):
            least[needs[met]] = met
    denies = [it for it in everything if it.may_apply and it.statement.effect == "Deny"]
    ways: list[Way] = []
    deciding: list[Matched] = []
    for need, met in least.items():
        here = [case for case in cases if need <= case]
        risks = [it for it in denies if any({*it.depends_on} <= case for case in here)]
        ways.append(Way(_ordered(need), tuple(dict.fromkeys(it.depends_on for it in risks))))
        deciding += matched([*grants(met), *risks])
    first = allowed[next(iter(least.values()))]
    return Answer("only with", first, tuple(ways), tuple(dict.fromkeys(deciding)))


def _cases(request: Request, readings: Readings) -> Iterator[Met]:
    """Yield every set of doubtful conditions that one request can meet, and no other can."""
    doubts = _doubts([it for it in every(readings) if it.may_apply])
    by_key: dict[str, list[Condition]] = {}
    for test in _ordered(doubts):
        by_key.setdefault(test.key.lower(), []).append(test)
    lookup = _lookup(request)
    choices = [
        [_met(tests, each) for each in outcomes(key, tests, lookup)]
        for key, tests in by_key.items()
    ]
    if prod(map(len, choices)) > _MOST:  # too many to tell apart: each by itself may be met
        choices = [[frozenset(), frozenset(doubts)]]
    yield from dict.fromkeys(Met().union(*chosen) for chosen in product(*choices))


def _met(tests: Sequence[Condition], results: Outcomes) -> Met:
    return frozenset(test for test, is_met in zip(tests, results, strict=True) if is_met)


def _lookup(request: Request) -> Lookup:
    """Return the values of variables; one that is not known may have any."""
    context = context_of(request)

    def lookup(name: str) -> str | None:
        value = context.get(name.lower())
        if value is None and request.unknown and request.unknown(name.lower()):
            return ELSE
        return value if isinstance(value, str) else None

    return lookup


def favouring(readings: Readings, effect: Effect) -> Readings:
    """Return the readings as if every doubt favoured one effect."""
    return {
        side: [
            replace(it, depends_on=())
            for it in group
            if not it.depends_on or it.statement.effect == effect
        ]
        for side, group in readings.items()
    }


def _as_if(readings: Readings, met: Met) -> Readings:
    """Return the readings as they are where of the doubtful conditions just these are met."""
    return {
        side: [
            replace(it, depends_on=(), failed=it.failed or _first_unmet(it, met)) for it in group
        ]
        for side, group in readings.items()
    }


def _first_unmet(reading: Reading, met: Met) -> Condition | None:
    return next((test for test in reading.depends_on if test not in met), None)


def _grants(request: Request, readings: Readings, account: str, met: Met) -> list[Reading]:
    """Return the statements that grant in this case, those of the fewest doubts."""
    here = {
        side: sorted(
            (it for it in group if {*it.depends_on} <= met), key=lambda it: len(it.depends_on)
        )
        for side, group in readings.items()
    }
    certain = {side: [replace(it, depends_on=()) for it in group] for side, group in here.items()}
    granted = granting(request, certain, account)
    return [here[side][certain[side].index(grant)] for side, grant in granted.items() if grant]


def every(readings: Readings) -> list[Reading]:
    """Return the readings of all kinds of policies."""
    return [it for group in readings.values() for it in group]


def _doubts(readings: Iterable[Reading]) -> Met:
    return frozenset(test for it in readings for test in it.depends_on)


def _hope(readings: Readings, met: Met) -> int:
    """Tell how much a case has for it: grants that apply, less statements that deny."""
    applying = [it for it in every(readings) if it.may_apply and {*it.depends_on} <= met]
    return sum(1 if it.statement.effect == "Allow" else -100 for it in applying)


def _ordered(tests: Met) -> tuple[Condition, ...]:
    return tuple(sorted(tests, key=lambda test: (test.key.lower(), test.operator, test.values)))
