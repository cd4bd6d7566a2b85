"""The report of a real run: from disk, light or dark, and printed."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SCREENSHOTS, Seen, keep, violations
from tests.conftest import FinishedRun

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_from_reading_the_report(
    open_page: "Callable[..., Page]", seen: Seen, finished_run: FinishedRun, scheme: str
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri(), scheme=scheme)
    keep(page, f"report-{scheme}")
    assert violations(page) == []
    assert not seen.errors


def test_the_report_fits_a_telephone(
    open_page: "Callable[..., Page]", finished_run: FinishedRun
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri(), width=400)
    keep(page, "report-400")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_printed_report_says_the_same(
    open_page: "Callable[..., Page]", finished_run: FinishedRun, tmp_path: Path
) -> None:
    page = open_page((finished_run.folder / "report.html").as_uri())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    printed = SCREENSHOTS / "report.pdf"
    page.pdf(path=printed, format="A4", print_background=True, tagged=True)
    command = ["pdftotext", "-layout", str(printed), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    joined = "".join(text.split())  # lines break where the paper ends
    assert [words for words in PRINTED if "".join(words.split()) not in joined] == []
