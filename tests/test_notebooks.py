"""Every notebook keeps to its form, and its outputs are what a fresh run gives."""

import ast
import itertools
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import ScriptExporter

from runbook_lib.account import parameters
from runbook_lib.headless import checked, notebooks
from tests.checked import nbval

PATHS = notebooks.all_of_them()
KOREAN_PATHS = notebooks.all_of_them("ko")
KOREAN = {
    "01": "1. 실행 환경",
    "02": "2. Assume Role Policy 생성",
    "03": "3. User 생성, 설정",
    "04": "4. Role 생성, 설정",
    "05": "5. Assume Role",
    "06": "6. 참조",
}
ALLOWED_TYPES = {"text/plain", "text/html", "image/svg+xml"}
FORBIDDEN_SOURCE = re.compile(r"^\s*(def|class|try|for|while|print|with)\b|^[%!]", re.MULTILINE)
FORBIDDEN_OUTPUT = re.compile(
    r"Traceback|/(?:home|root|Users|tmp)/|0x[0-9a-f]{8,}|<script|Warning|[AS]KIA|ASIA[A-Z2-7]{4}"
)

every_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_parameters(cell: nbformat.NotebookNode) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def test_the_sections_are_those_of_the_tutorial_and_those_beside_them() -> None:
    assert [path.stem for path in PATHS] == [
        "01_environment",
        "02_assume_role_policy",
        "03_user",
        "04_role",
        "05_assume_role",
        "06_references",
        "07_cleanup",
        "08_fleet",
        "09_who_and_why",
    ]
    assert [path.stem for path in notebooks.sections()][-1] == "07_cleanup", "a run ends there"


@every_notebook
def test_the_title_is_followed_by_the_tutorials_heading_and_one_question(path: Path) -> None:
    title = notebooks.read(path).cells[0].source.split("\n\n")
    assert title[0].startswith(f"# {int(path.stem[:2])}. ")
    assert KOREAN.get(path.stem[:2], "The tutorial has no such section.") in title[0]
    assert re.fullmatch(r"\*\*[^*]+\?\*\*", title[1])


@every_notebook
def test_parameters_are_annotated_literals_with_help_and_the_contracts_defaults(path: Path) -> None:
    (cell,) = filter(is_parameters, code(notebooks.read(path)))
    lines = cell.source.splitlines()
    assert all(re.fullmatch(r"\w+: (str|bool|int) = \S.*  # .+", line) for line in lines)
    for node in ast.parse(cell.source).body:
        assert isinstance(node, ast.AnnAssign)
        assert isinstance(node.target, ast.Name)
        assert node.value is not None
        assert ast.literal_eval(node.value) == parameters.DEFAULTS[node.target.id]


WHERE = ["account_id", "region", "backend", "profile"]
NAMES = ["policy_name", "user_name", "role_name"]
PARAMETERS = {  # each notebook those that it uses, in the order of the contract
    "01": WHERE,
    "02": [*WHERE, "variant", "policy_name", "role_name", "trusted_account_id"],
    "03": [*WHERE, "variant", "policy_name", "user_name", "trusted_account_id"],
    "04": [*WHERE, "variant", "user_name", "role_name", "trusted_account_id"],
    "05": [*WHERE, "variant", *NAMES, "session_name", "duration_seconds", "trusted_account_id"],
    "06": WHERE,
    "08": ["region", "variant"],
    "07": [*WHERE, "variant", *NAMES, "trusted_account_id", "confirm"],
    "09": [*WHERE, "variant", *NAMES, "session_name", "trusted_account_id"],
}


@every_notebook
def test_a_notebook_has_the_parameters_that_it_uses(path: Path) -> None:
    (cell,) = filter(is_parameters, code(notebooks.read(path)))
    names = [line.partition(":")[0] for line in cell.source.splitlines()]
    assert names == PARAMETERS[path.stem[:2]]


@every_notebook
def test_code_is_short_and_stands_between_prose(path: Path) -> None:
    cells = notebooks.read(path).cells
    for before, cell in itertools.pairwise(cells):
        if cell.cell_type == "code":
            assert is_parameters(cell) or len(cell.source.splitlines()) <= 5, cell.source
            assert not FORBIDDEN_SOURCE.search(cell.source), cell.source
            assert before.cell_type == "markdown", cell.source
    assert cells[-1].cell_type == "markdown"


@pytest.mark.parametrize("path", [*PATHS, *KOREAN_PATHS], ids=lambda path: path.stem)
def test_outputs_are_complete_and_of_allowed_types(path: Path) -> None:
    cells = code(notebooks.read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert {output.output_type for output in outputs} == {"execute_result"}
    assert {kind for output in outputs for kind in output.data} <= ALLOWED_TYPES
    assert not FORBIDDEN_OUTPUT.search(json.dumps(outputs, ensure_ascii=False))


@pytest.mark.parametrize("path", [*PATHS, *KOREAN_PATHS], ids=lambda path: path.stem)
def test_metadata_holds_only_what_a_reader_needs(path: Path) -> None:
    notebook = notebooks.read(path)
    assert notebook.metadata.language_info == {"file_extension": ".py", "name": "python"}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in notebook.cells)


def test_a_notebook_can_be_written_as_a_script() -> None:
    """`jupyter nbconvert --to script` takes the extension from the notebook's own metadata."""
    text, resources = ScriptExporter().from_filename(str(PATHS[0]))
    assert resources["output_extension"] == ".py"
    assert "book = runbook.open_runbook(globals())" in text
    compile(text, "script", "exec")


@every_notebook
def test_links_between_notebooks_and_to_the_docs_lead_somewhere(path: Path) -> None:
    for cell in notebooks.read(path).cells:
        for target in re.findall(r"\]\((?!https://)([^)#]+)", cell.source):
            assert (path.parent / target).exists(), target


def committed_elsewhere(folder: Path) -> Path:
    """Return a copy of the first notebook as a machine of another kind would have written it."""
    notebook = notebooks.read(PATHS[0])
    (cell,) = (cell for cell in notebook.cells if cell.id == "show-versions")
    data = cell.outputs[0].data
    assert set(data) == {"text/plain", "text/html"}
    for name, value in (("Operating system", "macOS"), ("Python", "3.14.2"), ("aws CLI", "2.1.34")):
        for kind, text in data.items():
            data[kind] = re.sub(
                rf"({name}(?: {{2,}}|</th><td[^>]*>))[^\n<]+", rf"\g<1>{value}", text
            )
            assert data[kind] != text
    path = folder / "elsewhere.ipynb"
    nbformat.write(notebook, path)
    return path


def test_nbval_finds_every_output_as_committed(tmp_path: Path) -> None:
    """And what the site and the reports say of it is what it did."""
    elsewhere = committed_elsewhere(tmp_path)
    asked, found = nbval(elsewhere)
    assert asked.returncode == 0, asked.stdout[-5000:] + asked.stderr[-2000:]
    ours = found.notebooks.pop(elsewhere.stem)
    assert ours == found.notebooks[PATHS[0].stem]
    written = checked.read()
    assert written.notebooks == found.notebooks
    assert set(written.software) == set(found.software)
    for name in ("assume-role-runbook", "boto3", "moto", "nbval"):
        assert written.software[name] == found.software[name]
    for path in PATHS:
        cells = len(code(notebooks.read(path)))
        assert found.notebooks[path.stem] == checked.Counts(cells, cells, 0)


def test_nbval_finds_every_output_of_the_korean_edition_as_committed() -> None:
    asked, found = nbval(language="ko")
    assert asked.returncode == 0, asked.stdout[-5000:] + asked.stderr[-2000:]
    for path in KOREAN_PATHS:
        cells = len(code(notebooks.read(path)))
        assert found.notebooks[path.stem] == checked.Counts(cells, cells, 0)
