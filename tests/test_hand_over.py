"""What stands in a block of shell lines can be pasted whole, into a fresh shell of any kind."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from runbook_lib import local_aws
from runbook_lib.account.caller import Caller
from runbook_lib.headless import notebooks
from runbook_lib.machine import software, state
from runbook_lib.runbook import open_runbook
from tests.conftest import REPOSITORY
from tests.scenario import build, sign_in
from tests.test_command_line import runbook

SHELLS = [path for name in ("sh", "bash", "zsh") if (path := shutil.which(name))]
DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.glob("*.md")), *sorted((DOCS / "ko").glob("*.md"))]
every_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda path: Path(path).name)


def paste(
    lines: str, shell: str = "sh", more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run lines in a shell that knows nothing but its home, beside a `.venv` that is this one."""
    home = Path(os.environ["HOME"])
    if not (home / ".venv").exists():
        (home / ".venv").symlink_to(sys.prefix)
    kept = {name: os.environ[name] for name in ("HOME", "RUNBOOK_HOME") if name in os.environ}
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), **kept, **(more or {})}
    return subprocess.run(
        [shutil.which(shell) or shell], input=lines, env=environment, cwd=home, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def texts() -> dict[str, str]:
    """Return every text with blocks of shell lines, by its name."""
    found = {path.relative_to(REPOSITORY).as_posix(): path.read_text("utf-8") for path in PAGES}
    for path in [path for language in notebooks.BELOW for path in notebooks.all_of_them(language)]:
        cells = [one.source for one in notebooks.read(path).cells if one.cell_type == "markdown"]
        found[path.relative_to(REPOSITORY).as_posix()] = "\n\n".join(cells)
    return found


TEXTS = texts()


@pytest.mark.parametrize("name", TEXTS)
def test_blocks_hold_commands_and_nothing_else(name: str) -> None:
    """No prompt, no answer, and no comment: zsh takes one for arguments of the command."""
    commands = r"(make|\.venv/bin/(runbook|papermill|aws|pip)|aws|export) \S.*"
    own = r'eval "\$\(\.venv/bin/runbook local env \d{12}( --as (user|role|administrator))?\)"'
    for block in blocks(TEXTS[name]):
        for line in block.splitlines():
            assert re.fullmatch(f"{commands}|{own}", line), line
            assert not re.search(r"[#<>]", line), line


@pytest.mark.parametrize("name", [name for name in TEXTS if "ko/" not in name])
def test_a_command_is_written_in_one_way(name: str) -> None:
    said = re.findall(r"`((?:eval |runbook |papermill |\.venv/bin/)[^`\n]*)`", TEXTS[name])
    assert [one for one in said if not re.match(r'(eval "\$\()?\.venv/bin/', one)] == []


@pytest.mark.parametrize(
    ("prefix", "shown"), [("/x/.venv", ".venv/bin/runbook run"), ("/conda/runbook", "runbook run")]
)
def test_in_an_environment_of_another_name_programs_are_on_path(
    prefix: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    assert software.program("runbook", "run") == shown


@every_shell
@pytest.mark.parametrize("backend", ["local", "aws"])
def test_the_lines_of_section_5_work_in_a_fresh_shell(
    account: Caller, shell: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch, account)
    book = open_runbook({"account_id": account.account_id, "backend": backend})
    build(book)
    shown = book.hand_over(book.open_user())
    where = {"AWS_ENDPOINT_URL": str(account.place.endpoint)} if backend == "aws" else {}
    refused, listed = (paste(shown[f"As the {one}"], shell, where) for one in ("user", "role"))
    assert refused.returncode != 0
    assert "(UnauthorizedOperation) when calling the DescribeInstances" in refused.stderr
    assert "ami-033a6a056910d1137" in listed.stdout, listed.stderr


@pytest.mark.parametrize("home", ["RUNBOOK_HOME", "HOME"])
def test_the_path_that_is_shown_is_one_that_a_shell_takes(
    home: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if home == "HOME":
        monkeypatch.delenv("RUNBOOK_HOME")
    path = state.private_folder("aws", "123456789012") / "credentials"
    path.write_text("here")
    shown = state.as_typed(path)
    assert shown.startswith(f'"${home}/')
    assert str(tmp_path) not in shown
    assert [paste(f"cat {shown}", shell).stdout for shell in SHELLS] == ["here"] * len(SHELLS)


def test_a_path_with_odd_letters_is_one_that_a_shell_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a b", "a $HOME `b` 'c' \"d\"", "한글"):
        monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / name))
        path = state.private_folder("local", "123456789012") / "config"
        path.write_text("here")
        for shell in SHELLS:
            assert paste(f"cat {state.as_typed(path)}", shell).stdout == "here"


def test_the_blocks_of_the_readme_and_of_get_started_work_one_after_another(
    tmp_path: Path,
) -> None:
    """With what they start; a block of `make` makes an environment, and real accounts are real."""
    (tmp_path / "home" / "notebooks").symlink_to(REPOSITORY / "notebooks")
    mine = [
        block
        for name in ("README.md", "docs/get-started.md")
        for block in blocks(TEXTS[name])
        if "make " not in block and "YOUR_ACCOUNT_ID" not in block
    ]
    refused = {block for block in mine if "--as user" in block}
    assert len(refused) == 1
    try:
        for block in mine:
            asked = paste(block, SHELLS[-1])
            if "local start" in block and "runs already" in asked.stderr:
                continue
            assert (asked.returncode != 0) == (block in refused), asked.stderr
    finally:
        runbook("local", "stop")


def test_where_nobody_can_be_made_nothing_that_follows_runs(
    embedded_aws: local_aws.Running, account_id: str
) -> None:
    """Not as whoever the shell was before."""
    for given in (f"{account_id} --as user", "12"):
        asked = paste(f'eval "$(.venv/bin/runbook local env {given})" && echo did')
        assert asked.returncode != 0
        assert asked.stdout == ""
        assert (
            "expected" in asked.stderr
            or "12 digits" in asked.stderr
            or "runbook run" in asked.stderr
        )
