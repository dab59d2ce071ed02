"""The exact things a message names, and when it is needed: the finders put together, each after its turn."""

from __future__ import annotations

from datetime import date

from bot.language import marks, places, quantities, times
from models.understanding import Slots

_NO_TIMES = frozenset(["chitchat", "other"])
"""Small talk about the day is no time of a matter."""
_ASKS_OF_TIME = frozenset(["activity_query", "duty_query"])
"""Where even 今年 and 最近 are the matter's time."""
_PAST_ONLY = frozenset(["query_mine"])
"""Whoever asks for what he reported tells when that was."""
_ANY_WEEKEND = frozenset(["offer", "query_list"])
"""Where 周末 means every one."""

Span = tuple[int, int]
Facts = tuple[Slots, str | None, str | None]


def find(text: str, folded: str, gazetteer: places.Gazetteer, *, intent: str, today: date) -> Facts:
    """The slots of a text, the deadline, and the deadline as precisely as it was said."""
    phones = marks.phones(folded)
    items = marks.items(folded, phones, intent=intent)
    taken = phones + items
    said = [] if intent in _NO_TIMES else times.find(folded, today, backward=intent == "volunteer_log")
    if said:
        said = [
            time
            for time in said
            if (not time.vague or intent in _ASKS_OF_TIME)
            and not any(time.start < right and left < time.end for left, right in taken)
        ]
        taken += [(time.start, time.end) for time in said]
    where = places.find(folded, gazetteer, intent=intent, taken=taken)
    amounts = quantities.find(folded, intent=intent, taken=taken + where)
    slots = Slots(
        quantity=_pieces(text, amounts),
        place=_pieces(text, where),
        time=_pieces(text, [(time.start, time.end) for time in said]) if said else (),
        phone=_pieces(text, phones),
        item_no=_pieces(text, items),
    )
    by, when = deadline(said, today, intent) if said else (None, None)
    return slots, by, when


def _pieces(text: str, spans: list[Span]) -> tuple[str, ...]:
    return tuple([text[start:end] for start, end in spans]) if spans else ()


def deadline(said: list[times.Time], today: date, intent: str) -> tuple[str | None, str | None]:
    """The time by which it is needed, else the next one; a past one only for what is told as done."""
    dated = [t for t in said if t.days is not None and not (t.loose and intent in _ANY_WEEKEND)]
    ahead = [t for t in dated if t.days is not None and t.days[1] >= today]
    if intent == "volunteer_log":
        ahead = dated
    elif intent in _PAST_ONLY:
        ahead = []
    elif intent == "progress":
        # what was done today is told with what comes next
        later = [t for t in ahead if t.days is not None and t.days[0] > today]
        ahead = later or ahead or dated
    chosen = next((t for t in ahead if t.by), None) or next(iter(ahead), None)
    if chosen is None or chosen.days is None:
        return None, None
    first, last = chosen.days
    if first != last:
        span = f"{first}/{last}"
        return span, span
    if chosen.clock is None:
        return str(first), str(first)
    begin = f"{first}T{chosen.clock[0]:02}:{chosen.clock[1]:02}"
    if chosen.until is None:
        return str(first), begin
    return str(first), f"{begin}/{first}T{chosen.until[0]:02}:{chosen.until[1]:02}"
