"""一件事走了一步，该告诉谁、怎么说：报的人、跟着等信儿的人、承办单位、轮值和牵头单位。"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.kit.context import Aloud
from bot.kit.days import day_of
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.agenda import About
from models.life import CaseKind
from models.moves import CaseMoved
from models.organisation import Officer
from models.outbox import ABOUT_NOTHING, Priority
from models.purpose import WHILE

on = Router()

Recipients = Sequence[Officer | int]
Audience = Callable[[Aloud, CaseMoved], Recipients]


def _desks(aloud: Aloud, *organisations: int | None) -> Recipients:
    officers: list[Officer] = []
    for organisation_id in organisations:
        if organisation_id is not None:
            officers += [each for each in aloud.card(organisation_id).desk if each not in officers]
    return officers


def _chair(aloud: Aloud, move: CaseMoved) -> Recipients:
    """Whoever decides: the chair; where the chair has the case itself, the lead organisation."""
    judge = move.lead_id if move.chair_id in move.handlers else move.chair_id
    return _desks(aloud, judge if judge is not None else move.chair_id)


AUDIENCES: dict[str, Audience] = {
    "reporter": lambda aloud, move: [move.reporter_id],
    "followers": lambda aloud, move: aloud.followers_of(move.number),
    "branch": lambda aloud, move: _desks(aloud, move.organisation_id),
    "chair": _chair,
    "lead": lambda aloud, move: _desks(aloud, move.lead_id),
    "handlers": lambda aloud, move: _desks(aloud, *move.handlers),
    "former": lambda aloud, move: _desks(aloud, *move.former),
    "helpers": lambda aloud, move: _desks(
        aloud, *(each for each in move.former if each != move.by_organisation_id)
    ),
    "asked": lambda aloud, move: _desks(aloud, *move.asked),
}
TOLD: dict[str, dict[str, Priority]] = {
    "accept": {"reporter": Priority.ANSWER},
    "decline": {"reporter": Priority.ANSWER},
    "decline_again": {"reporter": Priority.ANSWER},
    "appeal": {"chair": Priority.DUTY, "lead": Priority.DUTY},
    "hand_on": {"chair": Priority.DUTY, "reporter": Priority.NEWS},
    "transfer": {"reporter": Priority.ANSWER, "followers": Priority.NEWS},
    "merge": {"reporter": Priority.NEWS},
    "absorb": {"reporter": Priority.NEWS, "handlers": Priority.NEWS},
    "withdraw": {"former": Priority.DUTY, "branch": Priority.NEWS, "chair": Priority.NEWS},
    "dispatch": {"asked": Priority.DUTY},
    "invite": {"asked": Priority.DUTY},
    "refuse_invitation": {"chair": Priority.DUTY},
    "apply": {"chair": Priority.DUTY},
    "refuse_claim": {"former": Priority.DUTY},
    "claim": {
        "reporter": Priority.ANSWER,
        "branch": Priority.NEWS,
        "chair": Priority.NEWS,
        "asked": Priority.NEWS,
    },
    "part_claim": {"reporter": Priority.ANSWER, "followers": Priority.NEWS},
    "part_lost": {"reporter": Priority.NEWS},
    "co_claim": {"handlers": Priority.NEWS},
    "step_aside": {"handlers": Priority.NEWS},
    "give_back": {
        "helpers": Priority.NEWS,
        "chair": Priority.DUTY,
        "branch": Priority.NEWS,
        "reporter": Priority.NEWS,
    },
    "revoke": {"former": Priority.DUTY, "branch": Priority.NEWS, "reporter": Priority.NEWS},
    "lapse": {"former": Priority.DUTY, "chair": Priority.DUTY, "reporter": Priority.NEWS},
    "promise": {"reporter": Priority.NEWS},
    "progress": {"reporter": Priority.NEWS},
    "extend_ask": {"chair": Priority.DUTY},
    "extend": {"handlers": Priority.DUTY, "reporter": Priority.NEWS},
    "extend_refuse": {"handlers": Priority.DUTY},
    "pause": {"handlers": Priority.NEWS, "reporter": Priority.NEWS},
    "resume": {"handlers": Priority.NEWS, "reporter": Priority.NEWS},
    "resolve": {"reporter": Priority.ANSWER, "followers": Priority.NEWS},
    "evaluate": {"handlers": Priority.NEWS, "branch": Priority.NEWS},
    "evaluate_bad": {"handlers": Priority.DUTY, "branch": Priority.DUTY, "chair": Priority.DUTY},
    "complain": {"handlers": Priority.DUTY, "branch": Priority.NEWS},
    "visit": {"reporter": Priority.NEWS, "handlers": Priority.NEWS},
    "visit_bad": {"handlers": Priority.DUTY, "reporter": Priority.NEWS},
    "reopen": {"handlers": Priority.DUTY, "branch": Priority.NEWS, "chair": Priority.DUTY},
    "expire": {"handlers": Priority.NEWS},
    "write_off": {"reporter": Priority.ANSWER, "former": Priority.DUTY},
}
"""Who hears of each step, and how urgently. The sentence is ``notices_case.<step>_<audience>``; nobody is told twice."""


@on.happened(CaseMoved)
def moved(aloud: Aloud, move: CaseMoved) -> None:
    """走了一步：按上面的表告诉每一个人，各有各的说法。"""
    told: set[int] = set()
    unit = aloud.card(move.by_organisation_id).name if move.by_organisation_id is not None else move.by
    facts = {
        "number": move.number,
        "text": move.text,
        "face": move.face,
        "unit": unit,
        "by": move.by,
        "note": shorten(move.note, 100),
        "reason": aloud.say("notices_case.reason", note=shorten(move.note, 100)) if move.note else "",
        "day": day_of(move.until) if move.until is not None else "",
        "until": aloud.say("notices_case.until", day=day_of(move.until)) if move.until is not None else "",
        "soon": _soon(aloud, move),
        "organisation": aloud.card(move.organisation_id).name,
        "times": move.times,
    }
    for name, priority in TOLD.get(move.step, {}).items():
        fresh = [each for each in AUDIENCES[name](aloud, move) if _member(each) not in told]
        told.update(_member(each) for each in fresh)
        if not fresh:
            continue
        aloud.post(
            fresh,
            f"case_{move.step}",
            key=f"case:{move.number}:{move.step}:{name}:{aloud.now:%m%d%H%M%S%f}:{move.times}",
            text=aloud.say(f"notices_case.{move.step}_{name}", **facts),
            fields={"title": shorten(move.text, 20), "number": str(move.number), "who": shorten(unit, 20)},
            about=_about(move, name),
            # In an urgent case nothing that somebody waits for is put off, neither by night nor by other letters.
            priority=Priority.URGENT if move.urgent and priority <= Priority.ANSWER else priority,
        )


def _about(move: CaseMoved, name: str) -> About:
    """What says where the case stands is dropped when it stands elsewhere by the time that it could be told."""
    if move.step in WHILE and name in ("reporter", "asked"):
        return About("case", move.number, rung=move.step)
    return ABOUT_NOTHING


def _soon(aloud: Aloud, move: CaseMoved) -> str:
    """What the reporter may expect next; a project has no first call."""
    if move.kind == CaseKind.PROJECT:
        return aloud.say("notices_case.look", number=move.number)
    return aloud.say("notices_case.soon_urgent" if move.urgent else "notices_case.soon")


def _member(recipient: Officer | int) -> int:
    return recipient if isinstance(recipient, int) else recipient.member_id
