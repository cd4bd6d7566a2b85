"""One page from the executed notebooks of a run folder, for people; `junit.xml`, for machines."""

import json
import re
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from runbook_lib import tables
from runbook_lib.account.journal import Call
from runbook_lib.account.parameters import command
from runbook_lib.attempts import Attempt
from runbook_lib.errors import Interrupted, ParameterError
from runbook_lib.headless import checked, notebooks
from runbook_lib.headless.report import cells, junit, page
from runbook_lib.headless.report.clean import clean
from runbook_lib.machine import software
from runbook_lib.machine.language import translated, using
from runbook_lib.tables.shapes import Table, listing

_TITLE = re.compile(r"<h2.*?</h2>", re.DOTALL)
_MARKS = {"passed": "✓", "failed": "✕", "interrupted": "✕"}


def write(folder: Path, language: str = "") -> Path:
    """Write `report.html` and `junit.xml` of a run folder, again or for the first time.

    In this language, or in that of the run, in which its outputs always are.

    Raises: ParameterError where the folder holds no `run.json`.
    """
    try:
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except OSError:
        raise ParameterError(
            f"{folder} is no run folder, it holds no run.json: name one that runbook run made"
        ) from None
    proof = [Attempt(**row) for row in run["proof"]]
    made = folder / "report.html"
    language = language or run.get("language", "en")
    with using(language):
        made.write_text(_page(run, proof, folder, language), encoding="utf-8")
    junit.write(junit.suite(run, proof), folder / "junit.xml")
    return made


def _page(run: Mapping[str, Any], proof: Sequence[Attempt], folder: Path, language: str) -> str:
    emulated = run["backend"] == "local"
    anchors = {section["name"] for section in run["sections"]} | (
        {"not-emulated"} if emulated else set()
    )
    sections = [_section(section, folder, anchors, language) for section in run["sections"]]
    parameters: dict[str, tuple[str, str]] = {}
    for section in sections:
        parameters |= section["parameters"]
    calls = [Call(**call) for call in run["calls"]]
    changes = tables.changes(calls)
    given = {name: value for name, (value, _) in parameters.items()}
    chosen = given | {name: run[name] for name in ("account_id", "region", "backend", "variant")}
    return page.fill(
        "page.html",
        language,
        run=run,
        kind="EMULATED" if emulated else "REAL",
        mark=_MARKS.get(run["outcome"], "?"),
        result=_result(run, sections),
        counted=_counted(proof, len(calls), len(changes)),
        trouble=_trouble(run),
        failed_at=next((one["failed_at"] for one in sections if one["failed_at"]), ""),
        facts=[(translated(name), value) for name, value in _facts(run, sections)],
        proof=_table(tables.proof(proof)),
        sections=sections,
        calls=_table(tables.every_call(calls)),
        calls_said=translated(f"{len(calls)} calls"),
        changes=_table(changes),
        committed=checked.read(),
        commands=_commands(chosen),
        parameters=_table(_parameters(parameters)),
        not_emulated=_not_emulated(anchors, language) if emulated else "",
    )


def _commands(chosen: Mapping[str, Any]) -> dict[str, str]:
    start = software.program("runbook", "local", "start")
    return {name: command(name, chosen) for name in ("run", "destroy")} | {"start": start}


def _parameters(found: Mapping[str, tuple[str, str]]) -> Table:
    return listing(
        [
            {"Name": name, "Value": value, "What it is": meaning}
            for name, (value, meaning) in found.items()
        ]
    )


def _table(shown: Table) -> Markup:
    """Return a table as the notebooks show it; nothing where it has no row."""
    return clean(shown._repr_html_(), "", frozenset()) if len(shown) else Markup()


def _section(
    section: Mapping[str, Any], folder: Path, anchors: Set[str], language: str
) -> dict[str, Any]:
    """Render what ran; of what did not, there is the title only."""
    name, outcome, html, parameters = section["name"], section["outcome"], Markup(), {}
    known = {path.stem: path for path in notebooks.sections(language)}
    edition = notebooks.read(known[name]) if name in known else None
    notebook = notebooks.read_whole(folder / f"{name}.ipynb")
    if edition and notebook:
        _take_prose(notebook, edition)
        html, parameters = cells.render(notebook, name, anchors), cells.parameters(notebook)
        html = Markup(_TITLE.sub("", html, count=1))  # it stands above
    return {
        "name": name,
        "title": notebooks.title(edition) if edition else name,
        "outcome": outcome,
        "said": f"✓ {section['seconds']} s" if outcome == "passed" else translated(outcome),
        "executed": cells.executed(notebook) if notebook else 0,
        "html": html,
        "parameters": parameters,
        "failed_at": f"{name}.failed" if f'id="{name}.failed"' in html else "",
    }


def _take_prose(notebook: Any, edition: Any) -> None:
    """Let a notebook that ran say what this edition of it says around its code."""
    there = {cell.id: cell for cell in edition.cells}
    for cell in notebook.cells:
        prose = cell.cell_type == "markdown" or "parameters" in cell.metadata.get("tags", [])
        if prose and cell.get("id") in there:
            cell.source = there[cell.id].source


def _not_emulated(anchors: Set[str], language: str) -> Markup:
    edition = "ko/" if language == "ko" else ""
    path = notebooks.ROOT / "docs" / f"{edition}not-emulated.md"
    text = path.read_text(encoding="utf-8")
    return cells.prose(text, "not-emulated", anchors)


def _result(run: Mapping[str, Any], sections: list[dict[str, Any]]) -> str:
    """Say how it ended, and where it did not end well."""
    if run["outcome"] == "passed":
        return translated("Passed.")
    where = [one["title"] for one in sections if one["outcome"] in ("failed", "interrupted")]
    place = f"in section {where[0]}" if where else "before the first section"
    return translated(f"{run['outcome'].capitalize()} {place}.")


def _counted(proof: Sequence[Attempt], calls: int, changes: int) -> str:
    proven = sum(row.proven for row in proof)
    evidence = f"{proven} of {len(proof)} rows of evidence proven." if proof else ""
    counted = f"{calls} calls, {changes} of which changed something."
    return f"{translated(evidence)} {translated(counted)}".strip()


def _trouble(run: Mapping[str, Any]) -> str:
    """Say why it did not pass; the heading above names the section already."""
    if run["outcome"] == "passed":
        return ""
    return translated(re.sub(r"^section \w+: ", "", run["error"]) or Interrupted.message)


def _facts(run: Mapping[str, Any], sections: list[dict[str, Any]]) -> list[tuple[str, str]]:
    stamp = re.match(r"\d{8}T\d{6}", run["run_id"])
    started = f"{datetime.fromisoformat(stamp[0]):%Y-%m-%d %H:%M:%S} UTC" if stamp else ""
    seconds = sum(section["seconds"] for section in run["sections"])
    executed = sum(section["executed"] for section in sections)
    skipped = sum(map(len, notebooks.steps().values())) - executed
    facts = {
        "Region": run["region"],
        "Variant": run["variant"],
        "Started": started,
        "Took": f"{seconds:.1f} s",
        "Cells": translated(f"executed {executed}, skipped {max(skipped, 0)}"),
        "Run": run["run_id"],
        "Software": ", ".join(map(" ".join, run["software"].items())),
    }
    return list(facts.items())
