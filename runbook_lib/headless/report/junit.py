"""A run as JUnit's XML: a test case for each section, and one for each row of the proof."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from runbook_lib.access.arns import short
from runbook_lib.attempts import Attempt
from runbook_lib.errors import Interrupted

_NOT_IN_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(made: ElementTree.Element, path: Path) -> None:
    """Write a suite, or several, into a file."""
    ElementTree.ElementTree(made).write(path, encoding="utf-8", xml_declaration=True)


def suite(run: Mapping[str, Any], proof: Sequence[Attempt]) -> ElementTree.Element:
    """Return a run as a suite; `run` is what `run.json` holds."""
    suite = ElementTree.Element("testsuite", name=f"runbook {run['account_id']}")
    for section in run["sections"]:
        case = _case(suite, "section", section["name"], section["seconds"])
        if section["outcome"] == "not run":
            ElementTree.SubElement(case, "skipped")
        elif section["outcome"] != "passed":
            where = f"{section['outcome']}; {section['name']}.ipynb has what came before"
            _fail(case, run["error"] or Interrupted.message, where)
    for row in proof:
        sent = f" with {row.given}" if row.given else ""
        case = _case(suite, "proof", f"{short(row.who)} {row.action}{sent}", 0)
        if not row.proven:
            differs = f"expected {row.expected}, predicted {row.predicted}, observed {row.observed}"
            _fail(case, f"{differs} ({row.code})", row.why)
    return _counted(suite, sum(section["seconds"] for section in run["sections"]))


def of_account(account_id: str, state: str, cause: str, next_step: str) -> ElementTree.Element:
    """Return an account of a fleet in which no section ran as a suite of one case."""
    suite = ElementTree.Element("testsuite", name=f"runbook {account_id}")
    case = _case(suite, "account", state, 0)
    if state in ("skipped", "not started"):
        ElementTree.SubElement(case, "skipped", message=_printable(cause or state))
    else:
        _fail(case, f"{state}: {cause}", next_step)
    return _counted(suite, 0)


def _counted(suite: ElementTree.Element, seconds: float) -> ElementTree.Element:
    suite.attrib |= {
        "tests": str(len(suite)),
        "failures": str(len(suite.findall("testcase/failure"))),
        "skipped": str(len(suite.findall("testcase/skipped"))),
        "time": f"{seconds:.2f}",
    }
    return suite


def _case(suite: ElementTree.Element, kind: str, name: str, seconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=kind, name=_printable(name), time=f"{seconds:.2f}"
    )


def _fail(case: ElementTree.Element, message: str, more: str) -> None:
    ElementTree.SubElement(case, "failure", message=_printable(message)).text = _printable(more)


def _printable(text: str) -> str:
    """Replace what XML cannot say, such as the escapes of a coloured terminal."""
    return _NOT_IN_XML.sub("\ufffd", text)
