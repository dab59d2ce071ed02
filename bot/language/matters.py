"""Two matters in one message: where the second begins."""

from __future__ import annotations

import re

_TURN = re.compile(
    r"(?:[，,。；;！!？?、\s]|^)(?P<turn>还有(?:个|一件|一个|件)?事?(?:就是|儿)?|再(?:有|就是|一个|说)(?:就是)?|另外|对了|第?[二2](?:个|件|是|来|则)(?:事|呢)?"
    r"|顺便(?:再|也)?(?:问|说|报)?(?:一下|一嘴|一句|下)?|完了再说|捎带(?:着)?(?:问|说)?|同时(?:还|也)?)[，,：: ]?"
)
SHORTEST = 5
"""Characters; fewer tell no matter of their own."""


def second(folded: str) -> tuple[int, int] | None:
    """Where the first matter ends and the second begins, if a turn of phrase parts the text in two; else None."""
    for match in _TURN.finditer(folded):
        end, start = match.start("turn"), match.end()
        if len(folded[:end].strip()) >= SHORTEST and len(folded[start:].strip()) >= SHORTEST:
            return end, start
    return None
