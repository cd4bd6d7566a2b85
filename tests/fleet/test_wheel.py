"""The wheel alone is enough: installed away from the repository, it runs the runbook."""

import json
import os
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from runbook_lib.headless import notebooks
from tests.conftest import REPOSITORY


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as a package index would get it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=REPOSITORY, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and, from this one, what it depends on."""
    folder = tmp_path_factory.mktemp("empty environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    made = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(made), "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", str(wheel)], check=True)
    found = subprocess.run(
        [made, "-c", "import site; print(site.getsitepackages()[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    # A path file leads to packages, not to the path files beside them: not to the repository.
    dependencies = "\n".join(site.getsitepackages())
    Path(found.stdout.strip(), "dependencies.pth").write_text(dependencies)
    return made


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"HOME": str(home), "RUNBOOK_HOME": str(home / "state")}


def test_that_the_wheel_holds_the_notebooks_and_what_they_link_to(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, pattern in (("notebooks", "**/*.ipynb"), ("docs", "*.md"), ("docs", "ko/*.md")):
        for path in (REPOSITORY / folder).glob(pattern):
            if ".ipynb_checkpoints" not in path.parts:
                assert f"runbook_lib/installed/{path.relative_to(REPOSITORY)}" in names
    assert "runbook_lib/headless/report/page.html" in names
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"runbook_lib", next(top for top in tops if top.endswith(".dist-info"))}


def test_that_the_installed_package_runs_away_from_the_repository(
    python: Path, tmp_path: Path
) -> None:
    where = "import runbook_lib, runbook_lib.headless.notebooks as n; print(n.FOLDER)"
    given = {"cwd": tmp_path, "env": environment(tmp_path), "capture_output": True, "text": True}
    asked = subprocess.run([python, "-c", where], check=True, **given)
    folder = Path(asked.stdout.strip())
    assert folder.is_relative_to(python.parents[1])
    command = [str(python.with_name("runbook")), "run", "123456789012", "--json"]
    ran = subprocess.run(command, check=False, **given)
    assert ran.returncode == 0, ran.stderr
    sections = json.loads(ran.stdout)["sections"]
    assert [one["name"] for one in sections] == [path.stem for path in notebooks.sections()]
    assert {one["outcome"] for one in sections} == {"passed"}
    (report,) = tmp_path.glob("runs/123456789012/*/report.html")
    text = report.read_text("utf-8")
    assert "What the embedded AWS does not emulate" in text
    assert str(REPOSITORY) not in text
