"""The same decisions as an independent simulator, `@cloud-copilot/iam-simulate`, where npm is.

The random cases stay clear of what the two read differently. `LIMITS` holds one case of each such
class, why it differs, the page of AWS that decides it, and what either answers.
"""

import json
import random
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from access_cases import ACCOUNT, ROLE, ROOT, SESSION, USER, USER_ID, admit, allow, document
from oracle_cases import Case, built, ours, simulation

from tests.npm_packages import installed

HERE = Path(__file__).parent
SEEDS = (1, 2, 3)
CASES = 800


GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
OPERATORS = GUIDE + "reference_policies_elements_condition_operators.html"
VARIABLES = GUIDE + "reference_policies_variables.html"
PRINCIPAL = GUIDE + "reference_policies_elements_principal.html"
LOGIC = GUIDE + "reference_policies_evaluation-logic_policy-eval-denyallow.html"
SETS = GUIDE + "reference_policies_condition-single-vs-multi-valued-context-keys.html"


def under(operator: str, key: str, value: Any, **sent: Any) -> Case:
    """A user with one statement `Allow, if`."""
    context = {key.replace("__", ":"): value for key, value in sent.items()}
    return having(allow(Condition={operator: {key: value}}), "ec2:DescribeInstances", "*", context)


def having(statement: Any, action: str, resource: str, context: dict[str, Any]) -> Case:
    policies = [{"name": "p", "policy": document(statement)}]
    return built(USER, action, resource, ACCOUNT, context, identityPolicies=policies)


def assuming(principal: str, *trust: Any, **policies: Any) -> Case:
    policies["resourcePolicy"] = document(*trust)
    return built(principal, "sts:AssumeRole", ROLE, ACCOUNT, {}, **policies)


SPARING = {"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": [USER]}}
NAMED = f"arn:aws:iam::{ACCOUNT}:user/team/${{aws:PrincipalTag/missing}}"
OLD = under(
    "StringEquals", "aws:RequestedRegion", "${aws:RequestedRegion}", aws__RequestedRegion="a"
)
OLD["identityPolicies"][0]["policy"]["Version"] = "2008-10-17"
ALLOWED, DENIED, NOT_ALLOWED = "Allowed", "ExplicitlyDenied", "ImplicitlyDenied"

# words → case, our answer, the oracle's, AWS's page
LIMITS: dict[str, tuple[Case, str, str, str]] = {
    "a negated operator matches a variable without a value": (
        under(
            "StringNotEquals",
            "aws:RequestedRegion",
            "${aws:PrincipalTag/x}",
            aws__RequestedRegion="a",
        ),
        ALLOWED,
        NOT_ALLOWED,
        VARIABLES,
    ),
    "a NotResource with a variable without a value excepts nothing": (
        having({"Effect": "Allow", "Action": "*", "NotResource": NAMED}, "iam:GetUser", USER, {}),
        ALLOWED,
        NOT_ALLOWED,
        VARIABLES,
    ),
    "the old version has no variables": (OLD, NOT_ALLOWED, ALLOWED, VARIABLES),
    "special characters stand wherever variables do": (
        under("StringEquals", "aws:RequestedRegion", "${*}", aws__RequestedRegion="*"),
        ALLOWED,
        NOT_ALLOWED,
        VARIABLES,
    ),
    "IfExists holds for an absent key, whatever the operator": (
        under("ForAnyValue:StringEqualsIfExists", "aws:CalledVia", "x"),
        ALLOWED,
        NOT_ALLOWED,
        OPERATORS,
    ),
    "an empty text is an empty set": (
        under("ForAllValues:StringEquals", "aws:CalledVia", "x", aws__CalledVia=[""]),
        ALLOWED,
        NOT_ALLOWED,
        SETS,
    ),
    "epoch time is in seconds and compares with ISO 8601": (
        under(
            "DateEquals", "aws:CurrentTime", "1893456000", aws__CurrentTime="2030-01-01T00:00:00Z"
        ),
        ALLOWED,
        NOT_ALLOWED,
        OPERATORS,
    ),
    "no ARN is like a pattern of fewer parts": (
        under("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam:*", aws__PrincipalArn=USER),
        ALLOWED,
        NOT_ALLOWED,
        OPERATORS,
    ),
    "an IPv6 address is not an IPv4 address": (
        under("NotIpAddress", "aws:SourceIp", "203.0.113.9", aws__SourceIp="2001:db8::1"),
        ALLOWED,
        NOT_ALLOWED,
        OPERATORS,
    ),
    "a number with a tail is no number": (
        under("NumericEquals", "aws:MultiFactorAuthAge", "10", aws__MultiFactorAuthAge="10x"),
        NOT_ALLOWED,
        ALLOWED,
        OPERATORS,
    ),
    "a session policy does not limit what a session is granted by name": (
        assuming(SESSION, admit(SESSION), sessionPolicy=document(allow("s3:*"))),
        ALLOWED,
        NOT_ALLOWED,
        LOGIC,
    ),
    "the root user has full access": (
        built(ROOT, "ec2:DescribeInstances", "*", ACCOUNT, {}),
        ALLOWED,
        NOT_ALLOWED,
        LOGIC,
    ),
    "a unique ID is a principal": (
        assuming(USER, admit(USER_ID)),
        ALLOWED,
        NOT_ALLOWED,
        PRINCIPAL,
    ),
    "NotPrincipal must list the account too": (
        assuming(USER, admit(USER), SPARING),
        DENIED,
        ALLOWED,
        GUIDE + "reference_policies_elements_notprincipal.html",
    ),
}


@pytest.fixture(scope="session")
def oracle_folder() -> Path:
    return installed(HERE, "access-oracle")


@pytest.fixture(scope="session")
def theirs(oracle_folder: Path) -> list[str]:
    """The oracle's answers, of one process: to the limits first, then to the random cases."""
    cases = [case for case, *_ in LIMITS.values()] + random_cases()
    done = subprocess.run(
        ["node", str(HERE / "oracle.mjs"), str(oracle_folder)],
        input="".join(json.dumps(case) + "\n" for case in cases),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer for answer in answers if "error" in answer] == []
    return [answer["result"] for answer in answers]


def random_cases() -> list[Case]:
    generators = [random.Random(seed) for seed in SEEDS]
    return [simulation(chance) for chance in generators for _ in range(CASES)]


def test_random_cases(theirs: list[str]) -> None:
    answers = theirs[len(LIMITS) :]
    assert min(Counter(answers).values()) > len(answers) / 10, "cases should go all three ways"
    compared = zip(random_cases(), answers, strict=True)
    differing = [(here, there, case) for case, there in compared if (here := ours(case)) != there]
    assert not differing, f"{len(differing)} of {len(answers)} differ, first {differing[0]}"


@pytest.mark.parametrize("words", LIMITS)
def test_what_the_oracle_reads_differently(theirs: list[str], words: str) -> None:
    case, here, there, page = LIMITS[words]
    assert page.startswith(GUIDE)
    assert (ours(case), theirs[list(LIMITS).index(words)]) == (here, there)
