"""What an account holds before anybody calls: its administrator, and the tutorial's instance."""

import json

from moto.ec2.models.amis import Ami

from runbook_lib.local_aws.keys import Key
from runbook_lib.local_aws.organization import HUB_ROLE, MANAGEMENT_ACCOUNT_ID
from runbook_lib.local_aws.store.backends import Iam, ec2

ADMINISTRATOR = "administrator"
IMAGE_ID = "ami-033a6a056910d1137"
INSTANCE_TYPE = "t2.micro"
KEY_NAME = "ssup2"
PUBLIC_KEY = (
    b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEViNtB5r0tHvwWvAZ2lrjqBvoJZgVvAdhJg5hVVXo9e ssup2"
)


def add_administrator(iam: Iam, key: Key) -> None:
    """Make the user `administrator`, who may do everything, with this access key."""
    iam.create_user(iam.region_name, ADMINISTRATOR)
    policy = f"arn:{iam.partition}:iam::aws:policy/AdministratorAccess"
    iam.attach_user_policy(policy, ADMINISTRATOR)
    made = iam.create_access_key(ADMINISTRATOR)
    del iam.access_keys[made.access_key_id]
    made.access_key_id, made.secret_access_key = key.access_key_id, key.secret_access_key
    iam.access_keys[made.access_key_id] = made


def add_hub_role(iam: Iam) -> None:
    """Make the role of an organization's accounts, by which the management account enters them."""
    if iam.account_id == MANAGEMENT_ACCOUNT_ID:
        return
    trusted = {"AWS": f"arn:aws:iam::{MANAGEMENT_ACCOUNT_ID}:root"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":")
    )
    iam.create_role(HUB_ROLE, document, "/", None, "", [], "3600")
    iam.attach_role_policy("arn:aws:iam::aws:policy/AdministratorAccess", HUB_ROLE)


def run_instance(account_id: str, region: str) -> None:
    """Run the tutorial's instance, with the key pair and the Name tag that it has there."""
    backend = ec2(account_id, region)
    backend.amis[IMAGE_ID] = Ami(
        backend,
        IMAGE_ID,
        name="the image of the tutorial",
        virtualization_type="hvm",
        architecture="x86_64",
        root_device_type="ebs",
    )
    backend.import_key_pair(KEY_NAME, PUBLIC_KEY, {})
    subnet = min(backend.describe_subnets(), key=lambda subnet: subnet.availability_zone)
    backend.run_instances(
        IMAGE_ID,
        1,
        None,
        [],
        instance_type=INSTANCE_TYPE,
        is_instance_type_default=False,
        key_name=KEY_NAME,
        region_name=region,
        subnet_id=subnet.id,
        associate_public_ip=True,
        tags={"instance": {"Name": KEY_NAME}},
    )
