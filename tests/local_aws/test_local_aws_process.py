"""The embedded AWS as a process: found, started once, stopped, and gone without a trace."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from local_aws_people import Account, Actor, allow

from runbook_lib import local_aws
from runbook_lib.errors import LocalAwsError
from runbook_lib.local_aws import process, server_state


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder; whatever runs in it is stopped."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))
    yield tmp_path / "local"
    local_aws.stop()


def caller(found: local_aws.Running, account_id: str = "123456789012") -> str:
    key = found.administrator(account_id)
    connection = Actor(found, key.access_key_id, key.secret_access_key)
    return str(connection.sts.get_caller_identity()["Arn"])


def soon(happens: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happens()


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def test_the_life_of_a_server(folder: Path) -> None:
    assert local_aws.running() is None
    assert not local_aws.stop()
    started = local_aws.start(seed=7, fixed_time=datetime(2026, 1, 1, tzinfo=UTC))
    assert local_aws.running() == started
    assert local_aws.ensure_running() == started
    assert caller(started) == "arn:aws:iam::123456789012:user/administrator"

    with pytest.raises(LocalAwsError, match=f"pid {started.pid}.*runbook local stop"):
        local_aws.start()

    for name in ("server.json", "server.log", "lock"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    state = json.loads((folder / "server.json").read_text())
    told = [repr(started), (folder / "server.log").read_text()]
    told.append(Path(f"/proc/{started.pid}/cmdline").read_text() if os.path.exists("/proc") else "")
    told.append(Path(f"/proc/{started.pid}/environ").read_text() if os.path.exists("/proc") else "")
    assert not [text for text in told if state["secret"] in text]
    assert not [text for text in told if started.administrator("1" * 12).secret_access_key in text]

    assert local_aws.stop()
    assert local_aws.running() is None
    assert gone(started.pid)
    assert not (folder / "server.json").exists()


def test_that_a_crash_leaves_a_clean_restart(folder: Path) -> None:
    first = local_aws.start()
    os.kill(first.pid, signal.SIGKILL)
    assert soon(lambda: gone(first.pid))
    assert (folder / "server.json").exists()
    assert local_aws.running() is None
    assert caller(local_aws.ensure_running())


def test_that_a_server_stops_on_sigterm_and_takes_its_state_file_along(folder: Path) -> None:
    found = local_aws.start()
    os.kill(found.pid, signal.SIGTERM)
    assert soon(lambda: gone(found.pid))
    assert not (folder / "server.json").exists()


def test_that_a_server_stops_when_idle(folder: Path) -> None:
    found = local_aws.ensure_running(idle_seconds=1)
    assert soon(lambda: gone(found.pid))
    assert not (folder / "server.json").exists()


def test_that_a_server_stops_when_its_state_file_is_gone(folder: Path) -> None:
    found = local_aws.start()
    (folder / "server.json").unlink()
    assert soon(lambda: gone(found.pid))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"secret": 1, "seed": 2}', "\x00"])
def test_that_an_unreadable_state_file_counts_as_none(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "server.json").write_text(text)
    assert local_aws.running() is None


def test_that_a_server_that_the_state_file_does_not_name_is_none_and_stops(folder: Path) -> None:
    found = local_aws.start()
    state = json.loads((folder / "server.json").read_text())
    (folder / "server.json").write_text(json.dumps(state | {"instance": "another"}))
    assert local_aws.running() is None
    assert soon(lambda: gone(found.pid))


def seen(found: local_aws.Running, other_first: bool) -> list[str]:
    """Every id that a person sees in a walk through the tutorial."""
    if other_first:
        Account(found, "222222222222").user()
    account = Account(found, "123456789012")
    user = account.user(allow("sts:AssumeRole"))
    session = user.assume(account.role(allow("ec2:*")))
    reservation = session.ec2.describe_instances()["Reservations"][0]
    instance = reservation["Instances"][0]
    user_id = account.iam.get_user(UserName="alice")["User"]["UserId"]
    shown = [account.key_id, user_id, user.key_id, session.key_id, instance["InstanceId"]]
    shown += [instance[name] for name in ("PublicIpAddress", "PrivateIpAddress", "SubnetId")]
    request = session.sts.get_caller_identity()["ResponseMetadata"]["RequestId"]
    return [*shown, reservation["ReservationId"], request]


def test_that_ids_repeat_with_a_seed_and_secrets_do_not() -> None:
    walks, secrets = [], []
    for seed, other_first in ((7, False), (7, True), (8, False)):
        found = local_aws.start(seed=seed)
        walks.append(seen(found, other_first))
        secrets.append(found.administrator("123456789012").secret_access_key)
        local_aws.stop()
    assert walks[0] == walks[1]
    assert not set(walks[0][:5]) & set(walks[2][:5])
    assert len(set(secrets)) == 3


def test_that_a_taken_port_is_told(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalAwsError, match=f"port {port}.*choose another"):
            local_aws.start(port=port)
    assert local_aws.running() is None


def test_that_a_port_that_cannot_be_is_told() -> None:
    with pytest.raises(LocalAwsError, match="port 99999.*choose another"):
        local_aws.start(port=99999)


def test_that_two_starters_get_one_server() -> None:
    code = "from runbook_lib.local_aws import ensure_running; print(ensure_running().pid)"
    command = [sys.executable, "-c", code]

    def start(_: int) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(start, range(2)))) == 1


def test_that_the_package_is_cheap_to_import() -> None:
    code = "import sys, runbook_lib.local_aws; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"moto", "werkzeug", "boto3", "botocore"} & set(loaded.stdout.split())


def test_that_one_that_is_halted_is_told_and_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_state, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(process, "END_SECONDS", 0.5)
    halted = local_aws.start()
    os.kill(halted.pid, signal.SIGSTOP)
    for ask in (local_aws.running, local_aws.ensure_running, local_aws.start):
        with pytest.raises(LocalAwsError, match=r"does not answer.*runbook local stop"):
            ask()
    assert local_aws.stop()
    assert local_aws.running() is None
