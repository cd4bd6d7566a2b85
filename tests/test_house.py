"""The house stays drawable: imports run one way, rooms are small, packages have their homes.

Read from the imports alone; an import inside a function counts like one at the top.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "runbook_lib"
LAYERS = [  # a room imports from its own layer's other rooms only where none of them imports back
    {"errors", "policies", "access"},
    {"machine"},
    {"findings", "local_aws"},
    {"account"},
    {"tables", "pictures", "runbook"},
    {"iam", "sts", "ec2"},
    {"questions"},
    {"attempts", "plan"},
    {"headless"},
    {"cli"},
]
HOMES = {  # what is not named here may be imported nowhere
    "boto3": {"account"},
    "botocore": {"account", "attempts", "plan", "local_aws", "headless", "cli"},
    "cloudsplaining": {"findings"},
    "distributed": {"headless"},
    "filelock": {"machine"},
    "ipykernel": {"headless"},
    "jinja2": {"headless"},
    "jupyter_client": {"headless"},
    "jupyter_core": {"headless"},
    "markupsafe": {"headless"},
    "moto": {"local_aws"},
    "nbclient": {"headless"},
    "nbconvert": {"headless"},
    "nbformat": {"headless"},
    "nh3": {"headless"},
    "pandas": {"tables"},
    "papermill": {"headless"},
    "platformdirs": {"machine"},
    "policy_sentry": {"questions"},
    "psutil": {"headless", "local_aws"},
    "rich": {"cli"},
    "segno": {"local_aws"},
    "tenacity": {"account"},
    "zmq": {"headless"},
    "traitlets": {"headless"},
    "typer": {"cli"},
    "yaml": {"headless"},
}
FILES_IN_A_ROOM, LINES_IN_A_FILE, LINES_IN_A_FUNCTION = 12, 200, 34
ROOMS_AT_THE_TOP = 18


def modules() -> dict[str, Path]:
    """Every module by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """Every module or package that a file imports, ours by the module that is meant."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


USES = {name: set(imported(path)) for name, path in MODULES.items()}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def level(of: str) -> int:
    (found,) = (number for number, layer in enumerate(LAYERS) if of in layer)
    return found


def test_every_room_has_a_layer() -> None:
    rooms = {room(name) for name in MODULES} - {""}
    assert rooms == set().union(*LAYERS)
    assert len(rooms) <= ROOMS_AT_THE_TOP


def test_imports_run_downwards() -> None:
    wrong = [
        (name, used)
        for name, uses in USES.items()
        for used in uses
        if room(used) in set().union(*LAYERS)
        and used.startswith("runbook_lib.")
        and room(name) != room(used)
        and level(room(used)) > level(room(name))
    ]
    assert wrong == []


def test_no_files_import_each_other() -> None:
    graph = {
        name: {used for used in uses if used in MODULES and not name.startswith(f"{used}.")}
        for name, uses in USES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_no_rooms_import_each_other() -> None:
    pairs = {(room(name), room(used)) for name, uses in USES.items() for used in uses}
    assert [(a, b) for a, b in pairs if a and b and a != b and (b, a) in pairs] == []


def test_what_calls_never_imports_what_shows() -> None:
    shows = {"tables", "pictures"}
    calling = {"account", "runbook", "iam", "sts", "ec2", "attempts", "plan"}
    pairs = {(room(name), room(used)) for name, uses in USES.items() for used in uses}
    assert not [pair for pair in pairs if pair[0] in calling and pair[1] in shows]
    assert not [pair for pair in pairs if pair[0] in shows and pair[1] in calling - {"account"}]


def test_third_party_packages_stay_at_home() -> None:
    outside = {
        (package, room(name))
        for name, uses in USES.items()
        for used in uses
        if (package := used.split(".")[0]) not in {"runbook_lib", *sys.stdlib_module_names}
    }
    assert [one for one in outside if one[1] not in HOMES.get(one[0], set())] == []


@pytest.mark.parametrize(
    "only",
    [
        "pandas",
        "boto3",
        "tenacity",
        "filelock",
        "jinja2",
        "nh3",
        "segno",
        "distributed",
        "policy_sentry",
    ],
)
def test_some_have_one_file(only: str) -> None:
    users = [name for name, uses in USES.items() if only in {one.split(".")[0] for one in uses}]
    assert len(users) == 1, users


def test_rooms_files_and_functions_are_small() -> None:
    for folder in {path.parent for path in MODULES.values()} - {PACKAGE}:
        files = [one for one in folder.glob("*.py") if one.name != "__init__.py"]
        assert len(files) <= FILES_IN_A_ROOM, folder.name
    for name, path in MODULES.items():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= LINES_IN_A_FILE, name
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[bool(ast.get_docstring(node)) :]
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert lines <= LINES_IN_A_FUNCTION, f"{name}.{node.name}"


def test_the_notebooks_import_the_top_of_the_package_in_one_line() -> None:
    top = {path.stem for path in PACKAGE.glob("*.py")} | {"access", "attempts", "machine", "plan"}
    top |= {"findings", "headless", "questions", "tables", "pictures"}
    for path in (PACKAGE.parent / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "\n".join("".join(one["source"]) for one in cells if one["cell_type"] == "code")
        (line,) = (one for one in code.splitlines() if "import" in one.split())
        assert set(line.removeprefix("from runbook_lib import ").split(", ")) <= top, path.name


def test_no_assert_statement_guards_anything() -> None:
    """Python leaves them out where PYTHONOPTIMIZE is set: they only tell mypy what is so."""
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assert):
                test = ast.unparse(node.test)
                narrow = r"[\w.]+( is not None)?|isinstance\(\w+, \w+\)"
                assert re.fullmatch(narrow, test), f"{name}: assert {test}"
