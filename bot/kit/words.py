"""What members type besides sentences: digits in all their shapes, yes and no, numbers of cases."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DIGITS = {
    char: value
    for value, chars in enumerate(
        ("〇零", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
    )
    for char in chars
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000}
_CHINESE = "".join(_DIGITS) + "".join(_UNITS)
_NUMBER = rf"(?:\d{{1,9}}|[{_CHINESE}]{{1,9}})"
_LEAD = r"(?:我|就|那就|那|请)?(?:选择|选|要|回复|回|填|用|第|是|编号|no\.?|#)*"
_TAIL = r"(?:号|个|条|家|项|件|那个|那家|单)*"
_SOFT = r"(?:吧|呢|啊|了|呗|哈|的|行|就行|可以|就好)*"
_CHOICE = re.compile(rf"^{_LEAD}({_NUMBER}){_TAIL}{_SOFT}$", re.IGNORECASE)
# 看一下 and 看一个人 are not about number 1: a Chinese numeral wants 第 or 编号 before it, or 号 or nothing behind.
_CASE_NUMBER = re.compile(
    rf"^{_LEAD}\s*(\d{{1,9}}(?!\d)|(?:(?<=[第#.])|(?<=编号)|(?<=编号 ))[{_CHINESE}]{{1,9}}|[{_CHINESE}]{{1,9}}(?=号|\W|$))"
    rf"{_TAIL}",
    re.IGNORECASE,
)
_GAP = re.compile(rf"(?<![\d{_CHINESE}])\s+|\s+(?![\d{_CHINESE}])")
"""A space that does not stand between two numbers: ``第 1 个``, but not ``1 3``."""
BOTH = frozenset({"也报", "都报", "一起报", "也报上", "报上"})
"""That the other matter of the same message is to be reported too."""
EDGES = " \t\r\n　.。,，、!！?？~～;；:：…\"'“”‘’()（）[]【】《》<>*"
_KEYCAP = re.compile("[\ufe0f\u20e3\u200b-\u200f\u2060\ufeff]")

_LONGEST_CHOICE = 24
"""Characters; nobody chooses a number in more."""

_YES = frozenset(
    "是 对 是的 对的 对对 对对对 好 好的 行 中 嗯 嗯嗯 可以 同意 没错 确认 ok okay yes y 成 好嘞 要得 没问题 就是 对呀 对啊 是啊 好啊".split()  # noqa: SIM905 - read as a sentence
)
_HEARD = re.compile(
    r"^(?:嗯+|好的?|行|是|中|对)?[，,。 ]*(?:(?:我们?|俺们?|已经?|都)*(?:收到|知道|明白|晓得|清楚|了解|看到)了?|没问题|同意|一定(?:到|办|参加)|遵命)"
    r"[了啦吧的]*(?:[，,。!！ ]|谢谢|感谢|辛苦了?|书记|主任|马上|准备|安排|我们?|这就|去|办)*$"
)
_CANNOT = re.compile(
    r"^(?:我们?|俺们?|真的?|实在|恐怕)*(?:去不了|来不了|换不了|办不了|没(?:法|办法)|不行|不同意|不换|不方便|轮不开)(?:[了啊呢吧啦]|[，,。 ])*$"
)
_LONGEST_HEARD = 16
"""Characters; a longer text says more than that it was read."""
_NO = frozenset("不 不是 不对 否 不行 不用 不要 不了 没有 错 错了 no n 不同意 不可以 不好 算了".split())  # noqa: SIM905


def plain(text: str) -> str:
    """``text`` in half width, without key caps, outer spaces and outer punctuation."""
    return _plain_short(text) if len(text) <= _SHORT else _plain(text)


def _plain(text: str) -> str:
    return _KEYCAP.sub("", unicodedata.normalize("NFKC", text)).strip(EDGES)


_PAIRS = {"《": "》", "“": "”", "‘": "’", "（": "）", "(": ")", "【": "】", "[": "]", "<": ">"}


def closed(text: str) -> str:
    """``text`` with the marks that close what opened in it, where they were taken for outer punctuation: 学《民法典》."""
    missing: list[str] = []
    for each in text:
        if each in _PAIRS:
            missing.append(_PAIRS[each])
        elif missing and each == missing[-1]:
            missing.pop()
    return text + "".join(reversed(missing))


_SHORT = 64
"""Characters; such texts are asked for several times on a message's way, and kept for that long."""
_plain_short = lru_cache(maxsize=2048)(_plain)


def number(written: str) -> int | None:
    """The value of digits or Chinese numerals up to 99,999,999 (``12``, ``十二``, ``一百零三``, ``二十``); else None."""
    written = unicodedata.normalize("NFKC", written)
    if written.isascii() and written.isdigit():
        return int(written) if len(written) <= 9 else None
    if not written or any(char not in _DIGITS and char not in _UNITS for char in written):
        return None
    if not any(char in _UNITS for char in written):  # read out digit by digit: 一二 = 12
        return int("".join(str(_DIGITS[char]) for char in written))
    if _UNITS.get(written[0], 10) != 10:  # 万一 and 千万 are words
        return None
    total = section = digit = 0
    for char in written:
        if char in _DIGITS:
            digit = _DIGITS[char]
            continue
        unit = _UNITS[char]
        if unit == 10_000:
            total, section, digit = (total + section + digit) * unit, 0, 0
        else:
            section, digit = section + (digit or 1) * unit, 0
    return total + section + digit


def choice(text: str) -> int | None:
    """Which number the whole text chooses: ``1 １ ① 一 第1个 1号吧 选一 要1`` all choose 1; else None."""
    text = plain(text)
    if len(text) > _LONGEST_CHOICE:
        return None
    found = _CHOICE.match(_GAP.sub("", text))
    return number(found[1]) if found else None


def leading_number(text: str) -> tuple[int, str] | None:
    """The number that a command's remainder begins with, and what stands behind it: ``12号 已经修好`` → 12, 已经修好."""
    rest = plain(text)
    found = _CASE_NUMBER.match(rest)
    if not found:
        return None
    value = number(found[1])
    return (value, rest[found.end() :].strip(EDGES)) if value is not None else None


def as_written(text: str, end: str) -> str:
    """The end of a text with the punctuation that it was written with: people read their own again."""
    written = text.strip(EDGES)[-len(end) :] if end else ""
    return written if plain(written) == plain(end) else end


def is_yes(text: str) -> bool:
    """Whether the whole text is a natural yes, or a 1."""
    return plain(text).lower() in _YES or choice(text) == 1


def is_no(text: str) -> bool:
    """Whether the whole text is a natural no, or a 2."""
    return plain(text).lower() in _NO or choice(text) == 2


def reacts(text: str) -> bool | None:
    """Whether the whole text says that a notice was read or agreed to (1, 收到, 好的，知道了), or the contrary (0, 去不了).

    None: it says something else.
    """
    short = plain(text)
    if len(short) > _LONGEST_HEARD:
        return None
    if short.lower() in _YES or _HEARD.match(short) or choice(short) == 1:
        return True
    if short.lower() in _NO or _CANNOT.match(short) or choice(short) == 0:
        return False
    return None
