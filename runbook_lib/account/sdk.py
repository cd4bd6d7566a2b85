"""Sessions and clients of the AWS SDK: from which credentials, with which settings.

The only home of boto3. Whose credentials they are, `opening` finds out.
"""

import os
import re
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

from runbook_lib.account.secret import Secret, remember_secrets
from runbook_lib.errors import RunbookError, with_next_step

__all__ = ["UNREACHABLE", "Session"]
UNREACHABLE = (EndpointConnectionError, ConnectionClosedError, ConnectTimeoutError)
# No setting of the person's environment or AWS files has a say on the embedded AWS.
_NOTHING_READ = {
    name: (None, None, os.devnull if name.endswith("_file") else default, conversion)
    for name, (_, _, default, conversion) in SETTINGS.items()
}


def chain(region: str, profile: str) -> Session:
    """Make a session as the SDK's own chain finds its credentials, which are known as secrets.

    Raises: RunbookError where a profile is missing, or asks for what nobody can type here.
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
    """
    try:
        session = _session(profile, region)
        if credentials := session.get_credentials():
            frozen = credentials.get_frozen_credentials()
            known = {"SecretAccessKey": frozen.secret_key, "SessionToken": frozen.token}
            remember_secrets({"Credentials": known})
        return session
    except (BotoCoreError, ClientError, EOFError, NotImplementedError) as error:
        raise unusable(error) from None


def unusable(error: Exception) -> RunbookError:
    """Return what to say of credentials that cannot be had; no word means a code was asked for."""
    return RunbookError(with_next_step(error if str(error) else "MFA code needed"))


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
    """Make a client that names the run in its user agent and tries so many times.

    With an endpoint, which is the embedded AWS's, it goes past any proxy.
    """
    config = Config(
        user_agent_extra=f"assume-role-runbook run/{run_id}",
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=30,
        proxies={} if endpoint else None,
    )
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


def identity(sts: Any) -> tuple[dict[str, Any], str]:
    """Ask who is calling, and return also the id of the key that the question was signed with."""
    asked: list[str] = []

    def note(request: Any, **_: object) -> None:
        asked.append(key_id_of(request))

    sts.meta.events.register("before-send", note)
    try:
        return dict(sts.get_caller_identity()), asked[-1]
    finally:
        sts.meta.events.unregister("before-send", note)


def key_id_of(request: Any) -> str:
    """Return the id of the access key that a request is signed with."""
    header = request.headers.get("Authorization", b"")
    text = header.decode() if isinstance(header, bytes) else str(header)
    found = re.search(r"Credential=([^/]+)/", text)
    return found[1] if found else ""


def partition(region: str) -> str:
    """Return the partition of a region: "aws", "aws-cn", "aws-us-gov"."""
    return str(static("", Secret("")).get_partition_for_region(region))


def warm_up() -> None:
    """Read the models of the services that are called, once for all sessions; nothing is sent."""
    unsigned = Config(signature_version=UNSIGNED)  # else the SDK looks everywhere for credentials
    for service in ("iam", "sts", "ec2"):
        static("", Secret("")).client(service, region_name="us-east-1", config=unsigned)


def _session(profile: str | None, region: str | None = None) -> Session:
    settings = _NOTHING_READ if profile is None else None
    made = botocore.session.Session(profile=profile or None, session_vars=settings)
    made.register_component("data_loader", _loader())
    return Session(botocore_session=made, region_name=region)


@cache
def _loader() -> Any:
    """Return one loader of the SDK's own models: reading EC2's takes a third of a second."""
    return Loader([Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
