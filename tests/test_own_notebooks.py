"""`runbook lab`: a person's own copies, which stay, in a repository that stays as it is."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runbook_lib.cli import lab
from runbook_lib.headless import notebooks
from tests.conftest import REPOSITORY
from tests.test_command_line import BIN

SAYS = """
import json, os, sys
paths = os.environ["JUPYTER_CONFIG_PATH"]
print(json.dumps({"pid": os.getpid(), "cwd": os.getcwd(), "given": sys.argv[1:], "paths": paths}))
"""
Lab = Callable[..., dict[str, Any]]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of the same contents, which git watches."""
    root = tmp_path / "repository"
    root.mkdir()
    for name in ("runbook_lib", "notebooks", "docs", "pyproject.toml"):
        (root / name).symlink_to(REPOSITORY / name)
    shutil.copy(REPOSITORY / ".gitignore", root)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    return root


def git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def run_lab(repository: Path, tmp_path: Path) -> Lab:
    """Type `runbook lab`; return what JupyterLab would be told, and what is said on stderr."""
    (tmp_path / "jupyterlab").mkdir()
    (tmp_path / "jupyterlab" / "__init__.py").touch()
    (tmp_path / "jupyterlab" / "__main__.py").write_text(SAYS)

    def run_lab(*words: str, **more: str) -> dict[str, Any]:
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{repository}"} | more
        with subprocess.Popen(
            [str(BIN / "runbook"), "lab", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            out, err = process.communicate(timeout=60)
            assert process.returncode == 0, err
        said: dict[str, Any] = json.loads(out)
        assert said["pid"] == process.pid, "it is the very process: JupyterLab hears its signals"
        return said | {"err": err}

    return run_lab


@pytest.mark.parametrize(
    ("given", "address"), [([], 1), (["--port", "9999", "--no-browser"], 1), (["--ip=::"], 0)]
)
def test_lab_becomes_jupyterlab_with_the_options_that_are_given(
    run_lab: Lab, repository: Path, given: list[str], address: int
) -> None:
    said = run_lab(*(["--", *given] if given else []))
    assert Path(said["cwd"]) == repository
    assert said["given"][len(said["given"]) - len(given) :] == given
    assert said["given"].count("--ServerApp.ip=127.0.0.1") == address
    assert ("--allow-root" in said["given"]) == (os.geteuid() == 0)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ([], "my-notebooks/01_environment.ipynb"),
        (["--language", "en"], "my-notebooks/01_environment.ipynb"),
        (["--language", "ko"], "my-notebooks/ko/01_environment.ipynb"),
    ],
)
def test_it_opens_a_copy_in_the_language_that_is_asked_for(
    run_lab: Lab, repository: Path, words: list[str], first: str
) -> None:
    assert f"--LabApp.default_url=/lab/tree/{first}" in run_lab(*words)["given"]
    for language, below in notebooks.BELOW.items():
        for path in notebooks.all_of_them(language):
            copy = repository / lab.OWN / below / path.name
            assert copy.read_bytes() == path.read_bytes()
            assert not copy.is_symlink()


def test_git_sees_nothing_of_it_and_what_a_person_did_stays(run_lab: Lab, repository: Path) -> None:
    before = git(repository, "status", "--porcelain")
    run_lab()
    mine, lost = (repository / lab.OWN / name for name in ("03_user.ipynb", "04_role.ipynb"))
    mine.write_text("what I did")
    (repository / lab.OWN / "notes.txt").write_text("more")
    lost.unlink()
    run_lab("--language", "ko")
    assert mine.read_text() == "what I did"
    assert lost.exists()
    assert git(repository, "status", "--porcelain") == before


def test_it_says_how_to_start_afresh(run_lab: Lab, repository: Path) -> None:
    said = run_lab()["err"]
    assert str(repository / lab.OWN) in said
    (repository / lab.OWN / "03_user.ipynb").write_text("what I did")
    subprocess.run(said.rpartition("afresh, delete it: ")[2], shell=True, check=True)
    run_lab()
    source = REPOSITORY / "notebooks" / "03_user.ipynb"
    assert (repository / lab.OWN / "03_user.ipynb").read_bytes() == source.read_bytes()


def test_links_lead_somewhere_from_the_copies(run_lab: Lab, repository: Path) -> None:
    """They stand as deep as what they are copies of."""
    run_lab()
    for below in notebooks.BELOW.values():
        copies, originals = repository / lab.OWN / below, repository / "notebooks" / below
        assert len(copies.relative_to(repository).parts) == len(
            originals.relative_to(repository).parts
        )


def test_a_persons_configuration_of_jupyter_comes_before_ours(run_lab: Lab) -> None:
    paths = run_lab(JUPYTER_CONFIG_PATH="/theirs")["paths"].split(os.pathsep)
    assert paths[0] == "/theirs"
    assert (Path(paths[1]) / "labconfig" / "default_setting_overrides.json").exists()


def test_where_it_is_installed_the_copies_are_in_the_present_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notebooks, "ROOT", notebooks._INSTALLED)
    monkeypatch.chdir(tmp_path)
    assert notebooks.workplace() == tmp_path


def test_a_file_in_the_place_of_the_folder_is_a_message(repository: Path) -> None:
    (repository / lab.OWN).write_text("mine")
    environment = os.environ | {"PYTHONPATH": str(repository)}
    command = [str(BIN / "runbook"), "lab"]
    asked = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert asked.returncode == 1
    assert "my-notebooks" in asked.stderr
    assert "Traceback" not in asked.stderr
