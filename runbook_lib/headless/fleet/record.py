"""What came of a fleet: `fleet.json` and `fleet.csv`, and the accounts' own run folders."""

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from statistics import quantiles
from typing import Any

from runbook_lib.errors import ParameterError
from runbook_lib.headless.fleet.causes import cause
from runbook_lib.machine.files import explained

STATES = ("proven", "unreachable", "refused", "failed", "not started", "skipped")
BAD = ("unreachable", "refused", "failed")


@dataclass(slots=True, kw_only=True)
class Account:
    """How one account ended, in exactly one of `STATES`, and why."""

    account_id: str
    state: str = "not started"
    section: str = ""
    code: str = ""
    action: str = ""
    cause: str = ""
    next_step: str = ""
    seconds: float = 0.0
    calls: int = 0
    mutating: int = 0
    throttled: int = 0
    retries: int = 0
    report: str = ""
    sections: dict[str, float] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Fleet:
    """What `fleet.json` holds.

    `outcome` is passed, failed, interrupted, or stopped where more failed than might.
    """

    run_id: str
    backend: str = "local"
    outcome: str = "interrupted"
    exit_status: int = 130
    counts: dict[str, int] = field(default_factory=dict)
    accounts: list[Account] = field(default_factory=list)
    groups: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    resume: str = ""  # the command line that goes on with what is not proven
    begun: str = ""  # when, as run ids begin, it was begun or resumed

    def count(self) -> None:
        """Count states, group what failed by its cause, and measure."""
        found = Counter(one.state for one in self.accounts)
        self.counts = {state: found[state] for state in STATES}
        self.groups = grouped(self.accounts)
        took = sorted(one.seconds for one in self.accounts if one.state == "proven")
        if took:
            cuts = quantiles(took, n=20, method="inclusive") if len(took) > 1 else took * 19
            self.seconds = {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2), "max": took[-1]}

    @property
    def not_proven(self) -> list[str]:
        """The ids of the accounts that a resumed fleet takes up."""
        return [one.account_id for one in self.accounts if one.state not in ("proven", "skipped")]


def grouped(accounts: Iterable[Account]) -> list[dict[str, Any]]:
    """Return what went wrong by state, code, action and section, the most frequent first."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in accounts:
        if one.state in BAD:
            alike = re.sub(r"\d{12}", "", one.cause) if one.code == "Other" else ""
            key = (one.state, one.code, one.action, one.section, alike)
            names = ("state", "code", "action", "section", "cause", "next_step")
            group = groups.setdefault(key, {name: getattr(one, name) for name in names})
            group.setdefault("account_ids", []).append(one.account_id)
    return sorted(groups.values(), key=lambda group: -len(group["account_ids"]))


def of_run(run: Mapping[str, Any], report: str) -> dict[str, Any]:
    """Return what `run.json` says of an account, as the fields of `Account`."""
    seconds = sum(section["seconds"] for section in run["sections"])
    made = {
        "state": "proven" if run["outcome"] == "passed" else "failed",
        "seconds": round(seconds, 2),
        "report": report,
        "sections": {one["name"]: one["seconds"] for one in run["sections"] if one["seconds"]},
        **counted(run["calls"]),
    }
    if run["outcome"] != "passed":
        where = [
            one["name"] for one in run["sections"] if one["outcome"] not in ("passed", "not run")
        ]
        made |= explain(run["error"], where[0] if where else "", run["calls"])
    return made


def counted(calls: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many calls there were, how many changed something, how often AWS throttled."""
    found = list(calls)
    return {
        "calls": len(found),
        "mutating": sum(call["mutating"] and call["outcome"] == "ok" for call in found),
        "throttled": sum(call.get("throttled", 0) for call in found),
        "retries": sum(call.get("retries", 0) for call in found),
    }


def explain(message: str, section: str, calls: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return why an account failed, as the fields of `Account`."""
    return cause(message, section, [call["action"] for call in calls][::-1])._asdict()


def write(fleet: Fleet, folder: Path) -> None:
    """Write `fleet.json` and `fleet.csv` in one step each. Raises: RunbookError."""
    table = io.StringIO()
    columns = [one.name for one in fields(Account) if one.name not in ("sections", "row")]
    rows = csv.DictWriter(table, columns, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    rows.writerows(
        {name: _cell(value) for name, value in asdict(one).items()} for one in fleet.accounts
    )
    text = json.dumps(asdict(fleet), indent=1, ensure_ascii=False)
    for name, content in {"fleet.json": text, "fleet.csv": table.getvalue()}.items():
        with explained("write", folder):
            _replace(folder / name, content)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _cell(value: object) -> object:
    """Keep a spreadsheet from taking a message for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def read(folder: Path) -> Fleet:
    """Read what a fleet left, from the accounts' own run folders where they know more.

    A folder without `fleet.json` is one in which `runbook run` has been told to write.
    Raises: ParameterError where there is neither.
    """
    made = _read(folder / "fleet.json")
    pods = made is None
    made = made or Fleet(run_id=folder.resolve().name)
    accounts = {one.account_id: one for one in made.accounts}
    for path in last_runs(folder):
        run = json.loads(path.read_text(encoding="utf-8"))
        account = accounts.setdefault(run["account_id"], Account(account_id=run["account_id"]))
        if account.state == "not started" and run["run_id"] >= made.begun:
            report = str(path.with_name("report.html").relative_to(folder))
            for name, value in of_run(run, report).items():
                setattr(account, name, value)
        made.backend = run["backend"]
    if not accounts:
        raise ParameterError(
            f"{folder} holds neither fleet.json nor run folders: name one that runbook fleet made, "
            "or the --output of runbook run"
        )
    made.accounts = list(accounts.values())
    made.count()
    if pods:
        made.outcome, made.exit_status = ("failed", 1) if made.not_proven else ("passed", 0)
    return made


def _read(path: Path) -> Fleet | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        accounts = [Account(**one) for one in found.pop("accounts")]
        return Fleet(**found, accounts=accounts)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise ParameterError(
            f"{str(path)!r} is not as runbook fleet writes it: it was edited, damaged, or another "
            "version's; take it away, and the run folders beside it are read alone"
        ) from None


def last_runs(folder: Path) -> list[Path]:
    """Return the newest `run.json` of each account."""
    newest: dict[str, Path] = {}
    for path in sorted(folder.glob("[0-9]" * 12 + "/*/run.json")):
        newest[path.parts[-3]] = path
    return list(newest.values())
