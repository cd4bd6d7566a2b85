"""Clients that the README names, as they are, at the embedded AWS: they read the same profiles.

Nothing is exported but where the two profile files are. Not every client reads `endpoint_url` of
the profile that it is given: the SDK for JavaScript, awsume and what aws-assume-role-lib returns
read that of the default profile, and Terraform's provider asks STS for the role at what `services`
names. So the files say it in each of these places; the default profile has no key.
"""

import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_aws_people import Account, allow, policy, trusting

from runbook_lib.local_aws import process
from runbook_lib.local_aws.process import Running
from tests.npm_packages import installed

HERE = Path(__file__).parent / "clients"
PLUGINS = Path(os.environ.get("TF_PLUGIN_DIR", "/opt/tf-plugins"))
WHERE = "region = ap-northeast-2\nendpoint_url = {endpoint}\nservices = local\n"
CONFIG = f"""[default]
{WHERE}
[profile assume-role-user]
{WHERE}
[profile assume-role-role]
role_arn = {{role}}
source_profile = assume-role-user
role_session_name = assume-role-session
{WHERE}
[profile administrator]
{WHERE}
[services local]
sts =
\tendpoint_url = {{endpoint}}
"""
ODD = "a+b %20 100% \"x\" 'y' é \\ 역할"
USER, ROLE = "assume-role-user", "assume-role-role"

Run = Callable[..., str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An embedded AWS that tells the real time: the SDK for JavaScript signs by its clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNBOOK_HOME", str(tmp_path_factory.mktemp("home")))
        found = process.start()
        yield found
        process.stop()


@pytest.fixture
def account(running: Running, request: pytest.FixtureRequest) -> Account:
    return Account(running, f"{zlib.crc32(request.node.nodeid.encode()):012}")


@pytest.fixture
def run(account: Account, tmp_path: Path) -> Run:
    """Run a program that finds the account's profiles, and nothing else of AWS's."""
    user, role = account.user(allow("sts:AssumeRole")), account.role(allow("ec2:*"))
    keys = {USER: user, "administrator": account}
    sections = [
        f"[{name}]\naws_access_key_id = {who.key_id}\naws_secret_access_key = {who.secret}\n"
        for name, who in keys.items()
    ]
    (tmp_path / "credentials").write_text("\n".join(sections))
    config = CONFIG.format(endpoint=account.aws.endpoint, role=role)
    (tmp_path / "config").write_text(config)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    environment = kept | {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "HOME": str(tmp_path),
    }

    def call(*command: str) -> str:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, cwd=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def arn(account: Account, session: str) -> str:
    return f"arn:aws:sts::{account.id}:assumed-role/app/{session}"


def beside(name: str) -> str:
    """A script that stands beside this Python."""
    return str(Path(sys.executable).parent / name)


def test_the_aws_cli(account: Account, run: Run) -> None:
    who = ("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    aws = (sys.executable, beside("aws"))
    assert run(*aws, "--profile", USER, *who).strip() == account.arn("user/alice")
    assert run(*aws, "--profile", ROLE, *who).strip() == arn(account, "assume-role-session")


def test_boto3(account: Account, run: Run) -> None:
    code = (
        f"import boto3; session = boto3.Session(profile_name='{ROLE}');"
        "print(session.client('sts').get_caller_identity()['Arn'],"
        "len(session.client('ec2').describe_instances()['Reservations']))"
    )
    found = run(sys.executable, "-c", code).split()
    assert found == [arn(account, "assume-role-session"), "1"]


def test_aws_assume_role_lib(account: Account, run: Run) -> None:
    code = (
        "import aws_assume_role_lib, boto3;"
        f"user = boto3.Session(profile_name='{USER}');"
        f"role = aws_assume_role_lib.assume_role(user, '{account.arn('role/app')}',"
        "RoleSessionName='library');"
        "print(role.client('sts').get_caller_identity()['Arn'])"
    )
    assert run(sys.executable, "-c", code).strip() == arn(account, "library")


def test_awsume(run: Run) -> None:
    key_id = run(sys.executable, beside("awsumepy"), ROLE).split()[1]
    assert key_id.startswith("ASIA")


@pytest.mark.parametrize(
    ("profile", "who", "ec2"),
    [(USER, "user/alice", "UnauthorizedOperation"), (ROLE, "assume-role-session", 1)],
)
def test_the_sdk_for_javascript(
    account: Account, run: Run, profile: str, who: str, ec2: object
) -> None:
    found = json.loads(run("node", str(HERE / "client.mjs"), javascript(), profile, "who"))
    assert found["arn"].endswith(who)
    assert f":{account.id}:" in found["arn"]
    assert found["ec2"] == ec2


def javascript() -> str:
    return str(installed(HERE, "local-aws-clients"))


def test_that_the_sdk_for_javascript_reads_the_documents_that_were_sent(
    account: Account, run: Run
) -> None:
    condition = {"StringEquals": {"sts:ExternalId": ODD}}
    trust = trusting(account.id, Condition=condition)
    account.iam.update_assume_role_policy(RoleName="app", PolicyDocument=trust)
    document = policy(allow("sts:AssumeRole", Condition=condition))
    account.iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)
    command = ("node", str(HERE / "client.mjs"), javascript(), "administrator", "documents")
    found = json.loads(run(*command))
    assert found["policy"] == document
    statement = json.loads(found["trust"])["Statement"][0]
    assert statement["Condition"] == condition
    assert statement["Principal"] == {"AWS": account.arn("root")}


@pytest.fixture
def terraform(run: Run, tmp_path: Path) -> Run:
    """Run terraform on clients/NAME.tf, with its provider from this machine."""
    program = shutil.which("terraform")
    if program is None or not PLUGINS.exists():
        pytest.skip("terraform and its AWS provider are not here; TF_PLUGIN_DIR names its folder")
    return lambda *arguments: run(program, *arguments)


def test_terraform(terraform: Run, tmp_path: Path) -> None:
    shutil.copy(HERE / "objects.tf", tmp_path)
    terraform("init", f"-plugin-dir={PLUGINS}")
    profile = "-var=profile=administrator"
    terraform("apply", "-auto-approve", profile)
    terraform("plan", "-detailed-exitcode", profile)  # 2 if it would change anything
    terraform("destroy", "-auto-approve", profile)


def test_terraform_in_the_role(account: Account, terraform: Run, tmp_path: Path) -> None:
    shutil.copy(HERE / "role.tf", tmp_path)
    terraform("init", f"-plugin-dir={PLUGINS}")
    terraform("apply", "-auto-approve")
    found = json.loads(terraform("output", "-json"))
    assert found["arn"]["value"] == arn(account, "assume-role-session")
    assert len(found["instances"]["value"]) == 1
