"""Imports run one way, downwards, and each third-party package has one home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "runbook_lib"
LAYERS = [
    {
        "arns",
        "errors",
        "trouble",
        "secret",
        "state",
        "policies",
        "parameters",
        "ownership",
        "environment",
        "access",
    },
    {"profiles", "journal", "sessions", "local_aws", "findings", "tables", "pictures"},
    {"waiting"},
    {"account"},
    {"iam", "sts", "ec2"},
    {"prediction", "attempts", "plan", "removal", "doctor"},
    {"headless"},
    {"terminal"},
    {"cli"},
]
HOMES = {
    "pandas": {"tables"},
    "cloudsplaining": {"findings"},
    "boto3": {"sessions"},
    "moto": {"local_aws"},
    "papermill": {"headless"},
    "nbformat": {"headless"},
    "nbconvert": {"headless"},
    "nbclient": {"headless"},
    "babel": {"headless"},
    "jinja2": {"headless"},
    "markupsafe": {"headless"},
    "tenacity": {"waiting"},
    "typer": {"cli"},
    "rich": {"terminal"},
    "platformdirs": {"state"},
}
SHOW = {"tables", "pictures"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in PACKAGE.rglob("*.py"):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:  # relative: in one room
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def level(room: str) -> int:
    (found,) = (number for number, layer in enumerate(LAYERS) if room in layer)
    return found


IMPORTS = [
    (room, name.split(".")[1])
    for room, path in modules()
    for name in imported(path)
    if name.startswith("runbook_lib.")
]


def test_every_module_has_a_layer() -> None:
    assert {room for room, _ in modules()} - {"__init__"} <= set().union(*LAYERS)


@pytest.mark.parametrize(("room", "used"), sorted(set(IMPORTS)))
def test_imports_run_downwards(room: str, used: str) -> None:
    assert room == used or level(used) <= level(room)
    assert (used, room) not in IMPORTS or room == used, "these two import each other"


def test_what_calls_never_imports_what_shows() -> None:
    calling = {"account", "iam", "sts", "ec2", "prediction", "attempts", "plan", "removal"}
    assert not [(room, used) for room, used in IMPORTS if room in calling and used in SHOW]
    assert not [(room, used) for room, used in IMPORTS if room in SHOW and used in calling]


@pytest.mark.parametrize("package", sorted(HOMES))
def test_a_third_party_package_has_one_home(package: str) -> None:
    users = {
        room
        for room, path in modules()
        if any(name.split(".")[0] == package for name in imported(path))
    }
    assert users <= HOMES[package]
