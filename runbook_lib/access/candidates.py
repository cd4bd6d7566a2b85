"""Values that a condition key may have: enough of them to tell every outcome of its conditions.

Which key is unknown, and what follows for a request, does not belong here.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, pairwise, product

from runbook_lib.access.conditions import Condition, comparison_of, is_met, moment
from runbook_lib.access.patterns import Lookup, expanded

Outcomes = tuple[bool, ...]  # one for each condition, in their order
ELSE = "something-else"
_ALWAYS_SENT = {"aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:viaawsservice"}
_ALWAYS_SENT |= {"aws:requestedregion", "resource"}
_TYPED = {"aws:sourceip", "aws:vpcsourceip", "aws:multifactorauthpresent"}  # never any text
_TYPED |= {"aws:multifactorauthage", "aws:tokenissuetime", *_ALWAYS_SENT} - {"resource"}
_TYPED -= {"aws:requestedregion"}
_MOST_AT_ONCE = 10


def outcomes(key: str, conditions: Sequence[Condition], lookup: Lookup | None) -> list[Outcomes]:
    """Return what these conditions on one key can come to together, whatever its value is.

    Where wildcards overlap, that is not worked out: then every combination is taken for possible.
    """
    values = {value for test in conditions for value in test.values}
    wild = [value for value in values if {"*", "?", "$"} & set(value)]
    if len(values) > 1 and wild and len(conditions) > 1:
        several = min(len(conditions), _MOST_AT_ONCE)
        rest = (False,) * (len(conditions) - several)
        return [(*each, *rest) for each in product((False, True), repeat=several)]
    found = {
        tuple(is_met(test, {key: value}, lookup) for test in conditions): None
        for value in _values(key, conditions, lookup)
    }
    return list(found)


def _values(
    key: str, conditions: Sequence[Condition], lookup: Lookup | None
) -> Iterator[str | Sequence[str]]:
    if key not in _ALWAYS_SENT:
        yield ()  # absent
    singles = list(dict.fromkeys(value for test in conditions for value in _near(test, lookup)))
    singles = [*singles, *_between(singles)]
    if key not in _TYPED or not singles:
        singles += [ELSE, f"arn:aws:else:::{ELSE}"]
    yield from singles
    if any(test.operator.startswith("For") for test in conditions):
        for size in (1, 2, len(singles)):
            yield from combinations(singles, size)


def _near(test: Condition, lookup: Lookup | None) -> Iterator[str]:
    """Yield values on both sides of each limit that a condition sets."""
    kind = comparison_of(test.operator)
    for value in test.values:
        text = expanded(value, lookup) or value
        if kind == "Bool":
            yield from ("true", "false")
        elif kind == "IpAddress":
            yield from _addresses(text)
        elif kind.startswith("Numeric") and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
            yield from (str(Decimal(text) + step) for step in (-1, 0, 1))
        elif kind.startswith("Date") and (found := moment(text)) is not None:
            yield from (str(int(found) + step) for step in (-1, 0, 1))
        else:
            yield re.sub(r"[*?]", "x", text)


def _addresses(network: str) -> Iterator[str]:
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return
    for address, step in ((found[0], -1), (found[0], 0), (found[-1], 0), (found[-1], 1)):
        if 0 <= int(address) + step < 2**found.max_prefixlen:
            yield str(address + step)


def _between(values: Iterable[str]) -> Iterator[str]:
    numbers = sorted(Decimal(one) for one in values if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", one))
    yield from (str((low + high) / 2) for low, high in pairwise(numbers))
