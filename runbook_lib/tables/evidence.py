"""What was tried, found, planned and called, as tables."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runbook_lib.access.arns import Arn, short
from runbook_lib.tables.cells import NOT_PROVEN, marked
from runbook_lib.tables.shapes import Banner, Folded, Table, listing, pick, record

_DIFFERENCE = "Difference from the tutorial"
_CALLS = ("Command", "Principal", "Changes something", "Outcome")


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


def hand_over(lines: Mapping[str, str]) -> Table:
    """Show where the profiles for other tools are, and lines for a shell that use them."""
    return record(lines)


def proof(attempts: Iterable[Any]) -> Table:
    """Show rows of evidence: expected, predicted and observed side by side."""
    rows = list(attempts)
    several = len({Arn.parse(row.who).account_id for row in rows}) > 1
    return listing(
        [
            {
                "Who": (short(row.who), _account(row.who) if several else ""),
                "Action": (row.action, f"with {row.given}" if row.given else ""),
                "Expected": marked(row.expected),
                "Predicted": marked(row.predicted),
                "Observed": (marked(row.observed), row.code, "" if row.proven else NOT_PROVEN),
                "Why": row.why if several else short(row.why),
            }
            for row in rows
        ]
    )


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
    return listing([{"Command": call.command} | _fate(call) for call in made], *_CALLS)


def every_call(made: Iterable[Any]) -> Table:
    """Show each call on a line that unfolds: command, whole ARN, purpose and request id."""
    rows = [
        {"#": number, "Call": _unfolded(call)} | _fate(call) | {"Seconds": f"{call.seconds:.3f}"}
        for number, call in enumerate(made, 1)
    ]
    return listing(rows, "#", "Call", *_CALLS[1:], "Seconds")


def changes(made: Iterable[Any]) -> Table:
    """Show the calls that created or changed something."""
    rows = [
        {"Action": call.action, "Command": call.command, "Principal": short(call.principal)}
        for call in made
        if call.mutating and call.outcome == "ok"
    ]
    return listing(rows, "Action", "Command", "Principal")


def _fate(call: Any) -> dict[str, str]:
    mutating = "yes" if call.mutating else "no"
    return dict(zip(_CALLS[1:], (short(call.principal), mutating, call.outcome), strict=True))


def _unfolded(call: Any) -> tuple[str, ...]:
    purpose = f"for {call.purpose}" if call.purpose else ""
    again = f"sent {call.retries + 1} times" if call.retries else ""
    said = f"as {call.principal}", purpose, again, f"request {call.request_id}"
    return call.action, call.command, *said


def _columns(rows: Iterable[Mapping[str, object]], *names: str) -> Table:
    return listing([pick(row, *names) for row in rows], *names)


def _account(arn: str) -> str:
    return f"account {Arn.parse(arn).account_id}"
