"""The roundabout routes: shortened, split, raw bytes, damaged files, tracebacks, dumps."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from runbook_lib import local_aws
from runbook_lib.account import profiles
from runbook_lib.account import sdk as sessions
from runbook_lib.account.caller import Caller
from runbook_lib.account.secret import MASK, redact, remember, split
from runbook_lib.errors import RunbookError
from runbook_lib.runbook import Runbook, open_runbook
from tests.conftest import REPOSITORY
from tests.scenario import build
from tests.test_command_line import BIN, runbook

CELLS = """
import os, reprlib, subprocess, sys, time; from pathlib import Path
from runbook_lib.account.secret import guard_kernel, remember
token, key = Path("CANARY").read_text().split(); remember(token, key); guard_kernel()
---
%whos
---
token?
---
import pandas; pandas.Series([token, key])
---
reprlib.repr([token]) + token[:12] + " " + token[-9:] + " " + token[40:60] + "..." + key[:8]
---
for character in token + "." + key: print(character, end="", flush=True)
---
print("and " + key[:5], end="", flush=True); time.sleep(0.4); print(key[5:] + " then", flush=True)
---
for part in (key[:20], key[20:]): print(part, end="", flush=True, file=sys.stderr)
---
subprocess.run(["echo", token]); subprocess.run(["sh", "-c", "echo $0 >&2", key])
---
os.write(1, key.encode()); os.write(2, token.encode())
print(token, file=sys.__stdout__, flush=True)
---
!echo {token}
---
subprocess.run(["echo", token], stdout=sys.stdout)
---
%store key
---
from comm import create_comm; as_bytes = [key.encode(), memoryview(token.encode())]
made = create_comm(target_name="x", data={"a": (key,)}, metadata={token: token}, buffers=as_bytes)
---
kernel = get_ipython().kernel; stream = {"name": "stdout", "text": key[:9]}
kernel.send_response(kernel.iopub_socket, "stream", stream); print(key[9:])
---
kernel.session.send(kernel.iopub_socket, "display_data", {"data": {}, "metadata": {"x": (token,)}})
---
import threading; thread = threading.Thread(target=lambda: 1 / 0 if key else 0, name=key)
thread.start(); thread.join()
---
import resource; print("dumps", resource.getrlimit(resource.RLIMIT_CORE))
---
print("as it", end=" "); print("is", end="")
"""


@pytest.fixture
def canaries(tmp_path: Path) -> list[str]:
    """A session token and a secret key, in a file for others to read."""
    made = ["IQoJb3JpZ2luX2Vj" + secrets.token_urlsafe(192), secrets.token_urlsafe(30)]
    (tmp_path / "canary.txt").write_text(" ".join(made))
    return made


def as_a_person() -> dict[str, str]:
    """Return an environment in which kernels redirect file descriptors, as they do for people."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return kept | {"PATH": f"{BIN}:{kept['PATH']}"}


def shown_of(canary: str, text: str) -> list[str]:
    """Return the parts of a canary, of 12 characters, that stand in a text."""
    parts = {canary[at : at + 12] for at in range(len(canary) - 11)}
    return [part for part in parts if part in text]


def test_no_roundabout_route_out_of_a_kernel_shows_a_secret(
    canaries: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither in the notebook, nor in a message, nor on the terminal of who runs it."""
    source = CELLS.replace("CANARY", str(tmp_path / "canary.txt")).strip().split("---\n")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in source])
    messages: list[Any] = []

    class Client(NotebookClient):
        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            messages.append(msg | {"buffers": [bytes(one) for one in msg["buffers"]]})
            return super().process_message(msg, cell, cell_index)

    where = {"metadata": {"path": str(REPOSITORY)}}
    Client(notebook, allow_errors=True, resources=where).execute(env=as_a_person())
    outputs = json.dumps([cell.outputs for cell in notebook.cells])
    everything = outputs + repr(messages) + "".join(capfd.readouterr())
    stored = [path.read_bytes() for path in (tmp_path / "home").rglob("autorestore/*")]
    assert [shown_of(canary, everything + repr(stored)) for canary in canaries] == [[], []]
    assert "key holds a secret and was not stored" in outputs
    assert outputs.count(MASK) > 20
    texts = ["".join(o.get("text", "") for o in cell.outputs) for cell in notebook.cells]
    assert texts[5] == f"{MASK}.{MASK}"
    assert texts[6] == f"and {MASK} then\n"
    assert texts[-2:] == ["dumps (0, 0)\n", "as it is"]


@pytest.mark.parametrize("form", ["{}...{}", "{}…{}", "{}<...>{}", "{} {}", "x{}\n{}x"])
@pytest.mark.parametrize("size", [8, 12, 25, 60])
def test_the_ends_of_a_secret_are_masked(form: str, size: int) -> None:
    token = secrets.token_urlsafe(150)
    remember(token)
    assert redact(form.format(token[:size], token[-size:])) == form.format(MASK, MASK)


def test_a_stretch_of_a_secret_is_masked_and_nothing_else() -> None:
    token = secrets.token_urlsafe(150)
    remember(token, "short-secret", "A" * 40)
    assert all(redact(f"({token[at : at + 15]})") == f"({MASK})" for at in range(100))
    assert redact("sho-secret AAAAAAAAAAAA") == "sho-secret AAAAAAAAAAAA"
    page = "".join(chr(33 + number % 90) for number in range(10_000))
    assert redact(page) == page


def test_the_end_of_a_text_waits_only_where_a_secret_may_begin() -> None:
    remember("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert split("nothing\n") == ("nothing\n", "")
    assert split("is it w") == ("is it ", "w")
    assert split("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY") == (MASK, "")
    assert split("wwJalrwJa") == ("wwJalr", "wJa")


DAMAGED = [
    "aws_secret_access_key CANARY\n",
    "[assume-role-user]\naws_secret_access_key CANARY\n",
    "[assume-role-user]\naws_secret_access_key = CANARY\n",
    "[assume-role-user]\naws_access_key_id = A\naws_access_key_id = CANARY\n",
    "[assume-role-user\nCANARY",
    "[assume-role-user]\nCANARY",
    "[assume-role-user]\nx = \udcff CANARY",
    "[assume-role-user]\n[assume-role-user]\nCANARY = CANARY",
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_credentials_file_is_a_message_without_a_line_of_it(
    text: str, book: Runbook, account: Caller
) -> None:
    build(book)
    path = profiles.folder("local", account.account_id) / "credentials"
    canary = secrets.token_urlsafe(30)
    path.write_bytes(text.replace("CANARY", canary).encode("utf-8", "surrogateescape"))
    with pytest.raises(RunbookError, match=f"{path}.*rm ") as told:
        open_runbook({"account_id": account.account_id}).open_user()
    assert canary not in str(told.value)
    _, err = runbook("plan", account.account_id, status=1)
    assert str(path) in err
    assert "Traceback" not in err
    cell = f"from runbook_lib.runbook import *; chosen = {{'account_id': '{account.account_id}'}}"
    cells = [nbformat.v4.new_code_cell(f"{cell}; open_runbook(chosen).open_user()")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook, allow_errors=True, resources={"metadata": {"path": str(REPOSITORY)}}
    )
    client.execute()
    assert [output.ename for output in notebook.cells[0].outputs] == ["RunbookError"]
    assert canary not in err + nbformat.writes(notebook)


def test_a_credentials_file_that_cannot_be_read_is_not_an_empty_one(
    book: Runbook, account: Caller
) -> None:
    build(book)
    path = profiles.folder("local", account.account_id) / "credentials"
    path.unlink()
    path.mkdir()
    with pytest.raises(RunbookError, match=f"cannot read '{path}'"):
        book.open_user()


@pytest.mark.parametrize("text", ["aws_secret_access_key CANARY\n", "[a]\nCANARY\n", "[a\nCANARY"])
def test_a_person_s_own_damaged_files_are_not_quoted_either(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = secrets.token_urlsafe(30)
    (tmp_path / "credentials").write_text(text.replace("CANARY", canary))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    _, err = runbook("plan", "123456789012", "--backend", "aws", status=1)
    assert str(tmp_path / "credentials") in err
    assert canary not in err
    with pytest.raises(RunbookError) as told:
        sessions.chain("ap-northeast-2", "")
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


UNEXPECTED = """
from runbook_lib.account.secret import remember
from runbook_lib.cli import main
def run():
    secret = "CANARY"
    remember(secret)
    RAISE
main._run = run
main.main()
"""


@pytest.mark.parametrize(
    "line",
    [
        "raise ValueError('it is ' + secret)",
        "raise ValueError('it is ' + secret[:20] + '...')",
        "{}[secret]",
        "raise type('Other', (Exception,), {'__str__': lambda self: secret})",
        "raise OSError(2, secret, secret)",
        "raise ValueError(1) from ValueError(secret)",
        "from threading import Timer as T; t = T(0, lambda: {}[secret]); t.start(); t.join(); 1/0",
    ],
)
def test_a_traceback_of_the_command_line_is_redacted_and_has_no_locals(line: str) -> None:
    canary = secrets.token_urlsafe(30)
    code = UNEXPECTED.replace("RAISE", line).replace("CANARY", canary)
    command = [sys.executable, "-c", code, "--json"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert shown_of(canary, asked.stderr + asked.stdout) == []
    assert ("Traceback" in asked.stderr) == ("OSError" not in line)
    assert json.loads(asked.stdout)["outcome"] == "failed"


def test_the_server_s_secret_is_known_once_it_is_used(book: Runbook) -> None:
    """Somebody prints its state file by hand."""
    path = Path(os.environ["RUNBOOK_HOME"]) / "local" / "server.json"
    secret = json.loads(path.read_text())["secret"]
    running = local_aws.running()
    assert running is not None
    assert secret not in redact(path.read_text())
    assert redact(repr(running.administrators.secret))[2:-1] == MASK


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="read from /proc")
def test_the_server_leaves_no_core_dump(embedded_aws: local_aws.Running) -> None:
    limits = Path(f"/proc/{embedded_aws.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]


def test_papermill_s_terminal_shows_no_secret_either(canaries: list[str], tmp_path: Path) -> None:
    source = [
        CELLS.replace("CANARY", str(tmp_path / "canary.txt")).strip().split("---\n")[at]
        for at in (0, 8, 9, 10, 11)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [nbformat.v4.new_code_cell(one) for one in source]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(notebook, tmp_path / "in.ipynb")
    command = [str(BIN / "papermill"), str(tmp_path / "in.ipynb"), str(tmp_path / "out.ipynb")]
    command += ["--log-output", "--cwd", str(REPOSITORY)]
    asked = subprocess.run(command, capture_output=True, text=True, env=as_a_person())
    said = asked.stdout + asked.stderr + (tmp_path / "out.ipynb").read_text()
    assert asked.returncode == 0, asked.stderr
    assert [shown_of(canary, said) for canary in canaries] == [[], []]
