"""The actions of EC2 and STS, as in `iam_actions`, and which service answers a call.

What is refused before is for `rules`.
"""

from copy import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition

from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.store import shapes
from runbook_lib.local_aws.store.accounts import Identity, Session
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.services.iam import IamActions
from runbook_lib.local_aws.store.services.organizations import OrganizationsActions
from runbook_lib.local_aws.store.services.service import Service


class Ec2Actions(Service, EC2Response):
    """EC2."""

    page = 1_000  # AWS's longest; a longer answer would hold up everybody else
    RESPONSE_KEY_PATH_TO_TRANSFORMER = shapes.EC2

    def cut_page(self, result: dict[str, Any], pager: dict[str, Any]) -> None:
        try:
            super().cut_page(result, pager)
        except AwsError:
            message = f"Value ( {self.marker} ) for parameter NextToken is invalid."
            message += " The token is invalid."
            raise AwsError("InvalidParameterValue", message) from None

    def run_instances(self) -> ActionResult:
        token = self.params.get("ClientToken")
        for made in self.ec2_backend.all_reservations() if token else []:
            if any(each.client_token == token for each in made.instances):
                return ActionResult(made)  # asked again: it is the same request
        self.params["MinCount"] = self.params["MaxCount"]  # moto makes only as many as it must
        return super().run_instances()

    def start_instances(self) -> ActionResult:
        return _as_it_was(super().start_instances(), "running")

    def stop_instances(self) -> ActionResult:
        return _as_it_was(super().stop_instances(), "stopped")

    def terminate_instances(self) -> ActionResult:
        return _as_it_was(super().terminate_instances(), "terminated")

    def describe_regions(self) -> ActionResult:
        result: Any = super().describe_regions()
        every = self.params.get("AllRegions") or self.params.get("RegionNames")
        result.result["Regions"] = [
            each
            for each in result.result["Regions"]
            if get_partition(each.name) == self.call.partition
            and (every or each.opt_in_status != "not-opted-in")
        ]
        return result  # type: ignore[no-any-return]

    def describe_instances(self) -> ActionResult:
        result: Any = super().describe_instances()
        reservations = result.result["Reservations"]
        several = sum(len(one.instances) for one in reservations) > self.page
        if several or self.limit or self.marker:  # AWS's pages count instances, moto's reservations
            result.result["Reservations"] = [
                _alone(reservation, instance)
                for reservation in reservations
                for instance in reservation.instances
            ]
        return result  # type: ignore[no-any-return]


def _as_it_was(result: Any, state: str) -> ActionResult:
    """Show no change of what is in this state already."""
    for changes in result.result.values():
        for each in changes:
            if each["PreviousState"].name == state:
                each["CurrentState"] = each["PreviousState"]
    return result  # type: ignore[no-any-return]


def _alone(reservation: Any, instance: Any) -> Any:
    single = copy(reservation)
    single.instances, single.name = [instance], instance.id
    return single


class StsActions(Service, TokenResponse):
    """STS, of which moto only writes the responses."""

    def get_caller_identity(self) -> ActionResult:
        who = self.call.identity
        return ActionResult({"UserId": who.user_id, "Account": who.account_id, "Arn": who.arn})

    def assume_role(self) -> ActionResult:
        session = self.call.session
        role = session.entity
        assumed = Identity(role.account_id, self.call.partition, role, session)
        result: dict[str, Any] = {
            "Credentials": _credentials(session),
            "AssumedRoleUser": {"AssumedRoleId": assumed.user_id, "Arn": assumed.arn},
            "SourceIdentity": session.source_identity or None,
            "PackedPolicySize": session.packed_size,
        }
        return ActionResult(result)

    def get_session_token(self) -> ActionResult:
        return ActionResult({"Credentials": _credentials(self.call.session)})


def _credentials(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires,
    }


SERVICES: dict[str, type[Service | OrganizationsActions]] = {
    "iam": IamActions,
    "ec2": Ec2Actions,
    "sts": StsActions,
    "organizations": OrganizationsActions,
}


def open_region(call: ApiCall) -> None:
    """Let there be the tutorial's instance in every region in which EC2 is asked."""
    if call.service == "ec2":
        call.accounts.open_region(call.identity.account_id, call.region)


def carry_out(call: ApiCall) -> None:
    """Do what the call asks for, and write down what is answered."""
    service = SERVICES[call.service]()
    service.call = call
    call.status, call.body = service.answer()
