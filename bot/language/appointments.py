"""When and where people meet: the day and the hour that a sentence names, and what it says besides.

Unlike a deadline, an appointment may lack its day or its hour, which are then asked for; and one that is named wrongly
(25点, 13月5日) is told apart from one that is not named at all.
"""

from __future__ import annotations

import re
from datetime import date, time

from bot.language import times
from models.understanding import Appointment

_HOUR = re.compile(
    r"(?:凌晨|清早|一早|早晨|早上|早起|上午|头晌|前晌|中午|晌午|下午|下晌|后晌|傍晚|晚上|夜里|半夜)?\s*"
    r"(?:\d{1,2}|[零〇一二两三四五六七八九十]{1,3})(?:[点时](?!间)(?:半|[一三]刻|\d{1,2}分?|[一二三四五]?十[一二三四五六七八九]?分?)?整?|:\d{2})"
)
_DAY = re.compile(r"[\d一二三四五六七八九十](?:月|号|日)")
_SOME_DAY = "明天"
"""Any day with which an hour alone is read."""
_AROUND = re.compile(
    r"^[\s,，。.;；:：、]*(?:在|到|去|于|地点是?|地方是?)?[\s:：]*|[\s,，。.;；:：、]*(?:开会|开)?[\s,，。.;；!！]*$"
)


def find(text: str, folded: str, today: date) -> Appointment:
    """The appointment that a text names; ``folded`` is the same text folded, character for character."""
    # 头晌儿 and 头晌 are one word; the same characters go from both texts.
    small = [at for at, char in enumerate(folded) if char == "儿" and at and folded[at - 1] == "晌"]
    text, folded = _without(text, small), _without(folded, small)
    folded = folded.replace("：", ":")
    day: date | None = None
    clock: times.Clock | None = None
    wrong = False
    taken: list[tuple[int, int]] = []
    for said in times.find(folded, today):
        words = folded[said.start : said.end]
        if said.days is not None and said.days[0] == said.days[1] and day is None:
            day, clock = said.days[0], clock or said.clock
            wrong = wrong or (said.clock is None and _HOUR.search(words) is not None)
        elif said.days is None and _DAY.search(words):
            wrong, clock = True, clock or said.clock  # 13月5日: it looks like a day, and is none
        elif said.days is None or day is not None:
            continue
        taken.append((said.start, said.end))  # 下周 names no day, and no place either
    if clock is None:
        found = _HOUR.search(_blanked(folded, taken))
        if found is not None:
            clock = next((each.clock for each in times.find(_SOME_DAY + found[0].strip(), today)), None)
            taken.append(found.span())
            wrong = wrong or clock is None
    rest = _AROUND.sub("", _cut(text, taken))
    return Appointment(
        day=day,
        at=None if clock is None else time(*clock),
        rest=rest.strip(),
        wrong=wrong and not (day and clock),
    )


def _without(text: str, places: list[int]) -> str:
    return "".join(char for at, char in enumerate(text) if at not in places)


def _blanked(text: str, taken: list[tuple[int, int]]) -> str:
    """The text with what was read already left blank, so that places stay where they are."""
    for start, end in taken:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _cut(text: str, taken: list[tuple[int, int]]) -> str:
    """The text without what was read; parts that were apart stay apart."""
    return re.sub(r"\s{2,}", " ", _blanked(text, taken))
