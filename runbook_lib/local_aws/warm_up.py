"""Make a world, once everything that a first call would load has been used on another one."""

from collections.abc import Iterable
from email.message import Message

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .authentication import Http
from .clock import Clock
from .gateway import answer
from .keys import Administrators
from .world import World

CALLS = {
    "sts": "Action=GetCallerIdentity",
    "iam": "Action=ListUsers",
    "ec2": "Action=DescribeInstances",
}
ACCOUNT = "000000000000"


def warm_world(clock: Clock, administrators: Administrators, accounts: Iterable[str]) -> World:
    """Return a new world that holds these accounts, whose first calls are not slow."""
    scratch = World(clock, administrators)
    for service, body in CALLS.items():
        answer(_signed(service, body, administrators), scratch)
    world = World(clock, administrators)
    for account_id in dict.fromkeys(accounts):
        world.make_account(account_id)
    return world


def _signed(service: str, body: str, administrators: Administrators) -> Http:
    key = administrators.key(ACCOUNT)
    request = AWSRequest("POST", "http://localhost/", data=body, headers={"Host": "localhost"})
    credentials = Credentials(key.access_key_id, key.secret_access_key)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    headers = Message()
    for name, value in request.headers.items():
        headers[name] = value
    return Http("POST", "/", headers, body.encode(), "127.0.0.1")
