"""What can go wrong, as a person reads it. AWS's own refusals stay `ClientError`.

RunbookError                 exit status 1
├── ParameterError           2  a value is not one that AWS or the runbook accepts; nothing was sent
├── WrongAccountError        3  these credentials belong elsewhere; only GetCallerIdentity was sent
├── MissingStepError         1  a section needs what an earlier section makes
├── ForeignObjectError       1  an object of that name exists and the runbook did not make it
├── ProofError               1  what was observed is not what the runbook claims
├── LocalAwsError            1  the embedded AWS could not be started, found or stopped
└── Interrupted            130  somebody pressed Ctrl-C
"""


class RunbookError(Exception):
    """Say what happened, what was expected and what to do next."""

    exit_status = 1


class ParameterError(RunbookError):
    """A value is refused before anything is sent."""

    exit_status = 2


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
    """Somebody pressed Ctrl-C."""

    exit_status = 130
    message = (
        "interrupted: what was made so far stays in the account, and running again is safe, "
        "since it makes only what is missing"
    )
