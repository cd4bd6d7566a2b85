"""One list of dependencies: pyproject.toml; the lock and environment.yml follow it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
WANTED = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
LOCK = (REPOSITORY / "requirements.lock").read_text()
NAMES = {"bs4": "beautifulsoup4", "yaml": "pyyaml", "zmq": "pyzmq"}  # where they are not the same
OURS = {"runbook_lib", "tests", "docs", "benchmarks"}
NOT_IMPORTED = {
    "jupyterlab": "`runbook lab` runs it as a module, and so may a person",
    "aws-assume-role-lib": "a client; the tests run it in processes of its own",
    "awsume": "a command; the tests assume the handed-over role with it",
    "awscli": "a command; the tests run the handed-over profiles through it",
    "distributed": "the extra; the tests run a cluster in a process of its own",
    "flask": "moto's server of S3 is made of it",
    "flask-cors": "moto's server of S3 is made of it",
    "hatchling": "builds the package, without isolation",
    "mypy": "a command",
    "nbval": "a plugin of pytest",
    "pytest-xdist": "a plugin of pytest",
    "ruff": "a command",
    "furo": "the site's theme, named in its settings",
    "myst-nb": "the site's reader of notebooks, named in its settings",
    "boto3": "the site imports the package, and that imports it",
}


def declared(lines: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in lines}


def lines_of(file: str) -> list[str]:
    text = (REPOSITORY / file).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def imported(*places: str) -> set[str]:
    """Every package that is imported anywhere in these files, also inside functions."""
    found: set[str] = set()
    files = {path for place in places for path in REPOSITORY.glob(place)}
    for node in (one for path in files for one in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    known = {*sys.stdlib_module_names, *OURS, *(path.stem for path in files)}
    return {canonicalize_name(NAMES.get(name, name)) for name in found - known}


MAIN = declared(PROJECT["project"]["dependencies"])
EXTRA = declared(PROJECT["project"]["optional-dependencies"]["fleet"])
DEV = declared(PROJECT["dependency-groups"]["dev"])
BROWSER = declared(lines_of("tests/browser/requirements.in"))
SITE = declared(lines_of("docs/requirements.in"))


@pytest.mark.parametrize(
    ("files", "own", "beside"),
    [
        (("runbook_lib/**/*.py",), MAIN | EXTRA, set()),
        (("tests/**/*.py", "benchmarks/*.py", "docs/translation.py"), DEV, MAIN | BROWSER),
        (("tests/browser/*.py", "docs/screenshots.py"), BROWSER, MAIN | DEV),
        (("docs/conf.py", "docs/extension.py"), SITE, set()),
    ],
    ids=["package", "tests", "browser", "site"],
)
def test_what_is_imported_is_declared_and_what_is_declared_is_imported(
    files: tuple[str, ...], own: set[str], beside: set[str]
) -> None:
    used = imported(*files)
    assert used - own - beside == set(), "imported, and not declared"
    assert own - used - NOT_IMPORTED.keys() == set(), "declared, and not imported"


def test_conda_users_get_the_same_packages() -> None:
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert conda == [f"python{PROJECT['project']['requires-python']}", "pip"]
    assert pip == {"pip": [*WANTED, "-e ."]}


def test_the_lock_pins_everything_wanted() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK, flags=re.MULTILINE))
    for line in WANTED:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), line


def test_the_lock_has_a_hash_for_every_pin_and_names_no_host() -> None:
    pins = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(pins) > 100
    assert all("--hash=sha256:" in pin for pin in pins)
    assert not re.search(r"://|index-url|find-links|trusted-host", LOCK)


def test_the_package_imports_without_the_server_or_the_runner() -> None:
    """Clients start fast: moto, papermill and JupyterLab are imported where they are needed."""
    heavy = ["moto", "papermill", "jupyterlab", "pandas", "hypothesis"]
    code = f"import sys, runbook_lib.cli; print([m for m in {heavy} if m in sys.modules])"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "[]"


def test_the_site_is_made_with_what_its_own_lock_pins() -> None:
    """`make docs` imports the package in an environment without the runbook's dependencies."""
    pinned = re.findall(r"^([\w.-]+)==", (REPOSITORY / "docs/requirements.lock").read_text(), re.M)
    without = {one.replace("-", "_") for one in MAIN - {canonicalize_name(one) for one in pinned}}
    lines = (REPOSITORY / "docs" / "extension.py").read_text().splitlines()
    code = ["import sys", f"sys.modules.update(dict.fromkeys({sorted(without)}))"]
    code += [line for line in lines if line.startswith("from runbook_lib")]
    asked = subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True)
    assert "filelock" in without
    assert not asked.returncode, asked.stderr


@pytest.mark.parametrize("target", [".venv/ready", ".venv-docs/ready"])
@pytest.mark.parametrize(("version", "refused"), [("3, 10", "3.10"), ("3, 15", "3.15")])
def test_make_refuses_a_python_out_of_bounds_before_anything_else(
    target: str, version: str, refused: str, tmp_path: Path
) -> None:
    """The bounds are those of the package."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "docs/requirements.lock"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    other = tmp_path / "python"
    pretend = f"import sys; sys.version_info = ({version}, 0); exec(sys.argv[1])"
    other.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{pretend}' \"$2\"\n")
    other.chmod(0o755)
    asked = subprocess.run(
        ["make", target, f"PYTHON={other}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert asked.returncode
    assert f"{other} is {refused}" in asked.stderr
    bounds = PROJECT["project"]["requires-python"]
    first, last = re.findall(r"3\.\d+", asked.stderr)[:2]
    assert bounds == f">={first},<3.{int(last[2:]) + 1}"
    assert not list(tmp_path.glob(".venv*"))
