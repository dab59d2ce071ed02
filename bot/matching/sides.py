"""Who wants and who has: the sides of a trade or a job, read from a text's words."""

from __future__ import annotations

import re

_SELLS = re.compile(
    r"卖|没人要|没人收|没人买|销路|销不|滞销|出手|压圈|压价|压在|压了|积压|砸手|烂地|贩子|买主|买家|收购商|客商|待售|出栏|下来了|吃不完|放不住|放不了|搁不住|谁要|谁收|收不收|有没有人?收|上哪(?:儿)?卖|往外卖|代销|推销|外销|求?销|白瞎|攒了|晾干|开秤|产量|上市|要不要|有厂子要|有人要"
)
_BUYS = re.compile(
    r"采购|收购|求购|寻.{0,6}货源|货源|想收|收一批|想买|要买|进货|进点|定点|订购|想订|长期要|长年供|要.{0,6}(?:鸡蛋|羊|牛|菜|米|肉|粮|果)|找.{0,6}供|供货|直采|直供|食堂.{0,8}要|想从.{0,8}(?:进|买)"
)
_SEEKS_WORK = re.compile(
    r"找.{0,6}(?:活|工作|营生|班|差事|事做)|打.{0,4}工|上班|就业|挣|务工|营生|干点(?:啥|活)|能干的|有活|想干|没活|没工作|下岗|失业|在家闲|闲着|会踩|会缝|手艺|有力气|吃闲饭|日结|拿一天钱|岗位|近便|求职|不嫌累"
)
_HIRES = re.compile(
    r"招|用工|短工|岗位|缺.{0,8}(?:工|人手|员|师傅)|夫妻工|月薪|计件|一天[一二三四五六七八九0-9]+|包吃|管吃"
)


def sells(folded: str) -> bool:
    """The text has goods and looks for a buyer."""
    return _SELLS.search(folded) is not None


def buys(folded: str) -> bool:
    """The text looks for goods to buy."""
    return _BUYS.search(folded) is not None


def seeks_work(folded: str) -> bool:
    """The text looks for work."""
    return _SEEKS_WORK.search(folded) is not None


def hires(folded: str) -> bool:
    """The text offers paid work."""
    return _HIRES.search(folded) is not None
