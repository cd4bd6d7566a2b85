"""`runbook` and papermill as a person types them, with the exit statuses of the contract."""

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from runbook_lib import local_aws
from runbook_lib.account import parameters
from runbook_lib.account.caller import Caller
from runbook_lib.cli.commands import app
from runbook_lib.errors import ParameterError
from runbook_lib.machine import software
from runbook_lib.runbook import Runbook
from tests.conftest import REPOSITORY, FinishedRun
from tests.scenario import build, sign_in

BIN = Path(sys.executable).parent


def runbook(*arguments: str, status: int = 0, cwd: Path | None = None) -> tuple[str, str]:
    command = [str(BIN / "runbook"), *arguments]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert asked.returncode == status, asked.stderr
    return asked.stdout, asked.stderr


def papermill(notebook: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = REPOSITORY / "notebooks" / f"{notebook}.ipynb"
    command = [str(BIN / "papermill"), str(path), str(tmp_path / "out.ipynb"), *arguments]
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_run_leaves_a_folder_that_tells_everything_and_no_server(
    finished_run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(finished_run.stdout)
    assert made["outcome"] == "passed"
    assert {"run_id", "account_id", "region", "backend", "variant", "sections"} <= set(made)
    assert [section["outcome"] for section in made["sections"]] == ["passed"] * 7
    assert {"who", "action", "expected", "predicted", "observed", "code", "why"} <= set(
        made["proof"][0]
    )
    assert all(call["request_id"] for call in made["calls"])
    assert sum(call["mutating"] for call in made["calls"]) == 7
    folder = finished_run.folder
    assert folder.parts[-2:] == ("278805249149", made["run_id"])
    assert json.loads((folder / "run.json").read_text()) == made
    suite = ElementTree.parse(folder / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("12", "0")  # sections and proof
    page = (folder / "report.html").read_text()
    assert "278805249149" in page
    assert not re.search(r'src="http|<link|@import', page), "the page asks nobody for anything"
    assert len(list(folder.glob("0*.ipynb"))) == 7
    monkeypatch.setenv("RUNBOOK_HOME", str(finished_run.state))
    assert local_aws.running() is None


def test_a_second_run_makes_no_mutating_call(tmp_path: Path) -> None:
    runbook("local", "start")
    try:
        for expected in (7, 0):
            out, _ = runbook("run", "012345678901", "--output", str(tmp_path), "--json")
            assert sum(call["mutating"] for call in json.loads(out)["calls"]) == expected
        last = sorted((tmp_path / "012345678901").iterdir(), key=lambda one: one.stat().st_mtime)[
            -1
        ]
        assert "already there" in (last / "report.html").read_text()
        out, _ = runbook("destroy", "012345678901", "--yes", "--json")
        assert {row["Outcome"] for row in json.loads(out)} == {"deleted"}
    finally:
        runbook("local", "stop")


@pytest.mark.parametrize("bad", ["12345678901", "1234-5678-9012", "１２３４５６７８９０１２", "x"])
def test_a_bad_account_id_exits_2_with_a_command_line_that_works(bad: str) -> None:
    _, err = runbook("run", bad, status=2)
    assert "runbook run 012345678901" in err
    assert local_aws.running() is None


@pytest.mark.parametrize(
    "arguments",
    [
        ["--region", "seoul"],
        ["--backend", "gcp"],
        ["--variant", "best"],
        ["--profile", "prod"],
        ["--no-such-option"],
    ],
)
def test_bad_usage_exits_2(arguments: list[str]) -> None:
    _, err = runbook("run", "123456789012", *arguments, status=2)
    assert "Traceback" not in err
    assert local_aws.running() is None


@pytest.mark.parametrize("name", [*parameters.DEFAULTS])
def test_a_refused_parameter_shows_command_lines_that_work(name: str) -> None:
    with pytest.raises(ParameterError) as refused:
        parameters.check({name: "\x00"})
    for line in str(refused.value).splitlines()[1:]:
        words = line.split()
        if words[0] == software.program(
            "runbook"
        ):  # with a region that stops it before anything is sent
            words[2] = words[2].replace("ACCOUNT_ID", "123456789012")
            given = [] if name == "region" else ["--region", "nowhere"]
            _, err = runbook(*words[1:], *given, "--backend", "x", status=2)
            assert "region 'nowhere'" in err or "backend 'x'" in err


def test_the_wrong_account_exits_3_and_names_both(
    account: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sign_in(monkeypatch, account)
    where = ["--backend", "aws", "--yes", "--output", str(tmp_path)]
    _, err = runbook("run", "999999999999", *where, status=3)
    assert "999999999999" in err
    assert account.account_id in err
    assert list(tmp_path.glob("999999999999/*")) == []
    _, err = runbook("run", account.account_id, *where)
    assert "passed" in err


def test_no_credentials_is_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _, err = runbook("run", "123456789012", "--backend", "aws", "--yes", status=1)
    assert "--backend local needs no account" in err
    assert "Traceback" not in err
    _, err = runbook("plan", "123456789012", "--backend", "aws", "--profile", "nobody", status=1)
    assert "nobody" in err


def at_a_terminal(
    *arguments: str, until: str = "", typed: bytes = b"\x03", columns: int = 100
) -> tuple[int, str]:
    """Run the command with a terminal as its only file; type, or Ctrl-C, where a text appears."""
    process, terminal = pty.fork()
    if process == 0:
        size = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
        os.execve(BIN / "runbook", ["runbook", *arguments], os.environ | size)
    shown = b""
    with contextlib.suppress(OSError):  # nobody holds its other end any more
        while read := os.read(terminal, 4096):
            shown += read
            if until and until.encode() in shown:
                os.write(terminal, typed)
                until = ""
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown.decode()


def test_a_terminal_shows_each_section_and_the_cell_at_work(tmp_path: Path) -> None:
    status, shown = at_a_terminal("run", "123456789012", "--output", str(tmp_path))
    assert status == 0
    last = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.rpartition("\x1b[1A")[2])
    assert "passed: 5 rows of evidence" in last
    for section in ("01_environment", "07_cleanup"):
        assert re.search(rf"✓.{{0,20}} {section}", shown)
    for cell in ("create access key", "assume role", "require"):
        assert cell in shown


def test_elsewhere_each_section_is_one_line(finished_run: FinishedRun) -> None:
    err = finished_run.stderr
    lines = [re.sub(r"[\d.]+ s", "N s", line) for line in err.splitlines()]
    assert lines[0] == "account 278805249149 on the embedded AWS, variant tutorial"
    assert lines[1] == "01_environment passed (N s)"
    assert len(lines) == 10
    assert "\x1b" not in err


def test_ctrl_c_exits_130_and_leaves_no_process(tmp_path: Path) -> None:
    """A program that waits for the run presses it, to all of the run's processes at once."""
    command = [str(BIN / "runbook"), "run", "123456789012", "--output", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    read = ""
    while "02_assume_role_policy passed" not in read:
        read += (letter := process.stderr.read(1))
        assert letter, read
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 130, rest
    assert "running again is safe" in rest
    assert "Traceback" not in rest
    assert_no_server_soon()


@pytest.mark.parametrize("moment", ["01_environment", "create user"])
def test_ctrl_c_at_a_terminal_does_the_same(moment: str, tmp_path: Path) -> None:
    asked = ("run", "123456789012", "--output", str(tmp_path))
    status, shown = at_a_terminal(*asked, until=moment)
    assert status == 130, shown[-2000:]
    assert "running again is safe" in shown
    assert "Traceback" not in shown
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l"), "the cursor is back"
    assert_no_server_soon()


def assert_no_server_soon() -> None:
    deadline = time.monotonic() + 10
    while local_aws.running() and time.monotonic() < deadline:
        time.sleep(0.1)  # a real process ends in real time
    assert local_aws.running() is None


def test_plan_and_doctor_fit_a_narrow_terminal(embedded_aws: local_aws.Running) -> None:
    for command in (["plan", "123456789012"], ["doctor"]):
        status, shown = at_a_terminal(*command, columns=60)
        assert status == 0
        lines = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown).splitlines()
        assert max(map(len, lines)) <= 60
        assert "…" not in shown, "nothing is cut"


def test_without_a_terminal_nothing_is_asked_and_nothing_sent() -> None:
    for command in (["run", "--backend", "aws"], ["run", "--adopt"], ["destroy"]):
        out, err = runbook(command[0], "123456789012", *command[1:], "--json", status=2)
        assert "add --yes" in err
        assert json.loads(out)["exit_status"] == 2
    assert local_aws.running() is None


def test_one_json_document_also_where_it_fails(
    account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch, account)
    for arguments, status in [
        (["run", "12"], 2),
        (["run", "123456789012", "--variant", "best"], 2),
        (["plan", "123456789012", "--no-such-option"], 2),
        (["plan", "999999999999", "--backend", "aws"], 3),
        (["run", "999999999999", "--backend", "aws", "--yes"], 3),
        (["report", "nowhere"], 2),
    ]:
        out, err = runbook(*arguments, "--json", status=status)
        said = json.loads(out)
        assert said["outcome"] == "failed"
        assert said["exit_status"] == status
        assert said["error"]
        assert err


def test_plan_tells_by_its_exit_status_whether_there_is_something_to_do(book: Runbook) -> None:
    asked = ("plan", book.role_account.account_id, "--detailed-exitcode")
    _, err = runbook(*asked, status=2)
    assert err.splitlines()[-1] == "Plan: 6 to create"
    build(book)
    _, err = runbook(*asked, status=0)
    assert err.splitlines()[-1] == "Nothing to do: 6 to keep"
    runbook(*asked[:2], "--variant", "mfa", status=0)


def test_the_version_is_the_packages() -> None:
    assert runbook("--version")[0].strip() == metadata.version("assume-role-runbook")


COMMANDS = ["run", "plan", "destroy", "report", "doctor", "refresh", "lab", "local"]
LOCAL = ["start", "stop", "status", "env"]


def test_help_names_every_command_and_says_how_to_begin() -> None:
    out, _ = runbook("--help")
    assert set(COMMANDS) <= set(out.split())
    assert "runbook run 123456789012" in out
    assert "--install-completion" in out


@pytest.mark.parametrize(
    "words", [[], *([name] for name in COMMANDS), *(["local", name] for name in LOCAL)], ids=str
)
def test_help_names_values_and_no_types(words: list[str]) -> None:
    out = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100"}).output
    assert re.search(r"--help +Show this message", out)
    assert not re.search(r"<[a-z]+>|\b(TEXT|PATH|BOOL)\b", out)
    if words[:1] == ["run"]:
        assert re.search(r"ACCOUNT_ID +12 digits", out)
        assert re.search(r"--region +CODE +Where", out)


def test_help_wraps_where_the_terminal_does() -> None:
    out = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "60"}).output
    _, said, _ = re.split(r"\n *\n", out.partition("report")[2].partition("Arguments")[0])
    *lines, _ = said.splitlines()
    first = [line.split()[0] for line in said.splitlines()[1:]]
    assert all(
        len(line.rstrip()) + len(word) >= 59 for line, word in zip(lines, first, strict=True)
    )


@pytest.mark.parametrize("command", ["run", "plan", "destroy"])
def test_help_shows_examples_that_work(command: str) -> None:
    out, _ = runbook(command, "--help")
    examples = re.findall(
        rf"^ {re.escape(software.program('runbook'))} ({command} \S.*?)(?:   |$)", out, re.MULTILINE
    )
    assert examples
    for example in examples:  # with a region that stops it before anything is sent
        _, err = runbook(*example.split(), "--region", "nowhere", status=2)
        assert "region 'nowhere'" in err or "YOUR_ACCOUNT_ID" in err
    words = set(re.findall(r"--[\w-]+", out))
    assert words >= {"--backend", "--region", "--profile", "--variant", "--json"}
    assert ("--output" in words) == (command == "run")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("runbook de", ["destroy"]),
        ("runbook run --variant ", ["tutorial", "least-privilege", "external-id", "mfa"]),
        ("runbook plan --backend a", ["aws"]),
    ],
)
def test_the_shell_completes_commands_and_values(
    typed: str, offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_RUNBOOK_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
    assert runbook()[0].split() == offered


PAPERMILL = """
import sys, papermill
from pathlib import Path
for path in sorted(Path("notebooks").glob("0*.ipynb")):
    papermill.execute_notebook(
        path, sys.argv[1], {"account_id": "278805249149"}, cwd="notebooks", progress_bar=False
    )
"""


def test_each_notebook_runs_alone_in_order_with_papermill(
    embedded_aws: local_aws.Running, tmp_path: Path
) -> None:
    """In kernels of its own, as papermill starts them; the last as a person types it."""
    command = [sys.executable, "-c", PAPERMILL, str(tmp_path / "out.ipynb")]
    asked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert asked.returncode == 0, asked.stderr[-2000:]
    account_id = ["-r", "account_id", "278805249149"]
    typed = papermill("07_cleanup", tmp_path, *account_id, "-p", "confirm", "True")
    assert typed.returncode == 0, typed.stderr[-2000:]
    assert "deleted" in (tmp_path / "out.ipynb").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "account_id", "012345678901"], "-r account_id 012345678901"),
        (["-y", "account_id: 012345670123"], "-r account_id 012345678901"),
        (["-r", "acount_id", "123456789012"], "no parameter 'acount_id'"),
        (["-r", "region", "seoul"], "region 'seoul' is not accepted"),
        (["-r", "user_name", "a b"], "user_name 'a b' is not accepted"),
    ],
)
def test_papermill_with_a_bad_parameter_stops_before_anything_is_sent(
    embedded_aws: local_aws.Running, tmp_path: Path, arguments: list[str], message: str
) -> None:
    asked = papermill("03_user", tmp_path, *arguments)
    assert asked.returncode != 0
    assert f"ParameterError: {message}" in asked.stderr or message in asked.stderr
    assert "GetCallerIdentity" not in (tmp_path / "out.ipynb").read_text()


def test_a_section_before_the_ones_it_needs_names_the_notebook_to_run(
    embedded_aws: local_aws.Running, tmp_path: Path, account_id: str
) -> None:
    asked = papermill("05_assume_role", tmp_path, "-r", "account_id", account_id)
    assert asked.returncode != 0
    assert "run 03_user.ipynb first" in asked.stderr


def test_the_real_aws_cli_works_as_either_principal(
    embedded_aws: local_aws.Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runbook("run", "278805249149", "--output", str(tmp_path))
    folder = tmp_path / "state" / "local" / "278805249149"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))

    def aws(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(BIN / "aws"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    refused = aws("--profile", "assume-role-user", "ec2", "describe-instances")
    assert refused.returncode != 0
    assert "(UnauthorizedOperation) when calling the DescribeInstances" in refused.stderr
    listed = aws("--profile", "assume-role-role", "ec2", "describe-instances")
    assert listed.returncode == 0, listed.stderr
    (instance,) = json.loads(listed.stdout)["Reservations"][0]["Instances"]
    assert instance["ImageId"] == "ami-033a6a056910d1137"
    who = json.loads(aws("--profile", "assume-role-role", "sts", "get-caller-identity").stdout)
    assert who["Arn"].endswith("assumed-role/assume-role-role/assume-role-session")


def test_local_env_makes_a_shell_the_accounts_administrator(
    embedded_aws: local_aws.Running,
) -> None:
    out, _ = runbook("local", "env", "278805249149")
    script = f"{out}\n'{BIN / 'aws'}' sts get-caller-identity"
    asked = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(asked.stdout)["Arn"] == "arn:aws:iam::278805249149:user/administrator"


def test_status_and_report_answer_plainly(tmp_path: Path) -> None:
    assert json.loads(runbook("local", "status", "--json")[0]) == {"running": False}
    _, err = runbook("report", str(tmp_path), status=2)
    assert "no run folder" in err


def test_doctor_says_what_is_here_and_what_is_missing(
    account: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    rows = {row["Check"]: row for row in json.loads(runbook("doctor", "--json")[0])}
    assert rows["Credentials"]["Found"] == "none that answer"
    assert "--backend local" in rows["Credentials"]["To do"]
    assert rows["Embedded AWS"]["Found"] == f"runs at {account.place.endpoint}"
    key = sign_in(monkeypatch, account)
    rows = {row["Check"]: row for row in json.loads(runbook("doctor", "--json")[0])}
    assert rows["Credentials"]["Found"] == f"{account.arn} in account {account.account_id}"
    assert rows["Clock"]["To do"] == ""
    out, _ = runbook("doctor")
    assert key.secret_key not in out
