"""One request, and how one statement reads on it. What several statements add up to is not here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook_lib.access.conditions import Condition, Context, is_met, values_of
from runbook_lib.access.documents import Policy, Statement
from runbook_lib.access.patterns import Lookup, like
from runbook_lib.access.principals import Naming, Principal, facts, named


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `resource` is "*" for an action without resource-level permissions.

    The context holds AWS's condition keys: a text for a single-valued key, a sequence for a
    multivalued one. A key that is absent was not sent.
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
    sent: Sequence[str]  # what the request holds for the failed condition

    @property
    def applies(self) -> bool:
        """Tell whether the statement has its effect on the request."""
        return not self.elsewhere and self.failed is None


def context_of(request: Request) -> Context:
    """Return what is known of a request, with what follows from its principal."""
    known = {key.lower(): value for key, value in facts(request.principal).items()}
    return known | {key.lower(): value for key, value in request.context.items()}


def read(policy: Policy, request: Request, context: Context, is_trust: bool) -> Iterator[Reading]:
    """Give a reading of each statement that is about this action and principal."""

    def lookup(name: str) -> str | None:
        value = context.get(name.lower())
        return value if isinstance(value, str) else None  # AWS: no variable of several values

    variables = lookup if policy.document.version == "2012-10-17" else None
    for statement in policy.document.statements:
        naming = named(request.principal, statement) if is_trust else None
        if not _covers_action(statement, request.action.lower()) or (is_trust and not naming):
            continue
        elsewhere = not is_trust and not _covers_resource(statement, request.resource, variables)
        unmet = (each for each in statement.conditions if not is_met(each, context, variables))
        failed = next(unmet, None)
        sent = values_of(failed, context) if failed else ()
        yield Reading(policy, statement, naming, elsewhere, failed, sent)


def _covers_action(statement: Statement, action: str) -> bool:
    listed = statement.actions or statement.not_actions
    return any(like(each.lower(), action) for each in listed) == bool(statement.actions)


def _covers_resource(statement: Statement, resource: str, lookup: Lookup | None) -> bool:
    # Here AWS's wildcards run across "/" and ":", and what names a variable without a value is
    # like no resource. A statement of a trust policy has neither element and covers nothing.
    listed = statement.resources or statement.not_resources
    found = any(like(each, resource, lookup) for each in listed)
    return bool(listed) and found == bool(statement.resources)
