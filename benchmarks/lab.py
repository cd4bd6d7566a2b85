"""JupyterLab in a browser: `python benchmarks/lab.py [--rounds N] [CHECKOUT …]` (this one).

Opens each notebook as a person does, chooses Run All Cells and waits for the end: how long until
the first table stands there, until all is done, and how long the import cell took. Checkouts take
turns, each round on an embedded AWS that was just started. Needs what `make test-browser` installs.
"""

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": True},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
IDLE = """() => window.jupyterapp?.shell.currentWidget?.content?.model
  && window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === "idle" """
CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.cells].filter((cell) => cell.type === "code");
  return panel.sessionContext.session.kernel.status === "idle"
    && cells.every((cell) => cell.executionCount !== null)
    && cells.map((cell) => cell.toJSON());
}"""
Found = dict[tuple[str, str], list[float]]


@contextmanager
def lab(checkout: Path) -> Iterator[str]:
    """Start JupyterLab on a copy of the notebooks without outputs; yield its address."""
    with tempfile.TemporaryDirectory(prefix="bench-lab-") as name:
        home = Path(name)
        shutil.copytree(checkout / "notebooks", home / "notebooks")
        for path in (home / "notebooks").glob("0*.ipynb"):
            notebook = json.loads(path.read_text(encoding="utf-8"))
            for cell in notebook["cells"]:
                cell |= {"outputs": [], "execution_count": None} if "outputs" in cell else {}
            path.write_text(json.dumps(notebook), encoding="utf-8")
        for setting, content in SETTINGS.items():
            file = home / "settings" / "@jupyterlab" / f"{setting}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content), encoding="utf-8")
        folders = {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
        folders |= {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_RUNTIME_DIR": "runtime"}
        folders |= {"RUNBOOK_HOME": "state", "HOME": "."}
        token = secrets.token_hex(16)
        environment = os.environ | {key: str(home / value) for key, value in folders.items()}
        environment |= {"JUPYTER_TOKEN": token, "PYTHONPATH": str(checkout)}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
        command += ["--expose-app-in-browser", "--ip=127.0.0.1"]
        server = subprocess.Popen(
            command, cwd=home / "notebooks", env=environment, stderr=subprocess.DEVNULL
        )
        try:
            while not (files := [*(home / "runtime").glob("jpserver-*.json")]):
                time.sleep(0.1)
            yield f"{json.loads(files[0].read_text())['url']}lab/tree/{{}}?token={token}&reset"
        finally:
            server.terminate()
            server.wait()
            stop = "from runbook_lib import local_aws; local_aws.stop()"
            subprocess.run([sys.executable, "-c", stop], env=environment, check=True)


def run_all(page: Page, address: str) -> tuple[float, float, list[dict[str, Any]]]:
    """Open a notebook and run it; return the seconds to its first table and to its end."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(IDLE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.locator(".jp-OutputArea table").first.wait_for()
    first = time.perf_counter() - began
    cells = page.wait_for_function(CELLS).json_value()
    return first, time.perf_counter() - began, cells


def import_seconds(cells: list[dict[str, Any]]) -> float:
    """Return how long the kernel was at work on the cell that imports."""
    noted = next(cell for cell in cells if "import" in cell["source"])["metadata"]["execution"]
    begun, ended = (
        datetime.fromisoformat(noted[name]) for name in ("iopub.status.busy", "iopub.status.idle")
    )
    return (ended - begun).total_seconds()


def one_round(browser: Browser, checkout: Path, found: Found) -> None:
    """Run each notebook of a checkout, in order."""
    with lab(checkout) as address:
        for path in sorted((checkout / "notebooks").glob("0[1-7]*.ipynb")):
            context = browser.new_context()
            first, whole, cells = run_all(context.new_page(), address.format(path.name))
            context.close()
            found[path.stem, "first table"].append(first)
            found[path.stem, "all"].append(whole)
            found[path.stem, "imports"].append(import_seconds(cells))


def main() -> None:
    """Measure and print medians, a checkout beside the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path(__file__).parents[1]])
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    found: list[Found] = [defaultdict(list) for _ in chosen.checkouts]
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for _ in range(chosen.rounds):
            for checkout, here in zip(chosen.checkouts, found, strict=True):
                one_round(browser, checkout.absolute(), here)
        browser.close()
    print(f"{'seconds':38}", *(f"{str(one)[-16:]:>16}" for one in chosen.checkouts))
    for name, what in found[0]:
        medians = (f"{median(here.get((name, what), [0])):16.2f}" for here in found)
        print(f"{name:24} {what:13}", *medians)


if __name__ == "__main__":
    main()
