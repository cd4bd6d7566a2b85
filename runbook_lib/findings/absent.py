"""Rules on conditions of a trust policy that are met because a key is not there."""

from collections.abc import Iterator

from runbook_lib.access import PolicyDocument
from runbook_lib.access.conditions import Condition, is_met
from runbook_lib.access.documents import Statement
from runbook_lib.findings.finding import GUIDE, Finding
from runbook_lib.findings.requirements import MFA, allowing, required

_OPERATORS = f"{GUIDE}reference_policies_elements_condition_operators.html"
_SEVERAL = {  # keys of several values; of identity providers, what stands after the last colon
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:sourceorgpaths",
}
_CLAIMS_OF_SEVERAL = {"amr", "edupersonaffiliation", "edupersonentitlement", "groups"}
_NO_TAGS = {"aws:tagkeys", "sts:transitivetagkeys"}  # who sends none is meant as well
_ALWAYS_THERE = {
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:securetransport",
    "aws:userid",
    "sts:rolesessionname",
}


def for_all_values(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find ForAllValues where the key has one value, or none need be sent."""
    for condition in _allowing(parsed):
        key = condition.key.lower()
        if condition.operator.startswith("ForAllValues:") and key not in _NO_TAGS:
            several = key in _SEVERAL or key.rpartition(":")[2] in _CLAIMS_OF_SEVERAL
            what = "needs a Null condition as well" if several else "has one value"
            yield Finding(
                "ForAllValues" if several else "ForAllValues on a single-valued key",
                f"{condition.operator} is met by whoever does not have {condition.key}, which "
                f"{what}",
                f"{GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html",
            )


def mfa_if_exists(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find a second factor that is asked only of those who have the key."""
    for condition in _allowing(parsed):
        if condition.operator.endswith("IfExists") and condition.key.lower() in MFA:
            yield Finding(
                "MFA only if the key exists",
                f"long-term access keys send no {condition.key}, and {condition.operator} admits "
                "who does not send it: use it without IfExists",
                f"{GUIDE}id_credentials_mfa_configure-api-require.html",
            )


def deny_without_mfa(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find a Deny that means those without a second factor, and misses long-term keys."""
    if all(required(requirements, MFA) for _, requirements in allowing(parsed)):
        return  # they are kept out in another way
    for statement in parsed.statements:
        for condition in statement.conditions if statement.effect == "Deny" else ():
            named = condition.key.lower() in MFA and condition.operator != "Null"
            if named and not is_met(condition, {}, None):
                yield Finding(
                    "Deny that long-term keys escape",
                    f"they send no {condition.key}, so {condition.operator} is not met and nothing "
                    f"is denied: use {condition.operator}IfExists",
                    f"{GUIDE}id_credentials_mfa_configure-api-require.html",
                )


def if_exists(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find what is asked only of those who have the key."""
    for condition in _allowing(parsed):
        key = condition.key.lower()
        harmless = key in MFA | _NO_TAGS | _ALWAYS_THERE or key.startswith("aws:requesttag/")
        for_all = condition.operator.startswith("ForAllValues:")
        if condition.operator.endswith("IfExists") and not (harmless or for_all):
            yield Finding(
                "IfExists admits who has no such key",
                f"{condition.operator} is met by whoever does not have {condition.key}",
                f"{_OPERATORS}#Conditions_IfExists",
            )


def negated(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find an Allow for everybody who is not something, or has nothing to compare."""
    for condition in _allowing(parsed):
        plain = ":" not in condition.operator and not condition.operator.endswith("IfExists")
        if plain and "Not" in condition.operator and condition.key.lower() not in _ALWAYS_THERE:
            yield Finding(
                "Negated condition",
                f"{condition.operator} is met by whoever does not have {condition.key}, and by "
                "every value but those listed: say who is meant, or put it into a Deny",
                _OPERATORS,
            )


def _allowing(parsed: PolicyDocument) -> Iterator[Condition]:
    """Yield each condition of an Allow whose key is not required to be there."""
    for statement in parsed.statements:
        if statement.effect == "Allow":
            there = set(_required_to_be_there(statement))
            yield from (one for one in statement.conditions if one.key.lower() not in there)


def _required_to_be_there(statement: Statement) -> Iterator[str]:
    for condition in statement.conditions:
        if condition.operator == "Null" and condition.values == ("false",):
            yield condition.key.lower()


RULES = (for_all_values, mfa_if_exists, deny_without_mfa, if_exists, negated)
