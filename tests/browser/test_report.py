"""The report of a real run: from disk, light or dark, and printed."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SCREENSHOTS, Seen, keep, paper, too_wide, violations
from tests.conftest import FinishedRun, run_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
PRINTED = [
    "278805249149",
    "EMULATED",
    "UnauthorizedOperation",
    "assumed-role/assume-role-role/assume-role-session",
    "2. Assume Role Policy 생성",
    "6. 참조",
]

LONGEST = {  # as long as IAM lets them be, and nowhere a place to break them
    "--user-name": "U" * 64,
    "--role-name": "R" * 64,
    "--policy-name": "P" * 128,
    "--session-name": "S" * 64,
    "--trusted-account-id": "111122223333",
}
RUNS = {
    "tutorial": [],
    "least-privilege": [],
    "mfa": [],
    "external-id": [word for pair in LONGEST.items() for word in pair],
}


@pytest.fixture(scope="module", params=RUNS)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run of each variant; one of them in two accounts, with the longest names."""
    home = tmp_path_factory.mktemp(request.param)
    made = run_of(home, "--variant", request.param, *RUNS[request.param]).folder
    made.rename(made.parent / request.param)
    return made.parent / request.param / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_from_reading_the_report(
    open_page: "Callable[..., Page]", seen: Seen, finished_run: FinishedRun, scheme: str
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri(), scheme=scheme)
    keep(page, f"report-{scheme}")
    assert violations(page) == []
    page.get_by_role("button", name="Unfold all").click()
    assert violations(page) == []
    assert not seen.errors


@pytest.mark.parametrize("width", [390, 1024, 1300])
def test_no_table_is_cut_at_any_width(
    open_page: "Callable[..., Page]", report: Path, width: int
) -> None:
    page = open_page(report.as_uri(), width=width)
    keep(page, f"report-{report.parent.name}-{width}")
    assert too_wide(page) == []
    page.get_by_role("button", name="Unfold all").click()
    assert too_wide(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_call_is_a_line_high_and_its_outcome_is_seen(
    open_page: "Callable[..., Page]", report: Path
) -> None:
    page = open_page(report.as_uri() + "#calls", width=1300)
    rows = page.locator("#calls tbody tr:visible")
    assert rows.evaluate_all("all => new Set(all.map((one) => one.offsetHeight)).size") == 1
    assert rows.first.evaluate("one => one.offsetHeight") < 45
    rows.nth(5).locator("summary").click()
    assert rows.nth(5).get_by_text("request ").is_visible()
    assert page.evaluate("document.documentElement.scrollHeight") < 8000


def test_folded_it_is_a_fraction_of_what_it_was(
    open_page: "Callable[..., Page]", finished_run: FinishedRun
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri(), width=1300)
    assert page.evaluate("document.documentElement.scrollHeight") < 4000


def test_a_link_unfolds_what_it_leads_to(
    open_page: "Callable[..., Page]", finished_run: FinishedRun
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri())
    place = page.locator("[id='not-emulated.Access']")
    assert not place.is_visible()
    page.get_by_role("link", name="what that means").click()
    assert place.is_visible()


def test_what_is_copied_is_what_is_typed(
    open_page: "Callable[..., Page]", finished_run: FinishedRun
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#destroy").get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == ".venv/bin/runbook destroy 278805249149"
    page.get_by_role("button", name="Unfold all").click()
    for block in page.locator("main .copied:has(pre:visible)").all():
        block.hover()
        block.get_by_role("button").click()
        text = page.evaluate("navigator.clipboard.readText()")
        typed = [one for one in block.inner_text().splitlines() if one.startswith("$ ")]
        assert "$ " not in text
        assert text.splitlines() == [one[2:] for one in typed] or not typed


def test_a_printed_report_says_what_matters_and_what_is_left_out(
    open_page: "Callable[..., Page]", report: Path
) -> None:
    run = json.loads((report.parent / "run.json").read_text(encoding="utf-8"))
    page = open_page(report.as_uri(), scheme="dark")
    printed = paper(page, f"report-{report.parent.name}")
    words = ["EMULATED", "runbook destroy 278805249149", "is not printed"]
    for row in run["proof"]:
        words += [row["action"], row["expected"], row["code"], row["who"].rpartition(":")[2]]
    for call in run["calls"]:
        words += [call["action"], call["outcome"]]
    assert [one for one in words if "".join(one.split()) not in printed] == []
    assert [one for one in ("Copy", "Skiptothe", "Filter") if one in printed] == []
    pages = subprocess.run(
        ["pdfinfo", SCREENSHOTS / f"report-{report.parent.name}.pdf"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(re.findall(r"Pages: +(\d+)", pages.stdout)[0]) <= 8


def test_what_is_unfolded_is_printed_as_well(
    open_page: "Callable[..., Page]", finished_run: FinishedRun
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri())
    page.get_by_role("button", name="Unfold all").click()
    printed = paper(page, "report-unfolded")
    assert [one for one in PRINTED if "".join(one.split()) not in printed] == []
