"""The command line: `runbook`. Only words and exit statuses; the work is done by what it calls."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console

from runbook_lib import local_aws, parameters, policies
from runbook_lib.errors import Interrupted, RunbookError

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)
local = typer.Typer(no_args_is_help=True, help="The embedded AWS, which needs no account.")
app.add_typer(local, name="local")
say = Console(stderr=True, highlight=False, soft_wrap=True)

AccountId = Annotated[str, typer.Argument(help="12 digits.", metavar="ACCOUNT_ID")]
Backend = Annotated[str, typer.Option(help="local (the embedded AWS) or aws (a real account).")]
Region = Annotated[str, typer.Option(help="Where EC2 is asked.")]
Profile = Annotated[str, typer.Option(help="A profile of your AWS config file; backend aws only.")]
Variant = Annotated[str, typer.Option(help="tutorial, least-privilege, external-id or mfa.")]
Trusted = Annotated[
    str, typer.Option("--trusted-account-id", help="The user's account, where it is another.")
]
Output = Annotated[Path, typer.Option(help="Where the folder of this run goes.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def run(
    account_id: AccountId,
    backend: Backend = "local",
    region: Region = "ap-northeast-2",
    profile: Profile = "",
    variant: Variant = "tutorial",
    trusted_account_id: Trusted = "",
    output: Output = Path("runs"),
    as_json: Json = False,
) -> None:
    """Run every section for an account, headless, and say where the report is."""
    from runbook_lib.headless import run as headless  # takes two seconds to import

    chosen = _chosen(account_id, backend, region, profile, variant, trusted_account_id)
    made, folder = headless.run(chosen, output, _progress)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False))
    changing = sum(call["mutating"] for call in made.calls)
    say.print(f"{made.outcome}: {len(made.calls)} AWS calls, {changing} of them mutating")
    say.print(f"report: {folder / 'report.html'}")
    if made.exit_status:
        say.print(made.error, markup=False, style="bold")
        raise typer.Exit(made.exit_status)


@app.command()
def destroy(
    account_id: AccountId,
    backend: Backend = "local",
    region: Region = "ap-northeast-2",
    profile: Profile = "",
    variant: Variant = "tutorial",
    trusted_account_id: Trusted = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Take away what the runbook made in an account, and nothing else."""
    from runbook_lib import account, plan, tables

    chosen = _chosen(account_id, backend, region, profile, variant, trusted_account_id)
    trusted = chosen["trusted_account_id"] or account_id
    caller, home = (
        account.open_account(one, region, backend, profile) for one in (account_id, trusted)
    )
    wanted = policies.describe(caller, cast(policies.Variant, variant), trusted_account_id=trusted)
    rows = plan.destroy(caller, home, wanted, confirm=False)
    if any(row["Outcome"] == "would be deleted" for row in rows):
        say.print(str(tables.removals(rows)), markup=False)
        if not (yes or typer.confirm("Delete these?", err=True)):
            raise typer.Exit(1)
        rows = plan.destroy(caller, home, wanted, confirm=True)
    print(json.dumps(rows)) if as_json else say.print(str(tables.removals(rows)), markup=False)


@app.command()
def report(run_folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER")]) -> None:
    """Make the report of a run folder again."""
    from runbook_lib.headless import report as headless

    say.print(f"report: {headless.write(run_folder)}")


@app.command()
def refresh() -> None:
    """Run the notebooks of this repository and write their outputs into it."""
    from runbook_lib.headless import refresh as headless

    headless.refresh(lambda name: say.print(f"  {name}"))


@app.command()
def lab() -> None:
    """Open JupyterLab on the notebooks, on loopback, with a token."""
    from runbook_lib.headless import notebooks

    first = notebooks.sections()[0]
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", first.name]
    sys.exit(subprocess.run(command, cwd=first.parent, check=False).returncode)


@local.command()
def start(as_json: Json = False) -> None:
    """Start the embedded AWS; it runs until it is stopped."""
    _show(local_aws.start(), as_json)


@local.command()
def stop() -> None:
    """Stop the embedded AWS; what was made in it is gone."""
    say.print("stopped" if local_aws.stop() else "not running")


@local.command()
def status(as_json: Json = False) -> None:
    """Say whether the embedded AWS runs, and where."""
    _show(local_aws.running(), as_json)


@local.command()
def env(
    account_id: Annotated[str, typer.Argument(metavar="[ACCOUNT_ID]")] = "123456789012",
    region: Region = "ap-northeast-2",
) -> None:
    """Print shell lines that make you an account's administrator: eval "$(runbook local env)"."""
    import boto3

    parameters.check({"region": region})
    account_id = parameters.account_id(account_id)
    running = local_aws.ensure_running()
    partition = boto3.Session().get_partition_for_region(region)
    key = running.administrator(account_id, partition)
    print(f"export AWS_ACCESS_KEY_ID={key.access_key_id}")
    print(f"export AWS_SECRET_ACCESS_KEY={key.secret_access_key}")
    print("unset AWS_SESSION_TOKEN AWS_PROFILE")
    print(f"export AWS_DEFAULT_REGION={region} AWS_REGION={region}")
    print(f"export AWS_ENDPOINT_URL={running.endpoint}")


def _chosen(
    account_id: str, backend: str, region: str, profile: str, variant: str, trusted: str
) -> dict[str, str]:
    """Check the parameters that every command has; the embedded AWS has a partner account."""
    if variant == "external-id" and backend == "local":
        trusted = trusted or policies.PARTNER_ACCOUNT_ID
    chosen = {
        "account_id": account_id,
        "backend": backend,
        "region": region,
        "profile": profile,
        "variant": variant,
        "trusted_account_id": trusted,
    }
    parameters.check(chosen)
    return chosen


def _progress(section: Any) -> None:
    if section.seconds == 0:
        say.print(f"  {section.name} …", end="")
    else:
        say.print(f" {section.outcome} ({section.seconds} s)")


def _show(running: local_aws.Running | None, as_json: bool) -> None:
    if as_json:
        where = {"endpoint": running.endpoint, "pid": running.pid} if running else {}
        print(json.dumps({"running": running is not None, **where}))
    elif running:
        say.print(f"the embedded AWS runs at {running.endpoint} (pid {running.pid})")
    else:
        say.print("the embedded AWS does not run: runbook local start")


def main() -> None:
    """Run the command line; every error of ours is one message and its exit status."""
    try:
        app()
    except RunbookError as error:
        say.print(str(error), markup=False)
        sys.exit(error.exit_status)
    except SystemExit as end:
        if end.code == Interrupted.exit_status:
            say.print("\n" + Interrupted.message)
        raise
