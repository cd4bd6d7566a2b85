"""The seam: every request is allowed or refused here, by `runbook_lib.access`, and nowhere else."""

from collections.abc import Iterator
from functools import lru_cache

from moto.iam.models import Group, Role, User

from runbook_lib.access import Decision, Policy, Principal, Request, evaluate
from runbook_lib.access import parse as uncached_parse

from .answers import AwsError
from .calls import Call
from .context import context
from .moto_seams import Iam
from .resources import resources, target
from .world import Caller, World

# What a refusal calls the kind of policy that decided.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
PHRASES = {
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "resource": "a resource-based policy",
}

parse = lru_cache(maxsize=4096)(uncached_parse)


def authorize(call: Call, world: World, iam: Iam) -> None:
    """Raise AwsError unless the caller may do this, to everything that the call is about."""
    for resource in resources(call, iam):
        decide(call, world, call.action, resource, target(call, iam))


def decide(
    call: Call,
    world: World,
    action: str,
    resource: str,
    target: object = None,
    trust: Policy | None = None,
) -> None:
    """Raise AwsError unless the caller may do this one action on this one resource."""
    known = context(call, world.clock.now(), target)
    decision = evaluate(Request(principal(call.caller, world), action, resource, known), trust)
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
    if decision and decision.outcome == "explicitDeny":
        message += f" with an explicit deny in {PHRASES[decision.reason_kind]}"
    elif decision:
        kind = PHRASES[decision.reason_kind].partition(" ")[2]
        message += f" because no {kind} allows the {action} action"
    return AwsError("AccessDenied", message, 403)


def principal(caller: Caller, world: World) -> Principal:
    """Return the caller with every policy that applies to it now."""
    iam = world.iam(caller.account_id, caller.partition)
    assert iam is not None  # where somebody calls from, there is an account
    return Principal(
        arn=caller.arn,
        account_id=caller.account_id,
        user_id=caller.user_id,
        identity_policies=tuple(identity_policies(caller.entity, iam)),
        boundary=boundary(caller.entity, iam),
        session_policies=caller.session.policies if caller.session else None,
        role_arn=caller.entity.arn if caller.session else None,
    )


def identity_policies(entity: User | Role | Group, iam: Iam) -> Iterator[Policy]:
    """Give the policies of a user or role: attached, inline, and its groups'."""
    for holder in (entity, *(group for group in iam.groups.values() if entity in group.users)):
        for arn in holder.managed_policies:
            yield managed(iam, arn)
        for name, document in holder.policies.items():
            yield Policy(name, parse(document, "identity"))


def boundary(entity: User | Role | Group, iam: Iam) -> Policy | None:
    """Return the permissions boundary of a user or role."""
    found = getattr(entity, "permissions_boundary", None)
    return managed(iam, found["PermissionsBoundaryArn"]) if found else None


def managed(iam: Iam, arn: str) -> Policy:
    """Return the default version of a managed policy."""
    policy = iam.managed_policies[arn]
    version = iam.get_policy_version(arn, policy.default_version_id)
    return Policy(policy.name, parse(version.document, "identity"))
