"""How to sign in again, told with the profile that it takes; nobody is asked for a code.

A code that is typed would serve one process, and every notebook is one of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from botocore.exceptions import (
    LoginError,
    MissingDependencyException,
    SSOError,
    TokenRetrievalError,
)

from runbook_lib.errors import RunbookError


@contextmanager
def told(session: Any) -> Iterator[None]:
    """Say how to sign in where the chain cannot go on, inside the block. Raises: RunbookError."""
    roles = session.get_component("credential_provider").get_provider("assume-role")
    roles._prompter = partial(_need_code, session)
    try:
        yield
    except (SSOError, TokenRetrievalError) as error:
        raise _signed_out(error, f"aws sso login --profile {_asked(session)}") from None
    except LoginError as error:
        raise _signed_out(error, f"aws login --profile {_asked(session)}") from None
    except MissingDependencyException:
        raise RunbookError(
            f"profile {_asked(session)!r} signs in in a way that needs the package awscrt, which "
            "is not installed beside the runbook: python -m pip install 'boto3[crt]', with the "
            "Python of the runbook's .venv, or sign in in another way"
        ) from None


def _signed_out(error: Exception, command: str) -> RunbookError:
    return RunbookError(f"{str(error).rstrip('. ')}. Sign in again: {command}, then run again.")


def _need_code(session: Any, prompt: str) -> str:
    serial = prompt.removeprefix("Enter MFA code for ").rstrip(": ")
    raise RunbookError(
        f"profile {session.profile or 'default'!r} asks for an MFA code of {serial}, and nobody is "
        "asked for one here. Get a session first: aws sts get-session-token --profile "
        f"{_asked(session)} --serial-number {serial} --token-code CODE. Put what it prints into a "
        "profile of its own (aws configure mfa-login does both), and name that one as "
        "source_profile, without mfa_serial"
    )


def _asked(session: Any) -> str:
    """Return the profile at the end of the chain of source_profile: the one to sign in with."""
    profiles = session.full_config.get("profiles", {})
    name, seen = session.profile or "default", set()
    while name not in seen and (source := profiles.get(name, {}).get("source_profile")):
        seen.add(name)
        name = source
    return str(name)
