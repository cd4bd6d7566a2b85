"""Read a policy document and check it, as IAM does before it answers MalformedPolicyDocument.

What a document decides does not belong here, nor whether two documents mean the same.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from runbook_lib.access.conditions import Condition, is_operator

Kind = Literal["identity", "trust", "boundary", "session"]
Effect = Literal["Allow", "Deny"]

_FORMS = {
    "Version": ("2012-10-17|2008-10-17", '"2012-10-17" or "2008-10-17"'),
    "Id": (".*", "a text"),
    "Sid": ("[A-Za-z0-9]*", "letters and digits"),
    "Effect": ("Allow|Deny", '"Allow" or "Deny"'),
    "Action": (r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+", '"service:Action" or "*"'),
    "trust Action": (r"(?i:sts):[A-Za-z*?]+", '"sts:AssumeRole" or its like'),
    # No wildcard in the service, nor in IAM's resource type; an ARN of fewer than six parts must
    # end in a star. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    "Resource": (
        r"\*+|(?!arn:[^:]+:iam::[0-9*]*:(?!\*$)[a-z-]*[*?])"
        r"arn:[^:]+:[^:*?]+:(([^:]*:){2}.*|([^:]*:)?[^:]*\*)",
        'an ARN or "*"',
    ),
    "AWS": (
        r"\*|[0-9]{12}|A(IDA|ROA)[A-Z0-9]+"
        r"|arn:[a-z-]+:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/[^*?]+)",
        'an account ID, the ARN or ID of a user, role or session, or "*"',
    ),
    "Service": ("[a-z0-9.-]+", "a service like ec2.amazonaws.com"),
    "Federated": ("[^*?]+", "an identity provider"),
    "Condition": (".*", "a text, a number, true or false"),
}


class PolicyError(ValueError):
    """A document that AWS would not store: `place` says where, `problem` says what."""

    def __init__(self, place: str, problem: str) -> None:
        """Keep the two apart, for whoever shows them."""
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


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
    """A document under the name that explanations give it, like `policy "assume-role-policy"`."""

    name: str
    document: PolicyDocument


def parse(document: str | Mapping[str, Any], kind: Kind) -> PolicyDocument:
    """Read a document, as JSON text or as an object, in the grammar of its kind.

    Boundaries and session policies have the grammar of identity policies.
    Raises: PolicyError for what AWS would refuse as malformed.
    """
    names = {"Version", "Statement"} | ({"Id"} if kind == "trust" else set())
    body = _object(_loaded(document), "document", names)
    # AWS: without this element the version is the old one.
    version = _text("Version", body.get("Version", "2008-10-17"), "Version")
    _text("Id", body.get("Id", ""), "Id")
    statements: list[Statement] = []
    for index, entry in enumerate(_several(body.get("Statement", []), "Statement")):
        statements.append(_statement(entry, f"Statement[{index}]", index, kind))
        if (sid := statements[-1].sid) and sid in [each.sid for each in statements[:-1]]:
            raise PolicyError(f"Statement[{index}].Sid", f'"{sid}" is taken')
    return PolicyDocument(kind, version, tuple(statements))


def _loaded(document: object) -> object:
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document, object_pairs_hook=_unique)
    except PolicyError:
        raise
    except (ValueError, RecursionError) as error:
        raise PolicyError("document", f"is not JSON: {error}") from None


def _statement(entry: object, place: str, index: int, kind: Kind) -> Statement:
    pairs = {
        name: {name, f"Not{name}"}
        for name in ("Action", "Principal" if kind == "trust" else "Resource")
    }
    body = _object(entry, place, {"Sid", "Effect", "Condition"}.union(*pairs.values()))
    for name, pair in pairs.items():
        if len(pair & body.keys()) != 1:
            raise PolicyError(place, f"needs exactly one of {name} and Not{name}")
    effect = _text("Effect", body.get("Effect"), f"{place}.Effect")
    if "NotPrincipal" in body and effect == "Allow":
        raise PolicyError(f"{place}.NotPrincipal", "with Allow is not supported")

    def texts(form: str, name: str) -> tuple[str, ...]:
        return _texts(form, body[name], f"{place}.{name}") if name in body else ()

    action = "trust Action" if kind == "trust" else "Action"
    return Statement(
        index=index,
        sid=_text("Sid", body.get("Sid", ""), f"{place}.Sid") or None,
        effect=cast(Effect, effect),
        actions=texts(action, "Action"),
        not_actions=texts(action, "NotAction"),
        resources=texts("Resource", "Resource"),
        not_resources=texts("Resource", "NotResource"),
        principals=tuple(_principals(body.get("Principal"), f"{place}.Principal")),
        not_principals=tuple(_principals(body.get("NotPrincipal"), f"{place}.NotPrincipal")),
        conditions=tuple(_conditions(body.get("Condition", {}), f"{place}.Condition")),
    )


def _principals(raw: object, place: str) -> Iterator[tuple[str, str]]:
    if raw is None:
        return
    types = {"AWS": "*"} if raw == "*" else _object(raw, place, {"AWS", "Service", "Federated"})
    if not types:
        raise PolicyError(place, "is empty")
    for form, values in types.items():
        for value in _texts(form, values, f"{place}.{form}"):
            yield form, value


def _conditions(raw: object, place: str) -> Iterator[Condition]:
    for operator, keys in _object(raw, place).items():
        if not is_operator(operator):
            raise PolicyError(f"{place}.{operator}", "is no condition operator")
        seen: set[str] = set()
        for key, values in _object(keys, f"{place}.{operator}").items():
            where = f"{place}.{operator}.{key}"
            if ":" not in key or key.lower() in seen:
                raise PolicyError(where, "is no key like aws:SourceIp, or stands twice")
            seen.add(key.lower())
            yield Condition(operator, key, _texts("Condition", values, where))


def _several(raw: object, place: str) -> list[object]:
    found = list(raw) if isinstance(raw, list | tuple) else [raw]
    if not found:
        raise PolicyError(place, "is missing or empty")
    return found


def _texts(form: str, raw: object, place: str) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        return (_text(form, raw, place),)
    return tuple(_text(form, it, f"{place}[{i}]") for i, it in enumerate(_several(raw, place)))


def _text(form: str, raw: object, place: str) -> str:
    pattern, expected = _FORMS[form]
    if form == "Condition" and isinstance(raw, bool | int | float) and abs(raw) < 1e18:
        raw = str(raw).lower()
    if not isinstance(raw, str) or not re.fullmatch(pattern, raw, re.DOTALL):
        raise PolicyError(place, f"expected {expected}, found {_shown(raw)}")
    return raw


def _object(raw: object, place: str, names: set[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise PolicyError(place, f"expected an object, found {_shown(raw)}")
    for name in raw:
        if not isinstance(name, str) or (names is not None and name not in names):
            raise PolicyError(f"{place}.{name}", "does not belong here")
    return raw


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise PolicyError("document", "an object holds a name twice")
    return dict(pairs)


def _shown(raw: object) -> str:
    words: dict[type, str] = {type(None): "nothing", dict: "an object", list: "a list"}
    return f'"{raw}"' if isinstance(raw, str) else words.get(type(raw), type(raw).__name__)
