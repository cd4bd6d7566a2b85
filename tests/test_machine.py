"""On any machine: what depends on it is checked by form, and what is optional stops nothing."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from nbval.plugin import get_sanitize_patterns

from runbook_lib import machine, tables
from runbook_lib.cli import doctor
from runbook_lib.headless import notebooks
from runbook_lib.machine import software
from tests.conftest import REPOSITORY
from tests.test_packaging import WANTED

PATTERNS = dict(get_sanitize_patterns((REPOSITORY / "tests" / "machine.cfg").read_text()))
FORMS = {  # what another machine may show, and what none does
    "Operating system": (["macOS 26.1 arm64", "Ubuntu 18.04.6 LTS x86_64", "우분투"], [""]),
    "Python": (["3.11.2", "3.13.0", "3.14.0rc2", "3.15.0a1+"], ["3.11", "2.7.18", "x"]),
    "aws CLI": (["2.1.34", "1.46.30", "not installed", "does not answer"], ["2", "Traceback"]),
}
AWS = {
    "a version": ("#!/bin/sh\necho aws-cli/2.1.34 Python/3.9 Linux/6 exe", "2.1.34"),
    "a version on stderr": ("#!/bin/sh\necho aws-cli/1.14.44 Python/2.7 >&2", "1.14.44"),
    "a notice before it": ("#!/bin/sh\necho welcome, aws-cli\necho aws-cli/2.1.34", "2.1.34"),
    "nothing": ("#!/bin/sh\nexit 0", "does not answer"),
    "a failure": ("#!/bin/sh\necho no; exit 1", "does not answer"),
    "no text": ("#!/bin/sh\nprintf '\\377\\376'", "does not answer"),
    "a question": ("#!/bin/sh\nread answer; echo aws-cli/$answer", "does not answer"),
    "no interpreter": ('#!/my 런북/bin/python\nprint("x")', "does not answer"),
    "no program": ("\x00\x01", "does not answer"),
    "for ever": ("#!/bin/sh\nexec sleep 60", "does not answer"),
    "for ever in the background": ("#!/bin/sh\nsleep 3 & wait", "does not answer"),
}


def shown(values: dict[str, str]) -> list[str]:
    """A table of versions in every MIME type, as nbval compares it."""
    table = tables.environment(values)
    texts = [repr(table), table._repr_html_()]
    for pattern, replacement in PATTERNS.items():
        texts = [re.sub(pattern, replacement, text) for text in texts]
    return texts


@pytest.mark.parametrize("name", FORMS)
def test_what_depends_on_the_machine_is_compared_by_its_form(name: str) -> None:
    here = machine.versions()
    as_committed = shown(here)
    good, bad = FORMS[name]
    for value in good:
        assert shown(here | {name: value}) == as_committed, value
    for value in bad:
        for one, committed in zip(shown(here | {name: value}), as_committed, strict=True):
            assert one != committed, value


def test_nothing_else_that_shows_depends_on_the_machine() -> None:
    here = machine.versions()
    pinned = {name: metadata.version(name) for name in here if name not in FORMS}
    wanted = {line.replace("[crt]", "") for line in WANTED}  # an extra is no other version
    assert {f"{name}=={version}" for name, version in pinned.items()} <= wanted
    for name, version in pinned.items():
        assert shown(here | {name: f"{version}.1"}) != shown(here)


def test_the_committed_outputs_have_these_forms() -> None:
    """So a machine of another kind need not refresh them."""
    cells = [cell for path in notebooks.sections() for cell in notebooks.read(path).cells]
    shown = [cell for cell in cells if cell.id in ("show-versions", "hand-over")]
    text = "\n".join(cell.outputs[0].data["text/plain"] for cell in shown)
    for pattern in PATTERNS:
        assert re.search(pattern, text), pattern


@pytest.mark.parametrize(("script", "found"), AWS.values(), ids=AWS)
def test_an_aws_cli_may_do_what_it_likes(
    script: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aws").write_text(script, encoding="utf-8")
    (tmp_path / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(software, "_PATIENCE", 0.5)
    monkeypatch.setattr(software, "version", _but_for_awscli)
    assert software.versions()["aws CLI"] == found
    row = next(row for row in doctor._versions() if row[0] == "aws CLI")
    assert row[1] == found
    assert ("optional" in row[2]) == (found == "does not answer")


def test_without_an_aws_cli_that_is_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(software, "version", _but_for_awscli)
    assert software.versions()["aws CLI"] == "not installed"


def test_an_aws_cli_of_this_environment_is_not_even_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder whose name has a space, pip's script for it cannot be started."""
    monkeypatch.setattr(software.subprocess, "run", None)
    assert software.versions()["aws CLI"] == metadata.version("awscli")


def _but_for_awscli(name: str) -> str:
    if name == "awscli":
        raise metadata.PackageNotFoundError(name)
    return metadata.version(name)
