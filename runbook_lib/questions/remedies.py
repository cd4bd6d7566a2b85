"""For a refusal: the smallest statements that would allow it, and where they would have to stand.

What stands in the way is named as well. Nothing is changed.
"""

from dataclasses import dataclass, replace

from runbook_lib import access
from runbook_lib.access.arns import short
from runbook_lib.access.evaluation import Readings, consulted, granting, matched, settled
from runbook_lib.access.explanation import Side
from runbook_lib.access.matching import Reading, Request
from runbook_lib.access.unknown import every, favouring
from runbook_lib.policies import Document


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do: a statement to add in a place, or the one to take away from it."""

    where: str
    add: Document | None = None
    take_away: str = ""

    def __str__(self) -> str:
        return f"add to {self.where}" if self.add else f"take from {self.where}: {self.take_away}"


def remedies(request: Request, trust: access.Policy | None, account: str) -> list[Remedy]:
    """Return what all together would allow a request that is refused; nothing where nothing can.

    `account` is that of the role that `trust` is the trust policy of.
    """
    if settled(request, trust) is not None:
        return []
    _, readings = consulted(request, trust)
    denies = _denies(request, readings, account)
    found = [_taken_away(it) for it in denies]
    missing = _missing(request, readings, account, bool(denies))
    if trust and "resource" in missing:
        statement = _admitting(request)
        found.append(Remedy(trust.name, statement))
        _, readings = consulted(request, _with(trust, statement))
        missing = _missing(request, readings, account, bool(denies))
    allowing = {"Effect": "Allow", "Action": request.action, "Resource": request.resource}
    return found + [Remedy(_place(request, side), allowing) for side in missing]


def _denies(request: Request, readings: Readings, account: str) -> list[Reading]:
    """Return the statements that deny; those that only may, where nothing else refuses."""
    may = [it for it in every(readings) if it.may_apply and it.statement.effect == "Deny"]
    is_granted = all(granting(request, favouring(readings, "Allow"), account).values())
    return [it for it in may if it.applies] or (may if is_granted else [])


def _missing(request: Request, readings: Readings, account: str, is_denied: bool) -> list[Side]:
    """Return which kinds of policies never allow it, or have conditions that exclude each other."""
    granted = granting(request, favouring(readings, "Allow"), account)
    if all(granted.values()) and not is_denied:
        granted = granting(request, favouring(readings, "Deny"), account)
    return [side for side, grant in granted.items() if grant is None]


def _taken_away(reading: Reading) -> Remedy:
    (statement,) = matched([reading])
    return Remedy(reading.policy.name, take_away=f"statement {statement.sid_or_index}")


def _admitting(request: Request) -> Document:
    who = request.principal
    named = {who.kind: who.role_arn or who.arn}
    return {"Effect": "Allow", "Principal": named, "Action": request.action}


def _place(request: Request, side: Side) -> str:
    who = request.principal
    if side == "boundary" and who.boundary:
        return f"the permissions boundary, {who.boundary.name}"
    return f"an identity policy of {short(who.role_arn or who.arn)}"


def _with(trust: access.Policy, statement: Document) -> access.Policy:
    (added,) = access.parse({"Version": "2012-10-17", "Statement": statement}, "trust").statements
    document = trust.document
    statements = (*document.statements, replace(added, index=len(document.statements)))
    return replace(trust, document=replace(document, statements=statements))
