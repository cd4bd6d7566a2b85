"""Policy documents, read and checked as IAM does before it answers MalformedPolicyDocument.

What a document decides does not belong here, nor whether two documents mean the same.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from runbook_lib.access.conditions import Condition, is_operator
from runbook_lib.access.grammar import PolicyError, loaded, mapping, several, text, texts

Kind = Literal["identity", "trust", "boundary", "session"]
Effect = Literal["Allow", "Deny"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. A single value is a tuple of one; principals are (type, value) pairs."""

    index: int
    sid: str | None
    effect: Effect
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    not_principals: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A document that has passed `parse`."""

    kind: Kind
    version: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A document under the name that explanations give it, like `policy "assume-role-policy"`.

    A managed policy has an ARN, too.
    """

    name: str
    document: PolicyDocument
    arn: str = ""


def parse(document: str | Mapping[str, Any], kind: Kind) -> PolicyDocument:
    """Read a document, as JSON text or as an object, in the grammar of its kind.

    Boundaries and session policies have the grammar of identity policies.
    Raises: PolicyError for what AWS would refuse as malformed.
    """
    names = {"Version", "Statement"} | ({"Id"} if kind == "trust" else set())
    body = mapping(loaded(document), "document", names)
    # AWS: without this element the version is the old one.
    version = text("Version", body.get("Version", "2008-10-17"), "Version")
    text("Id", body.get("Id", ""), "Id")
    statements: list[Statement] = []
    for index, entry in enumerate(several(body.get("Statement", []), "Statement")):
        statements.append(_statement(entry, f"Statement[{index}]", index, kind))
        if (sid := statements[-1].sid) and sid in [each.sid for each in statements[:-1]]:
            raise PolicyError(f"Statement[{index}].Sid", f'"{sid}" is taken')
    return PolicyDocument(kind, version, tuple(statements))


def _statement(entry: object, place: str, index: int, kind: Kind) -> Statement:
    whom = "Principal" if kind == "trust" else "Resource"
    names = {"Sid", "Effect", "Condition", "Action", "NotAction", whom, f"Not{whom}"}
    body = mapping(entry, place, names)
    for name in ("Action", whom):
        if (name in body) == (f"Not{name}" in body):
            raise PolicyError(place, f"needs exactly one of {name} and Not{name}")
    effect = text("Effect", body.get("Effect"), f"{place}.Effect")
    if "NotPrincipal" in body and effect == "Allow":
        raise PolicyError(f"{place}.NotPrincipal", "with Allow is not supported")
    action = "trust Action" if kind == "trust" else "Action"
    return Statement(
        index=index,
        sid=text("Sid", body.get("Sid", ""), f"{place}.Sid") or None,
        effect=cast(Effect, effect),
        actions=_texts(action, body, "Action", place),
        not_actions=_texts(action, body, "NotAction", place),
        resources=_texts("Resource", body, "Resource", place),
        not_resources=_texts("Resource", body, "NotResource", place),
        principals=tuple(_principals(body, "Principal", place)),
        not_principals=tuple(_principals(body, "NotPrincipal", place)),
        conditions=tuple(_conditions(body.get("Condition", {}), f"{place}.Condition")),
    )


def _texts(form: str, body: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
    return texts(form, body[name], f"{place}.{name}") if name in body else ()


def _principals(body: Mapping[str, Any], name: str, place: str) -> Iterator[tuple[str, str]]:
    if name not in body:
        return
    raw, place = body[name], f"{place}.{name}"
    types = {"AWS": "*"} if raw == "*" else mapping(raw, place, {"AWS", "Service", "Federated"})
    if not types:
        raise PolicyError(place, "is empty")
    for form in types:
        for value in _texts(form, types, form, place):
            yield form, value


def _conditions(raw: object, place: str) -> Iterator[Condition]:
    for operator, keys in mapping(raw, place).items():
        if not is_operator(operator):
            raise PolicyError(f"{place}.{operator}", "is no condition operator")
        seen: set[str] = set()
        for key, values in mapping(keys, f"{place}.{operator}").items():
            where = f"{place}.{operator}.{key}"
            if ":" not in key or key.lower() in seen:
                raise PolicyError(where, "is no key like aws:SourceIp, or stands twice")
            seen.add(key.lower())
            yield Condition(operator, key, texts("Condition", values, where))
