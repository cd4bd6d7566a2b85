"""The command line: `runbook`. Only words and exit statuses; the work is done by what it calls."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from runbook_lib import local_aws, parameters, policies
from runbook_lib.errors import Interrupted, RunbookError
from runbook_lib.trouble import with_next_step

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)
local = typer.Typer(no_args_is_help=True, help="The embedded AWS, which needs no account.")
app.add_typer(local, name="local")
say = Console(stderr=True, highlight=False, soft_wrap=True)

AccountId = Annotated[str, typer.Argument(help="12 digits.", metavar="ACCOUNT_ID")]
Backend = Annotated[str, typer.Option(help="local (the embedded AWS) or aws (a real account).")]
Region = Annotated[str, typer.Option(help="Where EC2 is asked.")]
Profile = Annotated[str, typer.Option(help="A profile of your AWS config file; backend aws only.")]
Variant = Annotated[str, typer.Option(help="tutorial, least-privilege, external-id or mfa.")]
Trusted = Annotated[str, typer.Option(help="The user's account, where it is another.")]
PolicyName = Annotated[str, typer.Option(help="Of the user's permission, [File 1].")]
UserName = Annotated[str, typer.Option(help="Of who assumes the role.")]
RoleName = Annotated[str, typer.Option(help="Of what is assumed.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
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
    policy_name: PolicyName = "assume-role-policy",
    user_name: UserName = "assume-role-user",
    role_name: RoleName = "assume-role-role",
    adopt: Annotated[bool, typer.Option("--adopt", help="Take same-named objects over.")] = False,
    yes: Yes = False,
    output: Output = Path("runs"),
    as_json: Json = False,
) -> None:
    """Run every section for an account, headless, and say where the report is."""
    chosen = _chosen(locals())
    from runbook_lib.headless import run as headless  # takes two seconds to import

    consent = (
        (lambda rows: yes or _agree("plan", rows, "Adopt the foreign ones?")) if adopt else None
    )
    made, folder = headless.run(chosen, output, _progress, consent)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False))
    changing = sum(call["mutating"] for call in made.calls)
    say.print(f"{made.outcome}: {len(made.calls)} AWS calls, {changing} of them mutating")
    say.print(f"report: {folder / 'report.html'}", markup=False)
    if made.exit_status:
        say.print(made.error, markup=False, style="bold")
        raise typer.Exit(made.exit_status)


@app.command()
def plan(
    account_id: AccountId,
    backend: Backend = "local",
    region: Region = "ap-northeast-2",
    profile: Profile = "",
    variant: Variant = "tutorial",
    trusted_account_id: Trusted = "",
    policy_name: PolicyName = "assume-role-policy",
    user_name: UserName = "assume-role-user",
    role_name: RoleName = "assume-role-role",
    as_json: Json = False,
) -> None:
    """Show what run would create, change or leave alone; change nothing."""
    from runbook_lib import plan as planning

    rows = planning.plan(*_open(_chosen(locals())))
    print(json.dumps(rows)) if as_json else _table("plan", rows)


@app.command()
def destroy(
    account_id: AccountId,
    backend: Backend = "local",
    region: Region = "ap-northeast-2",
    profile: Profile = "",
    variant: Variant = "tutorial",
    trusted_account_id: Trusted = "",
    policy_name: PolicyName = "assume-role-policy",
    user_name: UserName = "assume-role-user",
    role_name: RoleName = "assume-role-role",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take away what the runbook made in an account, and nothing else."""
    from runbook_lib import removal

    account, home, wanted = _open(_chosen(locals()))
    with account.place.exclusive(account.account_id):
        rows = removal.destroy(account, home, wanted, confirm=False)
        if any(row["Outcome"] == "would be deleted" for row in rows):
            if not (yes or _agree("removals", rows, "Delete these?")):
                raise typer.Exit(1)
            rows = removal.destroy(account, home, wanted, confirm=True)
    print(json.dumps(rows)) if as_json else _table("removals", rows)


@app.command()
def report(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it as well, with chromium.")] = False,
) -> None:
    """Make the report of a run folder again."""
    from runbook_lib.headless import pdf as printer
    from runbook_lib.headless import report as headless

    say.print(f"report: {headless.write(run_folder)}", markup=False)
    if pdf:
        say.print(f"report: {printer.write(run_folder)}", markup=False)


@app.command()
def doctor(region: Region = "ap-northeast-2", profile: Profile = "", as_json: Json = False) -> None:
    """Say what is here and what is missing; sends GetCallerIdentity and nothing else."""
    from runbook_lib import doctor as practice

    parameters.check({"region": region, "profile": profile})
    rows = practice.examine(region, profile)
    print(json.dumps(rows)) if as_json else _table("checks", rows)


@app.command()
def refresh() -> None:
    """Run the notebooks of this repository and write their outputs into it."""
    from runbook_lib.headless import refresh as headless
    from runbook_lib.headless import translation

    headless.refresh(lambda name: say.print(f"  {name}"))
    translation.translate()


@app.command()
def lab() -> None:
    """Open JupyterLab on the notebooks, on loopback, with a token."""
    from runbook_lib.headless import notebooks

    root = notebooks.FOLDER.parent  # so that links from a notebook to docs/ lead somewhere
    first = notebooks.sections()[0].relative_to(root).as_posix()
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    command += ["--ServerApp.root_dir=.", f"--LabApp.default_url=/lab/tree/{first}"]
    command += ["--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    sys.exit(subprocess.run(command, cwd=root, check=False).returncode)


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


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """Check the parameters among a command's options; the embedded AWS has a partner account."""
    chosen = {name: options[name] for name in parameters.DEFAULTS if name in options}
    if chosen["variant"] == "external-id" and chosen["backend"] == "local":
        chosen["trusted_account_id"] = chosen["trusted_account_id"] or policies.PARTNER_ACCOUNT_ID
    parameters.check(chosen)
    return chosen


def _open(chosen: dict[str, Any]) -> Any:
    from runbook_lib import account

    return account.open_setup(chosen)


def _table(name: str, rows: list[dict[str, str]]) -> None:
    from runbook_lib import tables

    print(getattr(tables, name)(rows))


def _agree(name: str, rows: list[dict[str, str]], question: str) -> bool:
    from runbook_lib import tables

    say.print(str(getattr(tables, name)(rows)), markup=False)
    return bool(typer.confirm(question, err=True))


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
    except (BotoCoreError, ClientError) as error:
        say.print(with_next_step(error), markup=False)
        sys.exit(RunbookError.exit_status)
    except SystemExit as end:
        if end.code == Interrupted.exit_status:
            say.print("\n" + Interrupted.message)
        raise
