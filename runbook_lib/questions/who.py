"""Who can assume a role: everybody whom its trust policy admits and whose own policies let ask.

Reads only, and never guesses: what others decide, or a caller has to send along, is named.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from runbook_lib.access.arns import short
from runbook_lib.account.caller import Caller
from runbook_lib.account.inventory import Described
from runbook_lib.errors import RunbookError
from runbook_lib.questions import naming
from runbook_lib.questions.judging import conditions, further, judged, of_others, statements, told
from runbook_lib.questions.naming import Found
from runbook_lib.questions.people import ANY, People, outsider, request

_ORDER = ["yes", "only with", "no"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One principal, and whether it can assume the role."""

    principal: str
    answer: str
    conditions: list[str]
    decided_by: list[dict[str, str]]
    why: str

    def document(self) -> dict[str, Any]:
        """Return the row for a program."""
        return asdict(self)


def who(account: Caller, role_name: str) -> list[Row]:
    """List who can assume a role, and on which conditions (iam:GetAccountAuthorizationDetails).

    A user or role of the account that cannot is a row where the trust policy names it.
    Raises: RunbookError where there is no such role, with what comes near.
    """
    people = People(account)
    role = naming.role(people, role_name)
    of_the_account = [*_of_the_account(people, role)]
    rows = [*of_the_account, *_named(people, role, of_the_account)]
    return sorted(rows, key=lambda row: _ORDER.index(row.answer))


def _of_the_account(people: People, role: Described) -> Iterator[Row]:
    named = {value for _, value in _principals(people, role)}
    for kind, one in people.described():
        row = _row(people, role, Found(people.principal(kind, one), one, one["Arn"]))
        if row.answer != "no" or named & {one["Arn"], one[f"{kind.title()}Id"]}:
            yield row


def _named(people: People, role: Described, known: list[Row]) -> Iterator[Row]:
    """Yield whom else the trust policy names: accounts, services, providers, and who is gone."""
    there = {one["Arn"] for _, one in people.described()}
    for kind, value in _principals(people, role):
        if kind == "Federated":
            provider = naming.other(people, "Federated", value)
            yield _row(people, role, provider, naming.joining(provider))
        elif kind == "Service":
            yield _row(people, role, naming.other(people, "Service", value))
        elif value == ANY:
            yield _whole_account(people, role, people.account.account_id, known)
            yield _whole_account(people, role, ANY, known)
        elif value.isdigit() or value.endswith(":root"):
            yield _whole_account(people, role, value.removesuffix(":root")[-12:], known)
        else:
            yield from _one(people, role, value, there)


def _one(people: People, role: Described, value: str, there: set[str]) -> Iterator[Row]:
    """Yield a row for a name that is not one of those that the account's own rows are about."""
    try:
        found = naming.principal(people, value)
    except RunbookError:
        gone = f"{value} is named and is nobody: no user or role of the account has this name or id"
        yield Row(principal=value, answer="no", conditions=[], decided_by=[], why=gone)
        return
    if found.shown not in there:
        yield _row(people, role, found)


def _whole_account(people: People, role: Described, account_id: str, known: list[Row]) -> Row:
    """Return what an account as a principal means: whoever its own policies let ask."""
    anybody = outsider(account_id, people.account.partition)
    shown = f"account {account_id}" if account_id != ANY else "every other account"
    row = _row(people, role, Found(anybody, None, shown))
    if row.answer == "no":
        return row
    if account_id != people.account.account_id:
        return row
    can = [short(one.principal) for one in known if one.answer != "no"]
    return replace(row, why=f"whoever identity policies let ask: {', '.join(can) or 'nobody'}")


def _principals(people: People, role: Described) -> list[tuple[str, str]]:
    """Return whom the trust policy may admit, as (type, value)."""
    allowing = (it for it in people.trust(role).document.statements if it.effect == "Allow")
    return list(dict.fromkeys(pair for it in allowing for pair in it.principals))


def _row(people: People, role: Described, found: Found, action: str = "sts:AssumeRole") -> Row:
    asked = request(found.principal, action, role["Arn"], found.entity, role)
    answer, deciding = judged(asked, people.trust(role), people.account.account_id)
    needed = [*of_others(found), *conditions(answer.ways)]
    refused = answer.answer == "no"
    return Row(
        principal=found.shown,
        answer="only with" if needed and not refused else answer.answer,
        conditions=[] if refused else needed,
        decided_by=statements(answer.decided_by),
        why=told(found, answer, further(asked, deciding)),
    )
