"""Sessions and clients of the AWS SDK: from which credentials, with which settings.

The only home of boto3. Whose credentials they are, `opening` finds out.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Any

import botocore.session
from boto3 import Session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as SETTINGS
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
)
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

from runbook_lib.account import parameters
from runbook_lib.account.chain import sign_in, sources
from runbook_lib.account.secret import Secret, remember_frozen
from runbook_lib.errors import CORRECT_SETTINGS, RunbookError, with_next_step

__all__ = ["UNREACHABLE", "Session"]
UNREACHABLE = (EndpointConnectionError, ConnectionClosedError, ConnectTimeoutError)
# What the SDK raises for a person's settings: its own errors, and those that it does not catch.
_RAISED = (
    BotoCoreError,
    ResponseParserError,
    OSError,
    *(ValueError, TypeError, AttributeError, KeyError),
)
# No setting of the person's environment or AWS files has a say on the embedded AWS.
_NOTHING_READ = {
    name: (None, None, os.devnull if name.endswith("_file") else default, conversion)
    for name, (_, _, default, conversion) in SETTINGS.items()
}


@contextmanager
def usable() -> Iterator[None]:
    """Say what cannot be used of the person's settings, whatever the SDK raises inside the block.

    AWS's own refusals pass through. Raises: RunbookError.
    """
    try:
        yield
    except ClientError:
        raise
    except _RAISED as error:
        raise RunbookError(_unusable(error)) from None


def chain(region: str, profile: str) -> Session:
    """Make a session as the SDK's own chain finds its credentials, which are known as secrets.

    Raises: RunbookError where a profile is missing, nobody is signed in, or it asks for a code.
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
    """
    try:
        with usable():
            session = _session(profile, region)
            with sign_in.told(session._session):
                if credentials := session.get_credentials():
                    remember_frozen(credentials.get_frozen_credentials(), source(session))
            return session
    except ClientError as error:  # a role of the profile's is refused
        raise RunbookError(with_next_step(error)) from None


def source(session: Session) -> str:
    """Return where the SDK's chain found these credentials."""
    return sources.described(session.get_credentials().method, session._session)


def static(
    access_key_id: str, secret: Secret, token: Secret | None = None, *, profile: str | None = None
) -> Session:
    """Make a session of just these credentials.

    The other settings are those of the profile ("" is the SDK's own choice); without one, nothing
    of the environment and of AWS's files is read.
    """
    session = _session(profile)
    session._session.set_credentials(
        access_key_id, secret.reveal(), token.reveal() if token else None
    )
    return session


def client(
    session: Session, service: str, *, region: str, endpoint: str | None, run_id: str, attempts: int
) -> Any:
    """Make a client that names the run in its user agent and tries so many times, adaptively.

    With an endpoint, which is the embedded AWS's, it goes past any proxy.
    """
    config = Config(
        user_agent_extra=f"assume-role-runbook run/{run_id}",
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=30,
        proxies={} if endpoint else None,
    )
    with usable():
        return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


def partition(region: str) -> str:
    """Return the partition of a region: "aws", "aws-cn", "aws-us-gov".

    Raises: ParameterError where there is no such region.
    """
    if region in _partitions():
        return _partitions()[region]
    rule = f"a region that botocore {botocore.__version__} knows"
    raise parameters.refusal("region", region, rule)


def warm_up() -> None:
    """Read the models of the services that are called, once for all sessions; nothing is sent."""
    _partitions()
    unsigned = Config(signature_version=UNSIGNED)  # else the SDK looks everywhere for credentials
    calls = {"iam": "list_users", "sts": "get_caller_identity", "ec2": "describe_instances"}
    for service, call in calls.items():
        made = static("", Secret("")).client(service, region_name="us-east-1", config=unsigned)
        made.can_paginate(call)  # which reads that as well


def _session(profile: str | None, region: str | None = None) -> Session:
    settings = _NOTHING_READ if profile is None else _profile_setting()
    made = botocore.session.Session(
        profile=profile or None,
        session_vars=settings,
        event_hooks=copy(_handlers()),
        include_builtin_handlers=False,
    )
    made.register_component("data_loader", _loader())
    return Session(botocore_session=made, region_name=region)


def _profile_setting() -> dict[str, Any]:
    """Say which variables name a profile: not those that are blank, as compose files set them."""
    _, names, default, conversion = SETTINGS["profile"]
    return {"profile": (None, [*filter(os.environ.get, names)], default, conversion)}


def _unusable(error: Exception) -> str:
    if isinstance(error, ResponseParserError):  # which quotes what was answered
        return with_next_step("what answered is not AWS")
    message = str(error)
    if not isinstance(error, BotoCoreError):
        message = f"the AWS SDK cannot use its settings: {message}"
    told = with_next_step(message)
    return told if told != message else f"{message.rstrip('.')}. {CORRECT_SETTINGS}."


@cache
def _partitions() -> dict[str, str]:
    session = static("", Secret(""))
    return {
        region: str(name)
        for name in session.get_available_partitions()
        for region in session.get_available_regions("ec2", name)
    }


@cache
def _handlers() -> Any:
    """Return the SDK's own event handlers: to register them takes a hundredth of a second."""
    return botocore.session.Session().get_component("event_emitter")


@cache
def _loader() -> Any:
    """Return one loader of the SDK's own models: reading EC2's takes a third of a second."""
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
