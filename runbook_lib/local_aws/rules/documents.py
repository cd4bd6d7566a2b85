"""Policy documents as they are written: checked by `access`, refused in AWS's words."""

import re

from runbook_lib.access import PolicyError, parse
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.malformed import SYNTAX, malformed
from runbook_lib.local_aws.rules.trust import malformed_trust, stored
from runbook_lib.local_aws.store.call import ApiCall

TRUST = {"CreateRole": "AssumeRolePolicyDocument", "UpdateAssumeRolePolicy": "PolicyDocument"}
MANAGED = ("CreatePolicy", "CreatePolicyVersion")


def check_documents(call: ApiCall) -> None:
    """Raise AwsError for a policy that AWS would not store; make a trust policy ready to store."""
    given, name = call.parameters, call.operation.name
    trust = TRUST.get(name)
    if call.service == "iam" and trust:
        check(given[trust], "trust", malformed_trust(given[trust]))
        if size(given[trust]) > 2048:
            raise AwsError("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)
        given[trust] = stored(given[trust], call)
    elif call.service == "iam" and "PolicyDocument" in given:
        document = given["PolicyDocument"]
        check(document, "identity", malformed(document, name in MANAGED))


def check(document: str, kind: str, sentence: str) -> None:
    """Raise AwsError MalformedPolicyDocument with AWS's sentence, or for what `access` refuses."""
    try:
        parse(document, kind)  # type: ignore[arg-type]
    except PolicyError:
        sentence = sentence or SYNTAX
    if sentence:
        raise AwsError("MalformedPolicyDocument", sentence)


def size(document: str) -> int:
    """Return how many characters AWS counts: all but white space."""
    return len(re.sub(r"\s", "", document))
