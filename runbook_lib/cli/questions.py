"""`runbook why`, `who` and `permissions`: questions about an account, which change nothing."""

import json
from typing import Annotated, Any

import typer

from runbook_lib.account import parameters
from runbook_lib.cli import options, terminal
from runbook_lib.cli.options import Backend, Json, Profile, Region, for_an_account
from runbook_lib.cli.terminal import say
from runbook_lib.machine import software
from runbook_lib.policies import Setup

_PANEL, _RUNBOOK = "Questions", software.program("runbook")
AccountId = Annotated[str, typer.Argument(help="12 digits.", metavar="ACCOUNT_ID")]


def add_to(app: options.App) -> None:
    """Register the commands."""
    app.command(
        rich_help_panel=_PANEL,
        epilog=f"[b]{_RUNBOOK} why 278805249149 assume-role-user ec2:DescribeInstances[/b]"
        f"\n\n[b]{_RUNBOOK} why 278805249149 alice sts:AssumeRole deploy[/b]   a role by its name"
        f"\n\n[b]{_RUNBOOK} why 278805249149 role/deploy s3:GetObject arn:aws:s3:::bucket/key[/b]",
    )(why)
    app.command(
        rich_help_panel=_PANEL,
        epilog=f"[b]{_RUNBOOK} who 278805249149 assume-role-role[/b]",
    )(who)
    app.command(
        rich_help_panel=_PANEL,
        epilog=f"[b]{_RUNBOOK} permissions 278805249149 > operator.json[/b]"
        "\n\n[b]aws iam put-user-policy --user-name NAME --policy-name runbook "
        "--policy-document file://operator.json[/b]",
    )(permissions)


def why(
    account_id: AccountId,
    principal: Annotated[
        str,
        typer.Argument(
            help="A name, user/NAME, role/NAME, an ARN, root, or a service.", metavar="PRINCIPAL"
        ),
    ],
    action: Annotated[str, typer.Argument(help="Such as iam:PassRole.", metavar="ACTION")],
    resource: Annotated[
        str,
        typer.Argument(help="An ARN, or the name of a role, user or policy.", metavar="RESOURCE"),
    ] = "",
    backend: Backend = "local",
    profile: Profile = "",
    region: Region = "ap-northeast-2",
    as_json: Json = False,
) -> None:
    """Say whether a principal may do this, which statement decides, and what would change that.

    Reads the account's users, roles and policies, and nothing else. What depends on something
    that only the call itself would tell, such as MFA or an external id, is answered "only with".
    """
    from runbook_lib import questions

    account = _opened(account_id, backend, profile, region)
    found = questions.why(account, principal, action, resource)
    if as_json:
        terminal.document(found.document())
        return
    terminal.table("why", found)
    for one in found.to_allow:
        if one.add:
            print(f"\nadd to {one.where}:\n{json.dumps(one.add, indent=2)}")


def who(
    account_id: AccountId,
    role: Annotated[str, typer.Argument(help="Its name or ARN.", metavar="ROLE")],
    backend: Backend = "local",
    profile: Profile = "",
    region: Region = "ap-northeast-2",
    as_json: Json = False,
) -> None:
    """List who can assume a role, under which conditions, and who is named and cannot.

    Reads the account's users, roles and policies, and nothing else.
    """
    from runbook_lib import questions

    rows = questions.who(_opened(account_id, backend, profile, region), role)
    if as_json:
        terminal.document([row.document() for row in rows])
    else:
        terminal.table("who", rows)
    for one in questions.NOT_SEEN:
        say.print(f"not seen: {one}", markup=False)


@for_an_account
def permissions(chosen: dict[str, Any]) -> None:
    """Print the least policy that whoever runs the runbook needs, as JSON; send nothing.

    It allows plan, run and destroy of one variant under these names, and nothing else.
    """
    from runbook_lib import questions
    from runbook_lib.account import sdk

    names = ("account_id", "variant", "policy_name", "user_name", "role_name")
    wanted = Setup(
        partition=sdk.partition(chosen["region"]),
        trusted_account_id=chosen["trusted_account_id"] or chosen["account_id"],
        **{name: chosen[name] for name in names},
    )
    print(json.dumps(questions.least_policy(wanted), indent=2))


def say_what_is_lacking(book: Any) -> None:
    """Tell an operator beforehand what a run, or destroy, would be refused."""
    from runbook_lib import questions

    for caller in book.accounts:
        for one in questions.lacking(caller, book.wanted):
            say.print(f"{caller.arn} may not call {one}", markup=False)


def _opened(account_id: str, backend: str, profile: str, region: str) -> Any:
    from runbook_lib.account.opening import open_account

    where = {"account_id": account_id, "backend": backend, "profile": profile, "region": region}
    parameters.check(where)
    return open_account(account_id, region, backend, profile)
