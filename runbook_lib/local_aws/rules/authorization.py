"""Every call is allowed or refused here, as `runbook_lib.access` decides, and nowhere else."""

from collections.abc import Iterator
from functools import lru_cache

from runbook_lib.access import Decision, Policy, Principal, Request, evaluate
from runbook_lib.access import parse as uncached_parse
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.context import context
from runbook_lib.local_aws.rules.resources import Resource, resources, target
from runbook_lib.local_aws.store.backends import Group, Iam, Role, User, boundary_of
from runbook_lib.local_aws.store.call import ApiCall

# Everybody may ask who they are, and users for a session, even under an explicit Deny; AssumeRole
# also asks the role's trust policy, in a step of its own.
DECIDED_ELSEWHERE = ("sts:GetCallerIdentity", "sts:GetSessionToken", "sts:AssumeRole")
# Who tags what is made must also be allowed to tag.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
TAGGING = {
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreateUser": "iam:TagUser",
    "iam:CreateVirtualMFADevice": "iam:TagMFADevice",
}
# What a refusal calls the kind of policy that decided.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
PHRASES = {
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "resource": "the role trust policy",
}
UNAUTHORIZED = "You are not authorized to perform this operation."

parse = lru_cache(maxsize=4096)(uncached_parse)


def authorize(call: ApiCall) -> None:
    """Raise AwsError unless the caller may do this, to everything that the call is about."""
    if call.action not in DECIDED_ELSEWHERE:
        for resource in resources(call):
            decide(call, call.action, resource, target(call))
            if call.action in TAGGING and "Tags" in call.parameters:
                decide(call, TAGGING[call.action], resource, target(call))


def decide(
    call: ApiCall,
    action: str,
    resource: Resource,
    target: object = None,
    trust: Policy | None = None,
) -> None:
    """Raise AwsError unless the caller may do this one action on this one resource."""
    request = Request(principal(call), action, resource.arn, context(call, target))
    decision = evaluate(request, trust)
    if not decision.allowed:
        raise refusal(call, action, resource.shown, _reason(action, decision))


def refusal(call: ApiCall, action: str, resource: str, reason: str = "") -> AwsError:
    """Return AWS's own words for a refusal; EC2 puts a sentence of its own in front."""
    on = f" on resource: {resource}" if resource else ""
    message = f"User: {call.identity.arn} is not authorized to perform: {action}{on}{reason}"
    if call.service == "ec2":
        return AwsError("UnauthorizedOperation", f"{UNAUTHORIZED} {message}", 403)
    return AwsError("AccessDenied", message, 403)


def _reason(action: str, decision: Decision) -> str:
    policy = PHRASES[decision.reason_kind]
    if decision.outcome == "explicitDeny":
        arn = decision.statements[0].arn
        return f" with an explicit deny in {policy}" + (f": {arn}" if arn else "")
    if decision.reason_kind == "resource":
        return ""  # of a trust policy that does not admit, AWS mostly says nothing
    return f" because no {policy.partition(' ')[2]} allows the {action} action"


def principal(call: ApiCall) -> Principal:
    """Return the caller with every policy that applies to it now."""
    who = call.identity
    boundary = boundary_of(who.entity)
    return Principal(
        arn=who.arn,
        account_id=who.account_id,
        user_id=who.user_id,
        identity_policies=tuple(_identity_policies(who.entity, call.iam)),
        boundary=managed(call.iam, boundary) if boundary else None,
        session_policies=who.session.policies if who.session else None,
        role_arn=who.entity.arn if who.role_session else None,
    )


def _identity_policies(entity: User | Role, iam: Iam) -> Iterator[Policy]:
    groups = [group for group in iam.groups.values() if entity in group.users]
    holders: list[User | Role | Group] = [entity, *groups]
    for holder in holders:
        for arn in holder.managed_policies:
            yield managed(iam, arn)
        for name, document in holder.policies.items():
            yield Policy(name, parse(document, "identity"))


def managed(iam: Iam, arn: str) -> Policy:
    """Return the default version of a managed policy."""
    policy = iam.managed_policies[arn]
    version = iam.get_policy_version(arn, policy.default_version_id)
    return Policy(policy.name, parse(version.document, "identity"), arn)
