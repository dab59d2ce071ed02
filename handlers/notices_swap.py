"""换班的事该告诉谁：问了哪几家、谁应了、报备案、换好了、没换成。"""

from __future__ import annotations

from bot.kit.context import Aloud
from bot.kit.days import day_of
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.agenda import About
from models.outbox import ABOUT_NOTHING, Priority
from models.swap import Event, Side, SwapMoved

on = Router()


@on.happened(SwapMoved)
def moved(aloud: Aloud, swap: SwapMoved) -> None:
    """换班走到了哪一步：各家的联络员。"""
    match swap.event:
        case Event.ASKED | Event.REMINDED:
            for side in swap.asked:
                key = "notices_swap.asked" if swap.event is Event.ASKED else "notices_swap.reminded"
                text = aloud.say(
                    key,
                    number=swap.swap,
                    organisation=swap.mine.organisation,
                    first=day_of(swap.mine.first),
                    last=day_of(swap.mine.last),
                    own_first=day_of(side.first),
                    own_last=day_of(side.last),
                    until=day_of(swap.settle_by),
                )
                _post(aloud, swap, side.organisation_id, text, about=swap.about)
        case Event.TAKEN:
            _taken(aloud, swap)
        case Event.DONE:
            for side, gets in _exchanged(swap):
                text = aloud.say(
                    "notices_swap.done",
                    number=swap.swap,
                    first=day_of(gets.first),
                    last=day_of(gets.last),
                    organisation=gets.organisation,
                    other_first=day_of(side.first),
                    other_last=day_of(side.last),
                )
                _post(aloud, swap, side.organisation_id, text)
            if swap.was_taken:
                _not_needed(aloud, swap)
        case Event.REFUSED:
            for side, _ in _exchanged(swap):
                text = aloud.say(
                    "notices_swap.refused",
                    number=swap.swap,
                    reason=shorten(swap.reason, 60),
                    first=day_of(side.first),
                    last=day_of(side.last),
                )
                _post(aloud, swap, side.organisation_id, text)
        case Event.EXPIRED:
            _expired(aloud, swap)
        case Event.WITHDRAWN:
            _all_others(
                aloud,
                swap,
                aloud.say("notices_swap.withdrawn", number=swap.swap, organisation=swap.mine.organisation),
            )
        case Event.VOID:
            text = aloud.say("notices_swap.void", number=swap.swap)
            _post(aloud, swap, swap.mine.organisation_id, text)
            _all_others(aloud, swap, text)


def _exchanged(swap: SwapMoved) -> list[tuple[Side, Side]]:
    """Each of the two with the turn that it gets."""
    return [(swap.mine, swap.peer), (swap.peer, swap.mine)] if swap.peer is not None else []


def _taken(aloud: Aloud, swap: SwapMoved) -> None:
    """有人愿意换：想换的那家、牵头单位（备案）；一起问的别家不用回了。"""
    peer = swap.peer
    if peer is None:
        return
    until = day_of(swap.settle_by)
    text = aloud.say(
        "notices_swap.taken",
        number=swap.swap,
        organisation=peer.organisation,
        first=day_of(peer.first),
        last=day_of(peer.last),
        until=until,
    )
    _post(aloud, swap, swap.mine.organisation_id, text)
    text = aloud.say(
        "notices_swap.record",
        number=swap.swap,
        organisation=swap.mine.organisation,
        first=day_of(swap.mine.first),
        peer=peer.organisation,
        other_first=day_of(peer.first),
        until=until,
    )
    _post(aloud, swap, swap.lead_id, text, part="lead")
    _not_needed(aloud, swap)


def _not_needed(aloud: Aloud, swap: SwapMoved) -> None:
    """The others who were asked: somebody was faster."""
    if swap.peer is None:
        return
    text = aloud.say("notices_swap.gone", number=swap.swap, organisation=swap.peer.organisation)
    for side in swap.asked:
        _post(aloud, swap, side.organisation_id, text, key=f"swap:{swap.swap}:gone")


def _expired(aloud: Aloud, swap: SwapMoved) -> None:
    text = aloud.say(
        "notices_swap.expired",
        number=swap.swap,
        first=day_of(swap.mine.first),
        last=day_of(swap.mine.last),
    )
    _post(aloud, swap, swap.mine.organisation_id, text)
    _all_others(aloud, swap, aloud.say("notices_swap.expired_others", number=swap.swap))


def _all_others(aloud: Aloud, swap: SwapMoved, text: str) -> None:
    """Whoever was asked and did not decline; and once somebody had taken it, they and the lead organisation."""
    sides = [side.organisation_id for side in swap.asked] if not swap.was_taken else []
    if swap.was_taken and swap.peer is not None:
        sides = [swap.peer.organisation_id, swap.lead_id]
    for organisation_id in dict.fromkeys(sides):
        _post(aloud, swap, organisation_id, text, part=f"o{organisation_id}")


def _post(
    aloud: Aloud,
    swap: SwapMoved,
    organisation_id: int,
    text: str,
    *,
    part: str = "",
    key: str = "",
    about: About = ABOUT_NOTHING,
) -> None:
    aloud.post(
        aloud.card(organisation_id).desk,
        f"swap_{swap.event.value}",
        key=f"{key or swap.key}:{part or organisation_id}",
        text=text,
        fields={"title": shorten(swap.consortium, 20), "number": str(swap.swap)},
        priority=Priority.ANSWER,
        about=about,
    )
