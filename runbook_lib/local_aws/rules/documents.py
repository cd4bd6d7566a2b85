"""Policy documents as they are written: checked by `access`, refused in AWS's words."""

import re

from runbook_lib.access import PolicyError, parse
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.trust import stored
from runbook_lib.local_aws.store.call import ApiCall

TRUST = {"CreateRole": "AssumeRolePolicyDocument", "UpdateAssumeRolePolicy": "PolicyDocument"}
# AWS's sentence for what `access` found, where AWS has one.
SENTENCES = {
    "is not JSON": "This policy contains invalid Json",
    '"(Not)?Principal" does not belong': "Policy document should not specify a principal.",
    '"(Not)?Resource" does not belong': "Has prohibited field Resource",
    "expected sts:AssumeRole": "AssumeRole policy may only specify STS AssumeRole actions.",
}


def check_documents(call: ApiCall) -> None:
    """Raise AwsError for a policy that AWS would not store; make a trust policy ready to store."""
    given = call.parameters
    trust = TRUST.get(call.operation.name)
    if call.service == "iam" and trust:
        check(given[trust], "trust")
        if size(given[trust]) > 2048:
            raise AwsError("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)
        given[trust] = stored(given[trust], call)
    elif call.service == "iam" and "PolicyDocument" in given:
        check(given["PolicyDocument"], "identity")


def check(document: str, kind: str) -> None:
    """Raise AwsError MalformedPolicyDocument unless this is a policy of this kind."""
    try:
        parse(document, kind)  # type: ignore[arg-type]
    except PolicyError as error:
        matching = (words for found, words in SENTENCES.items() if re.search(found, str(error)))
        sentence = next(matching, "Syntax errors in policy.")
        raise AwsError("MalformedPolicyDocument", f"{sentence} ({error})") from None


def size(document: str) -> int:
    """Return how many characters AWS counts: all but white space."""
    return len(re.sub(r"\s", "", document))
