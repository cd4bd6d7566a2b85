"""One request, and how one statement reads on it. What several statements add up to is not here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook_lib.access.conditions import Condition, Context, is_met
from runbook_lib.access.documents import Policy, Statement
from runbook_lib.access.patterns import Lookup, expanded, like
from runbook_lib.access.principals import Naming, Principal, facts, named


@dataclass(frozen=True, slots=True)
class Request:
    """One call. The context holds AWS's condition keys; a key that is absent was not sent.

    `resource` is "*" for an action without resource-level permissions.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement about this action and principal; it applies unless something else fails."""

    policy: Policy
    statement: Statement
    naming: Naming | None  # in a trust policy only
    elsewhere: bool  # about other resources
    failed: Condition | None
    sent: tuple[str, ...]  # what the request holds for the failed condition

    @property
    def applies(self) -> bool:
        """Say whether the statement has its effect on the request."""
        return not self.elsewhere and self.failed is None


def context_of(request: Request) -> Context:
    """Return what is known of a request, with what follows from its principal."""
    context: dict[str, tuple[str, ...]] = {}
    for key, value in (facts(request.principal) | dict(request.context)).items():
        context[key.lower()] = (value,) if isinstance(value, str) else tuple(value)
    return context


def read(policy: Policy, request: Request, context: Context, is_trust: bool) -> Iterator[Reading]:
    """Give a reading of each statement that is about this action and principal."""

    def lookup(name: str) -> str | None:
        values = context.get(name.lower(), ())
        return values[0] if len(values) == 1 else None  # AWS: no variable of several values

    variables = lookup if policy.document.version == "2012-10-17" else None
    for statement in policy.document.statements:
        naming = named(request.principal, statement) if is_trust else None
        if not _covers_action(statement, request.action.lower()) or (is_trust and not naming):
            continue
        elsewhere = not is_trust and not _covers_resource(statement, request.resource, variables)
        unmet = (each for each in statement.conditions if not is_met(each, context, variables))
        failed = next(unmet, None)
        sent = context.get(failed.key.lower(), ()) if failed else ()
        yield Reading(policy, statement, naming, elsewhere, failed, sent)


def _covers_action(statement: Statement, action: str) -> bool:
    listed = statement.actions or statement.not_actions
    return any(like(each.lower(), action) for each in listed) == bool(statement.actions)


def _covers_resource(statement: Statement, resource: str, lookup: Lookup | None) -> bool:
    # AWS's wildcards run across "/" and ":" here. What names a variable without a value covers
    # nothing, so neither does a NotResource. A trust policy's statement has neither element.
    if statement.not_resources:
        excepted = statement.not_resources
        resolved = None not in [expanded(each, lookup) for each in excepted]
        return resolved and not any(like(each, resource, lookup) for each in excepted)
    return any(like(each, resource, lookup) for each in statement.resources)
