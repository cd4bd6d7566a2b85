"""The attempts of the lesson: assuming the role, and what should not be possible around it."""

from collections.abc import Iterable, Iterator, Mapping

from runbook_lib import ec2, iam, questions, sts
from runbook_lib.account.caller import Caller
from runbook_lib.attempts.evidence import Attempt, Outcome, attempt
from runbook_lib.attempts.predict import made_as
from runbook_lib.errors import MissingStepError
from runbook_lib.runbook import Runbook

_NOTEBOOKS = {
    "policy": "notebooks/02_assume_role_policy.ipynb",
    "role": "notebooks/04_role.ipynb",
}


def assume_role(book: Runbook, as_user: Caller) -> Attempt:
    """Try sts:AssumeRole with all that the trust policy asks for.

    The variant mfa asks for a token code where the user has a device; without one, the refusal is
    what is expected.
    Raises: MissingStepError where policy or role are those of another variant; RunbookError where a
    code is needed and nobody is there to type it.
    """
    wanted = book.wanted
    _require_one_variant(book)
    mfa = None if wanted.admits else sts.second_factor(as_user)
    return attempt(
        sts.assume_role,
        as_user,
        wanted.role_arn,
        book.session_name,
        expected="allowed" if wanted.admits or mfa else "refused",
        owner=book.role_account,
        external_id=wanted.external_id,
        mfa=mfa,
    )


def _require_one_variant(book: Runbook) -> None:
    wanted = book.wanted.variant
    other = {kind: made for kind, made in made_as(book).items() if made != wanted}
    if other:
        made = " and ".join(f"the {kind} was made with {one!r}" for kind, one in other.items())
        raise MissingStepError(
            f"this section runs with variant {wanted!r}, but {made}: run "
            f"{' and '.join(_NOTEBOOKS[kind] for kind in other)} with variant {wanted!r} first, or "
            "this one with theirs"
        )


def admissions(book: Runbook, as_user: Caller, answers: Iterable[questions.Row]) -> list[Attempt]:
    """Ask AWS what `questions.who` has answered: as user and administrator, sts:AssumeRole.

    Where the trust policy asks for an external id, each asks without it and with it. What was
    answered is what is expected: "only with" is refused without.
    """
    answered = {row.principal: row.answer for row in answers}
    external_id = book.wanted.external_id
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
        for options in ([{}, {"external_id": external_id}] if external_id else [{}])
    ]


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
    return rows


def _intruders(book: Runbook, as_user: Caller) -> Iterator[tuple[Caller, dict[str, str]]]:
    """Yield who should not be admitted: other people, and the user without what it should send."""
    if book.wanted.variant == "external-id":
        yield as_user, {}
        yield as_user, {"external_id": "somebody-elses"}
    elif book.wanted.variant != "tutorial":
        yield book.role_account, {}
