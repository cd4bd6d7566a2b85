"""What can go wrong, as a person reads it. AWS's own refusals stay `ClientError`.

RunbookError                 exit status 1
├── ParameterError           2  a value is not one that AWS or the runbook accepts; nothing was sent
├── UnreachableError         1  nobody's credentials are there for the account, or do not answer
├── WrongAccountError        3  these credentials belong elsewhere; only GetCallerIdentity was sent
├── MissingStepError         1  a section needs what an earlier section makes
├── ForeignObjectError       1  an object of that name exists and the runbook did not make it
├── ProofError               1  what was observed is not what the runbook claims
├── LocalAwsError            1  the embedded AWS could not be started, found or stopped
└── Interrupted            130  somebody pressed Ctrl-C; 143, 129 for SIGTERM and SIGHUP

What to do about an error of AWS or of the network is told from its message alone, so that it also
serves errors that come out of a notebook as text.
"""

import re


class RunbookError(Exception):
    """Say what happened, what was expected and what to do next."""

    exit_status = 1

    @staticmethod
    def shown(message: str) -> str:
        """Return a message as a notebook shows it; `machine.language` translates it."""
        return message

    def _render_traceback_(self) -> list[str]:
        """Show in a notebook the message alone: where in the runbook it was raised helps nobody."""
        return [f"{type(self).__name__}: {self.shown(str(self))}"]


class ParameterError(RunbookError):
    """A value is refused before anything is sent."""

    exit_status = 2


class UnreachableError(RunbookError):
    """There are no credentials for the account, or they do not answer."""


class WrongAccountError(RunbookError):
    """The credentials belong to another account, partition or principal than was asked for."""

    exit_status = 3


class MissingStepError(RunbookError):
    """Something that an earlier section makes is not there."""


class ForeignObjectError(RunbookError):
    """An object of the wanted name exists, and the runbook did not make it."""


class ProofError(RunbookError):
    """An observation differs from what the runbook claims."""


class LocalAwsError(RunbookError):
    """The embedded AWS could not be started, found or stopped."""


class Interrupted(RunbookError):
    """Somebody pressed Ctrl-C, or told the process to stop."""

    exit_status = 130
    message = (
        "interrupted: what was made so far stays in the account, and running again is safe, "
        "since it makes only what is missing"
    )


_AGAIN = "then run again: it makes only what is missing"
CORRECT_SETTINGS = (
    "Correct that where it is set; aws configure list says where: a variable or a file"
)
# What a fleet's own credential_process says, and the SDK repeats.
_OF_A_FLEET = r"(?:Error when retrieving credentials from custom-process: )?(?=account \d{12}: )"
_STEPS = [
    (
        "Unable to parse config file|codec can't decode",
        "Mend that file: each [section] once, in lines of its own NAME = VALUE, all in UTF-8",
    ),
    (
        "Invalid endpoint",
        "Write the whole address in AWS_ENDPOINT_URL, or endpoint_url in a profile: http:// or "
        "https://, the host, the port",
    ),
    (
        "container-role|container metadata|Unsupported host",
        "Unset AWS_CONTAINER_CREDENTIALS_FULL_URI and _RELATIVE_URI where no container's agent "
        "answers, or sign in in another way (aws login, aws sso login)",
    ),
    (
        "SSL validation failed|TLS CA certificate bundle",
        "Somebody between here and AWS, such as a company's proxy, answers with a certificate of "
        "its own: name a file that is there and vouches for it in AWS_CA_BUNDLE",
    ),
    (
        "proxy URL|HTTP Client raised",
        "Check HTTPS_PROXY and HTTP_PROXY: the address, whether it answers, and the user and "
        "password that it may want; name in NO_PROXY what is not behind it",
    ),
    (
        r"what answered is not AWS|\((Unknown|4\d\d)\)",
        "A proxy, a network's sign-in page or AWS_ENDPOINT_URL leads elsewhere: check them, "
        f"{_AGAIN}",
    ),
    (
        "custom-process|cannot use its settings",
        "Look at what they name: a credential_process must be there and print JSON as AWS "
        "describes it, a token file (AWS_WEB_IDENTITY_TOKEN_FILE) must be there",
    ),
    (
        "IncompleteSignature",
        "The key id is not as AWS gave it, or a proxy changes requests: copy the key again",
    ),
    (
        "DeleteConflict",
        "Somebody else added that to what the runbook made: take it away, then run destroy again",
    ),
    (
        "service control policy|resource control policy",
        "Your organization forbids this; ask its administrators, or use another account",
    ),
    (
        "with an explicit deny",
        "A policy denies this, and no permission outweighs that: have the statement changed, or "
        f"sign in as somebody else, {_AGAIN}",
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
        "ExpiredToken|RequestExpired|TokenRefreshRequired|Token has expired|[Ss]ession .*expired",
        f"Sign in again (aws login, aws sso login), {_AGAIN}",
    ),
    (
        "SignatureDoesNotMatch|InvalidSignature|RequestTimeTooSkewed|Signature expired",
        "Either the secret key is wrong, or this machine's clock is off by more than five "
        f"minutes: check both, {_AGAIN}",
    ),
    (
        "OptInRequired|RegionDisabled|InvalidClientTokenId|UnrecognizedClient|AuthFailure",
        "The key is deleted or inactive, or the account has not enabled this region, or these are "
        "credentials of GetSessionToken without MFA, which IAM does not take: check the key with "
        "aws sts get-caller-identity, choose another region, or sign in with MFA or a role",
    ),
    ("Throttling|RequestLimitExceeded|Rate exceeded", f"AWS is busy; wait a minute, {_AGAIN}"),
    (
        r"InternalFailure|InternalError|ServiceUnavailable|ServiceFailure|\(5\d\d\)",
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
        "Nobody can type an MFA code here: get a session first (aws sts get-session-token, or "
        "aws configure mfa-login), and use the profile that this gives",
    ),
    (
        "credentials|Credentials|SSO|sso",
        "Sign in (aws login, aws sso login), name a profile (--profile NAME), or try the embedded "
        "AWS: --backend local needs no account",
    ),
]


def next_step(message: str) -> str:
    """Return what to do about this error, or nothing for one that says it itself."""
    if re.match(_OF_A_FLEET, message):
        return ""
    found = (step for pattern, step in _STEPS if re.search(pattern, message))
    return next(found, "")


def with_next_step(error: object) -> str:
    """Return an error's message, and what to do about it."""
    message = re.sub(rf"^{_OF_A_FLEET}", "", str(error).strip())
    step = next_step(message)
    return f"{message.rstrip('.')}. {step}." if step else message
