"""Where a fleet's work is done: threads here, whose work is in kernels, or a Dask cluster.

The only home of Dask, which is the extra `fleet`.
"""

import ipaddress
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from runbook_lib.errors import ParameterError, RunbookError
from runbook_lib.headless.fleet import task
from runbook_lib.headless.fleet.rows import Row
from runbook_lib.headless.fleet.task import Job
from runbook_lib.headless.kernels.prepared import prepared

Work = Callable[[Row], dict[str, Any]]
SECONDS = 20


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def engine(job: Job, scheduler: str, most: int) -> AbstractContextManager[tuple[Executor, Work]]:
    """Lend an executor and what it does for a row: of this machine, or of a Dask scheduler.

    Raises: RunbookError where the scheduler does not answer.
    """
    return _on_a_cluster(job, scheduler) if scheduler else _here(job, most)


@contextmanager
def _here(job: Job, most: int) -> Iterator[tuple[Executor, Work]]:
    """Lend threads, and one prepared process that serves the kernels of all accounts."""
    with prepared() as process, ThreadPoolExecutor(most, "account") as threads:
        yield threads, partial(task.in_account, job=job, process=process)


@contextmanager
def _on_a_cluster(job: Job, address: str) -> Iterator[tuple[Executor, Work]]:
    """Lend the workers of a Dask scheduler that is there already.

    Certificates are those of Dask's own configuration (distributed.comm.tls).
    Raises: RunbookError where it does not answer.
    https://distributed.dask.org/en/stable/tls.html
    """
    try:
        from distributed import Client
    except ImportError:
        raise RunbookError(
            "a cluster needs Dask, which is not installed: pip install 'assume-role-runbook[fleet]'"
        ) from None
    try:
        client: Any = Client(  # type: ignore[no-untyped-call]
            address, timeout=SECONDS, set_as_default=False
        )
    except (OSError, ValueError, TypeError) as error:
        raise RunbookError(
            f"the scheduler at {address} cannot be used: {error or type(error).__name__}. Check "
            "that it runs, and for tls:// the certificates that Dask's configuration names "
            "(DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__TLS__CLIENT__CERT, …__TLS__CLIENT__KEY)"
        ) from None
    with client:
        yield client.get_executor(), partial(task.on_a_worker, job=job)


def require_private(address: str, insecure: bool) -> None:
    """Refuse a scheduler to which others could listen on the way. Raises: ParameterError."""
    if not address:
        return
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if (
        parts.scheme == "tls"
        or insecure
        or (parts.scheme == "tcp" and _is_loopback(parts.hostname))
    ):
        return
    raise ParameterError(
        f"scheduler {address!r} is not accepted, nothing was sent: whoever is on the way to it "
        "could read and change what is run with your credentials. Expected tls://HOST:PORT, a "
        "scheduler on this machine, or --insecure-scheduler"
    )


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
