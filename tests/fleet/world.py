"""A dozen accounts on one embedded AWS, as backend `aws` sees them; seven are broken, each its way.

Each account's credentials are a profile of its own. What breaks an account is put into the gateway,
into the account, or into the profile file; `mend` takes it away.
"""

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from runbook_lib.account import ownership
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.rules.authorization import authorize
from runbook_lib.local_aws.rules.validation import validate
from runbook_lib.local_aws.store.call import ApiCall
from tests.local_aws.local_aws_people import Actor

RUNBOOK = str(Path(sys.executable).parent / "runbook")
GOOD = [f"10000000000{number}" for number in range(5)]
WRONG, DENIED, FOREIGN, THROTTLED, KILLED, FULL, UNPROVEN = (
    f"20000000000{number}" for number in range(7)
)
BROKEN = [WRONG, DENIED, FOREIGN, THROTTLED, KILLED, FULL, UNPROVEN]
NEVER = datetime.min.replace(tzinfo=UTC)


class World:
    """The accounts, and a file of rows that names them."""

    def __init__(self, aws: LocalAws, folder: Path, good: Sequence[str] = GOOD) -> None:
        self.aws, self.folder, self.accounts = aws, folder, [*good, *BROKEN]
        self.called: set[str] = set()
        self.armed = {KILLED, UNPROVEN}
        self.throttled_until = NEVER
        aws.gateway.steps.insert(aws.gateway.steps.index(validate), self._before)
        aws.gateway.steps[aws.gateway.steps.index(authorize)] = self._authorize
        self.profiles = configparser.RawConfigParser()
        for account_id in self.accounts:
            self._profile(account_id, self.administrator(account_id))

    @property
    def environment(self) -> dict[str, str]:
        """What a shell has that is signed in to all of them."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "RUNBOOK_"))}
        return kept | {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "RUNBOOK_HOME": str(self.folder / "state"),
            "HOME": str(self.folder),
        }

    def administrator(self, account_id: str) -> Actor:
        key = self.aws.administrator(account_id)
        return Actor(self.aws, key.access_key_id, key.secret_access_key)

    def rows(self, *first: str) -> Path:
        """Write the file; those accounts are in the first wave."""
        path = self.folder / "accounts.csv"
        lines = [f"{one},{one}-admin,{'1' if one in first else ''}" for one in self.accounts]
        path.write_text("\n".join(["account_id,profile,wave", *lines]))
        return path

    def fleet(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `runbook fleet` with these words."""
        self.called.clear()
        command = [RUNBOOK, "fleet", *words, "--backend", "aws", "--output", "runs"]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment, cwd=self.folder
        )

    def spoil(self) -> None:
        """Break seven accounts in seven ways."""
        self._profile(WRONG, self.administrator(self.accounts[0]))
        self._profile(DENIED, self._operator(DENIED, "iam:CreateRole"))
        trust = {"Effect": "Allow", "Principal": {"AWS": FOREIGN}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam = self.administrator(FOREIGN).iam
        iam.create_role(RoleName="assume-role-role", AssumeRolePolicyDocument=document)
        self.throttled_until = self.aws.clock.now() + timedelta(minutes=1)
        iam, user = self.administrator(FULL).iam, {"UserName": "assume-role-user"}
        iam.create_user(**user, Tags=ownership.tags("earlier", "tutorial"))
        self.keys = [iam.create_access_key(**user)["AccessKey"]["AccessKeyId"] for _ in "ab"]

    def mend(self) -> None:
        """Take away what broke them; a minute passes."""
        self._profile(WRONG, self.administrator(WRONG))
        self._profile(DENIED, self.administrator(DENIED))
        self.administrator(FOREIGN).iam.delete_role(RoleName="assume-role-role")
        iam = self.administrator(FULL).iam
        iam.delete_access_key(UserName="assume-role-user", AccessKeyId=self.keys[0])
        self.aws.clock.advance(61)
        self.armed.clear()

    def _profile(self, account_id: str, actor: Actor) -> None:
        self.profiles[f"{account_id}-admin"] = {
            "aws_access_key_id": actor.key_id,
            "aws_secret_access_key": actor.secret,
        }
        with (self.folder / "credentials").open("w") as file:
            self.profiles.write(file)

    def _operator(self, account_id: str, denied: str) -> Actor:
        """Make a user who may do everything but one action."""
        iam, user = self.administrator(account_id).iam, {"UserName": "operator"}
        iam.create_user(**user)
        statements = [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": denied, "Resource": "*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(**user, PolicyName="operator", PolicyDocument=document)
        key = iam.create_access_key(**user)["AccessKey"]
        return Actor(self.aws, key["AccessKeyId"], key["SecretAccessKey"])

    def _before(self, call: ApiCall) -> None:
        account_id = call.identity.account_id
        self.called.add(account_id)
        early = call.accounts.clock.now() < self.throttled_until
        if account_id == THROTTLED and call.service == "iam" and early:
            raise AwsError("Throttling", "Rate exceeded", 400)
        if account_id == KILLED and call.action == "iam:CreateUser" and account_id in self.armed:
            kill(self._kernels())

    def _authorize(self, call: ApiCall) -> None:
        """Let EC2 answer anybody in one account, whatever its policies say."""
        unproven = call.identity.account_id == UNPROVEN and UNPROVEN in self.armed
        if not (unproven and call.service == "ec2"):
            authorize(call)

    def _kernels(self) -> list[psutil.Process]:
        """The kernels that are talking to this AWS at the moment."""
        return [one for one in descendants(is_kernel) if talks_to(one, self.aws.port)]


def descendants(wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if wanted(one)]


def is_kernel(process: psutil.Process) -> bool:
    parent: Any = process.parent()
    return parent is not None and "forkserver" in " ".join(parent.cmdline())


def talks_to(process: psutil.Process, port: int) -> bool:
    return any(one.raddr and one.raddr.port == port for one in process.net_connections("tcp"))


def kill(processes: list[psutil.Process]) -> None:
    assert processes
    for one in processes:
        one.kill()
