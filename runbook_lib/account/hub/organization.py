"""The accounts of an AWS Organization, as the hub sees them: which a fleet is for, which not.

https://docs.aws.amazon.com/organizations/latest/APIReference/Welcome.html
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib.account.caller import Caller
from runbook_lib.errors import ParameterError, RunbookError, with_next_step


@dataclass(frozen=True, slots=True)
class Member:
    """An account of the organization; `skipped` says why a fleet leaves it out."""

    account_id: str
    name: str
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class _Unit:
    id: str
    path: str
    within: tuple[str, ...]  # the ids of the units that it is in


def members(hub: Caller, ous: Sequence[str] = (), tags: Sequence[str] = ()) -> list[Member]:
    """Return the accounts, by id, in any of these units and below, and with all of these tags.

    A unit is named by its id, its name, or its path from the root, as in Workloads/Production.
    A tag is KEY=VALUE. Needs organizations:DescribeOrganization and ListAccounts, or with units
    ListRoots, ListOrganizationalUnitsForParent and ListAccountsForParent; with tags
    ListTagsForResource.
    Raises: ParameterError for a tag or unit that is none, or where no account is left;
    RunbookError where AWS refuses.
    """
    wanted = [_tag(text) for text in tags]
    asking = _Asking(hub)
    management = asking.one("describe_organization", "Organization")["MasterAccountId"]
    accounts = asking.below(ous) if ous else asking.all("list_accounts", "Accounts")
    found = []
    for account in sorted({one["Id"]: one for one in accounts}.values(), key=lambda one: one["Id"]):
        if asking.has(account["Id"], wanted):
            reason = _reason(account, management, hub)
            found.append(Member(account["Id"], account["Name"], reason))
    if all(one.skipped for one in found):
        skipped = "".join(f"\n  {one.account_id} {one.name}: {one.skipped}" for one in found)
        given = " ".join([*(f"--ou {ou!r}" for ou in ous), *(f"--tag {tag!r}" for tag in tags)])
        raise ParameterError(
            f"no account of the organization is left{f' with {given}' if given else ''}; nothing "
            f"was changed{': skipped were' if skipped else ''}{skipped}"
        )
    return found


def _tag(text: str) -> dict[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise ParameterError(
            f"--tag {text!r} is no tag, nothing was sent: expected KEY=VALUE, as in --tag "
            "environment=production"
        )
    return {"Key": key, "Value": value}


def _reason(account: dict[str, Any], management: str, hub: Caller) -> str:
    """Say why a fleet leaves this account out, if it does."""
    state = account.get("State") or account["Status"]  # which AWS has retired
    if account["Id"] == management:
        calling = ", and the one that calls" if management == hub.account_id else ""
        return f"the management account of the organization{calling}"
    if account["Id"] == hub.account_id:
        return "the account that calls"
    return "" if state == "ACTIVE" else f"its state is {state}"


class _Asking:
    """What is asked of Organizations, and what a person is told where it refuses."""

    def __init__(self, hub: Caller) -> None:
        self._hub, self._client = hub, hub.organizations

    def one(self, operation: str, key: str) -> Any:
        return self._told(operation, lambda: getattr(self._client, operation)()[key])

    def all(self, operation: str, key: str, **given: str) -> list[Any]:
        pages = self._client.get_paginator(operation).paginate(**given)
        return list(self._told(operation, lambda: [one for page in pages for one in page[key]]))

    def has(self, account_id: str, wanted: list[dict[str, str]]) -> bool:
        """Tell whether an account has all of these tags."""
        if not wanted:
            return True
        there = self.all("list_tags_for_resource", "Tags", ResourceId=account_id)
        return all(tag in there for tag in wanted)

    def below(self, ous: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Give the accounts in these units and in those below them."""
        (root,) = self.all("list_roots", "Roots")
        top = _Unit(root["Id"], root["Name"], ())
        units = [top, *self._units("", (root["Id"],))]
        chosen = {_named(ou, units).id for ou in ous}
        for unit in (one for one in units if chosen & {one.id, *one.within}):
            yield from self.all("list_accounts_for_parent", "Accounts", ParentId=unit.id)

    def _units(self, path: str, within: tuple[str, ...]) -> Iterator[_Unit]:
        listed = "list_organizational_units_for_parent"
        for unit in self.all(listed, "OrganizationalUnits", ParentId=within[-1]):
            yield _Unit(unit["Id"], path + unit["Name"], within)
            yield from self._units(f"{path}{unit['Name']}/", (*within, unit["Id"]))

    def _told(self, operation: str, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except ClientError as error:
            action = f"organizations:{self._client.meta.method_to_api_mapping[operation]}"
            raise RunbookError(self._meaning(error, action)) from None

    def _meaning(self, error: ClientError, action: str) -> str:
        code, hub = error.response["Error"]["Code"], self._hub
        if code == "AWSOrganizationsNotInUseException":
            return (
                f"account {hub.account_id} is in no organization, so there are no accounts to "
                "list: sign in to the management account (--profile NAME), or name the accounts "
                "in a file"
            )
        if code == "AccessDeniedException":
            return (
                f"{hub.arn} may not call {action} ({error.response['Error']['Message']}): sign in "
                "to the management account or to a delegated administrator's (--profile NAME), as "
                f"somebody with Allow {action}, or name the accounts in a file"
            )
        return with_next_step(error)


def _named(ou: str, units: list[_Unit]) -> _Unit:
    """Return the one unit of this id, path or name."""
    name = ou.strip("/")
    found = [one for one in units if name in (one.id, one.path)]
    found = found or [one for one in units if name == one.path.rpartition("/")[2]]
    if len(found) == 1:
        return found[0]
    shown = "".join(f"\n  {one.id}  {one.path}" for one in found or units)
    what = "is the name of several units" if found else "is no unit of the organization"
    raise ParameterError(f"--ou {ou!r} {what}; nothing was changed. Name one of these:{shown}")
