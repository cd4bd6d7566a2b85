"""What is here and what is missing, before anything goes wrong. Changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec

from botocore.exceptions import ClientError

from runbook_lib import local_aws
from runbook_lib.account import sdk
from runbook_lib.account.caller import identity
from runbook_lib.errors import RunbookError, with_next_step
from runbook_lib.machine import software, state

LARGEST_SKEW_SECONDS = 300
_OPTIONAL = {
    software.NOT_INSTALLED: f"optional: {software.program('pip', 'install', 'awscli')}",
    software.NO_ANSWER: "optional: see what aws --version says",
}


def examine(region: str, profile: str = "") -> list[dict[str, str]]:
    """Look at versions, the embedded AWS, and whose credentials the SDK's chain finds.

    Sends GetCallerIdentity alone, which needs no permission.
    """
    rows = [*_versions(), _embedded(), *_credentials(region, profile)]
    return [dict(zip(("Check", "Found", "To do"), row, strict=True)) for row in rows]


def _versions() -> Iterator[tuple[str, str, str]]:
    for name, found in software.versions().items():
        yield name, found, _OPTIONAL.get(found, "")
    for package, use in {"jupyterlab": "runbook lab", "papermill": "runbook run"}.items():
        there = find_spec(package) is not None
        yield package, "installed" if there else "missing", "" if there else f"{use} needs it"
    chromium = software.browser()
    use = f"optional: {software.program('runbook', 'report', '--pdf')} needs it"
    yield "Chromium", chromium or "missing", "" if chromium else use
    yield "State folder", str(state.home()), ""


def _embedded() -> tuple[str, str, str]:
    running = local_aws.running()
    return "Embedded AWS", f"runs at {running.endpoint}" if running else "starts when needed", ""


def _credentials(region: str, profile: str) -> Iterator[tuple[str, str, str]]:
    yield "Region", region, ""
    try:
        session = sdk.chain(region, profile)
        sts = sdk.client(session, "sts", region=region, endpoint=None, run_id="doctor", attempts=1)
        with sdk.usable():
            who, _ = identity(sts)
    except (ClientError, RunbookError) as error:
        step = str(error) if isinstance(error, RunbookError) else with_next_step(error)
        yield "Credentials", "none that answer", f"only for a real account: {step}"
        return
    yield "Credentials", f"{who['Arn']} in account {who['Account']}", ""
    yield "Credentials from", sdk.source(session), ""
    told = parsedate_to_datetime(who["ResponseMetadata"]["HTTPHeaders"]["date"])
    skew = abs((datetime.now(UTC) - told).total_seconds())
    late = skew > LARGEST_SKEW_SECONDS
    yield (
        "Clock",
        f"{skew:.0f} s from AWS's",
        "set this machine's clock: AWS refuses it" if late else "",
    )
