"""The examples on the page of questions are what the commands print."""

import json
import re
import shlex

import pytest

from runbook_lib import local_aws, questions
from runbook_lib.policies import Setup
from runbook_lib.runbook import open_runbook
from tests.conftest import REPOSITORY
from tests.scenario import build
from tests.test_command_line import runbook

PAGE = (REPOSITORY / "docs" / "questions.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^```sh\n\.venv/bin/runbook ([^\n]*)\n```\n\n```text\n(.*?)```$",
    PAGE,
    re.MULTILINE | re.DOTALL,
)
VARIANTS = {"278805249149": "tutorial", "111122223333": "mfa"}


@pytest.mark.parametrize(("command", "printed"), EXAMPLES, ids=lambda it: it.partition(" ")[0])
def test_an_example_prints_what_the_page_shows(
    embedded_aws: local_aws.Running, account_id: str, command: str, printed: str
) -> None:
    (shown,) = (one for one in VARIANTS if one in command)
    build(open_runbook({"account_id": account_id, "variant": VARIANTS[shown]}))
    out, _ = runbook(*shlex.split(command.replace(shown, account_id)))
    assert out.replace(account_id, shown) == printed


def test_the_least_policy_on_the_page_is_the_one_that_is_printed() -> None:
    page = (REPOSITORY / "docs" / "real-account.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    wanted = Setup(
        account_id="YOUR_ACCOUNT_ID",
        trusted_account_id="YOUR_ACCOUNT_ID",
        partition="aws",
        variant="tutorial",
        policy_name="assume-role-policy",
        user_name="assume-role-user",
        role_name="assume-role-role",
    )
    assert json.loads(shown) == questions.least_policy(wanted)
