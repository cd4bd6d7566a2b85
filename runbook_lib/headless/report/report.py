"""One page from the executed notebooks of a run folder, for people; `junit.xml`, for machines."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from runbook_lib.access.arns import Arn, short
from runbook_lib.account.parameters import DEFAULTS
from runbook_lib.errors import Interrupted, ParameterError
from runbook_lib.headless import notebooks
from runbook_lib.headless.report import cells, page

_MARKS = {"passed": "✓", "failed": "✕", "interrupted": "✕"}
_OPTIONS = {
    name: default for name, default in DEFAULTS.items() if name not in ("account_id", "confirm")
}


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
    made = folder / "report.html"
    made.write_text(_page(run, folder), encoding="utf-8")
    _write_junit(run, folder / "junit.xml")
    return made


def _page(run: dict[str, Any], folder: Path) -> str:
    emulated = run["backend"] == "local"
    anchors = {section["name"] for section in run["sections"]} | (
        {"not-emulated"} if emulated else set()
    )
    sections = [_section(section, folder, anchors) for section in run["sections"]]
    parameters: dict[str, tuple[str, str]] = {}
    for section in sections:
        parameters |= section["parameters"]
    calls = _calls(run["calls"])
    changed = [call for call, raw in zip(calls, run["calls"], strict=True) if _changed(raw)]
    return page.fill(
        run=run,
        kind="EMULATED" if emulated else "REAL",
        mark=_MARKS.get(run["outcome"], "?"),
        result=_result(run, sections),
        counted=_counted(run),
        trouble=_trouble(run),
        failed_at=next((one["failed_at"] for one in sections if one["failed_at"]), ""),
        facts=_facts(run),
        proof=_proof(run["proof"]),
        sections=sections,
        calls=calls,
        changes=changed,
        commands={name: _command(name, run, parameters) for name in ("run", "destroy")},
        parameters=parameters,
        not_emulated=_not_emulated(anchors) if emulated else "",
    )


def _section(section: Mapping[str, Any], folder: Path, anchors: Set[str]) -> dict[str, Any]:
    """Render what ran; of what did not, there is the title only."""
    name, outcome, html, parameters = section["name"], section["outcome"], Markup(), {}
    known = {path.stem: path for path in notebooks.sections()}
    path = folder / f"{name}.ipynb"
    if name in known and path.exists():
        notebook = notebooks.read(path)
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
    text = (notebooks.FOLDER.parent / "docs" / "not-emulated.md").read_text(encoding="utf-8")
    return cells.prose(text, "not-emulated", anchors)


def _result(run: Mapping[str, Any], sections: list[dict[str, Any]]) -> str:
    """Say how it ended, and where it did not end well."""
    if run["outcome"] == "passed":
        return "Passed."
    where = [one["title"] for one in sections if one["outcome"] in ("failed", "interrupted")]
    return f"{run['outcome'].capitalize()} in section {where[0]}." if where else "It did not start."


def _counted(run: Mapping[str, Any]) -> str:
    proof, calls = run["proof"], run["calls"]
    proven, changed = sum(map(_proven, proof)), sum(map(_changed, calls))
    evidence = f"{proven} of {len(proof)} rows of evidence proven. " if proof else ""
    return f"{evidence}{len(calls)} calls, {changed} of which changed something."


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


def _proof(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with principals as people name them; with two accounts, also whose."""
    several = len({Arn.parse(row["who"]).account_id for row in rows}) > 1
    return [
        {
            **row,
            "who": short(row["who"]),
            "account": Arn.parse(row["who"]).account_id if several else "",
            "why": row["why"] if several else short(row["why"]),
            "proven": _proven(row),
        }
        for row in rows
    ]


def _calls(calls: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Return the rows of a table; older runs did not write down the aws CLI's command."""
    told = any("command" in call for call in calls)
    return [
        {
            "#": number,
            "Action": call["action"],
            **({"Command": call.get("command", "")} if told else {}),
            "As": short(call["principal"]),
            "Changes": "yes" if call["mutating"] else "no",
            "Outcome": call["outcome"],
            "Seconds": f"{call['seconds']:.3f}",
            "Request id": call["request_id"],
        }
        for number, call in enumerate(calls, 1)
    ]


def _changed(call: Mapping[str, Any]) -> bool:
    return bool(call["mutating"] and call["outcome"] == "ok")


def _proven(row: Mapping[str, Any]) -> bool:
    return bool(row["expected"] == row["predicted"] == row["observed"])


def _command(name: str, run: Mapping[str, Any], parameters: Mapping[str, tuple[str, str]]) -> str:
    """Return the command line with what this run was given."""
    words = ["runbook", name, run["account_id"]]
    for option, default in _OPTIONS.items():
        value = run.get(option) or parameters.get(option, ("",))[0]
        if value not in ("", default):
            words += [f"--{option.replace('_', '-')}", value]
    return shlex.join(words)


def _write_junit(run: dict[str, Any], path: Path) -> None:
    sections = run["sections"]
    failures = [section for section in sections if section["outcome"] != "passed"]
    suite = ElementTree.Element(
        "testsuite", name="runbook", tests=str(len(sections)), failures=str(len(failures))
    )
    for section in sections:
        attributes = {"classname": "runbook", "time": str(section["seconds"])}
        case = ElementTree.SubElement(suite, "testcase", attributes, name=section["name"])
        if section["outcome"] == "not run":
            ElementTree.SubElement(case, "skipped")
        elif section["outcome"] != "passed":
            ElementTree.SubElement(case, "failure").text = run["error"]
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
