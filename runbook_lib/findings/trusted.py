"""Rules on whom a trust policy names: AWS principals and services, and what they may do."""

from collections.abc import Iterator

from runbook_lib.access import PolicyDocument
from runbook_lib.access.arns import Arn
from runbook_lib.findings.finding import GUIDE, Finding
from runbook_lib.findings.requirements import MFA, allowing, required

_PRINCIPALS = f"{GUIDE}reference_policies_elements_principal.html"
_ORGANIZATION = {"aws:principalorgid", "aws:principalorgpaths"}
_SOURCE = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}
_WHO = (
    _ORGANIZATION
    | _SOURCE
    | {  # what nobody can have who is not meant
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
    }
)


def everybody(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find the principal * where nothing says who is meant."""
    for statement, requirements in allowing(parsed):
        if ("AWS", "*") in statement.principals and not required(requirements, _WHO):
            condition = "with conditions that anybody can meet" if requirements else "alone"
            yield Finding(
                "Everybody is trusted",
                f"Principal * {condition} admits any AWS account in the world; "
                "name the principals, or require aws:PrincipalOrgID",
                f"{_PRINCIPALS}#principal-anonymous",
            )


def whole_account(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find accounts where nothing says who in them is meant."""
    for statement, requirements in allowing(parsed):
        named = [one for kind, one in statement.principals if kind == "AWS"]
        wide = [one for one in named if one.isdigit() or one.endswith(":root")]
        if wide and not any(one.is_one and not one.is_chosen for one in requirements):
            without = "with no condition but such as all of it meet" if requirements else ""
            yield Finding(
                "Account-wide trust",
                f"Principal {', '.join(wide)} {without or 'without a condition'} admits everybody "
                "whose own policies allow sts:AssumeRole, users made later included",
                _PRINCIPALS,
            )


def another_account(parsed: PolicyDocument, account_id: str) -> Iterator[Finding]:
    """Find principals of other accounts that need no external id, membership or second factor."""
    for statement, requirements in allowing(parsed):
        named = [one for kind, one in statement.principals if kind == "AWS"]
        others = [one for one in named if _account(one) not in ("", account_id)]
        if others and not required(requirements, _ORGANIZATION | MFA | {"sts:externalid"}):
            yield Finding(
                "Another account without an external id",
                f"{', '.join(others)} may be made to assume this role for somebody else: require "
                "sts:ExternalId of a third party, aws:PrincipalOrgID of an account of your own",
                f"{GUIDE}id_roles_common-scenarios_third-party.html",
            )


def service(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find services that may act for a resource in any account."""
    for statement, requirements in allowing(parsed):
        named = [one for kind, one in statement.principals if kind == "Service"]
        if named and not required(requirements, _SOURCE):
            yield Finding(
                "Service without a source",
                f"{', '.join(named)} may be made to assume this role for somebody else's resource: "
                "require aws:SourceArn or aws:SourceAccount, where the service sends it",
                f"{GUIDE}confused-deputy.html",
            )


def deleted(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find principals that are there as an id only, because they have been deleted."""
    for statement, _ in allowing(parsed):
        gone = [one for kind, one in statement.principals if one.startswith(("AIDA", "AROA"))]
        if gone:
            yield Finding(
                "Deleted principal",
                f"{', '.join(gone)} is what is left of a deleted user or role; one made anew under "
                "its name is not admitted",
                _PRINCIPALS,
            )


def any_action(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find actions that are not named one by one."""
    for statement in parsed.statements:
        if statement.effect == "Deny":
            continue
        wide = [one for one in statement.actions if {"*", "?"} & set(one)]
        wide += [f"all but {one}" for one in statement.not_actions]
        if wide:
            yield Finding(
                "Wildcard action",
                f"{', '.join(wide)} allows more ways in than one, session tags and source "
                "identities too; name sts:AssumeRole and what else is needed",
                f"{GUIDE}best-practices.html#grant-least-privilege",
            )


def all_but(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find Denies of everybody but some."""
    if any(statement.not_principals for statement in parsed.statements):
        yield Finding(
            "NotPrincipal",
            "it denies a session although its role is named, and whoever has a permissions "
            "boundary; a Deny with ArnNotEquals on aws:PrincipalArn says what is meant",
            f"{GUIDE}reference_policies_elements_notprincipal.html",
        )


def _account(principal: str) -> str:
    if principal.isdigit():
        return principal
    return Arn.parse(principal).account_id if principal.startswith("arn:") else ""


RULES = (everybody, whole_account, service, deleted, any_action, all_but)
