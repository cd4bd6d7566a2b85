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
from runbook_lib.headless import notebooks
from runbook_lib.headless.report import cells, junit, page
from runbook_lib.tables.shapes import Table, listing

_MARKS = {"passed": "✓", "failed": "✕", "interrupted": "✕"}


def write(folder: Path) -> Path:
    """Write `report.html` and `junit.xml` of a run folder, again or for the first time.

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
    made.write_text(_page(run, proof, folder), encoding="utf-8")
    junit.write(junit.suite(run, proof), folder / "junit.xml")
    return made


def _page(run: Mapping[str, Any], proof: Sequence[Attempt], folder: Path) -> str:
    emulated = run["backend"] == "local"
    anchors = {section["name"] for section in run["sections"]} | (
        {"not-emulated"} if emulated else set()
    )
    sections = [_section(section, folder, anchors) for section in run["sections"]]
    parameters: dict[str, tuple[str, str]] = {}
    for section in sections:
        parameters |= section["parameters"]
    calls = tables.every_call(Call(**call) for call in run["calls"])
    changes = calls[(calls["Changes something"] == "yes") & (calls["Outcome"] == "ok")]
    given = {name: value for name, (value, _) in parameters.items()}
    chosen = given | {name: run[name] for name in ("account_id", "region", "backend", "variant")}
    return page.fill(
        run=run,
        kind="EMULATED" if emulated else "REAL",
        mark=_MARKS.get(run["outcome"], "?"),
        result=_result(run, sections),
        counted=_counted(proof, calls, changes),
        trouble=_trouble(run),
        failed_at=next((one["failed_at"] for one in sections if one["failed_at"]), ""),
        facts=_facts(run),
        proof=tables.proof(proof),
        sections=sections,
        calls=calls,
        changes=changes,
        commands={name: command(name, chosen) for name in ("run", "destroy")},
        parameters=listing(
            [
                {"Name": name, "Value": value, "What it is": meaning}
                for name, (value, meaning) in parameters.items()
            ]
        ),
        not_emulated=_not_emulated(anchors) if emulated else "",
    )


def _section(section: Mapping[str, Any], folder: Path, anchors: Set[str]) -> dict[str, Any]:
    """Render what ran; of what did not, there is the title only."""
    name, outcome, html, parameters = section["name"], section["outcome"], Markup(), {}
    known = {path.stem: path for path in notebooks.sections()}
    notebook = notebooks.read_whole(folder / f"{name}.ipynb")
    if name in known and notebook:
        html, parameters = cells.render(notebook, name, anchors), cells.parameters(notebook)
    return {
        "name": name,
        "title": notebooks.title(notebooks.read(known[name])) if name in known else name,
        "outcome": outcome,
        "said": f"{section['seconds']} s" if outcome == "passed" else outcome,
        "html": html,
        "parameters": parameters,
        "failed_at": f"{name}.failed" if f'id="{name}.failed"' in html else "",
    }


def _not_emulated(anchors: Set[str]) -> Markup:
    text = (notebooks.ROOT / "docs" / "not-emulated.md").read_text(encoding="utf-8")
    return cells.prose(text, "not-emulated", anchors)


def _result(run: Mapping[str, Any], sections: list[dict[str, Any]]) -> str:
    """Say how it ended, and where it did not end well."""
    if run["outcome"] == "passed":
        return "Passed."
    where = [one["title"] for one in sections if one["outcome"] in ("failed", "interrupted")]
    return f"{run['outcome'].capitalize()} in section {where[0]}." if where else "It did not start."


def _counted(proof: Sequence[Attempt], calls: Table, changes: Table) -> str:
    proven = sum(row.proven for row in proof)
    evidence = f"{proven} of {len(proof)} rows of evidence proven. " if proof else ""
    return f"{evidence}{len(calls)} calls, {len(changes)} of which changed something."


def _trouble(run: Mapping[str, Any]) -> str:
    """Say why it did not pass; the heading above names the section already."""
    if run["outcome"] == "passed":
        return ""
    return re.sub(r"^section \w+: ", "", run["error"]) or Interrupted.message


def _facts(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    stamp = re.match(r"\d{8}T\d{6}", run["run_id"])
    started = f"{datetime.fromisoformat(stamp[0]):%Y-%m-%d %H:%M:%S} UTC" if stamp else ""
    seconds = sum(section["seconds"] for section in run["sections"])
    facts = {"Region": run["region"], "Variant": run["variant"], "Started": started}
    return [*facts.items(), ("Took", f"{seconds:.1f} s"), ("Run", run["run_id"])]
