"""Who there is in an account, with every policy that applies to them. Reads the account once.

Which of them somebody means by a name is for `naming`; what they may do, for `why` and `who`.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from runbook_lib import access
from runbook_lib.access.arns import Arn, short
from runbook_lib.access.patterns import like
from runbook_lib.account import inventory
from runbook_lib.account.caller import Caller
from runbook_lib.account.inventory import Described
from runbook_lib.policies import Document

ANY = "*"  # a name that is not known
UNSEEN = "what its own account allows"  # the name of policies that nobody has seen
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


class People:
    """The users, roles and groups of an account as `access` judges them."""

    def __init__(self, account: Caller) -> None:
        """Read the account (iam:GetAccountAuthorizationDetails)."""
        self.account = account
        self.inventory = inventory.take(account, "Group", "AWSManagedPolicy")
        self._parsed: dict[tuple[str, str], access.PolicyDocument] = {}

    @cached_property
    def _documents(self) -> dict[str, Document]:
        return {one["Arn"]: inventory.document(one) for one in self.inventory.policies}

    @cached_property
    def _groups(self) -> dict[str, Described]:
        return {one["GroupName"]: one for one in self.inventory.groups}

    def described(self) -> Iterator[tuple[str, Described]]:
        """Yield every user and role, with its kind."""
        yield from (("user", one) for one in self.inventory.users)
        yield from (("role", one) for one in self.inventory.roles)

    def shown_as(self, text: str) -> tuple[str, Described] | None:
        """Return the user or role that is shown so: its kind, and its name with its path."""
        return next((each for each in self.described() if text == short(each[1]["Arn"])), None)

    def principal(self, kind: str, found: Described, session: str = ANY) -> access.Principal:
        """Return a user, or a session of a role under a name that is mostly not known."""
        is_role, arn, unique_id = kind == "role", found["Arn"], found[f"{kind.title()}Id"]
        if is_role:
            arn = f"arn:{self.account.partition}:sts::{self.account.account_id}:assumed-role/"
            arn += f"{found['RoleName']}/{session}"
        boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return access.Principal(
            arn=arn,
            account_id=self.account.account_id,
            user_id=f"{unique_id}:{session}" if is_role else unique_id,
            identity_policies=tuple(self._policies(kind, found)),
            boundary=self._managed(boundary, "boundary") if boundary else None,
            role_arn=found["Arn"] if is_role else None,
        )

    def root(self) -> access.Principal:
        """Return the account's root user."""
        place = self.account
        arn = f"arn:{place.partition}:iam::{place.account_id}:root"
        return access.Principal(arn, place.account_id, place.account_id)

    def trust(self, role: Described) -> access.Policy:
        """Return the trust policy of a role."""
        name = f'trust policy of role "{role["RoleName"]}"'
        return access.Policy(name, understood(role["AssumeRolePolicyDocument"], "trust", name))

    def _policies(self, kind: str, found: Described) -> Iterator[access.Policy]:
        yield from self._held(f"{kind.title()}PolicyList", found, "")
        for name in found.get("GroupList", []):
            yield from self._held("GroupPolicyList", self._groups[name], f' of group "{name}"')

    def _held(self, inline: str, found: Described, whose: str) -> Iterator[access.Policy]:
        for arn in inventory.attached(found):
            yield self._managed(arn, "identity", whose)
        for one in found.get(inline, []):
            name = f'inline policy "{one["PolicyName"]}"{whose}'
            yield access.Policy(name, understood(one["PolicyDocument"], "identity", name))

    def _managed(self, arn: str, kind: access.Kind, whose: str = "") -> access.Policy:
        if (arn, kind) not in self._parsed:
            self._parsed[arn, kind] = understood(self._documents[arn], kind, arn)
        return access.Policy(f'policy "{Arn.parse(arn).name}"{whose}', self._parsed[arn, kind], arn)


def understood(document: Document, kind: access.Kind, name: str) -> access.PolicyDocument:
    """Parse a document; of one that `access` does not understand, nobody knows what it says."""
    try:
        return access.parse(document, kind)
    except access.PolicyError:
        about = {"Principal": "*"} if kind == "trust" else {"Resource": "*"}
        both = [
            {"Effect": effect, "Action": "sts:*" if kind == "trust" else "*", **about}
            | {"Condition": {"StringEquals": {f"not-understood:{name}": says}}}
            for effect, says in (("Allow", "allows it"), ("Deny", "denies it"))
        ]
        return access.parse({"Version": "2012-10-17", "Statement": both}, kind)


def outsider(
    account_id: str, partition: str, arn: str = "", role_arn: str | None = None
) -> access.Principal:
    """Return somebody whose own policies cannot be seen, as if these allowed everything."""
    unseen = access.Policy(
        UNSEEN,
        access.parse({"Version": "2012-10-17", "Statement": _EVERYTHING}, "identity"),
    )
    anybody = f"arn:{partition}:iam::{account_id}:user/{ANY}"
    return access.Principal(arn or anybody, account_id, ANY, (unseen,), role_arn=role_arn)


def request(
    who: access.Principal,
    action: str,
    resource: str,
    entity: Described | None = None,
    target: Described | None = None,
) -> access.Request:
    """Ask for a call of which nothing is known but who makes it and what it is about.

    `entity` is the user or role that calls, `target` the one that is called about; the tags of
    both are known. Without a resource, nobody knows which it is.
    """
    known: dict[str, str] = {}
    absent = ["aws:federatedprovider"] if who.kind == "AWS" else []
    if entity and not _may_be_tagged(entity):
        known |= {f"aws:PrincipalTag/{key}": value for key, value in tags(entity).items()}
        absent.append("aws:principaltag/")
    for service in ("aws", "iam") if target else ():
        known |= {f"{service}:ResourceTag/{key}": value for key, value in tags(target).items()}
        absent.append(f"{service}:resourcetag/")
    if who.role_arn:
        absent.append("aws:username")

    def unknown(key: str) -> bool:
        return not key.startswith(tuple(absent)) and (key != "resource" or not resource)

    return access.Request(who, action, resource or "*", known, unknown)


def _may_be_tagged(entity: Described) -> bool:
    """Tell whether a session of a role may have other tags than the role."""
    document = entity.get("AssumeRolePolicyDocument")
    statements = understood(document, "trust", "").statements if document else ()
    actions = [one for it in statements if it.effect == "Allow" for one in it.actions]
    return any(like(one.lower(), "sts:tagsession") for one in actions)


def tags(found: Described | None) -> dict[str, str]:
    """Return the tags of a user or role."""
    listed: Iterable[Mapping[str, Any]] = (found or {}).get("Tags") or ()
    return {tag["Key"]: tag["Value"] for tag in listed}
