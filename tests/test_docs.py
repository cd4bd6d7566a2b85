"""The pages say what is so: what they name exists, and what exists is named."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from botocore import session, xform_name

from runbook_lib import policies
from runbook_lib.headless import notebooks
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
TEXTS = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
UNDOCUMENTED = {"cli"}  # no notebook calls it

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).name)


def code(text: str) -> str:
    """Return the commands of a page, in blocks of shell lines and in its sentences."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`((?:make |eval |\.venv/bin/)[^`\n]+)`", text)])


def prose(path: Path) -> str:
    """Return what a page or a notebook says."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = notebooks.read(path).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


SAID = [prose(path) for path in [REPOSITORY / "README.md", *PAGES, *notebooks.all_of_them()]]


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_variant_is_explained_with_its_documents() -> None:
    headings = re.findall(r"^## `(.+)`$", TEXTS["variants.md"], flags=re.MULTILINE)
    assert headings == list(get_args(policies.Variant))
    shown = re.findall(r"^```\{(?:policy|differences)\} (\S+)", TEXTS["variants.md"], re.MULTILINE)
    assert set(shown) == set(headings)


def test_cells_that_are_shown_exist() -> None:
    for text in TEXTS.values():
        for name, cell_id in re.findall(r"^```\{output\} (\S+) (\S+)$", text, re.MULTILINE):
            cells = json.loads((notebooks.FOLDER / f"{name}.ipynb").read_text("utf-8"))["cells"]
            assert cell_id in {cell["id"] for cell in cells}


def test_every_module_that_a_notebook_calls_is_in_the_reference() -> None:
    named = re.findall(r"automodule:: runbook_lib\.([\w.]+)$", "\n".join(TEXTS.values()), re.M)
    package = REPOSITORY / "runbook_lib"
    there = {path.stem for path in package.iterdir() if not path.name.startswith("_")}
    assert {name.partition(".")[0] for name in named} == there - UNDOCUMENTED
    listed = re.findall(r"`([\w.]+)`", TEXTS["reference.md"])
    assert sorted(listed) == sorted({*named} - {"tables.shapes"})  # which is below tables


def test_make_targets_that_are_named_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for text in SAID:
        for target in re.findall(r"\bmake ([a-z-]+)", code(text)):
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_options_and_commands_of_runbook_exist() -> None:
    """Each `runbook COMMAND --option` on a page is one that the command line has."""
    used = {
        (tuple(words.split()) if words != "fleet" else ("fleet", "run"), option)
        for text in SAID
        for line in code(text).splitlines()
        for words in re.findall(r"bin/runbook ((?:local |fleet )?[a-z]+)", line)
        for option in re.findall(r" (--[a-z-]+)", line) or [""]
    }
    assert used
    wide = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    for words in {words for words, _ in used}:
        command = [str(Path(sys.executable).parent / "runbook"), *words, "--help"]
        helped = subprocess.run(
            command, capture_output=True, text=True, check=True, env=wide
        ).stdout
        assert [option for name, option in used if name == words and option not in helped] == []


def test_commands_of_the_aws_cli_exist_with_these_options() -> None:
    clients = {
        name: session.get_session().get_service_model(name) for name in ("iam", "sts", "ec2")
    }
    found = [
        line.split()
        for text in SAID
        for line in code(text).splitlines()
        if re.match(r"(\.venv/bin/)?aws (--profile \S+ )?(iam|sts|ec2)", line)
    ]
    assert len(found) > 10
    for words in found:
        (service,) = clients.keys() & {*words}
        command, *rest = words[words.index(service) + 1 :]
        model = clients[service]
        (operation,) = (one for one in model.operation_names if xform_name(one, "-") == command)
        members = model.operation_model(operation).input_shape.members
        options = {f"--{xform_name(name, '-')}" for name in members}
        if command == "create-virtual-mfa-device":  # the CLI's own: it writes the seed to a file
            options |= {"--outfile", "--bootstrap-method"}
        assert {word for word in rest if word.startswith("--")} <= options, words


def test_exit_statuses_are_those_of_the_readme() -> None:
    listed = re.findall(r"^\| (\d+) \|", TEXTS["get-started.md"], flags=re.MULTILINE)
    assert listed == re.findall(r"^\| (\d+) \|", TEXTS["ko/get-started.md"], flags=re.MULTILINE)
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert all(re.search(rf"\b{status}\b", readme) for status in listed)


@pytest.mark.parametrize("folder", [DOCS, REPOSITORY / "tests" / "browser"])
def test_environments_are_pinned_with_hashes_and_name_no_host(folder: Path) -> None:
    lock = (folder / "requirements.lock").read_text()
    pins = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in pin for pin in pins)
    assert not re.search(r"://|index-url|find-links|trusted-host", lock)
    for wanted in (folder / "requirements.in").read_text().splitlines()[1:]:
        assert any(pin.startswith(wanted) for pin in pins), wanted
