"""Rules on identity providers in a trust policy: whose tokens and assertions are accepted."""

import re
from collections.abc import Iterator

from runbook_lib.access import PolicyDocument
from runbook_lib.findings.finding import GUIDE, Finding
from runbook_lib.findings.requirements import Requirement, allowing
from runbook_lib.findings.subjects import is_wide

_SECURE = f"{GUIDE}id_roles_providers_oidc_secure-by-default.html"
_COGNITO = "cognito-identity.amazonaws.com"
_COGNITO_PAGE = (
    "https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html"
)
# Of these an audience is one application, which tells its users apart itself.
_APPLICATIONS = {"accounts.google.com", _COGNITO}
_AUDIENCES = {"aud", "azp", "oaud"}
_NOBODY = _AUDIENCES | {  # claims that one owner's repositories, or everybody's, have in common
    "amr",
    "enterprise",
    "enterprise_id",
    "environment",
    "event_name",
    "ref",
    "ref_type",
    "repository_owner",
    "repository_owner_id",
    "repository_visibility",
    "runner_environment",
}


def oidc_without_conditions(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find providers of which any token will do."""
    for provider, claims in _oidc(parsed):
        if not _met(claims):
            yield Finding(
                "OIDC without conditions",
                f"whoever gets a token of {provider} is admitted: require {provider}:aud and "
                f"{provider}:sub",
                f"{GUIDE}id_roles_create_for-idp_oidc.html",
            )


def oidc_audience_alone(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find providers of which every user, repository or workload is admitted."""
    for provider, claims in _oidc(parsed):
        met = _met(claims)
        subjects = any(_claim(one) == "sub" and _wide(one) for one in claims)
        if met and met <= _NOBODY and not subjects and provider not in _APPLICATIONS:
            named = ", ".join(sorted(met))
            yield Finding(
                "OIDC with only an audience" if met <= _AUDIENCES else "OIDC without a subject",
                f"{provider} gives a token with this {named} to any of its users, repositories or "
                f"workloads: require {provider}:sub",
                _SECURE,
            )


def oidc_wide_subject(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find subjects whose wildcard spans owners, repositories, or their like."""
    for provider, claims in _oidc(parsed):
        exact = any(_claim(one) not in _NOBODY | {"sub"} and one.is_one for one in claims)
        wide = [value for one in claims for value in _wide(one)]
        if wide and not exact:
            yield Finding(
                "Wildcard spans owners or repositories",
                f"{', '.join(wide)} admits others at {provider} than one repository, project or "
                "namespace: name it whole, with a wildcard after it at most",
                _SECURE,
            )


def cognito(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find identity pools of everybody's, and guests of one's own."""
    for provider, claims in _oidc(parsed):
        met = _met(claims)
        if provider == _COGNITO and met and not {"aud", "amr"} <= met:
            lacking = "aud" if "aud" not in met else "amr"
            whom = "every account's identity pools" if lacking == "aud" else "guests too"
            yield Finding(
                f"Cognito without {lacking}",
                f"without {_COGNITO}:{lacking} it admits {whom}",
                _COGNITO_PAGE,
            )


def saml(parsed: PolicyDocument) -> Iterator[Finding]:
    """Find SAML providers whose assertions may be meant for somebody else."""
    for statement, requirements in allowing(parsed):
        named = [one for kind, one in statement.principals if ":saml-provider/" in one]
        audience = any(one.key in ("saml:aud", "saml:iss") and one.is_one for one in requirements)
        if named and not audience:
            yield Finding(
                "SAML without an audience",
                f"assertions of {', '.join(named)} that are meant for another application are "
                "accepted as well: require SAML:aud",
                f"{GUIDE}id_roles_create_for-idp_saml.html",
            )


def _oidc(parsed: PolicyDocument) -> Iterator[tuple[str, list[Requirement]]]:
    """Yield each provider of tokens with what is required of its claims."""
    for statement, requirements in allowing(parsed):
        for kind, principal in statement.principals:
            if kind == "Federated" and ":saml-provider/" not in principal:
                provider = principal.partition(":oidc-provider/")[2] or principal
                prefix = f"{provider.lower()}:"
                yield provider, [one for one in requirements if one.key.startswith(prefix)]


def _met(claims: list[Requirement]) -> set[str]:
    """Return the claims of which something is required; that one may be absent is found apart."""
    return {_claim(one) for one in claims if one.tells and not one.is_null}


def _claim(requirement: Requirement) -> str:
    return requirement.key.rpartition(":")[2]


def _wide(requirement: Requirement) -> list[str]:
    """Return the values of a subject that leave an owner or a repository open."""
    condition = requirement.condition
    if _claim(requirement) != "sub" or "Like" not in condition.operator:
        return []
    admitted = [one for one in condition.values if requirement.admits(re.sub(r"[*?]", "x", one))]
    return [value for value in admitted if is_wide(value)]


RULES = (oidc_without_conditions, oidc_audience_alone, oidc_wide_subject, cognito, saml)
