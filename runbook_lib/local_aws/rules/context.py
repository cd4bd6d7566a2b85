"""What is known about a request, as condition keys.

Those that follow from the principal's ARN alone (`aws:PrincipalArn`, …) are added by `access`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

from collections.abc import Mapping
from typing import Any

from runbook_lib.local_aws.store.accounts import Identity
from runbook_lib.local_aws.store.call import ApiCall

FROM_PARAMETERS = {
    "ExternalId": "sts:ExternalId",
    "RoleSessionName": "sts:RoleSessionName",
    "SourceIdentity": "sts:SourceIdentity",
    "TransitiveTagKeys": "sts:TransitiveTagKeys",
    "PolicyArn": "iam:PolicyARN",
    "PermissionsBoundary": "iam:PermissionsBoundary",
}
TIME = "%Y-%m-%dT%H:%M:%SZ"

Context = dict[str, str | list[str]]


def context(call: ApiCall, target: object) -> Context:
    """Return the request context; `target` is the IAM user or role that the call is about."""
    now = call.accounts.clock.now()
    found: Context = {
        "aws:SourceIp": call.http.source_ip,
        "aws:CurrentTime": now.strftime(TIME),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:SecureTransport": "false",
        "aws:RequestedRegion": call.region,
        "aws:UserAgent": call.http.header("User-Agent"),
        "aws:ViaAWSService": "false",
    }
    if call.service == "ec2":
        found["ec2:Region"] = call.region
    for parameter, key in FROM_PARAMETERS.items():
        if parameter in call.parameters:
            found[key] = call.parameters[parameter]
    boundary = getattr(target, "permissions_boundary", None)
    if boundary:
        found.setdefault("iam:PermissionsBoundary", boundary["PermissionsBoundaryArn"])
    for key, value in tags_of(target).items():
        found[f"aws:ResourceTag/{key}"] = found[f"iam:ResourceTag/{key}"] = value
    if call.mfa:
        found["aws:MultiFactorAuthAge"] = str(int((now - call.mfa).total_seconds()))
    if call.mfa or call.identity.session:  # with a long-term key alone it is absent
        found["aws:MultiFactorAuthPresent"] = "true" if call.mfa else "false"
    return found | _identity(call.identity) | _request_tags(call.parameters)


def tags_of(entity: object) -> dict[str, str]:
    """Return the tags of a user or role."""
    return {tag["Key"]: tag["Value"] for tag in getattr(entity, "tags", None) or ()}


def _identity(who: Identity) -> Context:
    tags = tags_of(who.entity) | dict(who.session.tags if who.session else {})
    found: Context = {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    if who.session:
        found["aws:TokenIssueTime"] = who.session.issued.strftime(TIME)
        if who.session.source_identity:
            found["aws:SourceIdentity"] = who.session.source_identity
    return found


def _request_tags(parameters: Mapping[str, Any]) -> Context:
    tags = list(parameters.get("Tags", []))
    for specification in parameters.get("TagSpecifications", []):
        tags += specification.get("Tags", [])
    # EC2's tags are not validated before: they may lack either half.
    found: Context = {f"aws:RequestTag/{tag.get('Key')}": tag.get("Value", "") for tag in tags}
    keys = [str(tag.get("Key")) for tag in tags] + list(parameters.get("TagKeys", []))
    return found | ({"aws:TagKeys": keys} if keys else {})
