"""Short words for the tables of this folder: principals, policies, requests."""

from typing import Any

from runbook_lib.access import Decision, Kind, Policy, Principal, Request, evaluate, parse

ACCOUNT = "123456789012"
OTHER = "210987654321"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/ann"
USER_ID = "AIDAANNANNANNANN"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/target"
CALLER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/caller"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/caller/visit"
SESSION_ID = "AROACALLERCALLER:visit"
INSTANCE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"

Element = dict[str, Any]


def document(*statements: Element, version: str = "2012-10-17") -> Element:
    return {"Version": version, "Statement": list(statements)}


def policy(*statements: Element, kind: Kind = "identity", name: str = 'policy "p"') -> Policy:
    return Policy(name, parse(document(*statements), kind))


def trust(*statements: Element) -> Policy:
    return policy(*statements, kind="trust", name='trust policy of role "target"')


def allow(action: Any = "*", resource: Any = "*", **elements: Any) -> Element:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any = "*", resource: Any = "*", **elements: Any) -> Element:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **elements}


def admit(principal: Any, **elements: Any) -> Element:
    principal = {"AWS": principal} if isinstance(principal, str | list) else principal
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **elements}


def user(*statements: Element, **others: Any) -> Principal:
    policies = (policy(*statements),) if statements else ()
    return Principal(USER, ACCOUNT, USER_ID, policies, **others)


def session(*statements: Element, **others: Any) -> Principal:
    policies = (policy(*statements),) if statements else ()
    return Principal(SESSION, ACCOUNT, SESSION_ID, policies, role_arn=CALLER_ROLE, **others)


def ask(
    who: Principal,
    action: str = "ec2:DescribeInstances",
    resource: str = "*",
    **context: Any,
) -> Decision:
    """Keys of the context are written with `__` for the colon."""
    sent = {key.replace("__", ":"): value for key, value in context.items()}
    return evaluate(Request(who, action, resource, sent))


def assume(who: Principal, trusting: Policy, account: str = ACCOUNT, **context: Any) -> Decision:
    sent = {key.replace("__", ":"): value for key, value in context.items()}
    resource = ROLE.replace(ACCOUNT, account)
    return evaluate(Request(who, "sts:AssumeRole", resource, sent), trusting, account)
