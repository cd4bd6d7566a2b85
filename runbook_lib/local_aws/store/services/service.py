"""What the actions of every service have in common: who calls, with what, and pages."""

from typing import Any
from urllib.parse import urlencode

from moto.core.exceptions import ServiceException
from moto.core.request import Request
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores, get_pagination_model

from runbook_lib.local_aws.store.call import ApiCall
from runbook_lib.local_aws.store.paging import cut

EVERYTHING = 1_000_000


class Service(BaseResponse):
    """One of moto's services, which is told who calls, from where, and with what."""

    call: ApiCall
    page = EVERYTHING  # how long a page is, unless the caller says

    def get_region_from_url(self, request: Any, full_url: str) -> str:
        return self.call.region

    def get_current_account(self) -> str:
        return self.call.identity.account_id

    def get_access_key(self) -> str:
        return self.call.signature.key_id

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
