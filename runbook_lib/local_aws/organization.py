"""The organization that the embedded AWS holds, the same one every time.

What of it is answered to whom, is for `store.organizations`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

MANAGEMENT_ACCOUNT_ID = "111111111111"
HUB_ROLE = "OrganizationAccountAccessRole"  # as Organizations makes it in each account of its own
ORGANIZATION_ID, ROOT_ID = "o-runbook0001", "r-rnbk"


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
    tags: dict[str, str] = field(default_factory=dict)

    def walk(self) -> Iterator["Unit"]:
        """Give this unit and all below it."""
        yield self
        for unit in self.units:
            yield from unit.walk()


def small_organization() -> Unit:
    """Return the root: the management account, and five others in three units."""
    production = Unit(
        f"ou-{ROOT_ID[2:]}-production",
        "Production",
        [
            Member("333333333333", "shop", {"environment": "production", "team": "shop"}),
            Member("444444444444", "billing", {"environment": "production", "team": "billing"}),
        ],
    )
    test = Member("222222222222", "shop-test", {"environment": "test", "team": "shop"})
    workloads = Unit(f"ou-{ROOT_ID[2:]}-workloads", "Workloads", [test], [production])
    sandbox = Unit(
        f"ou-{ROOT_ID[2:]}-sandbox00",
        "Sandbox",
        [
            Member("555555555555", "sandbox", {"environment": "sandbox"}),
            Member("666666666666", "closed-shop", {"team": "shop"}, state="SUSPENDED"),
        ],
    )
    management = Member(MANAGEMENT_ACCOUNT_ID, "management")
    return Unit(ROOT_ID, "Root", [management], [workloads, sandbox])
