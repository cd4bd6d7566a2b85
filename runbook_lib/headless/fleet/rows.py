"""The accounts of a fleet, each with the runbook's parameters, checked before anything is sent."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runbook_lib import policies
from runbook_lib.account import parameters, sdk
from runbook_lib.account.hub.organization import Member
from runbook_lib.errors import ParameterError
from runbook_lib.headless.fleet import files

COLUMNS = (
    "account_id",
    "region",
    "variant",
    "profile",
    "policy_name",
    "user_name",
    "role_name",
    "trusted_account_id",
    "wave",
)
_HAS = f"a row may have {', '.join(COLUMNS)}"
LAST_WAVE = 10**6  # that of a row without one: what is marked goes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One account: the runbook's parameters, in which wave it is, and who leaves it out."""

    account_id: str
    chosen: Mapping[str, Any]
    wave: int = LAST_WAVE
    left_out: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    shown: Sequence[dict[str, str]] | None = None  # what somebody agreed to have deleted

    @property
    def profile(self) -> str:
        """The profile of the account's credentials; nothing where the SDK is to choose."""
        return str(self.chosen["profile"])

    @property
    def accounts(self) -> set[str]:
        """The accounts that are worked in, of which no other row may be at work."""
        return {self.account_id, self.chosen["trusted_account_id"] or self.account_id}


def read(path: Path, shared: Mapping[str, Any]) -> list[Row]:
    """Read the rows of a file; what a row leaves out is as in `shared`.

    Raises: ParameterError that names every row which cannot be used, with its line and why.
    """
    found = files.read(path)
    on = Counter(line for line, _ in found)
    places = (
        f"line {line}" + (f", row {number}" if on[line] > 1 else "")
        for number, (line, _) in enumerate(found, 1)
    )
    cells = (cells for _, cells in found)
    return check(zip(places, cells, strict=True), shared, str(path))


def of_organization(members: Iterable[Member], shared: Mapping[str, Any]) -> list[Row]:
    """Return the accounts of an organization as rows, those that are skipped left out."""
    why = {one.account_id: one.skipped and f"--organization: {one.skipped}" for one in members}
    found = check([(name, {"account_id": name}) for name in why], shared, "--organization")
    return [replace(row, left_out=why[row.account_id]) for row in found]


def check(
    found: Iterable[tuple[str, Mapping[str, Any]]], shared: Mapping[str, Any], source: str
) -> list[Row]:
    """Return cells as rows; each comes with the place where it stands.

    Raises: ParameterError that names every row which cannot be used.
    """
    rows: dict[str, Row] = {}
    places: dict[str, str] = {}
    problems: dict[str, list[str]] = {}
    for place, cells in found:
        row, wrong = _row(cells, shared)
        if row and not wrong and row.account_id in rows:
            wrong = [f"account {row.account_id} is there already: {places[row.account_id]}"]
        if row and not wrong:
            rows[row.account_id], places[row.account_id] = row, place
        for problem in wrong:
            problems.setdefault(problem, []).append(place)
    if problems:
        lines = [f"  {'; '.join(where)}: {problem}" for problem, where in problems.items()]
        bad = len(set().union(*problems.values()))
        raise ParameterError(
            "\n".join(
                [
                    f"{source}: rows that cannot be used: {bad}. Nothing was sent",
                    *lines,
                ]
            )
        )
    if not rows:
        raise ParameterError(f"{source} holds no row, nothing was sent: name at least one account")
    return list(rows.values())


def choose(rows: list[Row], only: Collection[str], without: Collection[str]) -> list[Row]:
    """Mark the rows that `--only` and `--except`, which wins, leave out; each lists ids.

    Raises: ParameterError where they name an account that is in no row, or nothing, or leave none,
    or one that a row which is left trusts.
    """
    only, without = _ids("--only", only), _ids("--except", without)
    known = {row.account_id for row in rows}
    for option, named in {"--only": only, "--except": without}.items():
        if strangers := sorted(set(named) - known):
            raise ParameterError(
                f"{option} names what is in no row, nothing was sent: {', '.join(strangers)}"
            )
    chosen = [
        replace(row, left_out="--except")
        if row.account_id in without
        else replace(row, left_out="--only")
        if only and row.account_id not in only
        else row
        for row in rows
    ]
    for row in chosen:
        if not row.left_out and (reached := row.accounts & set(without)):
            raise ParameterError(
                f"--except names {', '.join(reached)}, where the user of {row.account_id} lives; "
                f"nothing was sent: leave {row.account_id} out as well"
            )
    if all(row.left_out for row in chosen):
        raise ParameterError("every account is left out, nothing was sent: see --only and --except")
    return chosen


def _ids(option: str, listed: Collection[str]) -> list[str]:
    """Take lists like `1,2` apart; nothing, as in `--only "$IDS"`, is not everything."""
    found = [one.strip() for text in listed for one in text.split(",") if one.strip()]
    if listed and not found:
        raise ParameterError(
            f"{option} names no account, nothing was sent: give account ids, or leave it out"
        )
    return found


def share(name: str, text: str, total: int, least: int) -> int:
    """Return a number, or so many percent of the total, rounded down.

    Raises: ParameterError.
    """
    found = re.fullmatch(r"([0-9]{1,9})(%?)", text)
    number = int(found[1]) if found else -1
    if found is None or (number > 100 and found[2]) or (number < least):
        rule = f"a number from {least} on, or percent as in 10%"
        raise ParameterError(f"{name} {text!r} is not accepted, nothing was sent: expected {rule}")
    return max(least, total * number // 100) if found[2] else number


def _row(cells: Mapping[str, Any], shared: Mapping[str, Any]) -> tuple[Row | None, list[str]]:
    """Return a row, and what is wrong with it."""
    wrong = [f"there is no column {name!r}: {_HAS}" for name in cells if name not in COLUMNS]
    given = {name: cells[name] for name in COLUMNS if name in cells}
    if "account_id" not in given:
        return None, [*wrong, "it has no account_id"]
    chosen = {**shared, **given}
    wave = chosen.pop("wave", LAST_WAVE)
    if not re.fullmatch(r"[0-9]{1,5}", str(wave)) and wave != LAST_WAVE:
        wrong.append(f"wave {wave!r} is not accepted: expected a number from 0 to 99999")
    wrong += filter(None, (_refusal({name: value}) for name, value in chosen.items()))
    if wrong:
        return None, wrong
    for name in ("account_id", "trusted_account_id"):  # a number of twelve digits becomes text
        chosen[name] = chosen[name] and parameters.account_id(chosen[name])
    if chosen["variant"] == "external-id" and chosen["backend"] == "local":
        chosen["trusted_account_id"] = chosen["trusted_account_id"] or policies.PARTNER_ACCOUNT_ID
    wrong = [*filter(None, [_refusal(chosen), _no_region(chosen["region"])])]
    account_id = chosen["account_id"]
    return Row(account_id=account_id, chosen=chosen, wave=int(wave), given=given), wrong


def _refusal(some: Mapping[str, Any]) -> str:
    try:
        parameters.check(some)
    except ParameterError as error:
        return re.split(r"[;:,] (for example|give all|add -r)", str(error))[0]
    return ""


def _no_region(region: str) -> str:
    try:
        sdk.partition(region)
    except ParameterError as error:
        return str(error).partition("; for example")[0]
    return ""
