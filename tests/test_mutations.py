"""A test of the tests: each guard is taken out in turn, and the tests named beside it must notice.

A guard is a line of one function; it is replaced in that function's code, for one test only.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from runbook_lib import iam
from runbook_lib.account import (
    caller,
    changing,
    inventory,
    opening,
    ownership,
    profiles,
    secret,
    user_key,
)
from runbook_lib.account.mfa import codes, device
from runbook_lib.machine import state
from runbook_lib.plan import planning, removal
from tests import (
    test_files,
    test_kill_anywhere,
    test_leaks,
    test_mfa_device,
    test_plan,
    test_proof,
    test_secrets,
    test_steps,
)

Test = tuple[Callable[..., None], dict[str, Any]]
THEIRS = test_steps.test_somebody_elses_object_of_that_name_is_left_alone
FOREIGN: dict[str, Test] = {kind: (THEIRS, {"kind": kind}) for kind in ("policy", "user", "role")}
NAMED_LIKE_OURS: Test = (
    test_plan.test_what_somebody_added_stops_a_run_and_outlives_destroy,
    dict(zip(("more", "kind", "named", "left"), test_plan.MORE[-1], strict=True)),
)
DELETES_THEIRS = """rows = list(shown)
    for row in rows:
        if row["Kind"] == "user" and row["Outcome"].startswith("left"):
            client, name = book.user_account.iam, row["Name"]
            for key in client.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                client.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
            client.delete_user(UserName=name)"""


class Mutation(NamedTuple):
    """What is broken, where, and who must notice."""

    broken: str
    function: Callable[..., Any]
    guard: str
    without: str
    noticed_by: Test


MUTATIONS = [
    # Ownership
    *(
        Mutation(
            f"any {kind} counts as ours", ownership.is_ours, "bool(value(", "True or (value(", test
        )
        for kind, test in FOREIGN.items()
    ),
    *(
        Mutation(f"{function.__name__} asks nobody whose it is", function, guard, "pass", test)
        for function, guard, test in [
            (
                iam.create_policy,
                'require_ours("policy", policy_name, there["Policy"])',
                FOREIGN["policy"],
            ),
            (iam.create_user, 'require_ours("user", user_name, there["User"])', FOREIGN["user"]),
            (
                changing._required,
                "require_ours(kind, name, found)",
                FOREIGN["user"],
            ),
            (iam.create_role, 'require_ours("role", role_name, there["Role"])', FOREIGN["role"]),
            (
                changing._required,
                "require_ours(kind, name, found)",
                FOREIGN["role"],
            ),
        ]
    ),
    Mutation(
        "destroy takes every user",
        inventory.Inventory.owned,
        "for one in self.users if ownership.is_ours(one)",
        "for one in self.users",
        FOREIGN["user"],
    ),
    Mutation(
        'destroy deletes a foreign user and reports "left"',
        removal.destroy,
        "rows = list(shown)",
        DELETES_THEIRS,
        FOREIGN["user"],
    ),
    Mutation(
        "destroy deletes what was not shown",
        removal._delete,
        "not in agreed",
        "in []",
        (test_plan.test_what_came_after_it_was_shown_is_not_deleted, {}),
    ),
    Mutation(
        "adopt takes what was not shown",
        planning.adopt,
        'id_of(row["Kind"], found) != row["Id"]',
        "False",
        (test_plan.test_what_came_after_the_question_is_not_adopted, {}),
    ),
    Mutation(
        "a policy named like the runbook's own is the runbook's",
        changing.others,
        "one not in allowed",
        "not one.endswith('FullAccess')",
        NAMED_LIKE_OURS,
    ),
    Mutation(
        "destroy takes every policy from the role",
        removal._role,
        "if policy in given_to_the_role(account.caller.partition)",
        "if True",
        NAMED_LIKE_OURS,
    ),
    Mutation(
        "every key of the user is ours",
        user_key.ours,
        'if key["AccessKeyId"] in known',
        "if known",
        (test_steps.test_a_key_that_the_runbook_did_not_make_stays, {}),
    ),
    Mutation(
        "of two keys that may be ours, both are",
        user_key._of_a_request_cut_short,
        "came if len(came) == 1 else []",
        "came",
        (
            test_kill_anywhere.test_a_key_that_somebody_makes_while_ours_is_pending_is_not_ours,
            {"moment": "after"},
        ),
    ),
    Mutation(
        "any MFA device of the name is ours",
        device.make,
        "if found.foreign",
        "if False",
        (test_mfa_device.test_somebody_elses_device_of_that_name_is_left_alone, {}),
    ),
    Mutation(
        "destroy takes any MFA device of the name",
        removal._device,
        "device.look(caller, name).ours",
        "device.look(caller, name).described",
        (test_mfa_device.test_somebody_elses_device_of_that_name_is_left_alone, {}),
    ),
    Mutation(
        "a used code is sent again",
        codes._next_code,
        "unused_step(user, held.last_step)",
        "unused_step(user, held.last_step - 1)",
        (test_proof.test_a_second_factor_is_proven_row_by_row, {}),
    ),
    # The account lock
    Mutation(
        "any account will do",
        opening.open_account,
        "if caller.account_id != wanted",
        "if False",
        (test_steps.test_the_wrong_account_is_refused_after_get_caller_identity_alone, {}),
    ),
    Mutation(
        "the root user will do",
        opening._no_root,
        'if caller.arn.endswith(":root")',
        "if False",
        (test_plan.test_the_root_user_is_refused, {}),
    ),
    Mutation(
        "credentials may change hands",
        caller.Caller._require_right_account,
        "if key_id in self.identified or",
        "if True or",
        (test_plan.test_credentials_that_change_hands_are_stopped_before_any_change, {}),
    ),
    Mutation(
        "one more question is enough, whatever the answer",
        caller.Caller._require_right_account,
        "if _principal(found) == _principal",
        "if True or _principal",
        (test_plan.test_credentials_that_change_hands_are_stopped_before_any_change, {}),
    ),
    Mutation(
        "two runs at once",
        state.exclusive,
        "lock.acquire(timeout=patience)",
        "pass",
        (test_plan.test_two_runs_at_once_for_one_account_do_not_meet, {}),
    ),
    # Safe to kill
    Mutation(
        "no note of the key that is asked for",
        user_key._request,
        "state.write_private(_note(caller), note)",
        "pass",
        (
            test_kill_anywhere.test_a_run_killed_at_any_change_is_mended_by_running_again,
            {"variant": "tutorial"},
        ),
    ),
    # Secrets
    Mutation(
        "a secret shows itself",
        secret.Secret.__repr__,
        "return MASK",
        "return self._text",
        (test_secrets.test_a_secret_has_no_way_to_be_shown, {}),
    ),
    Mutation(
        "known secrets are not redacted",
        secret._without_known,
        "shown = shown.replace(text, MASK)",
        "pass",
        (test_secrets.test_the_secrets_of_the_sdks_own_chain_are_redacted_too, {}),
    ),
    Mutation(
        "secrets are not known by their name",
        secret.redact,
        r'_NAMED.sub(rf"\1{MASK}", _without_parts(_without_known(shown)))',
        "_without_parts(_without_known(shown))",
        (
            test_secrets.test_a_secret_nobody_told_us_of_is_known_by_its_name,
            {"text": "<SecretAccessKey>CANARY/canary+1234</SecretAccessKey>"},
        ),
    ),
    Mutation(
        "the ends of a secret are shown",
        secret._without_parts,
        "shown = _without_part(shown, secret, at)",
        "pass",
        (test_leaks.test_the_ends_of_a_secret_are_masked, {"form": "{}...{}", "size": 12}),
    ),
    Mutation(
        "a damaged credentials file is quoted",
        profiles._read,
        "raise _damaged(path) from None",
        "raise",
        (
            test_leaks.test_a_damaged_credentials_file_is_a_message_without_a_line_of_it,
            {"text": test_leaks.DAMAGED[0]},
        ),
    ),
    Mutation(
        "others may write to the state folder",
        state._require_private,
        "if not is_private(folder)",
        "if False",
        (
            test_files.test_a_state_folder_that_others_can_write_to_is_refused,
            {"below": ("local",), "mode": 0o777},
        ),
    ),
    Mutation(
        "others may read the state folder",
        state.private_folder,
        "0o700",
        "0o755",
        (test_secrets.test_state_is_outside_the_repository_and_for_its_owner_only, {}),
    ),
    Mutation(
        "the key outlives destroy",
        profiles.remove,
        "path.unlink(missing_ok=True)",
        "pass",
        (test_steps.test_destroy_takes_away_what_was_made_and_forgets_the_key, {}),
    ),
]


def without_the_guard(mutation: Mutation) -> Any:
    """Compile the function again without its guard, and return its code."""
    source = textwrap.dedent(inspect.getsource(mutation.function))
    assert mutation.guard in source, "the guard has moved: mend the table"
    function = inspect.unwrap(mutation.function)
    tree = ast.parse(source.replace(mutation.guard, mutation.without))
    tree.body[0].decorator_list = []  # type: ignore[attr-defined]
    made: dict[str, Any] = {}
    exec(compile(tree, inspect.getsourcefile(function) or "", "exec"), function.__globals__, made)
    return made[function.__name__].__code__


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.broken)
def test_a_guard_that_is_taken_out_is_noticed(
    mutation: Mutation, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    test, given = mutation.noticed_by
    names = inspect.signature(test).parameters.keys() - given.keys()
    fixtures = {name: request.getfixturevalue(name) for name in names}
    function = inspect.unwrap(mutation.function)
    with monkeypatch.context() as patch:
        patch.setattr(function, "__code__", without_the_guard(mutation))
        noticed = False
        try:
            test(**fixtures, **given)
        except (NameError, TypeError, SyntaxError):  # the mutation itself is wrong
            raise
        except (Exception, pytest.fail.Exception):  # a test that fails, or breaks, has noticed
            noticed = True
    assert noticed, f"{test.__name__} does not notice"
