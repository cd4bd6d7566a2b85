"""AWS's actions, from the service authorization reference that policy_sentry carries.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from runbook_lib.errors import ParameterError

WITHOUT_RESOURCE_POLICIES = {"iam", "sts", "ec2", "organizations", "account", "ce"}
_COLLECTIONS = {  # which ARN a list is about, of which the reference says nothing
    "iam:ListUsers": "user/",
    "iam:ListRoles": "role/",
    "iam:ListGroups": "group/",
    "iam:ListPolicies": "policy/",
    "iam:ListInstanceProfiles": "instance-profile/",
}


def named(action: str) -> str:
    """Return an action as AWS writes it, in whatever case it is typed.

    Raises: ParameterError for what is no action of AWS, with what comes near.
    """
    if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action, re.IGNORECASE):
        raise ParameterError(
            f"action {action!r} is not accepted, nothing was sent: expected one action with its "
            "service, for example sts:AssumeRole"
        )
    from policy_sentry.querying.actions import get_actions_for_service  # reads its data: 0.2 s
    from policy_sentry.querying.all import get_all_service_prefixes

    service = action.partition(":")[0].lower()
    prefixes = get_all_service_prefixes()
    if service not in prefixes:
        raise _unknown("service", service, sorted(prefixes))
    actions = {one.lower(): one for one in get_actions_for_service(service)}
    if action.lower() not in actions:
        raise _unknown("action", action, list(actions.values()))
    return actions[action.lower()]


def takes_a_resource(action: str) -> bool:
    """Tell whether a statement can name resources of an action, or only "*"."""
    return any(one != "*" for one in _resources(action))


def kinds(action: str) -> set[str]:
    """Return what an action of IAM is about: user, role, policy, instance-profile, …"""
    return {one.split(":")[5].partition("/")[0] for one in _resources(action) if one != "*"}


def _resources(action: str) -> Iterator[str]:
    """Yield the forms of the ARNs that a statement can name for an action."""
    from policy_sentry.querying.actions import get_action_data

    service, _, name = action.partition(":")
    for rows in (get_action_data(service, name) or {}).values():
        yield from (one["resource_arn_format"] for one in rows)


def collection(action: str) -> str:
    """Return what a list is about, as the end of an ARN; nothing for another action."""
    return _COLLECTIONS.get(action, "")


def _unknown(kind: str, name: str, known: list[str]) -> ParameterError:
    lower = {one.lower(): one for one in known}
    near = [lower[one] for one in get_close_matches(name.lower(), lower, n=3, cutoff=0.6)]
    hint = f"; near it are {', '.join(near)}" if near else ""
    return ParameterError(
        f"AWS has no {kind} {name!r}, nothing was sent{hint}. Its actions are on "
        "https://docs.aws.amazon.com/service-authorization/latest/reference/"
    )
