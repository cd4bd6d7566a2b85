"""What was tried, found, planned and called, as tables."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runbook_lib.access.arns import Arn, short
from runbook_lib.tables.shapes import Banner, Folded, Table, listing, pick, record

_DIFFERENCE = "Difference from the tutorial"


def banner(caller: Any) -> Banner:
    """Tell whether this is the embedded AWS or a real one, which account, region and principal."""
    place = caller.place
    kind = "EMULATED" if place.backend == "local" else "REAL"
    other = f" · endpoint {place.endpoint}" if kind == "REAL" and place.endpoint else ""
    return Banner(
        kind, f"account {caller.account_id} · {place.region} · as {short(caller.arn)}{other}"
    )


def outcome(attempt: Any, table: Callable[[Mapping[str, Any]], Table]) -> Table:
    """Show the response of an attempt as this table; a refusal by its code and message."""
    if attempt.response is not None:
        return table(attempt.response)
    return record(
        {
            "Who": short(attempt.who),
            "Action": attempt.action,
            "Observed": attempt.observed,
            "Code": attempt.code,
            "Message": attempt.message,
        }
    )


def hand_over(profiles: Mapping[str, str]) -> Table:
    """Show the profiles that other tools can use, and how."""
    return listing(
        [
            {
                "Profile": name,
                "Who": short(arn),
                "Command": f"aws --profile {name} ec2 describe-instances",
            }
            for name, arn in profiles.items()
        ]
    )


def proof(attempts: Iterable[Any]) -> Table:
    """Show rows of evidence: expected, predicted and observed side by side."""
    rows = list(attempts)
    several = len({Arn.parse(row.who).account_id for row in rows}) > 1
    named = _with_account if several else short
    table = listing(
        [
            {
                "Who": named(row.who),
                "Action": row.action,
                "With": row.given,
                "Expected": row.expected,
                "Predicted": row.predicted,
                "Observed": row.observed,
                "Code": row.code,
                "Why": row.why if several else short(row.why),
                "Proven": "yes" if row.proven else "NO",
            }
            for row in rows
        ]
    )
    return table if any(row.given for row in rows) else table.drop(columns="With", errors="ignore")


def findings(found: Iterable[tuple[str, str, str]]) -> Table:
    """Show what a reviewer would say, with AWS's page on it, and how many rules were applied."""
    columns, rows = ("Finding", "Why", "Read"), list(found)
    if rules := getattr(found, "rules", 0):
        rows.append(("no other" if rows else "none", f"{rules} rules were applied", ""))
    return listing([dict(zip(columns, one, strict=True)) for one in rows], *columns)


def differences(lines: Iterable[str]) -> Table:
    """Show what a document has that the tutorial's has not (+), and the other way round (-)."""
    return listing([{_DIFFERENCE: line} for line in lines], _DIFFERENCE)


def checks(rows: Iterable[Mapping[str, str]]) -> Table:
    """Show what was found on this machine, and what to do about it."""
    return _columns(rows, "Check", "Found", "To do")


def plan(rows: Iterable[Mapping[str, str]]) -> Table:
    """Show what a run would create, change, keep or find foreign."""
    return _columns(rows, "Kind", "Name", "Plan", "Detail")


def removals(rows: Iterable[Mapping[str, str]]) -> Table:
    """Show what is, or would be, taken away."""
    return _columns(rows, "Kind", "Name", "Outcome")


def calls(made: Iterable[Any]) -> Table | Folded:
    """Show the calls that left, in order, each as the aws CLI would make it.

    The lesson's come first; the reads for something else are folded under one line.
    """
    all_of_them = list(made)
    table = _calls(call for call in all_of_them if not call.purpose)
    reads = [call for call in all_of_them if call.purpose]
    if not reads:
        return table
    purposes = " and ".join(dict.fromkeys(call.purpose for call in reads))
    return Folded(table, f"{len(reads)} reads for {purposes}", _calls(reads))


def _calls(made: Iterable[Any]) -> Table:
    shown: Table = every_call(made)[["Command", "Principal", "Changes something", "Outcome"]]
    return shown


def every_call(made: Iterable[Any]) -> Table:
    """Show each call with its number, action, purpose, seconds and request id as well."""
    rows = [
        {
            "#": number,
            "Action": call.action,
            "Command": call.command,
            "For": call.purpose,
            "Principal": short(call.principal),
            "Changes something": "yes" if call.mutating else "no",
            "Outcome": call.outcome,
            "Seconds": f"{call.seconds:.3f}",
            "Request id": call.request_id,
        }
        for number, call in enumerate(made, 1)
    ]
    names = ("#", "Action", "Command", "For", "Principal", "Changes something", "Outcome")
    return listing(rows, *names, "Seconds", "Request id")


def _columns(rows: Iterable[Mapping[str, object]], *names: str) -> Table:
    return listing([pick(row, *names) for row in rows], *names)


def _with_account(arn: str) -> str:
    return f"{Arn.parse(arn).account_id} {short(arn)}"
