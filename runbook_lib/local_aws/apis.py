"""moto's three APIs, told who calls and answering in pages; and what they do that moto does not.

What is refused before they are asked is for `validation`, `conflicts` and `authorization`.
"""

from copy import copy
from typing import Any
from urllib.parse import urlencode

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.serialize import never_return
from moto.core.utils import camelcase_to_underscores, get_pagination_model
from moto.ec2.responses import EC2Response
from moto.iam.responses import IamResponse
from moto.sts.responses import TokenResponse

from . import moto_seams
from .answers import AwsError
from .assume_role import assume_role
from .calls import Call
from .paging import cut
from .simulate import simulate
from .trust import rename
from .world import Caller, World

EVERYTHING = 1_000_000
MOST_INSTANCES = 1_000


class Told(BaseResponse):
    """A moto API that is told who calls, from where, and with what."""

    call: Call
    world: World
    page = EVERYTHING  # how long a page is, unless the caller says

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        return self.call.region

    def get_current_account(self) -> str:
        return self.call.caller.account_id

    def get_access_key(self) -> str:
        return self.call.caller.key_id

    def parse_parameters(self, request: Request) -> None:
        self.params = dict(self.call.parameters)
        self.pager = get_pagination_model(self.call.service).get(self.call.operation.name)
        if self.pager:  # moto is asked for everything, and the pages are cut here
            self.limit: int | None = self.params.pop(self.pager["limit_key"], None)
            self.marker: str | None = self.params.pop(self.pager["input_token"], None)
            self.params[self.pager["limit_key"]] = EVERYTHING

    def answer(self) -> tuple[int, str]:
        """Return status and body of moto's response."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(self.call.form).encode()
        self.setup_class(Request.from_primitives("POST", "http://localhost/", form, body))
        try:
            result = getattr(self, camelcase_to_underscores(self.call.operation.name))()
            if self.pager:
                self.cut_page(result.result, self.pager)
        except ServiceException as error:
            result = ActionResult(error)
        status, _, text = self.serialized(result)
        return status, str(text)

    def cut_page(self, result: dict[str, Any], pager: dict[str, Any]) -> None:
        names = pager["result_key"]
        lists = {name: result[name] for name in ([names] if isinstance(names, str) else names)}
        page, marker = cut(lists, self.limit or self.page, self.marker)
        result |= {**page, pager["output_token"]: marker, "IsTruncated": marker is not None}


class Iam(Told, IamResponse):
    """IAM."""

    page = 100
    RESPONSE_KEY_PATH_TO_TRANSFORMER = IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER | {
        "ListUsersResponse.Users.User.PermissionsBoundary": never_return,
    }

    def get_account_authorization_details(self) -> ActionResult:
        for policy in self.backend.managed_policies.values():  # here moto knows no other name
            policy.policy_name, policy.policy_id = policy.name, policy.id  # type: ignore[attr-defined]
        return super().get_account_authorization_details()

    def create_user(self) -> ActionResult:
        result = super().create_user()
        if "PermissionsBoundary" in self.params:
            self.put_user_permissions_boundary()
        return result

    def put_user_permissions_boundary(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        user.permissions_boundary = {  # type: ignore[attr-defined]  # moto has it for roles only
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": self.params["PermissionsBoundary"],
        }
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        user.permissions_boundary = None  # type: ignore[attr-defined]
        return EmptyResult()

    def update_user(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        old, tags = user.arn, user.tags or []
        super().update_user()
        for key in user.access_keys:
            key.user_name = user.name
        self.backend.tagger.delete_all_tags_for_resource(old)
        self.backend.tagger.tag_resource(user.arn, tags)
        rename(self.partition, old, user.arn)
        return EmptyResult()

    def delete_user(self) -> ActionResult:
        user = self.backend.get_user(self.params["UserName"])
        result = super().delete_user()
        rename(self.partition, user.arn, user.id)
        return result

    def update_group(self) -> ActionResult:
        group = self.backend.get_group(self.params["GroupName"])
        group.path = self.params.get("NewPath", group.path)  # moto moves only what it renames
        return super().update_group()

    def update_role(self) -> ActionResult:
        role = self.backend.get_role(self.params["RoleName"])
        kept = {"Description": role.description, "MaxSessionDuration": role.max_session_duration}
        self.params = kept | self.params
        return super().update_role()

    def delete_role(self) -> ActionResult:
        role = self.backend.get_role(self.params["RoleName"])
        result = super().delete_role()
        rename(self.partition, role.arn, role.id)
        return result

    def simulate_principal_policy(self) -> ActionResult:
        assert isinstance(self.backend, moto_seams.Iam)
        return ActionResult({"EvaluationResults": simulate(self.call, self.backend)})

    simulate_custom_policy = simulate_principal_policy


class Ec2(Told, EC2Response):
    """EC2."""

    def parse_parameters(self, request: Request) -> None:
        super().parse_parameters(request)
        if self.pager and self.limit is not None and not 5 <= self.limit <= 1000:
            rule = "greater than 5" if self.limit < 5 else "less than 1000"
            message = f"Value ( {self.limit} ) for parameter maxResults is invalid."
            raise AwsError("InvalidParameterValue", f"{message} Expecting a value {rule}.")

    def run_instances(self) -> ActionResult:
        least, most = self.params["MinCount"], self.params["MaxCount"]
        if not 0 < least <= most:
            raise AwsError("InvalidParameterValue", "MinCount and MaxCount do not fit together.")
        if most > MOST_INSTANCES:
            message = f"You have requested more instances ({most}) than your limit allows for."
            raise AwsError("InstanceLimitExceeded", message)
        self.params["MinCount"] = most  # moto makes only as many as it must
        return super().run_instances()

    def describe_instances(self) -> ActionResult:
        result: Any = super().describe_instances()
        if self.limit or self.marker:  # AWS's pages count instances, moto's reservations
            result.result["Reservations"] = [
                _alone(reservation, instance)
                for reservation in result.result["Reservations"]
                for instance in reservation.instances
            ]
        return result  # type: ignore[no-any-return]


def _alone(reservation: Any, instance: Any) -> Any:
    single = copy(reservation)
    single.instances, single.name = [instance], instance.id
    return single


class Sts(Told, TokenResponse):
    """STS, of which moto only writes the responses."""

    def get_caller_identity(self) -> ActionResult:
        caller = self.call.caller
        identity = {"UserId": caller.user_id, "Account": caller.account_id, "Arn": caller.arn}
        return ActionResult(identity)

    def assume_role(self) -> ActionResult:
        session, role = assume_role(self.call, self.world)
        user = Caller(session.account_id, session.partition, session.key_id, role, session)
        result: dict[str, Any] = {
            "Credentials": {
                "AccessKeyId": session.key_id,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": session.expires,
            },
            "AssumedRoleUser": {"AssumedRoleId": user.user_id, "Arn": user.arn},
            "SourceIdentity": session.source_identity or None,
        }
        return ActionResult(result)


APIS: dict[str, type[Told]] = {"iam": Iam, "ec2": Ec2, "sts": Sts}
