"""Sessions and clients of the AWS SDK: from which credentials, with which settings.

The only home of boto3. Whose credentials they are, `account` finds out.
"""

import os
from functools import cache
from typing import Any

import botocore.session
from boto3 import Session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from runbook_lib.account.secret import Secret, remember_secrets
from runbook_lib.errors import RunbookError, with_next_step

__all__ = ["Session", "chain", "client", "partition", "static", "unusable", "warm_up"]
_ENVIRONMENT_IGNORED = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def chain(region: str, profile: str) -> Session:
    """Make a session as the SDK's own chain finds its credentials, which are known as secrets.

    Raises: RunbookError where a profile is missing, or asks for what nobody can type here.
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
    """
    try:
        session = Session(profile_name=profile or None, region_name=region)
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


def static(access_key_id: str, secret: Secret, token: Secret | None = None) -> Session:
    """Make a session of just these credentials: nothing of the environment's profiles is read."""
    made = botocore.session.Session(session_vars=_ENVIRONMENT_IGNORED)
    made.register_component("data_loader", _loader())
    return Session(
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret.reveal(),
        aws_session_token=token.reveal() if token else None,
        botocore_session=made,
    )


def client(
    session: Session, service: str, *, region: str, endpoint: str | None, run_id: str, attempts: int
) -> Any:
    """Make a client that names the run in its user agent and tries so many times."""
    config = Config(
        user_agent_extra=f"assume-role-runbook run/{run_id}",
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=30,
    )
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


def partition(region: str) -> str:
    """Return the partition of a region: "aws", "aws-cn", "aws-us-gov"."""
    return str(Session().get_partition_for_region(region))


def warm_up() -> None:
    """Read the models of the services that are called, once for all sessions; nothing is sent."""
    unsigned = Config(signature_version=UNSIGNED)  # else the SDK looks everywhere for credentials
    for service in ("iam", "sts", "ec2"):
        static("", Secret("")).client(service, region_name="us-east-1", config=unsigned)


@cache
def _loader() -> Any:
    """Return one loader for all sessions: reading EC2's model takes a third of a second."""
    return botocore.session.Session().get_component("data_loader")
