"""What is there now, beside what is wanted: a verdict for each step of a run. Reads only."""

from collections.abc import Mapping
from typing import Any

from runbook_lib import access
from runbook_lib.account import changing, inventory, ownership, user_key
from runbook_lib.account.inventory import Described
from runbook_lib.account.mfa import device
from runbook_lib.errors import RunbookError
from runbook_lib.policies import given_to_the_role
from runbook_lib.runbook import Runbook

Verdict = tuple[str, str]  # create, change, keep, foreign or blocked; and what differs
CREATE, KEEP, FOREIGN = ("create", ""), ("keep", ""), ("foreign", "")
_OTHERS = "somebody else gave it {}: take that away, or choose another name"


class Look:
    """What is there now, beside what is wanted."""

    def __init__(self, book: Runbook) -> None:
        """Read both accounts, or the one, as they are."""
        self.wanted = book.wanted
        self.all = [inventory.take(account) for account in book.accounts]
        self.users, self.roles = self.all[0], self.all[-1]
        self.found: dict[str, Described | None] = {
            "user": self.users.user(self.wanted.user_name),
            "role": self.roles.role(self.wanted.role_name),
            "policy": self.users.policy(self.wanted.policy_name),
        }

    def policy(self) -> Verdict:
        """Judge [File 1]."""
        now = self.found["policy"]
        have = now and inventory.document(now)
        return self._other_name("policy") or self._compared(
            now, have, self.wanted.policy, "identity"
        )

    def user(self) -> Verdict:
        """Judge the user."""
        return self._other_name("user") or _owned(self.found["user"]) or KEEP

    def access_key(self) -> Verdict:
        """Judge the user's key (iam:ListAccessKeys)."""
        user, caller = self.found["user"], self.users.caller
        if user is None:
            return CREATE
        keys = inventory.access_keys(caller, user["UserName"])
        ours = user_key.ours(caller, user, keys)
        if stopped := _stopped(user, _no_room(user, keys, ours)):
            return stopped
        if user_key.usable(caller, keys):
            return KEEP
        return ("change", "replaced: this machine does not hold its secret") if ours else CREATE

    def mfa_device(self) -> Verdict:
        """Judge the user's MFA device (iam:ListMFADeviceTags, iam:ListMFADevices)."""
        found = device.look(self.users.caller, self.wanted.user_name)
        if found.foreign:
            return "blocked", found.foreign
        if found.described is None:
            return CREATE
        if found.held is None:
            return "change", "replaced: this machine does not hold its seed"
        return KEEP if found.enabled else ("change", "enabled")

    def left_device(self) -> bool:
        """Tell whether the user has an MFA device of the runbook's that is not wanted."""
        tagged = ownership.value(self.found["user"] or {}, ownership.DEVICE_TAG)
        return bool(tagged) and not self.wanted.asks_for_mfa

    def user_policy(self) -> Verdict:
        """Judge whether the user has [File 1], and nothing else."""
        user = self.found["user"]
        if user is None:
            return CREATE
        arn, attached = self.wanted.policy_arn, inventory.attached(user)
        others = changing.others(attached, (arn,)) + inventory.names_of_others(user)
        return _stopped(user, _added(others)) or (KEEP if arn in attached else CREATE)

    def role(self) -> Verdict:
        """Judge the role with its trust policy."""
        now = self.found["role"]
        trust = now and now["AssumeRolePolicyDocument"]
        return self._other_name("role") or self._compared(now, trust, self.wanted.trust, "trust")

    def role_policies(self) -> Verdict:
        """Judge what the role may do."""
        role = self.found["role"]
        if role is None:
            return CREATE
        have: dict[str, Any] = dict.fromkeys(inventory.attached(role))
        have |= inventory.inline_documents(role)
        want: dict[str, Any] = dict.fromkeys(filter(None, [self.wanted.role_policy_arn]))
        want |= self.wanted.role_inline_policies
        others = changing.others(have, given_to_the_role(self.wanted.partition))
        if stopped := _stopped(role, _added(others)):
            return stopped
        lines = [f"- {name}" for name in have if name not in want]
        lines += [f"+ {name}" for name in want if name not in have]
        lines += [f"± {name}" for name in have if name in want and self._differs(have, want, name)]
        return ("change" if have else "create", "; ".join(lines) if have else "") if lines else KEEP

    def _other_name(self, kind: str) -> Verdict | None:
        """Tell what has the wanted name in another case, or under a path, so that it is another."""
        found, wanted = self.found[kind], getattr(self.wanted, f"{kind}_arn")
        if found is None or found["Arn"] == wanted:
            return None
        return "blocked", f"{found['Arn']} is in the way of {wanted}: choose another {kind}_name"

    def _compared(self, now: Described | None, have: Any, want: Any, kind: access.Kind) -> Verdict:
        if now is None or not ownership.is_ours(now):
            return _owned(now) or KEEP
        account_id = self.users.caller.account_id
        if access.same_meaning(have, want, account_id):
            return KEEP
        return "change", "; ".join(access.differences(have, want, kind, account_id))

    def _differs(self, have: Mapping[str, Any], want: Mapping[str, Any], name: str) -> bool:
        account_id = self.roles.caller.account_id
        return bool(want[name]) and not access.same_meaning(have[name], want[name], account_id)


def _stopped(found: Described, told: str) -> Verdict | None:
    """Tell what keeps a run from this user or role: that it is somebody's, or what they added."""
    if not ownership.is_ours(found):
        return "foreign", told
    return ("blocked", told) if told else None


def _added(others: list[str]) -> str:
    return _OTHERS.format(", ".join(others)) if others else ""


def _no_room(user: Described, keys: list[dict[str, Any]], ours: list[str]) -> str:
    try:
        user_key.require_room(user["UserName"], [key["AccessKeyId"] for key in keys], ours)
    except RunbookError as error:
        return str(error)
    return ""


def _owned(found: Described | None) -> Verdict | None:
    return CREATE if found is None else None if ownership.is_ours(found) else FOREIGN
