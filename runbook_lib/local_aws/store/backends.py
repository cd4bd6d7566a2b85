"""moto's backends, made to behave as AWS does: EC2's state, the time, and who holds what.

moto is pinned exactly, and a test fails when a name used here moves. What answers a call is in
`store.services`; what AWS refuses and moto does not is for `rules`.
"""

import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from moto.core.base_backend import BackendDict
from moto.ec2 import utils
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix, simple_aws_filter_to_re
from moto.iam.models import Group, Role, User, iam_backends
from moto.moto_api._internal import mock_random

from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.store.iam_backend import (
    Iam,
    aws_policies,
    boundary_of,
    new_id,
    new_secret,
)

# What IAM and EC2 hold, for other rooms
__all__ = [
    "INSTANCE_TYPES",
    "EC2Backend",
    "Group",
    "Iam",
    "Role",
    "User",
    "aws_policies",
    "boundary_of",
    "new_id",
    "new_secret",
]


class Ec2(EC2Backend):
    """moto's EC2 of one account in one region."""

    def _load_amis(self) -> None:
        """Load none of 1,300 images: it takes 0.1 s for every account and region."""

    def describe_tags(self, filters: dict[str, list[str]] | None = None) -> list[dict[str, str]]:
        """Return tags; moto looks at all tags of all resources where it asks for one's own."""
        ids = filters["resource-id"] if filters and filters.keys() == {"resource-id"} else ["*"]
        if any({"*", "?"} & set(one) for one in ids):
            return super().describe_tags(filters)
        return [
            {
                "resource_id": one,
                "key": key,
                "value": value,
                "resource_type": EC2_PREFIX_TO_RESOURCE.get(get_prefix(one), ""),
            }
            for one in ids
            for key, value in self.tags.get(one, {}).items()
        ]


def _is_wanted(found: Any, wanted: list[str]) -> bool:
    """Tell whether a filter of DescribeInstances fits what an instance has."""
    held = found if isinstance(found, list) else [] if found is None else [found]
    texts = [str(each).lower() if isinstance(each, bool) else str(each) for each in held]
    return any(re.match(simple_aws_filter_to_re(each), text) for each in wanted for text in texts)


# moto knows wildcards in the filters of tags only.
setattr(utils, "instance_value_in_filter_values", _is_wanted)  # noqa: B010


def reset(clock: Clock) -> None:
    """Forget everything, and let moto tell this clock's time from now on."""
    aws_policies("aws")  # while nobody waits for an answer
    BackendDict.reset()
    iam_backends.backend, ec2_backends.backend = Iam, Ec2
    _set_time(lambda: clock.now().replace(microsecond=0, tzinfo=None))


def iam(account_id: str, partition: str) -> Iam:
    """Return the IAM of an account."""
    backend = iam_backends[account_id][partition]
    assert isinstance(backend, Iam)
    return backend


def iams(partition: str) -> list[Iam]:
    """Return the IAM of every account in a partition."""
    held = [(account_id, [*regions]) for account_id, regions in iam_backends.items()]
    return [iam(account_id, partition) for account_id, regions in held if partition in regions]


def ec2(account_id: str, region: str) -> EC2Backend:
    """Return the EC2 of an account in a region."""
    return ec2_backends[account_id][region]


def seed_ids(seed: str) -> None:
    """Let the ids that moto makes next follow from this text."""
    mock_random.seed(seed)


def request_id() -> str:
    """Return an id for one request."""
    return str(UUID(int=mock_random.getrandbits(128), version=4))


def note_use(role: Role, now: datetime, region: str) -> None:
    """Remember when a role's session was last used."""
    role.last_used = now
    role.last_used_region = region  # type: ignore[assignment]  # moto declares None only


def _set_time(utcnow: Callable[[], datetime]) -> None:
    # moto's modules import `utcnow` by name, so each one's own name is replaced.
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.") and hasattr(module, "utcnow"):
            setattr(module, "utcnow", utcnow)  # noqa: B010
