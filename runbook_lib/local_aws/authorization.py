"""The seam: every request is allowed or refused here, by `runbook_lib.access`, and nowhere else."""

from collections.abc import Iterator
from functools import lru_cache

from moto.iam.models import Role, User

from runbook_lib.access import Decision, Policy, PolicyDocument, Principal, Request, evaluate, parse

from .answers import AwsError
from .calls import Call
from .context import context
from .moto_seams import Iam
from .resources import KINDS, find, resources
from .world import Caller, World

# What a refusal calls the kind of policy that decided.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
PHRASES = {
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
}


def authorize(call: Call, world: World, iam: Iam) -> None:
    """Raise AwsError unless the caller may do this."""
    target = next(
        (
            find(iam, kind, str(call.parameters[p]))
            for p, kind in KINDS.items()
            if p in call.parameters
        ),
        None,
    )
    for resource in resources(call, iam):
        decide(call, world, call.action, resource, target)


def decide(
    call: Call,
    world: World,
    action: str,
    resource: str,
    target: object = None,
    trust: Policy | None = None,
) -> None:
    """Raise AwsError unless the caller may do this one action on this one resource."""
    about = Request(
        principal(call.caller, world), action, resource, context(call, world.clock.now(), target)
    )
    decision = evaluate(about, trust)
    if not decision.allowed:
        raise refusal(call, action, resource, decision)


def refusal(call: Call, action: str, resource: str, decision: Decision | None = None) -> AwsError:
    """Return AWS's own words for a refusal."""
    if call.service == "ec2":
        message = "You are not authorized to perform this operation."
        return AwsError("UnauthorizedOperation", message, 403)
    message = (
        f"User: {call.caller.arn} is not authorized to perform: {action} on resource: {resource}"
    )
    if decision:
        kind = PHRASES[decision.reason_kind]
        article = "an" if kind[0] in "aeiou" else "a"
        explicit = f" with an explicit deny in {article} {kind}"
        implicit = f" because no {kind} allows the {action} action"
        message += explicit if decision.outcome == "explicitDeny" else implicit
    return AwsError("AccessDenied", message, 403)


def principal(caller: Caller, world: World) -> Principal:
    """Return the caller with every policy that applies to it now."""
    iam = world.iam(caller.account_id, caller.partition)
    assert iam is not None
    boundary = getattr(caller.entity, "permissions_boundary", None)
    return Principal(
        arn=caller.arn,
        account_id=caller.account_id,
        user_id=caller.user_id,
        identity_policies=tuple(identity_policies(caller.entity, iam)),
        boundary=managed(iam, boundary["PermissionsBoundaryArn"]) if boundary else None,
        session_policies=caller.session.policies if caller.session else None,
        role_arn=caller.entity.arn if caller.session else None,
    )


def identity_policies(entity: User | Role, iam: Iam) -> Iterator[Policy]:
    """Give the policies of a user or role: attached, inline, and its groups'."""
    groups = [group for group in iam.groups.values() if entity in group.users]
    for holder in (entity, *groups):
        for arn in holder.managed_policies:
            yield managed(iam, arn)
        for name, document in holder.policies.items():
            yield Policy(name, parsed(document))


def managed(iam: Iam, arn: str) -> Policy:
    """Return the default version of a managed policy."""
    policy = iam.managed_policies[arn]
    version = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return Policy(policy.name, parsed(version.document))


@lru_cache(maxsize=4096)
def parsed(document: str) -> PolicyDocument:
    """Parse a stored identity policy, once."""
    return parse(document, "identity")
