"""What `access` says of one request, in the words of an answer; nothing is read here."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from runbook_lib import access
from runbook_lib.access.conditions import is_met
from runbook_lib.questions.naming import Found
from runbook_lib.questions.people import ANY, UNSEEN

# What a caller sends along may need a permission of its own, in the trust policy too.
_EXTRA = {
    "sts:sourceidentity": "sts:SetSourceIdentity",
    "aws:requesttag/": "sts:TagSession",
    "aws:tagkeys": "sts:TagSession",
    "sts:transitivetagkeys": "sts:TagSession",
}
ORGANIZATION = "the organization's service and resource control policies, which may refuse"
NOT_SEEN = (ORGANIZATION,)


def judged(
    asked: access.Request, trust: access.Policy | None, account_id: str
) -> tuple[access.Answer, access.Request]:
    """Judge a request; return the answer, and the request that decided.

    A way in that needs another action is none where that is refused: then that one decided.
    """
    answer = access.judge(asked, trust, account_id)
    if asked.action != "sts:AssumeRole" or not answer.ways:
        return answer, asked
    ways = tuple(way for way in answer.ways if _is_open(way, asked, trust, account_id))
    if ways:
        return access.Answer("only with", answer.decision, ways, answer.decided_by), asked
    others = (replace(asked, action=one) for one in _extra(answer.ways[0]))
    found = ((access.judge(other, trust, account_id), other) for other in others)
    return next((answer, other) for answer, other in found if answer.answer == "no")


def _is_open(
    way: access.Way, asked: access.Request, trust: access.Policy | None, account_id: str
) -> bool:
    others = (access.judge(replace(asked, action=one), trust, account_id) for one in _extra(way))
    return all(other.answer != "no" for other in others)


def _extra(way: access.Way) -> list[str]:
    """Return the further actions that a way in takes: those of what has to be sent along."""
    keys = [test.key.lower() for test in way.met if not is_met(test, {}, None)]
    return [action for key in keys for start, action in _EXTRA.items() if key.startswith(start)]


def conditions(ways: Sequence[access.Way]) -> list[str]:
    """Return what is needed: several conditions of one way, or one text that names all ways."""
    return ways[0].words() if len(ways) == 1 else [" or ".join(map(str, ways))] if ways else []


def of_others(who: Found) -> list[str]:
    """Return what is needed beside the policies of the account: what others decide."""
    principal = who.principal
    if principal.kind == "Federated":
        return [f"a token of {principal.arn}"]
    if principal.kind == "AWS" and not who.entity and not principal.is_root:
        if principal.account_id == ANY:
            return ["an identity policy in its own account that allows it"]
        return [f"an identity policy in account {principal.account_id} that allows it"]
    return []


def statements(found: Iterable[access.Matched]) -> list[dict[str, str]]:
    """Return the statements that decided, for a program; those that nobody has seen left out."""
    return [
        {"policy": it.policy, "statement": it.sid_or_index, "effect": it.effect}
        for it in found
        if it.policy != UNSEEN
    ]


def further(asked: access.Request, deciding: access.Request) -> str:
    """Return the action that was decided on beside the one that was asked about, if any."""
    return deciding.action if deciding is not asked else ""


def told(who: Found, answer: access.Answer, needs: str) -> str:
    """Say why; of whom nobody has seen the policies, only that the trust policy admits it.

    `needs` is the further action that decided, or nothing.
    """
    is_seen = who.entity or who.principal.kind != "AWS" or who.principal.is_root
    admits = [it.policy for it in answer.decided_by if it.policy != UNSEEN]
    if not is_seen and not admits and answer.answer != "no":
        return f"what account {who.principal.account_id} allows it is not seen"
    if is_seen or answer.answer == "no":
        why = answer.decision.why.replace(who.principal.arn, who.shown)
        return f"it takes {needs} as well: {why}" if needs else why
    return f"{admits[0]} admits {who.shown}; what its own account allows is not seen"
