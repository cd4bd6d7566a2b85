"""JupyterLab as `runbook lab` starts it: every notebook in order, Run All Cells, and what is seen.

It works in a copy of the repository, where `runbook lab` makes its own copies of the notebooks.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from runbook_lib import local_aws
from runbook_lib.account.opening import open_account
from runbook_lib.cli import lab as cli
from runbook_lib.headless import notebooks
from tests.browser.conftest import SCREENSHOTS, too_wide
from tests.conftest import REPOSITORY
from tests.scenario import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SECONDS = 60
PATHS = [
    *(Path(cli.OWN, path.name) for path in notebooks.sections()),
    *(Path(cli.OWN, "hostile", path.name) for path in notebooks.sections()[1:5]),
    Path(cli.OWN, "ko", "05_assume_role.ipynb"),
]
NAMES = {  # as long and as odd as IAM lets them be
    "account_id": "000000000000",
    "policy_name": "_+=,.@-p" * 16,
    "user_name": "_+=,.@-u" * 8,
    "role_name": "_+=,.@-r" * 8,
    "session_name": "_+=,.@-s" * 8,
}
MANY = """from runbook_lib import tables
tags = [[{{"Key": "Name", "Value": text}}] for text in {texts}]
some = [{{"InstanceId": f"i-{{n}}", "Tags": tags[n % len(tags)]}} for n in range(5000)]
tables.instances({{"Reservations": [{{"Instances": some}}]}})
"""
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # else cells off the screen are absent
}
READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  return panel?.content?.model && panel.sessionContext?.session?.kernel?.status === "idle"
    && panel.context.path;
}"""
COUNTS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.cells].filter((cell) => cell.type === "code");
  const failed = cells.some((cell) => cell.toJSON().outputs.some((one) => one.ename));
  return panel.sessionContext.session.kernel.status === "idle"
    && (failed || cells.every((cell) => cell.executionCount !== null))
    && cells.map((cell) => cell.executionCount);
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab with a fresh configuration; the embedded AWS is its own."""
    home = tmp_path_factory.mktemp("lab")
    root = home / "repository"
    for folder in ("notebooks", "docs"):
        ignored = shutil.ignore_patterns("_build", ".ipynb_checkpoints")
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=ignored)
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    command, environment = _started_by_cli(root)
    shutil.copytree(root / cli.OWN, root / cli.OWN / "hostile")
    for path in (root / cli.OWN).rglob("*.ipynb"):
        _prepare(path, NAMES if "hostile" in path.parts else {})
    many = notebooks.read(root / cli.OWN / "06_references.ipynb")
    many.cells = [nbformat.v4.new_code_cell(MANY.format(texts=HOSTILE))]
    nbformat.write(many, root / cli.OWN / "many.ipynb")
    environment = _environment(home, environment)
    _tag_instances(environment["RUNBOOK_HOME"])
    server = subprocess.Popen(
        [*command, "--no-browser", "--expose-app-in-browser", "--allow-root"],
        cwd=root,
        env=environment,
    )
    try:
        yield _address(home / "runtime", environment["JUPYTER_TOKEN"])
    finally:
        server.terminate()
        server.wait(timeout=20)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RUNBOOK_HOME", environment["RUNBOOK_HOME"])
            local_aws.stop()


def _started_by_cli(root: Path) -> tuple[list[str], dict[str, str]]:
    """Return what `runbook lab` would start in this repository, and its environment."""
    asked: list[tuple[list[str], dict[str, str]]] = []

    def note(program: str, command: list[str], environment: dict[str, str]) -> None:
        asked.append((command, environment))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "execve", note)
        patch.setattr(notebooks, "ROOT", root)
        patch.setattr(notebooks, "FOLDER", root / "notebooks")
        patch.delenv("JUPYTER_CONFIG_PATH", raising=False)
        patch.chdir(Path.cwd())  # back to it afterwards
        cli.lab(given=None, language="en")
        assert Path.cwd() == root
    return asked[0]


def _prepare(path: Path, parameters: Mapping[str, str]) -> None:
    """Forget the committed outputs, so that what is seen later was made here; set parameters."""
    notebook = notebooks.read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "parameters" in cell.metadata.get("tags", []):
            for name, value in parameters.items():
                cell.source = re.sub(rf'(?m)^({name}: str = )"[^"]*"', rf'\1"{value}"', cell.source)
    nbformat.write(notebook, path)


def _tag_instances(state: str) -> None:
    """Let the account with the hostile names have instances with names of that kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNBOOK_HOME", state)
        ec2 = open_account(NAMES["account_id"]).ec2
        image = ec2.describe_instances()["Reservations"][0]["Instances"][0]["ImageId"]
        for text in HOSTILE:
            name = [{"Key": "Name", "Value": text[:256]}]
            tags = [{"ResourceType": "instance", "Tags": name}]
            ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tags)


def _environment(home: Path, started: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in started.items()
        if not name.startswith(("AWS_", "MOTO_", "RUNBOOK_", "JUPYTER"))
        or name == "JUPYTER_CONFIG_PATH"
    }
    for name, content in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return kept | {
        "HOME": str(home),
        "RUNBOOK_HOME": str(home / "state"),
        "JUPYTER_TOKEN": secrets.token_hex(16),
        "JUPYTER_PORT": "0",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }


def _address(runtime: Path, token: str) -> str:
    """Wait until the server says where it is."""
    for _ in range(SECONDS * 5):
        for path in runtime.glob("jpserver-*.json"):
            url = json.loads(path.read_text())["url"]
            assert url.startswith("http://127.0.0.1:")
            return f"{url}lab/tree/{{}}?token={token}&reset"
        time.sleep(0.2)
    raise TimeoutError("JupyterLab did not start")


@pytest.fixture
def run_all(lab: str, open_page: "Callable[..., Page]") -> "Callable[[str], Page]":
    """Open a notebook, choose Run All Cells, and wait for the end."""

    def run_all(name: str) -> "Page":
        page = open_page(lab.format(name))
        page.wait_for_function(READY, timeout=SECONDS * 1000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        page.wait_for_function(COUNTS, timeout=SECONDS * 1000)
        page.wait_for_timeout(500)  # the model is ahead of what is drawn
        return page

    return run_all


def keep_notebook(page: "Page", name: str) -> None:
    """Keep a picture of the whole notebook, which scrolls inside the page."""
    page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
    panel = page.locator(".jp-WindowedPanel-outer")
    height = panel.evaluate("one => one.scrollHeight")
    page.set_viewport_size({"width": 1200, "height": min(height + 150, 10_000)})
    panel.evaluate("one => one.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_run_all_cells(run_all: "Callable[[str], Page]", path: Path) -> None:
    """In order: each section needs what the ones before it made.

    Hostile names change nothing of it: no dialog, no error, no more and no fewer tables.
    """
    page = run_all(path.as_posix())
    keep_notebook(page, f"lab-{path.parent.name}-{path.stem}")
    for width in (1024, 1300):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(500)  # Lab lays its panels out a moment later
        assert too_wide(page) == [], width
    committed = notebooks.read(notebooks.FOLDER / path.name)
    code = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert page.evaluate(COUNTS) == list(range(1, len(code) + 1))
    html = [output.data["text/html"] for cell in code for output in cell.outputs]
    for selector, mark in [
        ("table.runbook", "<table"),
        (".runbook-banner", "runbook-banner"),
        (".jp-OutputArea img", "<img"),
    ]:
        expected = sum(one.count(mark) for one in html)
        assert page.locator(f".jp-Notebook {selector}").count() == expected, selector
    assert page.locator(".runbook-banner").inner_text().startswith("EMULATED")
    assert not page.locator("[data-mime-type*=stderr], [data-mime-type*=error]").count()
    assert not page.locator(".jp-Dialog, .Toastify__toast").count()  # of news, of a build
    drawn = "all => all.every(one => one.complete && one.naturalWidth > 0 && one.alt)"
    assert page.locator(".jp-OutputArea img").evaluate_all(drawn)


def test_hostile_names_are_seen_as_what_they_are(run_all: "Callable[[str], Page]") -> None:
    page = run_all("my-notebooks/hostile/05_assume_role.ipynb")
    shown = page.locator(".jp-Notebook").inner_text()
    for text in (*HOSTILE, *NAMES.values()):
        if text.isprintable():
            assert text[:256] in shown
    assert not page.locator(".jp-OutputArea img[alt*='assume-role-policy']").count()
    assert not page.locator(".jp-OutputArea :is(script, mjx-container, .MathJax)").count()
    cells = "all => all.every(one => one.scrollWidth <= one.closest('.jp-Notebook').clientWidth)"
    assert page.locator(".jp-MarkdownOutput").evaluate_all(cells)


def test_five_thousand_instances_are_folded_and_can_be_unfolded(
    run_all: "Callable[[str], Page]",
) -> None:
    page = run_all("my-notebooks/many.ipynb")
    keep_notebook(page, "lab-many")
    seen = "all => all.filter(one => one.checkVisibility()).length"
    rows = page.locator("table.runbook tbody tr")
    assert rows.evaluate_all(seen) == 50
    page.get_by_text("The first 50 of 5,000 rows; show all").click()
    assert rows.evaluate_all(seen) == 5000


def test_links_lead_from_a_notebook_to_its_neighbours_and_the_documentation(
    run_all: "Callable[[str], Page]",
) -> None:
    page = run_all("my-notebooks/01_environment.ipynb")
    page.locator(".runbook-banner a").click()
    page.get_by_role("tab", name="not-emulated.md").wait_for()
    page.locator(".jp-MarkdownViewer h1").wait_for()  # as a page, not as its source
    page.get_by_role("tab", name="01_environment.ipynb").click()
    page.locator(".jp-MarkdownOutput a", has_text="2. The assume-role policy").first.click()
    page.get_by_role("tab", name="02_assume_role_policy.ipynb").wait_for()
