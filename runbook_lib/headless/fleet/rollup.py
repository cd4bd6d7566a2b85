"""What came of a fleet, for people and machines: `fleet.html` and `junit.xml`."""

import json
from pathlib import Path
from xml.etree.ElementTree import Element

from runbook_lib.attempts import Attempt
from runbook_lib.headless import notebooks
from runbook_lib.headless.fleet.record import Account, Fleet
from runbook_lib.headless.report import junit, page
from runbook_lib.machine.files import explained

_MARKS = {"proven": "✓", "skipped": "○", "not started": "○"}
_RESULTS = {
    "passed": "Passed.",
    "failed": "Failed.",
    "stopped": "Stopped: more accounts failed than may, and nothing began after that.",
    "interrupted": "Interrupted: somebody told it to stop.",
}


def write(fleet: Fleet, folder: Path) -> Path:
    """Write both; return the page. Raises: RunbookError."""
    made = folder / "fleet.html"
    with explained("write", folder):
        made.write_text(_page(fleet), encoding="utf-8")
        suites = Element("testsuites", name=f"runbook fleet {fleet.run_id}")
        suites.extend(_suite(one, folder) for one in fleet.accounts)
        junit.write(suites, folder / "junit.xml")
    return made


def _page(fleet: Fleet) -> str:
    total = {name: sum(getattr(one, name) for one in fleet.accounts) for name in _TOTALS}
    measured = [
        *((f"{name} of the proven", f"{value} s") for name, value in fleet.seconds.items()),
        *((label, f"{total[name]:,}") for name, label in _TOTALS.items()),
    ]
    return page.fill(
        "fleet.html",
        "en",
        fleet=fleet,
        accounts=sorted(fleet.accounts, key=lambda one: one.state in ("proven", "skipped")),
        kind="EMULATED" if fleet.backend == "local" else "REAL",
        mark="✓" if fleet.outcome == "passed" else "✕",
        marks={one.state: _MARKS.get(one.state, "✕") for one in fleet.accounts},
        result=_RESULTS[fleet.outcome],
        total=len(fleet.accounts),
        resume=fleet.resume,
        emulated=next((one.report for one in fleet.accounts if one.report), ""),
        sections=[path.stem for path in notebooks.sections()],
        measured=measured,
    )


def _suite(one: Account, folder: Path) -> Element:
    """Return an account's sections and rows of evidence, where any section ran."""
    path = (folder / one.report).with_name("run.json")
    if not one.report or not path.exists():
        return junit.of_account(one.account_id, one.state, one.cause, one.next_step)
    run = json.loads(path.read_text(encoding="utf-8"))
    return junit.suite(run, [Attempt(**row) for row in run["proof"]])


_TOTALS = {
    "calls": "Calls",
    "mutating": "Changes",
    "throttled": "Throttled",
    "retries": "Retries",
}
