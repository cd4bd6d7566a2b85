"""AWS's sentence for a policy that it does not store: one alone, the first that fits.

IAM reads trust policies with a reader of their own, which is in `trust`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Iterator
from typing import Any

from runbook_lib.access.conditions import is_operator, moment
from runbook_lib.access.grammar import PolicyError, loaded

Body = dict[str, Any]
SYNTAX = "Syntax errors in policy."
LEGACY = "The policy failed legacy parsing"
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
PATHS = (
    "user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, "
    "sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/"
)
PARTITION = re.compile(r"aws(-[a-z-]+)?|.*[*?].*")
# Services whose ARNs name no region.
WITHOUT_REGION = {
    "iam": "IAM resource {} cannot contain region information.",
    "s3": "Resource {} can not contain region information.",
}
FIELDS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
FIELDS |= {"Principal", "NotPrincipal"}


def malformed(document: str, is_managed: bool) -> str:
    """Return what AWS says of this document, "" where none of its sentences fits.

    Managed policies must be of today's version.
    """
    try:
        body = loaded(document)
    except PolicyError:
        return SYNTAX
    if not isinstance(body, dict) or not _is_policy(body):
        return SYNTAX
    if is_managed and body.get("Version") != "2012-10-17":
        return "Policy document must be version 2012-10-17 or greater."
    return next(_broken(statements_of(body)), "")


def statements_of(body: Body) -> list[Body]:
    """Return the statements, of which one may stand without a list."""
    return several(body.get("Statement", []))


def several(raw: Any) -> list[Any]:
    """Return a list, or one value as a list."""
    return raw if isinstance(raw, list) else [raw]


def values(statement: Body, name: str) -> list[Any]:
    """Return an element, or its opposite (NotAction of Action), as a list."""
    return several(statement.get(name, statement.get(f"Not{name}", [])))


def _is_policy(body: Body) -> bool:
    """Tell whether a document has the elements that a policy has, whatever their values."""
    version = body.get("Version", "2012-10-17") in ("2012-10-17", "2008-10-17")
    fields = {*body} <= {"Version", "Id", "Statement"} and isinstance(body.get("Id", ""), str)
    statements = statements_of(body)
    return version and fields and bool(statements) and all(map(_is_statement, statements))


def _is_statement(found: Any) -> bool:
    if not isinstance(found, dict) or not {*found} <= FIELDS:
        return False
    both = any({name, f"Not{name}"} <= {*found} for name in ("Action", "Resource"))
    texts = [*values(found, "Action"), *values(found, "Resource"), found.get("Sid", "")]
    effect = str(found.get("Effect")).lower() in ("allow", "deny")
    written = all(isinstance(each, str) for each in texts)
    return effect and written and not both and _is_condition(found.get("Condition", {}))


def _is_condition(found: Any) -> bool:
    if not isinstance(found, dict) or not all(map(is_operator, found)):
        return False
    if not all(isinstance(keys, dict) for keys in found.values()):
        return False
    held = [each for keys in found.values() for value in keys.values() for each in several(value)]
    return not any(isinstance(each, dict | list) for each in held)


def _broken(statements: list[Body]) -> Iterator[str]:
    """Give AWS's sentences in the order in which AWS looks."""
    if any({"Principal", "NotPrincipal"} & {*each} for each in statements):
        yield "Policy document should not specify a principal."
    if any(each["Effect"] not in ("Allow", "Deny") or _is_badly_dated(each) for each in statements):
        yield LEGACY
    sids = [each["Sid"] for each in statements if each.get("Sid")]
    if len({*sids}) < len(sids):
        yield "Statement IDs (SID) in a single policy must be unique."
    for each in statements:
        for resource in values(each, "Resource"):
            yield from _of_resource(resource)
    if not all(values(each, "Action") for each in statements):
        yield "Policy statement must contain actions."
    for each in statements:
        for action in values(each, "Action"):
            yield from _of_action(action)
    if not all(values(each, "Resource") for each in statements):
        yield "Policy statement must contain resources."


def _is_badly_dated(statement: Body) -> bool:
    dates = [
        str(value)
        for operator, keys in statement.get("Condition", {}).items()
        if "Date" in operator
        for found in keys.values()
        for value in several(found)
    ]
    return any((time := moment(date)) is None or time >= 2**63 for date in dates)


def _of_action(action: str) -> Iterator[str]:
    vendor, *names = action.split(":")
    if action == "*":
        return
    if not names:
        yield VENDOR
    if not re.fullmatch(r"[\w.-]+", vendor, re.ASCII):
        yield f"Vendor {vendor} is not valid"
    if len(names) > 1:
        yield "Actions/Condition can contain only one colon."


def _of_resource(resource: str) -> Iterator[str]:
    if resource == "*":
        return
    parts = ["arn", *resource.split(":", 5)[1:]]
    if ":" not in resource:
        yield f'Resource {resource} must be in ARN format or "*".'
    elif not PARTITION.fullmatch(parts[1]):
        shown = ":".join([*parts, *["*"] * (6 - len(parts))])
        yield f'Partition "{parts[1]}" is not valid for resource "{shown}".'
    elif len(parts) == 2 or {"*", "?"} & {*parts[2]}:
        yield "Resource vendor must be fully qualified and cannot contain regexes."
    elif not parts[2] or (len(parts) < 6 and not resource.endswith("*")):
        yield LEGACY
    elif parts[2] in WITHOUT_REGION and len(parts) == 6:
        if parts[3] not in ("", "*"):
            yield WITHOUT_REGION[parts[2]].format(resource)
        if parts[2] == "iam" and not parts[5].startswith(("*", *PATHS.split(", "))):
            yield f'IAM resource path must either be "*" or start with {PATHS}.'
