"""One request, and how one statement reads on it. What several statements add up to is not here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook_lib.access.conditions import Condition, Context, is_met, values_of
from runbook_lib.access.documents import Policy, Statement
from runbook_lib.access.patterns import Lookup, could_be_like, like, variables
from runbook_lib.access.principals import Naming, Principal, facts, namings

RESOURCE = "resource"  # stands for a condition key where the resource itself is not known
_NOBODY: list[tuple[Naming | None, Condition | None]] = [(None, None)]  # other policies name none


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `resource` is "*" for an action without resource-level permissions.

    The context holds AWS's condition keys: a text for a single-valued key, a sequence for a
    multivalued one. A key that is absent was not sent, unless `unknown` says of its name in lower
    case that nobody knows; of "resource" it says so where the resource is not known.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]]
    unknown: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement about this action and principal; it applies unless something else fails."""

    policy: Policy
    statement: Statement
    naming: Naming | None  # in a trust policy only
    elsewhere: bool  # about other resources
    failed: Condition | None
    sent: Sequence[str]  # what the request holds for the failed condition
    depends_on: tuple[Condition, ...] = ()  # on which it depends whether it applies

    @property
    def may_apply(self) -> bool:
        """Tell whether nothing that is known keeps the statement from its effect."""
        return not self.elsewhere and self.failed is None

    @property
    def applies(self) -> bool:
        """Tell whether the statement has its effect on the request, whatever is not known."""
        return self.may_apply and not self.depends_on


def context_of(request: Request) -> Context:
    """Return what is known of a request, with what follows from its principal."""
    known = {key.lower(): value for key, value in facts(request.principal).items()}
    return known | {key.lower(): value for key, value in request.context.items()}


def read(policy: Policy, request: Request, context: Context, is_trust: bool) -> Iterator[Reading]:
    """Give a reading of each statement that is about this action and principal."""

    def lookup(name: str) -> str | None:
        value = context.get(name.lower())
        return value if isinstance(value, str) else None  # AWS: no variable of several values

    known = lookup if policy.document.version == "2012-10-17" else None
    for statement in policy.document.statements:
        if not _covers_action(statement, request.action.lower()):
            continue
        doubts = _doubts(statement, request, context, known) if request.unknown else ()
        elsewhere = not is_trust and not _covers_resource(statement, request.resource, known)
        elsewhere = elsewhere and not any(each.key == RESOURCE for each in doubts)
        others = (each for each in statement.conditions if each not in doubts)
        failed = next((each for each in others if not is_met(each, context, known)), None)
        sent = values_of(failed, context) if failed else ()
        for naming, session in namings(request.principal, statement) if is_trust else _NOBODY:
            depends = (*doubts, session) if session else doubts
            yield Reading(policy, statement, naming, elsewhere, failed, sent, depends)


def _doubts(
    statement: Statement, request: Request, context: Context, known: Lookup | None
) -> tuple[Condition, ...]:
    """Return the conditions whose key, or a variable in them, nobody knows."""
    unknown = request.unknown or (lambda key: False)

    def is_doubtful(test: Condition) -> bool:
        if test.key == RESOURCE and "*" in test.values:
            return False
        keys = [test.key, *(variables(" ".join(test.values)) if known else ())]
        return any(each.lower() not in context and unknown(each.lower()) for each in keys)

    resource = _of_resource(statement)
    tests = [*([resource] if resource else []), *statement.conditions]
    if resource and not unknown(RESOURCE):
        possible = any(could_be_like(each, request.resource) for each in resource.values)
        certain = any(like(each, request.resource, known) for each in resource.values)
        tests = tests if possible and not certain else tests[1:]
    return tuple(filter(is_doubtful, tests))


def _of_resource(statement: Statement) -> Condition | None:
    """Return the Resource or NotResource element as a condition on the resource."""
    operator = "StringLike" if statement.resources else "StringNotLike"
    values = statement.resources or statement.not_resources
    return Condition(operator, RESOURCE, values) if values else None


def _covers_action(statement: Statement, action: str) -> bool:
    listed = statement.actions or statement.not_actions
    return any(like(each.lower(), action) for each in listed) == bool(statement.actions)


def _covers_resource(statement: Statement, resource: str, lookup: Lookup | None) -> bool:
    # Here AWS's wildcards run across "/" and ":", and what names a variable without a value is
    # like no resource. A statement of a trust policy has neither element and covers nothing.
    listed = statement.resources or statement.not_resources
    found = any(like(each, resource, lookup) for each in listed)
    return bool(listed) and found == bool(statement.resources)
