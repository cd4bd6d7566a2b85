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

from .answers import AwsError, not_emulated
from .assume_role import assume_role
from .calls import Call
from .paging import cut
from .trust import rename
from .world import Caller, World

EVERYTHING = 1_000_000


class Told(BaseResponse):
    """A moto API that takes the caller, the account and the parameters from us, not from headers."""

    call: Call
    world: World
    limit: int | None = None
    marker: str | None = None

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        return self.call.region

    def get_current_account(self) -> str:
        return self.call.caller.account_id

    def get_access_key(self) -> str:
        return self.call.caller.key_id

    @property
    def pager(self) -> dict[str, Any]:
        pagers: dict[str, Any] = get_pagination_model(self.call.service)
        return dict(pagers.get(self.call.operation.name, {}))

    def parse_parameters(self, request: Request) -> None:
        self.params = dict(self.call.parameters)
        if self.pager:  # moto is asked for everything, and we cut the pages
            self.limit = self.params.pop(self.pager["limit_key"], None)
            self.marker = self.params.pop(self.pager["input_token"], None)
            self.params[self.pager["limit_key"]] = EVERYTHING

    def answer(self) -> tuple[int, str]:
        """Return status and body of moto's response."""
        method = getattr(self, camelcase_to_underscores(self.call.operation.name), None)
        if method is None:
            raise not_emulated(self.call.action)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(self.call.form).encode()
        self.setup_class(Request.from_primitives("POST", "http://localhost/", form, body))
        try:
            result = method()
            if self.pager:
                result = self.paged(dict(result.result))
        except ServiceException as error:
            result = ActionResult(error)
        status, _, text = self.serialized(result)
        return status, str(text)

    def paged(self, result: dict[str, Any]) -> ActionResult:
        names = self.pager["result_key"]
        names = [names] if isinstance(names, str) else names
        page, marker = cut({n: result[n] for n in names}, self.limit or self.most, self.marker)
        result |= page
        result[self.pager["output_token"]] = marker
        result[self.pager.get("more_results", "IsTruncated")] = marker is not None
        return ActionResult(result)

    most = EVERYTHING


class Iam(Told, IamResponse):
    """IAM."""

    most = 100
    RESPONSE_KEY_PATH_TO_TRANSFORMER = IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER | {
        "ListUsersResponse.Users.User.PermissionsBoundary": never_return,
    }

    def create_user(self) -> ActionResult:
        result = super().create_user()
        if "PermissionsBoundary" in self.params:
            self.put_user_permissions_boundary()
        return result

    def put_user_permissions_boundary(self) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        user.permissions_boundary = {  # type: ignore[attr-defined]  # moto has it for roles only
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": self._get_param("PermissionsBoundary"),
        }
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        user.permissions_boundary = None  # type: ignore[attr-defined]
        return EmptyResult()

    def update_user(self) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        old, tags = user.arn, user.tags or []
        super().update_user()
        for key in user.access_keys:
            key.user_name = user.name
        self.backend.tagger.delete_all_tags_for_resource(old)
        self.backend.tagger.tag_resource(user.arn, tags)
        rename(self.world, self.partition, old, user.arn)
        return EmptyResult()

    def delete_user(self) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        result = super().delete_user()
        rename(self.world, self.partition, user.arn, user.id)
        return result

    def update_role(self) -> ActionResult:
        role = self.backend.get_role(self._get_param("RoleName"))
        kept = {"Description": role.description, "MaxSessionDuration": role.max_session_duration}
        self.params = kept | self.params
        return super().update_role()

    def delete_role(self) -> ActionResult:
        role = self.backend.get_role(self._get_param("RoleName"))
        result = super().delete_role()
        rename(self.world, self.partition, role.arn, role.id)
        return result


class Ec2(Told, EC2Response):
    """EC2."""

    def describe_instances(self) -> ActionResult:
        if self.limit is not None and not 5 <= self.limit <= 1000:
            rule = "greater than 5" if self.limit < 5 else "less than 1000"
            message = f"Value ( {self.limit} ) for parameter maxResults is invalid. Expecting a value {rule}."
            raise AwsError("InvalidParameterValue", message)
        result = super().describe_instances()
        if self.limit:
            reservations = result.result["Reservations"]  # type: ignore[index]
            result.result["Reservations"] = [  # type: ignore[index]
                _alone(reservation, instance)
                for reservation in reservations
                for instance in reservation.instances
            ]
        return result


def _alone(reservation: Any, instance: Any) -> Any:
    """Return the reservation with this one instance: AWS's pages count instances."""
    single = copy(reservation)
    single.instances, single.name = [instance], instance.id
    return single


class Sts(Told, TokenResponse):
    """STS, of which moto only writes the responses."""

    def get_caller_identity(self) -> ActionResult:
        caller = self.call.caller
        return ActionResult(
            {"UserId": caller.user_id, "Account": caller.account_id, "Arn": caller.arn}
        )

    def assume_role(self) -> ActionResult:
        session, role = assume_role(self.call, self.world)
        user = Caller(session.account_id, session.partition, session.key_id, role, session)
        result: dict[str, Any] = {
            "Credentials": {
                "AccessKeyId": session.key_id,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": session.expires.replace(tzinfo=None),
            },
            "AssumedRoleUser": {"AssumedRoleId": user.user_id, "Arn": user.arn},
        }
        if session.policies or session.tags:
            result["PackedPolicySize"] = 6
        if session.source_identity:
            result["SourceIdentity"] = session.source_identity
        return ActionResult(result)


APIS: dict[str, type[Told]] = {"iam": Iam, "ec2": Ec2, "sts": Sts}
