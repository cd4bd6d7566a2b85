"""What a parameter asks for is done, and never passed over."""

from typing import Any

import pytest
from local_aws_people import Account

IMAGE = "ami-033a6a056910d1137"


def names(found: list[dict[str, Any]], key: str) -> list[str]:
    return sorted(each[key] for each in found)


def test_that_groups_are_listed_below_their_path(account: Account) -> None:
    account.iam.create_group(GroupName="one")
    account.iam.create_group(GroupName="two", Path="/team/")
    found = account.iam.list_groups(PathPrefix="/team/")["Groups"]
    assert names(found, "GroupName") == ["two"]


def attached(account: Account) -> str:
    """A policy of a user's, a group's and a role's, and a user's boundary."""
    arn, iam = account.managed(), account.iam
    for name, path in (("alice", "/"), ("bob", "/team/"), ("carol", "/team/")):
        iam.create_user(UserName=name, Path=path)
    iam.attach_user_policy(UserName="alice", PolicyArn=arn)
    iam.attach_user_policy(UserName="bob", PolicyArn=arn)
    iam.put_user_permissions_boundary(UserName="carol", PermissionsBoundary=arn)
    iam.create_group(GroupName="everybody")
    iam.attach_group_policy(GroupName="everybody", PolicyArn=arn)
    account.role()
    iam.attach_role_policy(RoleName="app", PolicyArn=arn)
    return arn


def test_that_a_policy_s_entities_are_those_that_are_asked_for(account: Account) -> None:
    arn = attached(account)

    def entities(**given: str) -> list[list[str]]:
        found = account.iam.list_entities_for_policy(PolicyArn=arn, **given)
        return [names(found[f"Policy{kind}s"], f"{kind}Name") for kind in ("User", "Group", "Role")]

    assert entities() == [["alice", "bob", "carol"], ["everybody"], ["app"]]
    assert entities(PathPrefix="/team/") == [["bob", "carol"], [], []]
    assert entities(EntityFilter="Role") == [[], [], ["app"]]
    assert entities(PolicyUsageFilter="PermissionsBoundary") == [["carol"], [], []]
    assert entities(PolicyUsageFilter="PermissionsPolicy") == [
        ["alice", "bob"],
        ["everybody"],
        ["app"],
    ]


def test_that_policies_are_listed_by_their_use(account: Account) -> None:
    attached(account)
    account.managed(name="unused")
    account.iam.attach_user_policy(UserName="alice", PolicyArn=account.managed(name="used"))

    def used(usage: str) -> list[str]:
        found = account.iam.list_policies(Scope="Local", PolicyUsageFilter=usage)["Policies"]
        return names(found, "PolicyName")

    assert used("PermissionsBoundary") == ["managed"]
    assert used("PermissionsPolicy") == ["managed", "used"]


def test_that_a_tag_of_a_user_or_role_is_the_same_in_any_case(account: Account) -> None:
    account.iam.create_user(UserName="alice", Tags=[{"Key": "Team", "Value": "red"}])
    account.role(Tags=[{"Key": "Team", "Value": "red"}])
    for kind, name in (("user", "alice"), ("role", "app")):
        who = {f"{kind.title()}Name": name}
        tag, untag, listed = (
            getattr(account.iam, action)
            for action in (f"tag_{kind}", f"untag_{kind}", f"list_{kind}_tags")
        )
        tag(**who, Tags=[{"Key": "TEAM", "Value": "blue"}])
        assert listed(**who)["Tags"] == [{"Key": "TEAM", "Value": "blue"}]
        untag(**who, TagKeys=["team"])
        assert listed(**who)["Tags"] == []


def test_that_the_same_client_token_runs_no_second_instance(account: Account) -> None:
    def run(**given: str) -> str:
        found = account.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, **given)
        return str(found["Instances"][0]["InstanceId"])

    first = run(ClientToken="once")
    assert run(ClientToken="once") == first
    assert len({first, run(ClientToken="twice"), run()}) == 3


def test_that_what_is_stopped_already_is_shown_as_stopped(account: Account) -> None:
    found = account.ec2.describe_instances()["Reservations"][0]["Instances"][0]
    ids = [found["InstanceId"]]

    def states(action: str) -> list[str]:
        (answer,) = [
            value
            for key, value in getattr(account.ec2, action)(InstanceIds=ids).items()
            if key != "ResponseMetadata"
        ]
        return [answer[0][f"{when}State"]["Name"] for when in ("Previous", "Current")]

    assert states("start_instances") == ["running", "running"]
    assert states("stop_instances") == ["running", "stopping"]
    assert states("stop_instances") == ["stopped", "stopped"]
    assert states("start_instances") == ["stopped", "pending"]
    assert states("terminate_instances") == ["running", "shutting-down"]
    assert states("terminate_instances") == ["terminated", "terminated"]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("instance-type", "t2.*", 1),
        ("instance-type", "t?.micro", 1),
        ("instance-type", "t3.*", 0),
        ("instance-type", "t2.micro", 1),
        ("image-id", "ami-033*", 1),
        ("instance-state-name", "*", 1),
        ("tag:Name", "ssup?", 1),
        ("source-dest-check", "true", 1),
        ("source-dest-check", "false", 0),
        ("product-code", "*", 0),
    ],
)
def test_that_filters_of_instances_have_wildcards(
    account: Account, name: str, value: str, found: int
) -> None:
    filters = [{"Name": name, "Values": [value]}]
    assert len(account.ec2.describe_instances(Filters=filters)["Reservations"]) == found


def test_that_regions_are_those_of_the_partition_and_switched_on(account: Account) -> None:
    def regions(**given: Any) -> list[dict[str, str]]:
        found: list[dict[str, str]] = account.ec2.describe_regions(**given)["Regions"]
        return found

    assert not [each for each in regions(AllRegions=True) if each["RegionName"][:3] == "cn-"]
    assert not [each for each in regions(AllRegions=True) if "-gov-" in each["RegionName"]]
    assert {each["OptInStatus"] for each in regions()} == {"opt-in-not-required"}
    assert len(regions()) < len(regions(AllRegions=True))
