"""The Condition element: which operators there are, and whether a request meets a condition.

Where the request's keys and values come from does not belong here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from runbook_lib.access.patterns import Lookup, expanded, like

Context = Mapping[str, str | Sequence[str]]  # key in lower case → one value, or several
# (policy's value, request's value, variables) → equal? None: not comparable, so never met.
_Comparison = Callable[[str, str, Lookup | None], bool | None]
_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator and key of a Condition element with its values."""

    operator: str
    key: str
    values: tuple[str, ...]


def is_operator(name: str) -> bool:
    """Tell whether this is a condition operator; BinaryEquals, which cannot be judged, is none."""
    parts = _NAME.fullmatch(name)
    known = parts and parts[2] in {"Null", *_COMPARISONS, *_NEGATED}
    return bool(parts and known and not (parts[2] == "Null" and parts[3]))


def comparison_of(operator_name: str) -> str:
    """Return what an operator compares with, without its qualifier, IfExists and Not."""
    parts = _NAME.fullmatch(operator_name)
    assert parts, "parse lets no other operator in"
    return _NEGATED.get(parts[2], parts[2])


def values_of(condition: Condition, context: Context) -> Sequence[str]:
    """Return what the request holds for a condition's key; nothing where it is absent."""
    sent = context.get(condition.key.lower(), ())
    return [sent] if isinstance(sent, str) else sent


def is_met(condition: Condition, context: Context, lookup: Lookup | None) -> bool:
    """Tell whether a request meets a condition; without a lookup variables are literal text.

    A doubtful point: `ForAnyValue:…IfExists` with an absent key. AWS says of ForAnyValue that an
    absent key makes it false, and of IfExists that an absent key evaluates as true, whatever the
    operator. Here IfExists decides, for its page names no exception:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IfExists
    """
    parts = _NAME.fullmatch(condition.operator)
    assert parts, "parse lets no other operator in"
    qualifier, name, if_exists = parts.groups()
    sent = values_of(condition, context)
    if name == "Null":
        return str(not sent).lower() in (value.lower() for value in condition.values)
    # AWS: an absent key meets a negated operator (box "Important" of the page above); an empty
    # set of values, "such as an empty string", meets ForAllValues and fails ForAnyValue:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    if not sent or (qualifier and not any(sent)):
        return bool(if_exists) or (qualifier == "ForAllValues" if qualifier else name in _NEGATED)
    verdicts = (_passes(name, condition.values, value, lookup) for value in sent)
    if qualifier == "ForAnyValue":
        return any(verdicts)
    # A multivalued key calls for a qualifier, so nothing meets a condition without one.
    is_single = isinstance(context[condition.key.lower()], str)
    return (is_single or bool(qualifier)) and all(verdicts)


def _passes(name: str, values: tuple[str, ...], sent: str, lookup: Lookup | None) -> bool:
    compare = _COMPARISONS[_NEGATED.get(name, name)]
    verdicts = [compare(value, sent, lookup) for value in values]
    return all(found is False for found in verdicts) if name in _NEGATED else any(verdicts)


def _equals(value: str, sent: str, lookup: Lookup | None) -> bool:
    return expanded(value, lookup) == sent


def _equals_ignoring_case(value: str, sent: str, lookup: Lookup | None) -> bool:
    text = expanded(value, lookup)
    return text is not None and text.lower() == sent.lower()


def _arn_like(value: str, sent: str, lookup: Lookup | None) -> bool:
    return sent.count(":") >= 5 and like(value, sent, lookup, by_segment=True)


def _same_truth(value: str, sent: str, lookup: Lookup | None) -> bool:
    return sent.lower() in ("true", "false") and _equals_ignoring_case(value, sent, lookup)


def _in_network(value: str, sent: str, _: Lookup | None) -> bool | None:
    if not re.fullmatch(r"[^/]+(/[0-9]+)?", value):  # a netmask is no CIDR
        return None
    try:
        return ipaddress.ip_address(sent) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


def moment(text: str) -> Decimal | None:
    """Return a date of a condition in seconds since 1970, None where it is none."""
    if re.fullmatch("[0-9]+", text):
        return Decimal(text)
    try:
        found = datetime.fromisoformat(f"{text}-01" if len(text) == len("2020-12") else text)
    except ValueError:
        return None
    return Decimal((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _ordered(
    read: Callable[[str], Decimal | None], order: Callable[[Decimal, Decimal], bool]
) -> _Comparison:
    def compare(value: str, sent: str, _: Lookup | None) -> bool | None:
        limit, found = read(value), read(sent)
        return None if limit is None or found is None else order(found, limit)

    return compare


_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_COMPARISONS: dict[str, _Comparison] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignoring_case,
    "StringLike": like,
    "ArnEquals": _arn_like,  # AWS: the two "behave identically"
    "ArnLike": _arn_like,
    "Bool": _same_truth,
    "IpAddress": _in_network,
    **{f"Numeric{name}": _ordered(_number, order) for name, order in _ORDERS.items()},
    **{f"Date{name}": _ordered(moment, order) for name, order in _ORDERS.items()},
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
