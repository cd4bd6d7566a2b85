"""Recognisable secrets go through every route that shows or writes something; none comes out."""

import contextlib
import json
import logging
import stat
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from runbook_lib import local_aws
from runbook_lib.account import profiles
from runbook_lib.account import sdk as sessions
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import MASK, Secret, redact, remember_secrets
from runbook_lib.errors import RunbookError
from runbook_lib.machine import state
from runbook_lib.runbook import Runbook, open_runbook
from tests.conftest import REPOSITORY
from tests.scenario import build, destroy, evidence
from tests.test_command_line import BIN, runbook

ROUTES = """
from runbook_lib import iam, sts, tables; from runbook_lib.account.opening import *; import pandas
account = open_account(ACCOUNT); user = "assume-role-user"; canary = open("CANARY", "a")
---
from runbook_lib.runbook import open_runbook; book = open_runbook({"account_id": ACCOUNT})
from tests.scenario import build; build(book)
---
raw = account.iam.create_access_key(UserName=user); secret = raw["AccessKey"]["SecretAccessKey"]
print(secret, file=canary, flush=True)
raw
---
session = book.open_user().sts.assume_role(RoleArn=ROLE, RoleSessionName="canary")
token = session["Credentials"]["SessionToken"]; key = session["Credentials"]["SecretAccessKey"]
print(token, key, sep="\\n", file=canary, flush=True)
session
---
secret
---
print(secret); print(repr(session)); print(token)
---
import sys; sys.stderr.write(secret); sys.stderr.write(json.dumps(raw, default=str))
---
pandas.DataFrame([raw["AccessKey"], session["Credentials"]])
---
from IPython.display import display, HTML; display(HTML(f"<b>{secret}</b>"), {"x": [token]})
---
raise RuntimeError(f"the key is {secret} and the token is {token}")
---
assert secret == token, raw
---
import logging; logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, force=True)
account.iam.delete_access_key(UserName=user, AccessKeyId=raw["AccessKey"]["AccessKeyId"])
raw = account.iam.create_access_key(UserName=user); secret = raw["AccessKey"]["SecretAccessKey"]
print(secret, file=canary, flush=True)
---
session = book.open_user().sts.assume_role(RoleArn=ROLE, RoleSessionName="canary")
print(session["Credentials"]["SessionToken"], file=canary, flush=True)
---
iam.create_access_key(account, user)
---
sts.assume_role(book.open_user(), ROLE, "canary")
---
import warnings; warnings.warn(secret)
---
exec("def f(x): return x.nothing"); f(secret)
"""


def secrets_of(state_folder: Path) -> list[str]:
    """Return every secret that the state folder holds."""
    found = []
    for path in state_folder.rglob("credentials"):
        found += [
            line.split(" = ")[1] for line in path.read_text().splitlines() if "secret" in line
        ]
    running = json.loads((state_folder / "local" / "server.json").read_text())
    return [*found, running["secret"]]


def test_no_route_out_of_a_kernel_shows_a_secret(
    book: Runbook, account: Caller, tmp_path: Path
) -> None:
    canary = tmp_path / "canary.txt"
    role = book.wanted.role_arn
    source = ROUTES.replace("ROLE", repr(role)).replace("ACCOUNT", repr(account.account_id))
    cells = source.replace("CANARY", str(canary)).strip().split("---\n")
    cells[0] = "import json\n" + cells[0]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    client = NotebookClient(
        notebook,
        allow_errors=True,
        resources={"metadata": {"path": str(REPOSITORY)}},
    )
    client.execute()
    written = nbformat.writes(notebook)
    secrets = canary.read_text().split() + secrets_of(tmp_path / "state")
    assert len(set(secrets)) >= 7
    assert [one for one in secrets if one in written] == []
    errors = [o.ename for c in notebook.cells for o in c.outputs if o.output_type == "error"]
    assert errors == ["RuntimeError", "AssertionError", "AttributeError"]
    assert written.count("Response body") >= 3, "botocore was logging at DEBUG"
    assert written.count("********") > 20


def processes() -> str:
    """Return the arguments and the environment of every process of this machine."""
    seen = ""
    for entry in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                seen += (entry / name).read_text(errors="replace")
    return seen


def test_nothing_that_a_run_writes_or_says_holds_a_secret(tmp_path: Path) -> None:
    """Also not its processes' arguments and environment, seen while it runs."""
    runbook("local", "start")
    seen = ""
    try:
        out = tmp_path / "said.txt"
        command = [str(BIN / "runbook"), "run", "123456789012", "--json"]
        command += ["--output", str(tmp_path / "runs")]
        with out.open("w") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
            while process.poll() is None:
                seen += processes()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.5)
        assert process.returncode == 0
        seen += out.read_text()
        secrets = secrets_of(tmp_path / "state")
        running = local_aws.running()
        assert running is not None
        secrets.append(running.administrator("123456789012").secret_access_key)
    finally:
        runbook("local", "stop")
    written = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    written.append(tmp_path / "state" / "local" / "server.log")
    for path in written:
        seen += str(path) + path.read_text(encoding="utf-8")
    assert len(written) > 10
    assert len(secrets) == 3
    assert [one for one in secrets if one in seen] == []


def test_a_secret_has_no_way_to_be_shown(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("canary-canary-canary")
    logging.warning("%s %r", secret, {"key": secret})
    shown = [str(secret), repr(secret), f"{secret}", str([secret]), caplog.text]
    assert not [text for text in shown if "canary" in text]
    with pytest.raises(TypeError):
        json.dumps(secret)


@pytest.mark.parametrize(
    "text",
    [
        "<SecretAccessKey>CANARY/canary+1234</SecretAccessKey>",
        "<SessionToken>CANARY/canary+1234==</SessionToken>",
        '{"SecretAccessKey": "CANARY/canary+1234"}',
        "{'SessionToken': 'CANARY/canary+1234'}",
        "aws_secret_access_key = CANARY/canary+1234",
        "AWS_SESSION_TOKEN=CANARY/canary+1234",
        "TokenCode=123456CANARY",
    ],
)
def test_a_secret_nobody_told_us_of_is_known_by_its_name(text: str) -> None:
    assert "CANARY" not in redact(text)
    assert redact([{"x": text}])[0]["x"] == redact(text)


def test_the_secrets_of_the_sdks_own_chain_are_redacted_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    canaries = {"AWS_SECRET_ACCESS_KEY": "canary-secret-key", "AWS_SESSION_TOKEN": "canary-token"}
    for name, value in {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", **canaries}.items():
        monkeypatch.setenv(name, value)
    sessions.chain("ap-northeast-2", "")
    for canary in canaries.values():
        assert redact(f"it is {canary}!") == f"it is {MASK}!"


def test_an_empty_secret_hides_nothing() -> None:
    remember_secrets({"Credentials": {"SecretAccessKey": "", "SessionToken": ""}})
    assert redact("as it is") == "as it is"


def test_state_is_outside_the_repository_and_for_its_owner_only(book: Runbook) -> None:
    build(book)
    evidence(book)
    assert REPOSITORY not in state.home().parents
    for path in [state.home(), *state.home().rglob("*")]:
        if "shared" not in path.name:
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_what_a_crash_in_the_middle_of_writing_left_is_taken_away_too(
    book: Runbook, account: Caller
) -> None:
    wanted = build(book)
    folder = profiles.folder("local", account.account_id)
    (folder / ".credentials.x1y2z3").write_text("aws_secret_access_key = half")
    assert book.open_user().arn == wanted.user_arn
    destroy(book)
    assert [path.name for path in folder.iterdir() if path.name != "lock"] == []


def test_a_full_disk_leaves_the_old_profile_and_no_rest(
    book: Runbook, account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(book)
    folder = profiles.folder("local", account.account_id)
    before = {path: path.read_bytes() for path in folder.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    key = profiles.AccessKey("AKIAOTHER", Secret("other-secret"))
    with pytest.raises(RunbookError, match="No space left on device; free some space"):
        profiles.write_key("local", account.account_id, key)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    again = open_runbook({"account_id": account.account_id})
    assert again.open_user().arn.endswith(":user/assume-role-user")
