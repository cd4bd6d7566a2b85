"""One embedded AWS inside this process, and an account of its own for every test."""

import os
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from local_aws_people import Account

from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
            patch.delenv(name)
        with LocalAws(clock=Clock(datetime(2026, 1, 1, 12, tzinfo=UTC))) as server:
            yield server


@pytest.fixture
def account(aws: LocalAws, request: pytest.FixtureRequest) -> Account:
    return Account(aws, f"{zlib.crc32(request.node.nodeid.encode()):012}")
