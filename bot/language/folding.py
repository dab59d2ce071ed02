"""Folding: one plain shape of a text, character for character, so that offsets stay true.

Full width becomes half width, traditional characters become simplified ones, capitals become small. Every
character maps to exactly one, hence a span found in the folded text is the same span of the text as written.
The pairs of characters come from OpenCC's TSCharacters table (Apache-2.0), single characters only.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

LIMIT = 600
"""Characters of a message that are read for meaning; the rest is kept by the house but not classified."""

_BLANKS = "\t\r\n\v\f\u3000\xa0\u2002\u2003\u2009\u200b\ufeff"
_WIDE = (
    *range(0xFF01, 0xFF5F),
    *range(0x2460, 0x2469),
    0x3007,
    *range(0x2F00, 0x2FD6),
    *range(0xF900, 0xFA6E),
)


@cache
def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    pairs = resources.files("bot.language").joinpath("data/simplified.txt").read_text("utf-8")
    for line in pairs.splitlines():
        if line and not line.startswith("#"):
            table[ord(line[0])] = line[2]
    for code in _WIDE:
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1:
            table[code] = plain.lower()
    for code in range(ord("A"), ord("Z") + 1):
        table[code] = chr(code + 32)
    for blank in _BLANKS:
        table[ord(blank)] = " "
    return table


def fold(text: str) -> str:
    """The folded text, of the same length as ``text``."""
    return text.translate(_table())


_NOISE = re.compile(r"[\s\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]+")


_SPELT = {
    "baoming": "报名", "renling": "认领", "qiandao": "签到", "bangzhu": "帮助", "rengong": "人工", "bangding": "绑定",
    "zenme": "怎么", "yong": "用", "youmeiyou": "有没有", "nihao": "你好", "xiexie": "谢谢", "huodong": "活动",
    "qingdan": "清单", "wode": "我的", "quxiao": "取消", "chexiao": "撤销", "manyi": "满意", "xuyao": "需要",
    "wenti": "问题", "xuqiu": "需求", "banjie": "办结", "jinzhan": "进展", "lunzhi": "轮值", "zhiyuan": "志愿",
    "qingjia": "请假", "hao": "号", "wo": "我", "women": "我们", "shenme": "什么", "sha": "啥", "za": "咋",
    "dianhua": "电话", "canjia": "参加", "mei": "没", "huai": "坏", "deng": "灯", "ludeng": "路灯", "zaima": "在吗",
    "xiangmu": "项目", "kankan": "看看", "haole": "好了", "xiuhao": "修好", "le": "了", "a": "啊", "ma": "吗",
}  # fmt: skip
"""Whole syllable groups of the words that the bot lives by, for those who type without an input method."""
_LATIN = re.compile("[a-z]+")


def _spell(match: re.Match[str]) -> str:
    return _SPELT.get(match.group(), match.group())


def squeeze(folded: str) -> str:
    """A folded text without blanks, pictures and doubled punctuation: what the classifier looks at."""
    if _LATIN.search(folded):
        folded = _LATIN.sub(_spell, folded)
    return _NOISE.sub("", folded)
