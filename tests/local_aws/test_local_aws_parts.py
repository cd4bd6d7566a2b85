"""Keys, ids, time, and the places where this package reaches into moto."""

import inspect
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import moto
import pytest
from local_aws_people import Account, allow
from moto.core import loaders, utils
from moto.core.utils import camelcase_to_underscores, get_service_model

from runbook_lib import local_aws
from runbook_lib.access import parse
from runbook_lib.errors import LocalAwsError, ParameterError
from runbook_lib.local_aws.clock import Clock
from runbook_lib.local_aws.http.server import LocalAws
from runbook_lib.local_aws.keys import Administrators, account_of
from runbook_lib.local_aws.rules.conflicts import RULES
from runbook_lib.local_aws.rules.supported import ACTIONS
from runbook_lib.local_aws.store import actions, backends
from runbook_lib.local_aws.store.services.service import Service

NAMES = [
    "HUB_ROLE",
    "Key",
    "MANAGEMENT_ACCOUNT_ID",
    "RUN_VARIABLE",
    "Running",
    "ensure_running",
    "in_a_run",
    "move_clock",
    "only_used_by_runs",
    "running",
    "start",
    "stop",
]


def test_the_names_that_the_package_exports() -> None:
    assert sorted(local_aws.__all__) == NAMES


def test_that_moto_is_the_one_this_was_written_for() -> None:
    """Names used here are private to moto: look at each again before changing this."""
    assert moto.__version__ == "5.2.5"


OURS = {
    Service: {"answer", "cut_page"},
    actions.IamActions: {
        "answer",
        "put_user_permissions_boundary",
        "delete_user_permissions_boundary",
    },
    actions.Ec2Actions: {"cut_page"},
    backends.Iam: {"_have_own", "count_boundaries", "has"},
}


@pytest.mark.parametrize(
    "replaced",
    [
        Service,
        *(one for one in actions.SERVICES.values() if issubclass(one, Service)),
        *(backends.Iam, backends.Ec2),
    ],
)
def test_that_moto_still_has_what_is_replaced_in_it(replaced: type) -> None:
    names = {name for name, value in vars(replaced).items() if inspect.isfunction(value)}
    of_moto = {
        name
        for base in replaced.__mro__
        if base.__module__.startswith("moto")
        for name in vars(base)
    }
    assert names - of_moto == OURS.get(replaced, set())


def test_that_moto_still_makes_its_loader_where_it_is_replaced() -> None:
    assert utils.create_loader is loaders.create_loader


def test_that_moto_s_modules_tell_the_server_s_time(aws: LocalAws) -> None:
    told = [m for n, m in sys.modules.items() if n.startswith("moto.") and hasattr(m, "utcnow")]
    assert {"moto.core.utils", "moto.iam.models", "moto.ec2.models.instances"} <= {
        m.__name__ for m in told
    }
    assert {module.utcnow() for module in told} == {aws.clock.now().replace(tzinfo=None)}


def test_that_every_emulated_action_exists_at_aws_and_here() -> None:
    for action in ACTIONS:
        service, name = action.split(":")
        assert name in get_service_model(service).operation_names
        assert callable(getattr(actions.SERVICES[service], camelcase_to_underscores(name)))
    assert {*RULES} <= {action.partition(":")[2] for action in ACTIONS}


def test_that_every_managed_policy_of_aws_can_be_read() -> None:
    for each in backends.aws_policies("aws").values():
        assert parse(each.versions[-1].document, "identity").statements


@pytest.mark.parametrize("account_id", ["000000000000", "012345678901", "999999999999"])
def test_that_a_key_s_id_holds_its_account_as_aws_s_do(account_id: str) -> None:
    administrators = Administrators(b"secret")
    key = administrators.key(account_id, "aws-cn")
    assert account_of(key.access_key_id) == account_id
    assert (len(key.access_key_id), len(key.secret_access_key)) == (20, 40)
    assert administrators.recognise(key.access_key_id, "aws-cn") == key
    assert administrators.recognise(key.access_key_id, "aws") is None
    assert Administrators(b"other").recognise(key.access_key_id, "aws-cn") is None
    assert key.secret_access_key not in repr(key)


def test_that_the_account_in_aws_s_own_example_is_read() -> None:
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
    assert account_of("ASIAQNZGKIQY56JQ7WML") == "029608264753"


@pytest.mark.parametrize("key_id", ["", "AKIA", "AKIA" + "1" * 16, "AKIA" + "역" * 16, "A" * 40])
def test_that_other_key_ids_hold_no_account(key_id: str) -> None:
    assert Administrators(b"secret").recognise(key_id, "aws") is None


@pytest.mark.parametrize(
    "account_id", ["", "1", "1234567890123", "12345678901a", "１２３４５６７８９０１２"]
)
def test_that_account_ids_have_twelve_digits(account_id: str) -> None:
    with pytest.raises(ParameterError):
        Administrators(b"secret").key(account_id)


def test_that_partitions_are_known() -> None:
    with pytest.raises(ParameterError, match="aws-cn"):
        Administrators(b"secret").key("123456789012", "aws-mars")


def test_the_clock() -> None:
    assert abs(Clock().now() - datetime.now(UTC)) < timedelta(seconds=5)
    noon = datetime(2026, 1, 1, 12)
    clock = Clock(noon.replace(tzinfo=timezone(timedelta(hours=9))))
    assert clock.now() == datetime(2026, 1, 1, 3, tzinfo=UTC)
    clock.advance(1.5)
    assert clock.now() == datetime(2026, 1, 1, 3, 0, 1, 500_000, tzinfo=UTC)
    assert Clock(noon).now() == noon.replace(tzinfo=UTC)


def test_that_there_is_no_endpoint_before_the_start() -> None:
    with pytest.raises(LocalAwsError, match="start"):
        _ = LocalAws().endpoint


def test_that_calls_at_once_do_not_disturb_each_other(aws: LocalAws) -> None:
    def walk(number: int) -> str:
        account = Account(aws, f"5555000000{number:02}")
        session = account.user(allow("sts:AssumeRole")).assume(account.role(allow("ec2:*")))
        session.ec2.describe_instances()
        return str(session.sts.get_caller_identity()["Account"])

    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(walk, range(24))] == [f"5555000000{number:02}" for number in range(24)]


def test_that_each_region_has_the_instance_once(account: Account) -> None:
    with ThreadPoolExecutor(4) as pool:
        pages = [
            *pool.map(lambda _: Account(account.aws, account.id).ec2.describe_instances(), range(4))
        ]
    instances = [page["Reservations"][0]["Instances"][0] for page in pages]
    assert len({instance["InstanceId"] for instance in instances}) == 1
    found = instances[0]
    assert (found["ImageId"], found["InstanceType"]) == ("ami-033a6a056910d1137", "t2.micro")
    assert (found["KeyName"], found["State"]["Name"]) == ("ssup2", "running")
    assert found["Tags"] == [{"Key": "Name", "Value": "ssup2"}]
    assert found["PublicIpAddress"]
    assert found["PrivateIpAddress"]
    assert found["Placement"]["AvailabilityZone"] == "ap-northeast-2a"


def test_that_a_page_s_marker_is_one_that_aws_takes(account: Account) -> None:
    name = "n" * 128
    account.managed(name=name)
    account.iam.attach_user_policy(
        UserName="administrator", PolicyArn=account.arn(f"policy/{name}")
    )
    page = account.iam.list_attached_user_policies(UserName="administrator", MaxItems=1)
    rest = account.iam.list_attached_user_policies(UserName="administrator", Marker=page["Marker"])
    names = [each["PolicyName"] for each in page["AttachedPolicies"] + rest["AttachedPolicies"]]
    assert names == ["AdministratorAccess", name]
