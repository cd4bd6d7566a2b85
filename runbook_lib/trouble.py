"""What to do about an error of AWS or of the network: one next step for a person.

Judges the message alone, so that it also serves errors that come out of a notebook as text.
"""

import re

_AGAIN = "then run again: it makes only what is missing"
_STEPS = [
    (
        "service control policy",
        "Your organization forbids this; ask its administrators, or use another account",
    ),
    (
        "AccessDenied|UnauthorizedOperation",
        f"Whoever you are signed in as lacks this permission; have it granted, {_AGAIN}",
    ),
    (
        "LimitExceeded",
        f"The account is at a quota; delete what is not needed or ask for more, {_AGAIN}",
    ),
    (
        "ExpiredToken|RequestExpired|TokenRefreshRequired|Token has expired",
        f"Sign in again (aws login, aws sso login), {_AGAIN}",
    ),
    (
        "SignatureDoesNotMatch|InvalidSignature|RequestTimeTooSkewed|Signature expired",
        "Either the secret key is wrong, or this machine's clock is off by more than five "
        f"minutes: check both, {_AGAIN}",
    ),
    (
        "OptInRequired|RegionDisabled|InvalidClientTokenId|UnrecognizedClient|AuthFailure",
        "The key is deleted or inactive, or the account has not enabled this region: check the "
        "key with aws sts get-caller-identity, or choose another region",
    ),
    ("Throttling|RequestLimitExceeded|Rate exceeded", f"AWS is busy; wait a minute, {_AGAIN}"),
    (
        "InternalFailure|InternalError|ServiceUnavailable|ServiceFailure",
        f"AWS itself failed; wait a minute, {_AGAIN}",
    ),
    (
        "Could not connect|timed? ?out|Connection (was closed|refused|aborted)|Name or service",
        f"Check the network, a proxy, and AWS_ENDPOINT_URL, {_AGAIN}",
    ),
    (
        "config profile|ProfileNotFound",
        "Name one that `aws configure list-profiles` shows",
    ),
    (
        "MFA|AssumeRoleTokenCode",
        "This profile asks for an MFA code, and nobody can type it here: sign in first "
        "(aws configure mfa-login, aws sso login) and use the profile that this gives",
    ),
    (
        "credentials|Credentials|SSO|sso",
        "Sign in (aws login, aws sso login), name a profile (--profile NAME), or try the embedded "
        "AWS: --backend local needs no account",
    ),
]


def next_step(message: str) -> str:
    """Return what to do about this error, or nothing for one that says it itself."""
    found = (step for pattern, step in _STEPS if re.search(pattern, message))
    return next(found, "")


def with_next_step(error: object) -> str:
    """Return an error's message, and what to do about it."""
    message = str(error).strip()
    step = next_step(message)
    return f"{message.rstrip('.')}. {step}." if step else message
