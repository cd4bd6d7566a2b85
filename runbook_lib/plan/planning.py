"""The steps of a run, what each would do, and taking over what somebody else made.

What is wanted is described in `policies`; each step is made by its function in `iam`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from runbook_lib import iam
from runbook_lib.account import ownership
from runbook_lib.account.inventory import Described
from runbook_lib.errors import ForeignObjectError
from runbook_lib.plan.look import Look, Verdict
from runbook_lib.runbook import Runbook

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a run makes where it is missing."""

    kind: str
    name: str
    make: Callable[[], iam.Response]
    look: Callable[[Look], Verdict]


def steps(book: Runbook) -> list[Step]:
    """Return what sections 2 to 4 do, in order."""
    return [*_of_the_user(book), *_of_the_role(book)]


def _of_the_user(book: Runbook) -> Iterator[Step]:
    wanted, caller = book.wanted, book.user_account
    variant, user, policy = wanted.variant, wanted.user_name, wanted.policy_name
    yield Step(
        "policy",
        policy,
        lambda: iam.create_policy(caller, policy, wanted.policy, variant=variant),
        Look.policy,
    )
    yield Step("user", user, lambda: iam.create_user(caller, user, variant=variant), Look.user)
    yield Step("access key", user, lambda: iam.create_access_key(caller, user), Look.access_key)
    if wanted.asks_for_mfa:
        yield Step(
            "MFA device",
            user,
            lambda: iam.create_virtual_mfa_device(caller, user, variant=variant),
            Look.mfa_device,
        )
    yield Step(
        "user's policy",
        policy,
        lambda: iam.attach_user_policy(caller, user, wanted.policy_arn),
        Look.user_policy,
    )


def _of_the_role(book: Runbook) -> Iterator[Step]:
    wanted, caller = book.wanted, book.role_account
    variant, role = wanted.variant, wanted.role_name
    arn, inline = wanted.role_policy_arn, wanted.role_inline_policies
    yield Step(
        "role",
        role,
        lambda: iam.create_role(caller, role, wanted.trust, variant=variant),
        Look.role,
    )
    yield Step(
        "role's policy",
        ", ".join([*([arn] if arn else []), *inline]),
        lambda: iam.attach_role_policy(caller, role, arn, inline=inline),
        Look.role_policies,
    )


def plan(book: Runbook) -> list[Row]:
    """Say for each object what a run would do: create, change, keep; or foreign, or orphan.

    An orphan is the runbook's own under a name that is not wanted now. Changes nothing; needs
    iam:GetAccountAuthorizationDetails, iam:ListPolicyTags, iam:ListAccessKeys; in the variant mfa
    also iam:ListMFADeviceTags, iam:ListMFADevices.
    """
    look = Look(book)
    rows = []
    for step in steps(book):
        verdict, detail = step.look(look)
        found = look.found.get(step.kind)
        rows.append(_row(step.kind, step.name, verdict, detail, id_of(step.kind, found)))
    if look.left_device():
        rows.append(_row("MFA device", book.wanted.user_name, "orphan", _ORPHAN, ""))
    known = {row["Id"] for row in rows if row["Id"]}
    return rows + [
        _row(kind, name_of(kind, found), "orphan", _ORPHAN, id_of(kind, found))
        for account in look.all
        for kind, found in account.owned()
        if id_of(kind, found) not in known
    ]


def require_clear(rows: list[Row], *, adopt: bool = False) -> None:
    """Refuse a plan that meets somebody else's objects, or what stands in the way.

    What is to be adopted must have nothing that would stop the run after it was taken over.

    Raises: ForeignObjectError.
    """
    blocked = [
        f"{row['Kind']} {row['Name']!r}: {row['Detail']}"
        for row in rows
        if row["Plan"] == "blocked" or (adopt and row["Plan"] == "foreign" and row["Detail"])
    ]
    if blocked:
        raise ForeignObjectError("nothing was changed:\n" + "\n".join(blocked))
    if adopt:
        return
    foreign = [f"{row['Kind']} {row['Name']!r}" for row in rows if row["Plan"] == "foreign"]
    if foreign:
        raise ForeignObjectError(
            f"the runbook did not make {', '.join(foreign)}; nothing was changed. Choose other "
            "names (--policy-name, --user-name, --role-name), or let the runbook take these for "
            "its own with --adopt: it may then change them, and destroy deletes them"
        )


def is_something(rows: Iterable[Row]) -> bool:
    """Tell whether a run would change anything, or be stopped."""
    return any(row["Plan"] not in ("keep", "orphan") for row in rows)


def summary(rows: Iterable[Row]) -> str:
    """Return one line on a plan, as in "Plan: 2 to create, 1 to change, 3 to keep"."""
    counted = Counter(row["Plan"] for row in rows)
    words = {"create": "to create", "change": "to change", "keep": "to keep"}
    found = [f"{counted[name]} {words.get(name, name)}" for name in [*words, *counted]]
    parts = list(dict.fromkeys(part for part in found if part[0] != "0"))
    return f"Plan: {', '.join(parts)}" if is_something(rows) else "Nothing to do: " + parts[0]


def adopt(book: Runbook, shown: Iterable[Row]) -> None:
    """Take what was shown as foreign for the runbook's own; keys on the user stay foreign.

    What has come, or been made anew, since it was shown stays as it is. Needs iam:TagPolicy,
    iam:TagUser, iam:TagRole.
    """
    tags = ownership.tags(book.role_account.place.run_id, book.wanted.variant)
    look = Look(book)
    for row in shown:
        found = look.found.get(row["Kind"])
        if row["Plan"] != "foreign" or found is None or id_of(row["Kind"], found) != row["Id"]:
            continue
        if row["Kind"] == "policy":
            book.user_account.iam.tag_policy(PolicyArn=found["Arn"], Tags=tags)
        elif row["Kind"] == "role":
            book.role_account.iam.tag_role(RoleName=found["RoleName"], Tags=tags)
        else:
            book.user_account.iam.tag_user(UserName=found["UserName"], Tags=tags)


def name_of(kind: str, found: Described) -> str:
    """Return the name of a user, role or policy as IAM describes it."""
    return str(found[f"{kind.title()}Name"])


def id_of(kind: str, found: Described | None) -> str:
    """Return its unique id, which no other object of the name ever has."""
    return str(found[f"{kind.title()}Id"]) if found else ""


def _row(kind: str, name: str, verdict: str, detail: str, unique_id: str) -> Row:
    return {"Kind": kind, "Name": name, "Plan": verdict, "Detail": detail, "Id": unique_id}


_ORPHAN = "left by another run; destroy takes it away"
