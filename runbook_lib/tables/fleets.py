"""Many accounts as tables: which, how each ended, and what went wrong by its cause."""

from collections.abc import Iterable, Mapping
from typing import Any

from runbook_lib.tables.shapes import Table, listing, pick


def fleet_rows(rows: Iterable[Mapping[str, Any]]) -> Table:
    """Show the rows of a fleet: each account, and what is its own there."""
    given = list(rows)
    names = list(dict.fromkeys(name for row in given for name in row))
    return listing([{name: row.get(name, "") for name in names} for row in given], *names)


def fleet(accounts: Iterable[Any]) -> Table:
    """Show how each account of a fleet ended, and what it took."""
    fields = ("account_id", "state", "section", "code", "action", "calls", "mutating")
    names = ("Account", "Result", "Where", "Code", "Action", "Calls", "Changes")
    return _listed(names, ([getattr(one, name) for name in fields] for one in accounts))


def fleet_causes(groups: Iterable[Mapping[str, Any]]) -> Table:
    """Show what went wrong in a fleet, a row for each cause, with what to do."""
    fields = ("state", "code", "cause", "next_step")
    names = ("Accounts", "Result", "Code", "Cause", "Next step")
    found = ([", ".join(one["account_ids"]), *(one[name] for name in fields)] for one in groups)
    return _listed(names, found)


def fleet_plans(accounts: Iterable[Mapping[str, Any]]) -> Table:
    """Show what a run would do in each account."""
    names = ("Account", "State", "Plan")
    found = ([one["account_id"], one["state"], one.get("summary", "")] for one in accounts)
    return _listed(names, found)


def fleet_removals(accounts: Iterable[Mapping[str, Any]]) -> Table:
    """Show what is, or would be, taken away in each account."""
    rows = [
        {"Account": one["account_id"], **pick(row, "Kind", "Name", "Outcome")}
        for one in accounts
        for row in one.get("rows", [])
    ]
    return listing(rows, "Account", "Kind", "Name", "Outcome")


def _listed(names: tuple[str, ...], rows: Iterable[list[object]]) -> Table:
    return listing([dict(zip(names, row, strict=True)) for row in rows], *names)
