"""The organization that the embedded AWS holds, the same one every time.

Who is answered what of it, is for `store.services.organizations`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

MANAGEMENT_ACCOUNT_ID = "111111111111"
HUB_ROLE = "OrganizationAccountAccessRole"  # as AWS makes it in each account of an organization


@dataclass(frozen=True)
class Member:
    """An account of the organization."""

    account_id: str
    name: str
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "ACTIVE"


@dataclass(frozen=True)
class Unit:
    """The root or an organizational unit, with what is directly in it."""

    id: str
    name: str
    accounts: list[Member] = field(default_factory=list)
    units: list["Unit"] = field(default_factory=list)

    def walk(self) -> Iterator["Unit"]:
        """Give this unit and all below it."""
        yield self
        for unit in self.units:
            yield from unit.walk()


class Organization:
    """A management account and others in units; accounts and units may be added."""

    id = "o-runbook0001"

    def __init__(self) -> None:
        """Begin with the small one that there always is."""
        shop, billing = {"team": "shop"}, {"team": "billing"}
        production = Unit(
            "ou-rnbk-production",
            "Production",
            [
                Member("333333333333", "shop", {"environment": "production", **shop}),
                Member("444444444444", "billing", {"environment": "production", **billing}),
            ],
        )
        test = Member("222222222222", "shop-test", {"environment": "test", **shop})
        sandbox = Member("555555555555", "sandbox", {"environment": "sandbox"})
        closed = Member("666666666666", "old-shop", shop, state="SUSPENDED")
        self.root = Unit(
            "r-rnbk",
            "Root",
            [Member(MANAGEMENT_ACCOUNT_ID, "management")],
            [
                Unit("ou-rnbk-workloads", "Workloads", [test], [production]),
                Unit("ou-rnbk-sandbox00", "Sandbox", [sandbox, closed]),
            ],
        )

    @property
    def accounts(self) -> dict[str, Member]:
        """Every account by its id."""
        return {one.account_id: one for unit in self.root.walk() for one in unit.accounts}

    def unit(self, id: str) -> Unit | None:
        """Return the root or the organizational unit of this id."""
        return next((unit for unit in self.root.walk() if unit.id == id), None)

    def arn(self, id: str) -> str:
        """Return the ARN of an account, the root, an organizational unit or the organization."""
        kind = {"o-": "organization", "r-": "root", "ou": "ou"}.get(id[:2], "account")
        name = self.id if kind == "organization" else f"{self.id}/{id}"
        return f"arn:aws:organizations::{MANAGEMENT_ACCOUNT_ID}:{kind}/{name}"
