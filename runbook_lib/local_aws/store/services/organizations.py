"""The actions of Organizations, which only read; to all but the management account, hardly any."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.core.utils import camelcase_to_underscores

from runbook_lib.local_aws.organization import MANAGEMENT_ACCOUNT_ID, Member, Unit
from runbook_lib.local_aws.refusals import AwsError
from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.paging import cut

PAGE = 20
JOINED = datetime(2022, 3, 26, tzinfo=UTC).timestamp()
Response = dict[str, Any]


class OrganizationsActions:
    """Organizations."""

    call: ApiCall

    def answer(self) -> tuple[int, str]:
        self._require_member()
        action = camelcase_to_underscores(self.call.operation.name)
        return 200, json.dumps(getattr(self, action)())

    def describe_organization(self) -> Response:
        management = self._account(self._organization.accounts[MANAGEMENT_ACCOUNT_ID])
        shown = {
            "Id": self._organization.id,
            "Arn": self._organization.arn(self._organization.id),
            "FeatureSet": "ALL",
            "AvailablePolicyTypes": [],
        }
        return {
            "Organization": shown
            | {f"MasterAccount{k}": management[k] for k in ("Arn", "Email")}
            | {"MasterAccountId": MANAGEMENT_ACCOUNT_ID}
        }

    def list_roots(self) -> Response:
        return self._page("Roots", [self._unit(self._organization.root) | {"PolicyTypes": []}])

    def list_accounts(self) -> Response:
        return self._page("Accounts", map(self._account, self._organization.accounts.values()))

    def list_accounts_for_parent(self) -> Response:
        return self._page("Accounts", map(self._account, self._parent().accounts))

    def list_organizational_units_for_parent(self) -> Response:
        return self._page("OrganizationalUnits", map(self._unit, self._parent().units))

    def list_tags_for_resource(self) -> Response:
        id = self.call.parameters["ResourceId"]
        account = self._organization.accounts.get(id)
        if account is None and self._organization.unit(id) is None:
            message = "You specified a target that doesn't exist."
            raise AwsError("TargetNotFoundException", message)
        tags = account.tags if account else {}
        return self._page("Tags", [{"Key": key, "Value": value} for key, value in tags.items()])

    @property
    def _organization(self) -> Any:
        return self.call.accounts.organization

    def _require_member(self) -> None:
        account_id = self.call.identity.account_id
        if self.call.partition != "aws" or account_id not in self._organization.accounts:
            message = "Your account is not a member of an organization."
            raise AwsError("AWSOrganizationsNotInUseException", message)
        everybodys = self.call.operation.name == "DescribeOrganization"
        if account_id != MANAGEMENT_ACCOUNT_ID and not everybodys:
            message = "You don't have permissions to access this resource."
            raise AwsError("AccessDeniedException", message)

    def _parent(self) -> Unit:
        found: Unit | None = self._organization.unit(self.call.parameters["ParentId"])
        if found is None:
            message = "You specified parent that doesn't exist."
            raise AwsError("ParentNotFoundException", message)
        return found

    def _page(self, name: str, items: Iterable[Response]) -> Response:
        given = self.call.parameters
        page, marker = cut({name: items}, given.get("MaxResults", PAGE), given.get("NextToken"))
        return page | ({"NextToken": marker} if marker else {})

    def _account(self, one: Member) -> Response:
        return {
            "Id": one.account_id,
            "Arn": self._organization.arn(one.account_id),
            "Email": f"{one.name}@example.com",
            "Name": one.name,
            "Status": one.state,
            "State": one.state,
            "JoinedMethod": "INVITED" if one.account_id == MANAGEMENT_ACCOUNT_ID else "CREATED",
            "JoinedTimestamp": JOINED,
        }

    def _unit(self, one: Unit) -> Response:
        return {"Id": one.id, "Arn": self._organization.arn(one.id), "Name": one.name}
