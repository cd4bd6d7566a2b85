"""AssumeRole: who may, for how long, and what the session carries.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import math
import re

from runbook_lib.access import Policy
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.authorization import decide, managed, parse, refusal
from runbook_lib.local_aws.rules.documents import check
from runbook_lib.local_aws.rules.malformed import malformed
from runbook_lib.local_aws.rules.resources import Resource
from runbook_lib.local_aws.store.backends import Iam, Role
from runbook_lib.local_aws.store.call import ApiCall

ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::(?P<account_id>\d{12}):role/\S+")
CHAINED = 3600
DEFAULT = 3600
LONGEST_POLICY = 2048
DUPLICATE_TAGS = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
NO_SUCH_TAG = "The specified transitive tag key must be included in the requested tags."
TAG_FROM_CALLER = (
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive "
    "tag key from the calling session."
)
# The permissions that parameters of AssumeRole ask for, in the trust policy too.
EXTRA = {"Tags": "sts:TagSession", "SourceIdentity": "sts:SetSourceIdentity"}


def assume_role(call: ApiCall) -> None:
    """Open the session that AssumeRole asks for, or raise AwsError as AWS does."""
    if call.action != "sts:AssumeRole":
        return
    given = call.parameters
    arn = given["RoleArn"]
    match = ROLE_ARN.fullmatch(arn)
    if not match:
        raise AwsError("ValidationError", f"{arn} is invalid")
    transitive = _add_tags(call)
    if session := call.identity.role_session:  # a source identity stays along a chain
        given |= {"SourceIdentity": session.source_identity} if session.source_identity else {}
    # Partitions are worlds apart: a role's ARN is looked for in the caller's own.
    iam = call.accounts.iam(match["account_id"], call.partition)
    role = next((each for each in iam.roles.values() if each.arn == arn), None) if iam else None
    if iam is None or role is None:
        raise refusal(call, call.action, arn)
    trust = Policy("trust policy", parse(role.assume_role_policy_document, "trust"))
    decide(call, "sts:AssumeRole", Resource(arn, arn), role, trust)
    for parameter, action in EXTRA.items():
        if parameter in given:
            decide(call, action, Resource(arn, arn), role, trust)
    seconds, policies = _duration(call, role), _session_policies(call, iam)
    _open(call, role, seconds, policies, transitive)


def _add_tags(call: ApiCall) -> frozenset[str]:
    """Check the session's tags, add those that come along a chain; return which go on along it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    given, caller = call.parameters, call.identity.role_session
    keys = [tag["Key"].lower() for tag in given.get("Tags", [])]
    asked = {key.lower() for key in given.get("TransitiveTagKeys", [])}
    handed_on = caller.transitive if caller else frozenset()
    for broken, message in (
        (len({*keys}) < len(keys), DUPLICATE_TAGS),
        (asked - {*keys}, NO_SUCH_TAG),
        (handed_on & {*keys}, TAG_FROM_CALLER),
    ):
        if broken:
            raise AwsError("InvalidParameterValue", message)
    if caller and handed_on:
        kept = [(key, value) for key, value in caller.tags.items() if key.lower() in handed_on]
        given["Tags"] = [
            *given.get("Tags", []),
            *({"Key": key, "Value": value} for key, value in kept),
        ]
    return handed_on | asked


def _duration(call: ApiCall, role: Role) -> int:
    seconds = int(call.parameters.get("DurationSeconds", DEFAULT))
    if call.identity.role_session and seconds > CHAINED:
        message = (
            "The requested DurationSeconds exceeds the 1 hour session limit "
            "for roles assumed by role chaining"
        )
        raise AwsError("ValidationError", message)
    if seconds > int(role.max_session_duration or DEFAULT):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise AwsError("ValidationError", message)
    return seconds


def _session_policies(call: ApiCall, iam: Iam) -> tuple[Policy, ...] | None:
    arns = [each.get("arn", "") for each in call.parameters.get("PolicyArns", [])]
    inline = call.parameters.get("Policy")
    for arn in arns:
        if arn not in iam.managed_policies:
            raise AwsError("ValidationError", f"Policy {arn} does not exist or is not attachable.")
    share = _packed_size(call) or 0
    if share > 100:
        message = f"Packed size of session policy consumes {share}% of allotted space."
        raise AwsError("PackedPolicyTooLarge", message)
    policies = [managed(iam, arn) for arn in arns]
    if inline:
        check(inline, "session", malformed(inline, is_managed=False))
        policies.append(Policy("session policy", parse(inline, "session")))
    return tuple(policies) or None


def _packed_size(call: ApiCall) -> int | None:
    """Return how much of the room for policies and tags is used, in percent."""
    given = call.parameters
    texts = [given.get("Policy", "")]
    texts += [each.get("arn", "") for each in given.get("PolicyArns", [])]
    texts += [tag["Key"] + tag.get("Value", "") for tag in given.get("Tags", [])]
    size = sum(map(len, texts))
    return math.ceil(100 * size / LONGEST_POLICY) if size else None


def _open(
    call: ApiCall,
    role: Role,
    seconds: int,
    policies: tuple[Policy, ...] | None,
    transitive: frozenset[str],
) -> None:
    call.session = call.accounts.open_session(
        role,
        seconds,
        name=call.parameters["RoleSessionName"],
        policies=policies,
        source_identity=call.parameters.get("SourceIdentity", ""),
        tags={tag["Key"]: tag["Value"] for tag in call.parameters.get("Tags", [])},
        transitive=transitive,
        packed_size=_packed_size(call),
    )
