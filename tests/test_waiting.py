"""IAM lags, flaps, throttles, fails and loses answers; the runbook waits for what comes to pass.

Against an embedded AWS of the test's own, as backend `aws`, with its clock moved by our sleeps.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, HTTPClientError

from runbook_lib import ec2, iam
from runbook_lib.account import waiting
from runbook_lib.attempts import attempt, require
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.runbook import Runbook, open_runbook
from tests.local_aws.faults import Faults
from tests.scenario import build, destroy, evidence, inventory, varied

ACCOUNT = "278805249149"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalAws]:
    with LocalAws(clock=Clock(datetime(2026, 1, 1, tzinfo=UTC))) as server:
        key = server.administrator(ACCOUNT)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        monkeypatch.setattr(waiting, "sleep", server.clock.advance)
        monkeypatch.setattr("time.sleep", lambda _: None)  # botocore's own retries
        monkeypatch.setattr("botocore.retries.bucket.TokenBucket.acquire", lambda _: True)
        random.seed(1)
        yield server


def opened() -> Runbook:
    return open_runbook({"account_id": ACCOUNT, "backend": "aws"})


@pytest.fixture
def faults(aws: LocalAws) -> Faults:
    return Faults.of(aws)


@pytest.fixture
def book(aws: LocalAws) -> Runbook:
    return opened()


@pytest.mark.parametrize("flapping", [False, True], ids=["steady", "flapping"])
@pytest.mark.parametrize("lag", [0, 1, 15, 60])
def test_a_lag_is_waited_out(faults: Faults, book: Runbook, lag: float, flapping: bool) -> None:
    faults.lag, faults.flapping = lag, flapping
    build(book)
    require(evidence(book))


def test_more_lag_than_the_budget_fails_and_says_so(faults: Faults, book: Runbook) -> None:
    faults.lag = 1000
    build(book)
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        book.open_user()


def test_a_true_refusal_is_recognised_without_waiting(aws: LocalAws, book: Runbook) -> None:
    build(book)
    as_user = book.open_user()
    before = aws.clock.now()
    row = attempt(ec2.describe_instances, as_user, expected="refused")
    unexpected = attempt(ec2.describe_instances, as_user, expected="allowed")
    assert (row.observed, unexpected.observed) == ("refused", "refused")
    assert aws.clock.now() == before


@pytest.mark.parametrize("trouble", ["throttled", "failing", "losing"])
@pytest.mark.parametrize("often", [1, 3])
def test_passing_trouble_leaves_one_of_everything(
    faults: Faults, book: Runbook, trouble: str, often: int
) -> None:
    """Wherever it strikes: at every second of the calls that make everything, and once more."""
    before = inventory(book.role_account)
    for strikes_at in range(1, 18, 2):
        again, calls = opened(), count(1)

        def strike(when: int = strikes_at, of: "count[int]" = calls, **_: object) -> None:
            if next(of) == when:
                setattr(faults, trouble, often)

        again.role_account.iam.meta.events.register("before-send", strike)
        for _ in range(2):
            try:
                wanted = build(again)
                break
            except (ClientError, HTTPClientError):
                setattr(faults, trouble, 0)  # it was CreateAccessKey, which is sent once
        setattr(faults, trouble, 0)
        (key,) = book.user_account.iam.list_access_keys(UserName=wanted.user_name)[
            "AccessKeyMetadata"
        ]
        assert key["Status"] == "Active"
        assert book.open_user().arn == wanted.user_arn
        destroy(book)
        assert inventory(book.role_account) == before


def test_the_wait_is_one_line_and_in_the_record(
    faults: Faults,
    book: Runbook,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("RUNBOOK_RECORD", str(tmp_path / "record"))
    faults.lag = 30
    build(book)
    book.open_user()
    assert capsys.readouterr().err == "waiting until AWS knows the user's key …\n"
    assert '"kind": "wait", "what": "the user\'s key"' in (tmp_path / "record").read_text()


def test_a_user_that_a_trust_policy_names_may_arrive_late(aws: LocalAws, book: Runbook) -> None:
    account, wanted = book.role_account, varied(book, variant="least-privilege").wanted

    def arrive(seconds: float) -> None:
        aws.clock.advance(seconds)
        iam.create_user(account, wanted.user_name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "sleep", arrive)
        assert iam.create_role(account, wanted.role_name, wanted.trust)["Outcome"] == "created"


def test_what_the_sdk_sent_again_is_counted_with_the_call(faults: Faults, book: Runbook) -> None:
    faults.throttled, faults.failing = 2, 1
    iam.list_users(book.user_account)
    call = book.calls[-1]
    assert (call.outcome, call.retries, call.throttled) == ("ok", 3, 2)
    iam.list_users(book.user_account)
    assert (book.calls[-1].retries, book.calls[-1].throttled) == (0, 0)
