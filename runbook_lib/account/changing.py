"""How `iam` makes and changes things, also what may be there already or stands on what is new."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from runbook_lib import access
from runbook_lib.account import parameters
from runbook_lib.account.caller import Caller
from runbook_lib.account.inventory import find
from runbook_lib.account.ownership import require_ours
from runbook_lib.account.waiting import code_of, until_settled
from runbook_lib.errors import ForeignObjectError, MissingStepError
from runbook_lib.policies import Document

Response = dict[str, Any]


def create(call: Callable[..., Response], **request: Any) -> Response | None:
    """Create, or return None where somebody did so a moment ago: perhaps we, unanswered."""
    try:
        return {**call(**request), "Outcome": "created"}
    except ClientError as error:
        if code_of(error) == "EntityAlreadyExists":
            return None
        raise


def shown(kind: str, name: str, call: Callable[..., Response], **named: str) -> Response:
    """Return what AWS says is there already; names that differ by case or path are one to it.

    Raises: ForeignObjectError where it does not show it under this very name.
    """
    if there := find(call, **named):
        return there
    raise ForeignObjectError(
        f"AWS holds a {kind} of the name {name!r} and shows none: where one differs in upper and "
        f"lower case, or by its path, choose another name (-r {kind}_name NAME); where it was made "
        "a moment ago, run again"
    )


def with_principal(caller: Caller, call: Callable[..., Response], **request: Any) -> Response:
    """Send a trust policy; on AWS, a user made a moment ago may not be known as principal yet."""
    try:
        made: Response = until_settled(
            caller.place.backend,
            "the user that the trust policy names",
            lambda: call(**request),
            not_yet={"MalformedPolicyDocument"},
            in_a_row=1,
        )
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "Invalid principal" not in message:
            raise
        raise MissingStepError(
            f"the trust policy names somebody who is not there ({message}): run "
            "03_user.ipynb first, with the same user_name"
        ) from None
    return made


def replace_trust(caller: Caller, role_name: str, trust: Document) -> None:
    """Let a role trust as the document says (iam:UpdateAssumeRolePolicy)."""
    update, document = caller.iam.update_assume_role_policy, json.dumps(trust)
    with_principal(caller, update, RoleName=role_name, PolicyDocument=document)


def require_only(holder: str, policies: Iterable[str], allowed: tuple[str, ...]) -> None:
    """Refuse to go on where somebody else has attached a policy to what the runbook made.

    Raises: ForeignObjectError.
    """
    if found := others(policies, allowed):
        raise ForeignObjectError(
            f"{holder} also has {', '.join(found)}, which the runbook did not attach, so what it "
            "shows would not be the work of its own policies: detach it, or choose another name"
        )


def others(policies: Iterable[str], allowed: tuple[str, ...]) -> list[str]:
    """Return those policies, by name or ARN, that the runbook would not have attached."""
    return [one for one in policies if one not in allowed]


def existing_user(caller: Caller, user_name: str) -> dict[str, Any]:
    """Return the runbook's user (iam:GetUser), or raise what says that section 3 makes it."""
    parameters.check({"user_name": user_name})
    there = find(caller.iam.get_user, UserName=user_name)
    return _required(caller, "user", user_name, there, "03_user")


def require_role(caller: Caller, role_name: str) -> None:
    """Find the runbook's role (iam:GetRole), or raise what says that section 4 makes it."""
    there = find(caller.iam.get_role, RoleName=role_name)
    _required(caller, "role", role_name, there, "04_role")


def _required(
    caller: Caller, kind: str, name: str, there: Response | None, notebook: str
) -> dict[str, Any]:
    if there is None:
        raise missing(caller, kind, name, notebook)
    found = dict(there[kind.title()])
    require_ours(kind, name, found)
    return found


def missing(caller: Caller, kind: str, name: str, notebook: str) -> MissingStepError:
    """Return what to say of something that an earlier section makes."""
    return MissingStepError(
        f"{kind} {name!r} is not in account {caller.account_id}; this section needs it: run "
        f"{notebook}.ipynb first"
    )


def replace_role_policies(
    caller: Caller,
    role_name: str,
    before: Mapping[str, Document | None],
    wanted: Mapping[str, Document | None],
) -> bool:
    """Let a role have the wanted policies and no others; tell whether anything had to change."""
    gone = before.keys() - wanted.keys()
    new = [
        name
        for name, document in wanted.items()
        if name not in before or not same(caller, before[name], document)
    ]
    for name in gone:
        remove_from_role(caller, role_name, name)
    for name in new:
        add_to_role(caller, role_name, name, wanted[name])
    return bool(gone or new)


def same(caller: Caller, a: Document | None, b: Document | None) -> bool:
    """Tell whether two documents, or the lack of them, mean the same."""
    return a is b if a is None or b is None else access.same_meaning(a, b, caller.account_id)


def add_to_role(caller: Caller, role_name: str, policy: str, document: Document | None) -> None:
    """Give a role a managed policy (by ARN) or an inline one (by name, with its document).

    Needs iam:AttachRolePolicy or iam:PutRolePolicy.
    """
    if document is None:
        caller.iam.attach_role_policy(RoleName=role_name, PolicyArn=policy)
    else:
        caller.iam.put_role_policy(
            RoleName=role_name, PolicyName=policy, PolicyDocument=json.dumps(document)
        )


def remove_from_role(caller: Caller, role_name: str, policy: str) -> None:
    """Take a managed policy (by ARN) or an inline one (by name) from a role.

    Needs iam:DetachRolePolicy or iam:DeleteRolePolicy.
    """
    if policy.startswith("arn:"):
        caller.iam.detach_role_policy(RoleName=role_name, PolicyArn=policy)
    else:
        caller.iam.delete_role_policy(RoleName=role_name, PolicyName=policy)


def replace_default_version(caller: Caller, arn: str, document: Document) -> None:
    """Give a policy this document, in one version (iam:CreatePolicyVersion)."""
    versions = caller.iam.list_policy_versions(PolicyArn=arn)["Versions"]
    for version in versions:
        if not version["IsDefaultVersion"]:
            caller.iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
    caller.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True
    )
