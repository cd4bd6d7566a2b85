"""Every "To try" ends as it says, done as it is written, on the embedded AWS."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from runbook_lib import local_aws
from runbook_lib.account.secret import Secret
from runbook_lib.errors import MissingStepError, ParameterError, RunbookError
from runbook_lib.headless import notebooks, sections
from runbook_lib.headless.kernels.lending import Kernels
from runbook_lib.headless.kernels.prepared import PreparedProcess, prepared
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.runbook import open_runbook
from tests.conftest import REPOSITORY
from tests.scenario import build
from tests.test_hand_over import paste

PATHS = {path.stem[:2]: path for path in notebooks.sections()}
Run = Callable[..., str]


def prompt(number: str) -> str:
    """Return what a section invites to try, until the link to the next one."""
    prose = "\n\n".join(one.source for one in notebooks.read(PATHS[number]).cells)
    return prose.partition("**To try:** ")[2].partition("\n\nNext: ")[0]


def values(number: str) -> list[dict[str, object]]:
    """Return the parameters that the prompt gives, in order."""
    said = re.findall(r'`(\w+) = "?([\w-]+)"?`', prompt(number))
    typed: dict[str, object] = {"True": True, "900": 900}
    return [{name: typed.get(value, value)} for name, value in said]


@pytest.fixture(scope="module")
def process() -> Iterator[PreparedProcess | None]:
    with prepared() as started:
        yield started


@pytest.fixture
def run(
    embedded_aws: local_aws.Running,
    account_id: str,
    process: PreparedProcess | None,
    tmp_path: Path,
) -> Iterator[Run]:
    """Run a section with these parameters, as papermill does; return its outputs as text."""
    told = {name: value for name, value in os.environ.items() if name.startswith("RUNBOOK_")}
    with closing(Kernels(process, notebooks.FOLDER, told, 20)) as kernels:

        def run(number: str, **given: object) -> str:
            chosen = {"account_id": account_id} | given
            sections.run(PATHS[number], chosen, tmp_path, kernels, lambda cell: None)
            cells = notebooks.read(tmp_path / PATHS[number].name).cells
            outputs = [output for cell in cells for output in cell.get("outputs", [])]
            return "\n\n".join(output.data["text/plain"] for output in outputs)

        yield run


def test_the_prompts_are_those_that_are_tried_here() -> None:
    """A prompt that is new or reads otherwise belongs into one of the tests below."""
    narrow, wide = {"variant": "least-privilege"}, {"variant": "tutorial"}
    assert {number: values(number) for number in PATHS if prompt(number)} == {
        "01": [],
        "02": [narrow, wide],
        "03": [],
        "04": [narrow, wide],
        "05": [{"duration_seconds": 900}],
        "07": [{"confirm": True}],
    }


def test_01_an_account_id_of_eleven_digits(run: Run, account_id: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="give all 12 digits"):
        run("01", account_id=account_id[:-1])
    cells = notebooks.read(tmp_path / PATHS["01"].name).cells
    assert not [one for cell in cells for one in cell.get("outputs", []) if "data" in one]


def test_01_the_credentials_of_another_account(embedded_aws: object) -> None:
    """Nobody needs an AWS account for it."""
    (lines,) = re.findall(r"```sh\n(.+?)```", prompt("01"), re.DOTALL)
    asked = paste(lines)
    assert asked.returncode == 3
    assert "account 210987654321 was asked for" in asked.stderr
    assert "belongs to account 123456789012; nothing was sent but" in asked.stderr


@pytest.mark.parametrize(("number", "other"), [("02", "04"), ("04", "02")])
def test_02_and_04_the_variant_least_privilege(number: str, other: str, run: Run) -> None:
    assert f"run sections {other} and 05 with it as well".replace("0", "") in prompt(number)
    narrow, wide = values(number)
    for one in ("02", "03", "04", "05"):
        run(one)
    text = run(number, **narrow)
    assert "role/assume-role-role" in text if number == "02" else "user/assume-role-user" in text
    with pytest.raises(MissingStepError, match=rf"run {PATHS[number].name} with variant 'tutor"):
        run("05")  # who does not read on is told
    run(number, **wide)
    assert "allowed" in run("05")
    for one in (number, other):
        run(one, **narrow)
    assert "allowed" in run("05", **narrow)


def test_03_again_and_without_the_credentials_file(run: Run, tmp_path: Path) -> None:
    run("02")
    assert re.search(r"Outcome +created", run("03"))
    text = run("03")
    assert re.search(r"SecretAccessKey[\s\S]+?Outcome +already there", text)
    kept_in = re.search(r"^Kept in +(.+)$", text, re.MULTILINE)
    assert kept_in
    assert str(tmp_path) not in text
    assert paste(f"rm {kept_in[1]}").returncode == 0
    assert re.search(r"SecretAccessKey[\s\S]+?Outcome +replaced", run("03"))


def test_07_and_from_the_beginning_again(run: Run) -> None:
    (confirmed,) = values("07")
    for one in ("01", "02", "03", "04", "05"):
        run(one)
    assert "deleted" in run("07", **confirmed)
    for one in ("01", "02", "03", "04", "05"):
        assert "already there" not in run(one)


@pytest.fixture
def clock(account_id: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock of an embedded AWS of this test's own; the SDK's chain leads there."""
    clock = Clock()
    with LocalAws(clock=clock) as aws:
        key = aws.administrator(account_id)
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", Secret(key.secret_access_key).reveal())
        yield clock


def test_05_fifteen_minutes(clock: Clock, account_id: str) -> None:
    """The clock moves, nobody waits."""
    build(open_runbook({"account_id": account_id, "backend": "aws"}))
    notebook = notebooks.read(PATHS["05"])
    cells = {cell.id: (cell, index) for index, cell in enumerate(notebook.cells)}
    (tried,) = values("05")
    given = {"account_id": repr(account_id), "backend": '"aws"'} | tried
    for name, value in given.items():
        cell = cells["parameters"][0]
        cell.source = re.sub(rf"(?m)^({name}: \w+ =) \S+", rf"\1 {value}", cell.source)
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": "."}})
    with client.setup_kernel(cwd=str(notebooks.FOLDER)):
        for cell, index in cells.values():
            client.execute_cell(cell, index)
        made = str(cells["assume-role"][0].outputs)
        assert re.search(r"Time left +15 minutes", made)
        clock.advance(901)
        with pytest.raises(CellExecutionError, match="ExpiredToken"):
            client.execute_cell(*cells["after"])
        client.execute_cell(*cells["as-user"])
    assert "user/assume-role-user" in str(cells["as-user"][0].outputs)


@pytest.mark.parametrize("seconds", [3601, 43200])
def test_05_a_session_longer_than_the_role_allows_is_not_asked_for(
    seconds: int, run: Run, tmp_path: Path
) -> None:
    for one in ("02", "03", "04"):
        run(one)
    with pytest.raises(RunbookError, match=r"at most 3600 seconds[\s\S]*-p duration_seconds 3600"):
        run("05", duration_seconds=seconds)
    assert "assumed-role" not in (tmp_path / PATHS["05"].name).read_text()
    assert "duration_seconds=900" in run("05", duration_seconds="900")


def test_05_papermill_takes_the_duration_as_a_number_or_as_text(
    run: Run, account_id: str, tmp_path: Path
) -> None:
    for one in ("02", "03", "04"):
        run(one)
    for option in ("-p", "-r"):
        command = [sys.executable, "-m", "papermill", "--cwd", "notebooks", str(PATHS["05"])]
        command += [str(tmp_path / "out.ipynb"), "-r", "account_id", account_id]
        command += [option, "duration_seconds", "900"]
        asked = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
        assert asked.returncode == 0, asked.stderr[-2000:]
        assert "--duration-seconds 900" in (tmp_path / "out.ipynb").read_text()
