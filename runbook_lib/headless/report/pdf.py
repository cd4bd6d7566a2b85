"""The report on paper, printed by the browser that is there."""

import subprocess
import tempfile
from pathlib import Path

from runbook_lib.errors import RunbookError
from runbook_lib.headless.report import report
from runbook_lib.machine import software

_FLAGS = (
    "--headless",
    "--no-sandbox",  # containers have none; the page's policy lets its own script run, and no other
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
_SECONDS = 300


def write(folder: Path, language: str = "") -> Path:
    """Write `report.html` of a run folder, and print it to `report.pdf`.

    Raises: ParameterError where this is no run folder, RunbookError where there is no Chromium, or
    it fails.
    """
    browser = software.browser()
    page, paper = report.write(folder, language), folder / "report.pdf"
    if browser is None:
        raise RunbookError(
            "a PDF needs Chromium or Chrome, and none is on the PATH: install it (Debian and "
            f"Ubuntu: apt-get install chromium fonts-noto-cjk), or open {page} in any browser and "
            "print it there"
        )
    paper.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="runbook-", ignore_cleanup_errors=True) as profile:
        command = [
            browser,
            *_FLAGS,
            f"--user-data-dir={profile}",
            f"--print-to-pdf={paper.absolute()}",
        ]
        _print([*command, page.absolute().as_uri()])
    if not paper.exists():
        raise RunbookError(
            f"{browser} printed nothing; open {page} in any browser and print it there"
        )
    return paper


def _print(command: list[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise RunbookError(
            f"{command[0]} did not print within {_SECONDS} seconds; open {command[-1]} in any "
            "browser and print it there"
        ) from None
