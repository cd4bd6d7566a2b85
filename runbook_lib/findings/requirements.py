"""What a trust policy requires of whoever a statement names: its conditions, and others' Denies."""

from collections.abc import Iterator
from dataclasses import dataclass

from runbook_lib.access import PolicyDocument
from runbook_lib.access.conditions import Condition, is_met
from runbook_lib.access.documents import Statement
from runbook_lib.access.patterns import like

_STRANGER = "000000000000"
_ARNS = (f"arn:aws:iam::{_STRANGER}:role/stranger", f"arn:aws:sts::{_STRANGER}:assumed-role/a/b")
_STRANGERS = {  # what somebody may have who is not meant, by a part of the operator's name
    "Bool": ("false",),
    "Ip": ("100.64.0.1", "198.18.0.1", "2001:2::1"),  # kept for carriers and benchmarks
    "Arn": _ARNS,
    "String": ("a stranger", _STRANGER, "o-stranger", *_ARNS),
}
MFA = {"aws:multifactorauthpresent", "aws:multifactorauthage"}
_WAYS_IN = {"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}
_SPARED = "aws:principalisawsservice"
# Whoever calls chooses these, or has them always: they do not tell one caller from another.
_CHOSEN = {
    "aws:currenttime",
    "aws:epochtime",
    "aws:referer",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:tagkeys",
    "aws:tokenissuetime",
    "aws:useragent",
    "sts:durationseconds",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition that must hold, or in a Deny must not hold, for anybody to be admitted."""

    condition: Condition
    denies: bool

    @property
    def key(self) -> str:
        """The condition's key, in lower case."""
        return self.condition.key.lower()

    @property
    def holds_without_key(self) -> bool:
        """Whether it admits a request that does not have the key."""
        return is_met(self.condition, {}, None) != self.denies

    @property
    def is_null(self) -> bool:
        """Whether it asks only for the key to be there, or not to be there."""
        return self.condition.operator == "Null"

    def admits(self, value: str) -> bool:
        """Tell whether it admits a request with this value."""
        return is_met(self.condition, {self.key: value}, None) != self.denies

    @property
    def tells(self) -> bool:
        """Whether it keeps out, of those who have the key, whoever is not meant."""
        kinds = [probes for kind, probes in _STRANGERS.items() if kind in self.condition.operator]
        return not any(self.admits(one) for probes in kinds for one in probes)

    @property
    def is_one(self) -> bool:
        """Whether it keeps anybody out who is not meant."""
        return not self.holds_without_key and (self.is_null or self.tells)

    @property
    def spans_accounts(self) -> bool:
        """Whether a wildcard stands for the account of an ARN, or for all of one without."""
        for value in self.condition.values:
            filled = value.replace("*", _STRANGER).replace("?", "0")
            account, resource = [*filled.split(":", 5), "", "", "", "", ""][4:6]
            open_ended = value.startswith("*") or (not account and resource == _STRANGER)
            if self.admits(filled) and (account == _STRANGER or open_ended):
                return True
        return False

    @property
    def is_chosen(self) -> bool:
        """Whether the caller can meet it at will."""
        return self.key in _CHOSEN or self.key.startswith("aws:requesttag/")


def allowing(parsed: PolicyDocument) -> Iterator[tuple[Statement, list[Requirement]]]:
    """Yield each statement that admits somebody, with all that is required of them."""
    for statement in parsed.statements:
        if statement.effect == "Allow" and _ways_in(statement):
            own = [Requirement(one, denies=False) for one in statement.conditions]
            yield statement, [*own, *_denials(parsed, statement)]


def _ways_in(statement: Statement) -> set[str]:
    listed = statement.actions or statement.not_actions
    named = {way for way in _WAYS_IN for one in listed if like(one.lower(), way)}
    return named if statement.actions else _WAYS_IN - named


def _denials(parsed: PolicyDocument, admitting: Statement) -> Iterator[Requirement]:
    """Yield what a Deny asks of all that are admitted here, but for AWS's own services."""
    for statement in parsed.statements:
        whom = statement.principals
        meant = ("AWS", "*") in whom or set(whom) >= set(admitting.principals)
        if statement.effect == "Deny" and meant and _ways_in(statement) >= _ways_in(admitting):
            asked = [one for one in statement.conditions if one.key.lower() != _SPARED]
            if len(asked) == 1:
                yield Requirement(asked[0], denies=True)


def required(requirements: list[Requirement], keys: set[str]) -> bool:
    """Tell whether one of these keys is truly required."""
    return any(one.key in keys and one.is_one and not one.spans_accounts for one in requirements)
