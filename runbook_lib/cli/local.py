"""`runbook local`: the embedded AWS, started, stopped and used from a shell."""

import os
import re
import shlex
from typing import Annotated, Literal

import typer

from runbook_lib import local_aws
from runbook_lib.account import parameters
from runbook_lib.cli import terminal
from runbook_lib.cli.options import App, Json, Region
from runbook_lib.cli.terminal import say
from runbook_lib.errors import MissingStepError, RunbookError
from runbook_lib.machine import software

app = App(no_args_is_help=True, help="The embedded AWS: start it, stop it, act as a principal.")
Who = Literal["administrator", "user", "role"]
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
}


@app.command()
def start(as_json: Json = False) -> None:
    """Start the embedded AWS; it runs until it is stopped."""
    _show(local_aws.start(), as_json)


@app.command()
def stop() -> None:
    """Stop the embedded AWS; what was made in it is gone."""
    say.print("stopped" if local_aws.stop() else "not running")


@app.command()
def status(as_json: Json = False) -> None:
    """Tell whether the embedded AWS runs, and where."""
    _show(local_aws.running(), as_json)


@app.command(
    epilog='[b]eval "$('
    + software.program("runbook", "local", "env", "278805249149", "--as", "user")
    + ')"[/b]   a shell that acts as the user'
)
def env(
    account_id: Annotated[
        str, typer.Argument(help="12 digits.", metavar="ACCOUNT_ID")
    ] = "123456789012",
    who: Annotated[
        Who, typer.Option("--as", help="Which principal.", metavar="administrator|user|role")
    ] = "administrator",
    region: Region = "ap-northeast-2",
) -> None:
    """Print lines with which a shell acts as a principal of an account.

    What AWS settings the shell has besides are unset: they could lead elsewhere.
    """
    try:
        parameters.check({"account_id": account_id, "region": region})
        settings = _settings(account_id, who, region)
    except RunbookError:
        print("false")  # so that eval fails too, and what follows it after && does not run
        raise
    for name in sorted({*_CREDENTIALS, *filter(_is_of_aws, os.environ)} - set(settings)):
        print(f"unset {name}")
    for name, value in settings.items():
        print(f"export {name}={shlex.quote(value)}")
    print(
        'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}" '
        'no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"'
    )


def _settings(account_id: str, who: Who, region: str) -> dict[str, str]:
    running = local_aws.ensure_running()
    principal = _administrator(running, account_id, region) if who == "administrator" else None
    return (principal or _principal(account_id, who)) | {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL": running.endpoint,
    }


def _is_of_aws(name: str) -> bool:
    return re.fullmatch(r"AWS_[A-Z0-9_]+", name) is not None


def _administrator(running: local_aws.Running, account_id: str, region: str) -> dict[str, str]:
    from runbook_lib.account import sdk  # boto3 takes a quarter of a second

    key = running.administrator(account_id, sdk.partition(region))
    return {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }


def _principal(account_id: str, who: Who) -> dict[str, str]:
    from runbook_lib.account import profiles

    name = profiles.USER_PROFILE if who == "user" else profiles.ROLE_PROFILE
    folder = profiles.folder("local", account_id)
    if not profiles.has(folder, name):
        raise MissingStepError(
            f"there is no profile {name!r} for account {account_id} yet: make it while the "
            f"embedded AWS runs: {software.program('runbook', 'local', 'start')}; "
            f"{software.program('runbook', 'run', account_id)}"
        )
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_PROFILE": name,
    }


def _show(running: local_aws.Running | None, as_json: bool) -> None:
    if as_json:
        where = {"endpoint": running.endpoint, "pid": running.pid} if running else {}
        terminal.document({"running": running is not None, **where})
    elif running:
        say.print(f"the embedded AWS runs at {running.endpoint} (pid {running.pid})")
    else:
        start = software.program("runbook", "local", "start")
        say.print(f"the embedded AWS does not run; start it: {start}")
