"""Do two documents mean the same, and where do they differ? No request is judged here."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from runbook_lib.access.documents import Kind, PolicyDocument, Statement, parse

_AnyForm = str | Mapping[str, Any] | PolicyDocument
Path = tuple[str, ...]
Lines = dict[tuple[int, Path, str], str]

_ORDER = ["Effect", "Principal", "NotPrincipal", "Action", "NotAction"]
_ORDER += ["Resource", "NotResource", "Condition"]


def same_meaning(a: _AnyForm, b: _AnyForm, account_id: str) -> bool:
    """Tell whether two documents that this account holds mean the same.

    Order, repetition, one value or a list of one, Sids, an empty Condition, the case of actions
    and keys, and an account's ID or its root ARN make no difference, whichever account it is.
    Raises: PolicyError for a malformed document.
    """
    return canonical(a, _kind(a), account_id) == canonical(b, _kind(b), account_id)


def canonical(document: _AnyForm, kind: Kind, account_id: str) -> dict[str, Any]:
    """Return the one form of all documents of this meaning; it is a document itself.

    Raises: PolicyError for a malformed document.
    """
    parsed = _parsed(document, kind)
    forms = {json.dumps(_form(statement)) for statement in parsed.statements}
    return {"Version": parsed.version, "Statement": [json.loads(form) for form in sorted(forms)]}


def differences(a: _AnyForm, b: _AnyForm, kind: Kind, account_id: str) -> list[str]:
    """Return the lines, like `- Resource: *` and `+ Resource: arn:…`, that lead from a to b.

    Statements of one meaning are left out, the others compared in order.
    Raises: PolicyError for a malformed document.
    """
    old, new = _parsed(a, kind), _parsed(b, kind)
    versions = [f"- Version: {old.version}", f"+ Version: {new.version}"]
    found = versions if old.version != new.version else []
    before = [_lines(each) for each in old.statements]
    after = [_lines(each) for each in new.statements]
    left = [lines for lines in before if lines.keys() not in [each.keys() for each in after]]
    right = [lines for lines in after if lines.keys() not in [each.keys() for each in before]]
    nothing: Lines = {}
    for mine, yours in zip_longest(left, right, fillvalue=nothing):
        for line in sorted(mine.keys() ^ yours.keys(), key=lambda it: (it[0], it in yours, it[1:])):
            found.append(f"- {mine[line]}" if line in mine else f"+ {yours[line]}")
    return found


def _parsed(document: _AnyForm, kind: Kind) -> PolicyDocument:
    return document if isinstance(document, PolicyDocument) else parse(document, kind)


def _kind(document: _AnyForm) -> Kind:
    if isinstance(document, PolicyDocument):
        return document.kind
    # Only trust policies have this element. Misled by odd text, parse refuses the document.
    element = re.search(r"""['"](Not)?Principal['"]\s*:""", str(document))
    return "trust" if element else "identity"


def _form(statement: Statement) -> dict[str, Any]:
    form: dict[str, Any] = {}
    for path, value in sorted({(path, value) for path, value, _ in _parts(statement)}):
        place = form
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place.setdefault(path[-1], []).append(value)
    return form | {"Effect": statement.effect}


def _lines(statement: Statement) -> Lines:
    return {
        (_ORDER.index(path[0]), path, value): f"{path[0]}: {shown}"
        for path, value, shown in _parts(statement)
    }


def _parts(statement: Statement) -> Iterator[tuple[Path, str, str]]:
    """Give every value of a statement: where it stands, what it means, how it is shown."""
    yield ("Effect",), statement.effect, statement.effect
    for name, actions in (("Action", statement.actions), ("NotAction", statement.not_actions)):
        yield from (((name,), action.lower(), action) for action in actions)
    for name, arns in (("Resource", statement.resources), ("NotResource", statement.not_resources)):
        yield from (((name,), arn, arn) for arn in arns)
    for name, pairs in (
        ("Principal", statement.principals),
        ("NotPrincipal", statement.not_principals),
    ):
        for form, value in pairs:
            bare = re.sub(r"arn:[a-z-]+:iam::([0-9]{12}):root", r"\1", value)
            yield (name, form), bare, f"{form} {value}"
    for test in statement.conditions:
        for value in test.values:
            path = ("Condition", test.operator, test.key.lower())
            yield path, value, f"{test.operator} {test.key} {value}"
