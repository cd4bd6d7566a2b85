"""A file of rows, as CSV, JSON or YAML: what stands in it, and on which line. Judges no value."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from runbook_lib.errors import ParameterError
from runbook_lib.machine.files import explained

Cells = dict[str, Any]
Found = Iterator[tuple[int, Cells]]  # the line that a row begins on, and its cells


def read(path: Path) -> list[tuple[int, Cells]]:
    """Return the rows of a file.

    Raises: ParameterError where it is no such file; RunbookError where it cannot be read.
    """
    parse = _KINDS.get(path.suffix.lower())
    if parse is None:
        raise ParameterError(
            f"{str(path)!r} is not named as a list of accounts, nothing was sent: name it .csv, "
            ".json or .yaml, with a column account_id"
        )
    if not path.exists():
        raise ParameterError(
            f"there is no file {str(path)!r}, nothing was sent: name a list of accounts"
        )
    with explained("read", path):
        raw = path.read_bytes()
    try:
        return list(parse(raw.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not in UTF-8") from None
    except (ValueError, csv.Error, yaml.YAMLError, RecursionError) as error:
        raise _unreadable(path, " ".join(str(error).split())) from None


def _unreadable(path: Path, why: str) -> ParameterError:
    kind = path.suffix[1:].upper()
    return ParameterError(
        f"{str(path)!r} is no {kind} list of accounts, nothing was sent: {why}. "
        "Expected a row for each account, with at least its account_id"
    )


def _csv(text: str) -> Found:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","  # as some spreadsheets write it
    rows = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    head: list[str] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        begins = rows.line_num - sum(cell.count("\n") for cell in row)
        if not any(cells):
            continue
        if head:
            names = [*head, *(f"cell {number}" for number in range(len(head) + 1, len(cells) + 1))]
            yield begins, {name: cell for name, cell in zip(names, cells, strict=False) if cell}
            continue
        head = cells
        _refuse_twice(head, begins)
        if "account_id" not in head:
            raise ValueError(f"line {begins} must name the columns, account_id among them")


def _json(text: str) -> Found:
    def cells(found: list[tuple[str, Any]]) -> Cells:
        _refuse_twice([name for name, _ in found], line)
        return dict(found)

    line = 1
    decoder = json.JSONDecoder(object_pairs_hook=cells)
    if not isinstance(json.loads(text), list):
        raise ValueError("it is not a list: [ {…}, {…} ]")
    at, line = text.index("[") + 1, text.count("\n", 0, text.index("[")) + 1
    while True:
        begins = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing too
        line += text.count("\n", at, begins)
        if text[begins] == "]":
            return
        value, at = decoder.raw_decode(text, begins)
        yield line, _cells(value)
        line += text.count("\n", begins, at)


def _yaml(text: str) -> Found:
    whole = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(whole, yaml.SequenceNode):
        raise ValueError("it is not a list: - account_id: '…'")
    for node, value in zip(whole.value, yaml.safe_load(text), strict=True):
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            _refuse_twice([str(key.value) for key, _ in node.value], line)
        yield line, _cells(value)


def _cells(value: object) -> Cells:
    """Return what a row holds; one that is no mapping is an account id alone."""
    cells = value if isinstance(value, dict) else {"account_id": value}
    return {str(name): cell for name, cell in cells.items() if cell not in (None, "")}


def _refuse_twice(names: list[str], line: int) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"line {line} has {', '.join(sorted(map(repr, twice)))} twice")


_BETWEEN = re.compile(r"[ \t\r\n,]*")
_KINDS: dict[str, Callable[[str], Found]] = {
    ".csv": _csv,
    ".json": _json,
    ".yaml": _yaml,
    ".yml": _yaml,
}
