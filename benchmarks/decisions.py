"""Time per decision: the tutorial's AssumeRole and DescribeInstances, judged by `access`."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from timeit import repeat

from runbook_lib.access import Decision, Policy, Principal, Request, evaluate, parse

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/assume-role-user"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/assume-role-role"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/assume-role-role/session"
FILE_1 = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": "*"}
FILE_2 = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ACCOUNT}}
EC2 = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
TIMES = 2000


def document(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": {}}]})


def policies() -> tuple[Policy, Policy, Policy]:
    return (
        Policy('policy "assume-role-policy"', parse(document(FILE_1), "identity")),
        Policy('trust policy of role "assume-role-role"', parse(document(FILE_2), "trust")),
        Policy('policy "AmazonEC2FullAccess"', parse(document(EC2), "identity")),
    )


def assume_role(file_1: Policy, file_2: Policy, _: Policy) -> Decision:
    user = Principal(USER, ACCOUNT, "AIDAEXAMPLE", (file_1,))
    return evaluate(Request(user, "sts:AssumeRole", ROLE, {}), file_2, ACCOUNT)


def describe_instances(_: Policy, __: Policy, ec2: Policy) -> Decision:
    session = Principal(SESSION, ACCOUNT, "AROAEXAMPLE:session", (ec2,), role_arn=ROLE)
    return evaluate(Request(session, "ec2:DescribeInstances", "*", {}))


def microseconds(work: Callable[[], object]) -> float:
    return min(repeat(work, number=TIMES, repeat=5)) / TIMES * 1e6


def main() -> None:
    parsed = policies()
    for decide in (assume_role, describe_instances):
        assert decide(*parsed).allowed
        once = microseconds(partial(decide, *parsed))
        whole = microseconds(partial(parse_and_decide, decide))
        print(f"{decide.__name__:20} {once:6.1f} µs, {whole:6.1f} µs with parsing all three")


def parse_and_decide(decide: Callable[[Policy, Policy, Policy], Decision]) -> Decision:
    return decide(*policies())


if __name__ == "__main__":
    main()
