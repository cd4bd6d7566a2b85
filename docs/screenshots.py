"""Take the two pictures of the README from a real run: `make screenshots`."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

BIN, HERE = Path(sys.executable).parent, Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
    command = [BIN / "runbook", "run", "123456789012", "--output", folder]
    subprocess.run([*command, "--variant", "least-privilege"], check=True)
    (report,) = Path(folder).glob("*/*/report.html")
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
    page = browser.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=2)
    page.goto(report.as_uri())
    page.locator("#proof").evaluate("one => { one.style.padding = '1rem' }")
    page.locator("#proof").screenshot(path=HERE / "proof.png")
    page.get_by_role("button", name="Unfold all").click()
    page.locator("img[src^='data:image/svg']").first.screenshot(path=HERE / "access.png")
    browser.close()
