"""The forms that IAM asks of the parts of a policy document: JSON, objects, lists and texts.

Which parts make a document does not belong here.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

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


def loaded(document: object) -> object:
    """Return what a JSON text holds, and anything else as it is."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document, object_pairs_hook=_unique)
    except PolicyError:
        raise
    except (ValueError, RecursionError) as error:
        raise PolicyError("document", f"is not JSON: {error}") from None


def several(raw: object, place: str) -> list[object]:
    """Return a list that is not empty, or one value as a list."""
    found = list(raw) if isinstance(raw, list | tuple) else [raw]
    if not found:
        raise PolicyError(place, "is missing or empty")
    return found


def texts(form: str, raw: object, place: str) -> tuple[str, ...]:
    """Return one or several texts of a form."""
    if not isinstance(raw, list | tuple):
        return (text(form, raw, place),)
    return tuple(text(form, it, f"{place}[{i}]") for i, it in enumerate(several(raw, place)))


def text(form: str, raw: object, place: str) -> str:
    """Return a text of a form; in conditions, JSON's numbers and truth values are texts too."""
    pattern, expected = _FORMS[form]
    if form == "Condition" and isinstance(raw, bool | int | float) and abs(raw) < 1e18:
        raw = str(raw).lower()
    if not isinstance(raw, str) or not re.fullmatch(pattern, raw, re.DOTALL):
        raise PolicyError(place, f"expected {expected}, found {_shown(raw)}")
    return raw


def mapping(raw: object, place: str, names: set[str] | None = None) -> Mapping[str, Any]:
    """Return an object that has only these names, or any."""
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
