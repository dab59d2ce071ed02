"""Numbers as people type them: digits, Chinese numerals, mixtures and vague ones, read as a range.

``五六十`` is (50, 60), ``三十多`` is (31, 39), ``两千五`` is (2500, 2500), ``1.2万`` is (12000, 12000).
"""

from __future__ import annotations

import re

DIGITS = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "俩": 2, "仨": 3, "幺": 1,
}  # fmt: skip
_POWERS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_GROUPS = {"万": 10_000, "亿": 100_000_000}
_LONGEST = 24

NUMERAL = "零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟"
"""Every character that may stand in a Chinese number."""

_TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|.")


def value(text: str) -> tuple[float, float] | None:
    """The least and the greatest number that ``text`` may mean, or None when it is not a number.

    Understands 半 (two and a half: 两…半 is the caller's), 几, 多, 来, 余 and neighbours such as 三五.
    """
    text = text.replace(",", "").replace("个", "").replace("廿", "二十").replace("卅", "三十")
    if not text or len(text) > _LONGEST:
        return None
    if text == "半":
        return 0.5, 0.5
    if "点" in text and text[0] not in "0123456789":
        return _decimal(text)
    low = _plain(text, least=True)
    high = _plain(text, least=False)
    return None if low is None or high is None else (low, high)


def whole(text: str) -> int | None:
    """The number when it is one definite whole number."""
    found = value(text)
    if found is None or found[0] != found[1] or found[0] != int(found[0]):
        return None
    return int(found[0])


def _decimal(text: str) -> tuple[float, float] | None:
    head, _, tail = text.partition("点")
    whole_part = _plain(head, least=True)
    if whole_part is None or not tail or any(c not in DIGITS for c in tail):
        return None
    result = whole_part + float("0." + "".join(str(DIGITS[c]) for c in tail))
    return result, result


def _plain(text: str, *, least: bool) -> float | None:
    """One end of the range. Units climb: ones, tens … within a group of ten thousand, then the groups."""
    total = section = 0.0
    pending: float | None = None
    last_power = 0.0
    for match in _TOKEN.finditer(text):
        piece = match.group()
        if piece[0].isascii():
            if not piece[0].isdigit():
                return None
            pending = float(piece)
        elif piece in DIGITS or piece == "几":
            digit = float(DIGITS[piece]) if piece != "几" else (2.0 if least else 9.0)
            if pending is not None and piece != "零" and pending != 0:
                # two neighbours, 五六十: the first for the lower end, the second for the upper end
                digit = pending if least else digit
            pending = digit
        elif piece in _POWERS:
            last_power = _POWERS[piece]
            section += (1.0 if pending is None else pending) * last_power
            pending = None
        elif piece in _GROUPS:
            last_power = float(_GROUPS[piece])
            section += pending or 0.0
            total = (
                (total + (section or 1.0)) * last_power
                if piece == "亿"
                else total + (section or 1.0) * last_power
            )
            section, pending = 0.0, None
        elif piece in "多来余把":
            # 三十多: up to the next ten; 十来: about ten, read from the number on
            room = last_power or 1.0
            section += 1.0 if least else max(room - 1.0, 1.0)
        elif piece == "半":
            pending = (pending or 0.0) + 0.5
        else:
            return None
    if pending is not None:
        # 两千五 is two thousand five hundred; 两千零五 is not
        spoken_short = last_power >= 100 and text[-1] in DIGITS and (len(text) < 2 or text[-2] not in "零〇")
        section += pending * last_power / 10 if spoken_short else pending
    return total + section
