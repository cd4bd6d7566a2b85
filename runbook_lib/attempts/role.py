"""The attempts of the lesson: assuming the role, and what should not be possible around it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runbook_lib import ec2, iam, questions, sts
from runbook_lib.account import opening, waiting
from runbook_lib.account.caller import Caller
from runbook_lib.account.mfa import codes
from runbook_lib.attempts.evidence import Attempt, Outcome, attempt
from runbook_lib.attempts.predict import longest_session, made_as
from runbook_lib.errors import MissingStepError, RunbookError
from runbook_lib.machine import software
from runbook_lib.policies import MFA_SECONDS
from runbook_lib.runbook import Runbook

_NOTEBOOKS = {"policy": "02_assume_role_policy.ipynb", "role": "04_role.ipynb"}
_HOUR = 3600  # AWS's own duration is not sent


def assume_role(book: Runbook, as_user: Caller) -> Attempt:
    """Try sts:AssumeRole with all that the trust policy asks for.

    In the variant mfa that is a code of the user's MFA device.
    Raises: MissingStepError where policy or role are those of another variant, or this machine
    does not hold the device's seed; RunbookError where the role's sessions may not last that long.
    """
    wanted = book.wanted
    _require_one_variant(book)
    _require_short_enough(book)
    return attempt(
        sts.assume_role,
        as_user,
        wanted.role_arn,
        book.session_name,
        expected="allowed",
        owner=book.role_account,
        duration_seconds=book.duration_seconds if book.duration_seconds != _HOUR else None,
        external_id=wanted.external_id,
        mfa=codes.second_factor(as_user) if wanted.asks_for_mfa else None,
    )


def _require_one_variant(book: Runbook) -> None:
    wanted, made = book.wanted.variant, made_as(book)
    other = {kind: one for kind, one in made.items() if one != wanted}
    if other:
        told = " and ".join(f"the {kind} was made with {one!r}" for kind, one in other.items())
        theirs = {*made.values()}
        raise MissingStepError(
            f"this section runs with variant {wanted!r}, but {told}: run "
            f"{' and '.join(_NOTEBOOKS[kind] for kind in other)} with variant {wanted!r} first"
            + (f", or this one with {theirs.pop()!r}" if len(theirs) == 1 else "")
        )


def _require_short_enough(book: Runbook) -> None:
    longest = longest_session(book)
    if longest and book.duration_seconds > longest:
        name = book.wanted.role_name
        raise RunbookError(
            f"duration_seconds is {book.duration_seconds}, and sessions of role {name!r} last at "
            f"most {longest} seconds (its MaxSessionDuration); sts:AssumeRole was not sent. Give "
            f"{longest} or less: {software.program('papermill')} NOTEBOOK OUTPUT "
            f"-p duration_seconds {longest}"
        )


def admissions(book: Runbook, as_user: Caller, answers: Iterable[questions.Row]) -> list[Attempt]:
    """Ask AWS what `questions.who` has answered: as user and administrator, sts:AssumeRole.

    Where the trust policy asks for something to be sent, who has it asks without it and with it.
    What was answered is what is expected: "only with" is refused without.
    """
    answered = {row.principal: row.answer for row in answers}
    return [
        attempt(
            sts.assume_role,
            caller,
            book.wanted.role_arn,
            book.session_name,
            expected=_expected(answered, caller, book.role_account, bool(options)),
            owner=book.role_account,
            **options,
        )
        for caller in (as_user, book.role_account)
        for options in _ways(book, caller, as_user)
    ]


def _ways(book: Runbook, caller: Caller, as_user: Caller) -> Iterator[dict[str, Any]]:
    yield {}
    if book.wanted.external_id:
        yield {"external_id": book.wanted.external_id}
    if book.wanted.asks_for_mfa and caller is as_user:
        yield {"mfa": codes.second_factor(as_user)}


def _expected(answered: Mapping[str, str], caller: Caller, owner: Caller, sent: bool) -> Outcome:
    """Return what was answered of this caller; one of another account goes by its account."""
    is_foreign = caller.account_id != owner.account_id
    answer = answered.get(f"account {caller.account_id}" if is_foreign else caller.arn, "no")
    return "allowed" if answer == "yes" or (answer != "no" and sent) else "refused"


def counterexamples(book: Runbook, as_user: Caller, as_role: Caller) -> list[Attempt]:
    """Try what the role should not do beyond its purpose, and who should not get in.

    `as_role` is the role session, or the user where there is none. Needs nothing but what the
    principals have.
    """
    wanted = book.wanted
    second: Outcome = "allowed" if wanted.role_policy_arn and as_role is not as_user else "refused"
    rows = [
        attempt(ec2.describe_key_pairs, as_role, expected=second),
        attempt(iam.list_users, as_role, expected="refused"),
    ]
    for caller, options in _intruders(book, as_user):
        rows.append(
            attempt(
                sts.assume_role,
                caller,
                wanted.role_arn,
                book.session_name,
                expected="refused",
                owner=book.role_account,
                **options,
            )
        )
    return [*rows, *(_old_session(book, as_user) if wanted.asks_for_mfa else [])]


def _intruders(book: Runbook, as_user: Caller) -> Iterator[tuple[Caller, dict[str, Any]]]:
    """Yield who should not be admitted: other people, and the user without what it should send."""
    if book.wanted.variant == "external-id":
        yield as_user, {}
        yield as_user, {"external_id": "somebody-elses"}
    elif book.wanted.variant != "tutorial":
        yield book.role_account, {}
    if book.wanted.asks_for_mfa:
        yield as_user, {}
        yield as_user, {"mfa": codes.wrong_code(as_user)}
        yield as_user, {"mfa": codes.used_code(as_user)}


def _old_session(book: Runbook, as_user: Caller) -> Iterator[Attempt]:
    """Try with a session that gave its code just now, and with the same when that is too old.

    So it is the age that is refused. The minute in between passes on a real account, too.
    """
    response = sts.get_session_token(as_user, mfa=codes.second_factor(as_user))
    signed_in = opening.open_session(book.user_account, as_user, response)
    ages: dict[int, Outcome] = {0: "allowed", MFA_SECONDS: "refused"}
    for age, expected in ages.items():
        if age:
            what = "the session to be older than the trust policy admits"
            waiting.pass_time(as_user.place.backend, as_user.account_id, what, age)
        yield attempt(
            sts.assume_role,
            signed_in,
            book.wanted.role_arn,
            book.session_name,
            expected=expected,
            owner=book.role_account,
            context={"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": str(age)},
        )
