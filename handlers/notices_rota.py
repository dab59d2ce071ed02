"""轮值的事该告诉谁：快轮到了、轮到了、该交接了、轮值表改了。"""

from __future__ import annotations

from datetime import date

from bot.kit.context import Aloud
from bot.kit.days import day_of, say_day
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.agenda import About
from models.moment import local
from models.organisation import Officer, PostKind
from models.outbox import ABOUT_NOTHING, Priority
from models.rota import TurnChange, TurnsChanged
from models.turnkeeping import HandoverReminded, TermReminded

on = Router()

MOST_LINES = 3
"""Changes that one letter lists; of more it says how many there are."""


def _heads(aloud: Aloud, organisation_id: int | None) -> list[Officer]:
    """书记和联络员；都没有就是备岗。"""
    if organisation_id is None:
        return []
    card = aloud.card(organisation_id)
    heads = [officer for officer in card.officers if officer.post is not PostKind.DEPUTY]
    return heads or list(card.officers)


def _term_recipients(aloud: Aloud, term: TermReminded) -> list[Officer]:
    found: list[Officer] = []
    for role in term.to:
        match role:
            case "incoming":
                found += _heads(aloud, term.organisation_id)
            case "deputy":
                card = aloud.card(term.organisation_id)
                found += [officer for officer in card.officers if officer.post is PostKind.DEPUTY]
            case "outgoing":
                found += _heads(aloud, term.outgoing_id)
            case "lead":
                found += _heads(aloud, term.lead_id)
            case "above":
                found += aloud.card(term.above_id).desk if term.above_id is not None else ()
            case "next":
                found += _heads(aloud, term.next_id)
    return found


@on.happened(TermReminded)
def coming(aloud: Aloud, term: TermReminded) -> None:
    """一期轮值快到了、到了：新轮值单位、上一任、下一家；没回执的找备岗、牵头单位、上一级。"""
    organisation = aloud.card(term.organisation_id).name
    rung = term.about.rung
    aloud.post(
        _term_recipients(aloud, term),
        f"term_{rung}",
        key=f"term:{term.about.subject_id}:{term.about.edition}:{rung}",
        text=aloud.say(
            f"notices_rota.term_{rung}",
            consortium=term.consortium,
            organisation=organisation,
            first=_day(aloud, term.first),
            last=day_of(term.last),
            ask=aloud.say("notices_rota.ask") if term.about.asks else "",
            answer=aloud.say("notices_rota.answer") if term.about.asks else "",
            next_first=_day(aloud, term.next_first),
            next_last=day_of(term.next_last) if term.next_last is not None else "",
        ),
        fields=_fields(term.consortium, _day(aloud, term.first)),
        priority=Priority(term.priority),
        about=term.about,
    )


@on.happened(HandoverReminded)
def handing_over(aloud: Aloud, handover: HandoverReminded) -> None:
    """该交接了：上一任和这一任；还没说交接好的再提醒；一直没交接好，告诉牵头单位。"""
    recipients = {
        "begin": handover.missing,
        "remind": handover.missing,
        "late": (handover.lead_id,),
    }
    left = handover.checklist
    aloud.post(
        [officer for each in recipients[handover.about.rung] for officer in _heads(aloud, each)],
        f"handover_{handover.about.rung}",
        key=f"handover:{handover.about.subject_id}:{handover.about.edition}:{handover.about.rung}",
        text=aloud.say(
            f"notices_rota.handover_{handover.about.rung}",
            consortium=handover.consortium,
            outgoing=aloud.card(handover.outgoing_id).name,
            incoming=aloud.card(handover.incoming_id).name,
            cases=left.cases,
            projects=left.projects,
            books=left.books,
            missing="、".join(aloud.card(each).name for each in handover.missing),
        ),
        fields=_fields(handover.consortium, ""),
        priority=Priority(handover.priority),
        about=handover.about,
    )


@on.happened(TurnsChanged)
def changed(aloud: Aloud, rota: TurnsChanged) -> None:
    """轮值表改了：只告诉轮值有变动的单位，一家一次。"""
    lines = [_line(aloud, change) for change in rota.changes[:MOST_LINES]]
    if len(rota.changes) > MOST_LINES:
        lines.append(aloud.say("notices_rota.more", count=len(rota.changes) - MOST_LINES))
    single = rota.changes[0]
    about = ABOUT_NOTHING
    if rota.edition:
        about = About("term", single.term_id, rota.edition, "changed", asks=rota.asks)
    aloud.post(
        _heads(aloud, rota.organisation_id),
        "turns_changed",
        key=rota.key,
        text=aloud.say(
            "notices_rota.changed_one" if rota.asks else "notices_rota.changed",
            consortium=rota.consortium,
            lines="\n".join(lines),
        ),
        fields=_fields(rota.consortium, _day(aloud, single.first)),
        about=about,
    )


def _line(aloud: Aloud, change: TurnChange) -> str:
    return aloud.say(
        f"notices_rota.line_{change.kind.value}",
        was_first=_day(aloud, change.was_first),
        was_last=day_of(change.was_last) if change.was_last is not None else "",
        first=_day(aloud, change.first),
        last=day_of(change.last) if change.last is not None else "",
    )


def _day(aloud: Aloud, day: date | None) -> str:
    return "" if day is None else say_day(day, local(aloud.now).date())


def _fields(consortium: str, day: str) -> dict[str, str]:
    return {"title": shorten(consortium, 20), "number": day}
