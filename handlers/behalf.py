"""代报：替不用微信的人报一件事。谁报的、替谁报的都记着，办的人两头都找得到。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import as_written, plain
from models.case import Behalf

on = Router()

_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_WHOM = re.compile(
    r"^(?:我|俺|咱)?(?:来)?(?:代报|代|替|帮)\s*(?P<whom>[^，。：:,\s]{2,14}?)\s*"
    r"(?:代?报(?:个|一?件|一下)?(?:事儿?|情况|需求|问题)?|说(?:个|一?件|一下)?(?:事儿?)?|反映(?:个|一下)?(?:事儿?|情况|问题)?|问(?:个|一下)?(?:事儿?)?)"
    r"[，。：:,\s]*(?P<what>.{4,})$",
    re.DOTALL,
)
_WHOM_FIRST = re.compile(r"^代报\s*(?P<whom>[\u4e00-\u9fff·]{2,8})[，。：:,\s]+(?P<what>.{4,})$", re.DOTALL)
_NOBODY = re.compile(r"^(?:大家|我们|咱们|自己|村里?$|群众$|老百姓$)")


@on.command("代报", "我代", "替", "我替", "俺替", "帮", "我帮", takes="words")
def for_somebody(ctx: Context) -> Reply | Pass:
    """代报 王大爷 13800001234 他家羊拉稀：替谁报的记下，下面跟自己报事一样。"""
    text = plain(ctx.text)
    found = _WHOM_FIRST.match(_PHONE.sub(" ", text)) or _WHOM.match(_PHONE.sub(" ", text))
    if found is None or _NOBODY.match(found["whom"]):
        return ctx.say("behalf.how") if text.startswith("代报") else PASS
    phone = _PHONE.search(text)
    ctx.behalf = Behalf(name=found["whom"].strip(), phone=phone[0] if phone else "")
    # From here on it is a report like any other.
    ctx.mean(as_written(ctx.text, found["what"].strip()), "report")
    return PASS
