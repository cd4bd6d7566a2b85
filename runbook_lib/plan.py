"""What a run would do: it goes through the functions of the notebooks, with read-only callers.

What is wanted is described in `policies`; taking it away again belongs to `removal`.
"""

import dataclasses
from collections.abc import Callable, Iterator

from runbook_lib import access, iam
from runbook_lib.account import ownership
from runbook_lib.account.caller import Caller, WouldChange
from runbook_lib.errors import ForeignObjectError, MissingStepError
from runbook_lib.policies import Setup
from runbook_lib.removal import each, name_of, named, owned

Row = dict[str, str]
Step = tuple[str, str, Callable[[], iam.Response]]


def steps(account: Caller, home: Caller, wanted: Setup) -> list[Step]:
    """Return what sections 2 to 4 do, in order: kind, name, and the call that looks, then makes.

    `account` administers the role's account, `home` the user's; mostly they are the same.
    """
    variant, user, role = wanted.variant, wanted.user_name, wanted.role_name
    policy, arn, inline = wanted.policy_name, wanted.role_policy_arn, wanted.role_inline_policies
    return [
        ("policy", policy, lambda: iam.create_policy(home, policy, wanted.policy, variant=variant)),
        ("user", user, lambda: iam.create_user(home, user, variant=variant)),
        ("access key", user, lambda: iam.create_access_key(home, user)),
        ("user's policy", policy, lambda: iam.attach_user_policy(home, user, wanted.policy_arn)),
        ("role", role, lambda: iam.create_role(account, role, wanted.trust, variant=variant)),
        (
            "role's policy",
            ", ".join([*([arn] if arn else []), *inline]),
            lambda: iam.attach_role_policy(account, role, arn, inline=inline),
        ),
    ]


def plan(account: Caller, home: Caller, wanted: Setup) -> list[Row]:
    """Say for each object what a run would do: create, change, keep; or foreign, or orphan.

    An orphan is the runbook's own under a name that is not wanted now. Changes nothing; needs
    iam:Get* and iam:List*.
    """
    account, home = (dataclasses.replace(one, read_only=True) for one in (account, home))
    rows = [_row(kind, name, _verdict(call)) for kind, name, call in steps(account, home, wanted)]
    for row, lines in zip(rows, _details(account, home, wanted), strict=True):
        row["Detail"] = "; ".join(lines) if row["Plan"] == "change" else ""
    names = {(row["Kind"], row["Name"]) for row in rows}
    return rows + [
        _row(kind, name_of(kind, found), "orphan", "left by another run; destroy takes it away")
        for caller in each(account, home)
        for kind, found in owned(caller)
        if (kind, name_of(kind, found)) not in names
    ]


def require_no_foreign(rows: list[Row]) -> None:
    """Refuse a plan that meets somebody else's objects.

    Raises: ForeignObjectError.
    """
    foreign = [f"{row['Kind']} {row['Name']!r}" for row in rows if row["Plan"] == "foreign"]
    if foreign:
        raise ForeignObjectError(
            f"the runbook did not make {', '.join(foreign)}; nothing was changed. Choose other "
            "names (--policy-name, --user-name, --role-name), or let the runbook take these for "
            "its own with --adopt: it may then change them, and destroy deletes them"
        )


def adopt(account: Caller, home: Caller, wanted: Setup) -> None:
    """Take same-named objects for the runbook's own from now on; keys on the user stay foreign.

    Needs iam:TagPolicy, iam:TagUser, iam:TagRole, iam:ListAccessKeys.
    """
    tags = ownership.tags(account.place.run_id, wanted.variant)
    for kind, found in named(account, home, wanted):
        if found is None or ownership.is_ours(found):
            continue
        if kind == "policy":
            home.iam.tag_policy(PolicyArn=found["Arn"], Tags=tags)
        elif kind == "role":
            account.iam.tag_role(RoleName=found["RoleName"], Tags=tags)
        else:
            name = found["UserName"]
            keys = home.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
            foreign = ownership.key_pending([key["AccessKeyId"] for key in keys])
            home.iam.tag_user(UserName=name, Tags=[*tags, *foreign])


def _verdict(call: Callable[[], iam.Response]) -> str:
    try:
        call()
    except WouldChange as would:
        verb = would.action.partition(":")[2]
        makes = verb.startswith(("Create", "Attach", "Put", "Tag"))
        return "create" if makes and verb != "CreatePolicyVersion" else "change"
    except ForeignObjectError:
        return "foreign"
    except MissingStepError:  # what this stands on would be created first
        return "create"
    return "keep"


def _details(account: Caller, home: Caller, wanted: Setup) -> Iterator[list[str]]:
    """Yield for each step what differs, by meaning."""
    found = dict(named(account, home, wanted))
    policy, role = found["policy"], found["role"]
    now = iam.default_document(home, policy) if policy else wanted.policy
    yield access.differences(now, wanted.policy, "identity", home.account_id)
    yield []
    yield ["replaced: this machine does not hold its secret"]
    yield []
    trust = role["AssumeRolePolicyDocument"] if role else wanted.trust
    yield access.differences(trust, wanted.trust, "trust", account.account_id)
    have = iam.role_policies(account, wanted.role_name).keys() if role else set()
    want = {wanted.role_policy_arn, *wanted.role_inline_policies} - {None}
    yield [f"- {name}" for name in have - want] + [f"+ {name}" for name in want - have]


def _row(kind: str, name: str, verdict: str, detail: str = "") -> Row:
    return {"Kind": kind, "Name": name, "Plan": verdict, "Detail": detail}
