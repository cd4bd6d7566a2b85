"""Several runs in one process, a thread each, keep to themselves."""

import json
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from runbook_lib import local_aws
from runbook_lib.account import journal, opening
from runbook_lib.account.parameters import DEFAULTS
from runbook_lib.headless import embedded, run
from runbook_lib.headless.kernels.lending import Kernels
from runbook_lib.headless.kernels.prepared import prepared
from runbook_lib.machine import signals
from tests.test_kernels import ask

ACCOUNTS = ["111111111111", "222222222222"]


def parameters(account_id: str) -> dict[str, object]:
    return {name: value for name, value in DEFAULTS.items() if name != "confirm"} | {
        "account_id": account_id
    }


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_two_runs_at_once_have_each_their_own_calls_and_id_and_share_one_aws(
    tmp_path: Path,
) -> None:
    def one(account_id: str) -> Path:
        _, folder = run.run(parameters(account_id), tmp_path, lambda *_: None, process=process)
        return folder

    with embedded.for_a_run(), prepared() as process, ThreadPoolExecutor(2) as threads:
        folders = list(threads.map(one, ACCOUNTS))
        assert local_aws.running() is not None
    assert local_aws.running() is None
    for account_id, folder in zip(ACCOUNTS, folders, strict=True):
        made = json.loads((folder / "run.json").read_text())
        assert (made["account_id"], made["outcome"]) == (account_id, "passed")
        assert made["calls"][0]["action"] == "sts:GetCallerIdentity"
        assert {call["principal"].split(":")[4] for call in made["calls"]} == {account_id}
        assert sum(call["mutating"] for call in made["calls"]) == 7
    assert journal.calls() == [], "they are those runs', and not this process's"


def test_a_thread_has_the_run_that_it_is_in_and_no_other() -> None:
    def inside(run_id: str) -> tuple[str, list[journal.Call]]:
        with journal.of_run(run_id):
            return opening._run_id(), journal.calls()

    with ThreadPoolExecutor(2) as threads, journal.of_run("mine"):
        (first, calls), (second, others) = threads.map(inside, ["first", "second"])
        assert (first, second, journal.run_id()) == ("first", "second", "mine")
    assert calls is not others
    assert journal.run_id() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_thread_in_a_cell_that_hangs_stops_soon_after_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No signal interrupts a thread; the liveness of its kernel is asked for every second."""
    source = "open('begun', 'w').close(); import time; time.sleep(60)"

    def hang() -> None:
        with closing(Kernels(process, tmp_path, {}, 1)) as kernels:
            ask(source, kernels, tmp_path)

    with prepared() as process, ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(hang)
        while not (tmp_path / "begun").exists():
            assert not hanging.done()
            time.sleep(0.02)  # a real kernel gets there in real time
        monkeypatch.setattr(signals._Told, "signum", signal.SIGINT)
        with pytest.raises(signals.Stopped):
            hanging.result(30)
