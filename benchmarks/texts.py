"""What the senders write: thousands of different reports, and the commands and small talk between them.

Everything is drawn from a seeded generator, so that every server and every run gets the same words.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

REPORTS = 0.7
"""The share of messages that report something new; the rest are answers, commands and small talk."""
ANSWERED = 0.15
"""How many reports get a later answer from the same sender: a choice among the suggestions."""
LATER = (150, 400)
"""How many messages later that answer comes: further than any number of senders at once."""

_PLACES = "东沟 西沟 柳条沟 朝阳沟 二道河 三段 河沿 上官地 下官地 梁东 梁西 头道营子 五间房 七合堂 大井 小井 榆树林 杨树湾 水泉 石门子"
_PRODUCTS = "土豆 谷子 小米 荞面 绿豆 沙果 苹果 红干椒 葵花籽 胡萝卜 洋葱 白菜 大葱 粉条 笤帚 鸡蛋 土鸡 白条羊 羊肉 牛肉 黄豆 玉米 甜菜 蘑菇 蜂蜜 黄芪 苍术 羊绒 羊毛 奶豆腐"
_CROPS = "玉米 谷子 土豆 红干椒 苹果树 沙果树 黄豆 向日葵 西红柿 黄瓜 白菜 甜菜 荞麦 葡萄"
_HARMS = "叶子发黄 叶子卷曲 长了黑斑 一片片打蔫 生了白粉 根都烂了 落花落果 长满蚜虫 杆子倒伏 不出苗"
_ANIMALS = "牛 羊 猪 毛驴 鸡 鹅 马 羔羊 牛犊"
_ILLS = "拉稀不吃草 发烧趴窝 咳嗽喘粗气 口蹄长泡 掉毛起癣 不下崽 腿瘸站不住 肚子胀"
_CRAFTS = "电焊 月嫂 保洁 美发 开挖掘机 面点 直播带货 修家电 叉车 护工 刺绣 开网店"
_WORKS = "路灯 水泵 井房配电箱 过河小桥 排水沟 围墙 护栏 自来水管 变压器 健身器材 监控探头 水渠闸门"
_BROKEN = "坏了半个月 漏得厉害 裂了大口子 一直不亮 被大水冲了 老化不敢用 堵得死死的 歪倒在路边"
_DIRT = "垃圾堆 臭水沟 粪堆 废塑料膜 建筑垃圾 死畜 污水"
_ILLNESS = "高血压 白内障 风湿腿疼 糖尿病 脑梗后遗症 牙疼 腰椎病 听力不好"
_OLD = "独居老人 残疾户 五保老人 低保户 高龄老党员 留守老人"
_QUARRELS = "地界 宅基地 拖欠工钱 土地流转合同 彩礼 牲口吃庄稼 借钱不还 交通赔偿"
_TROUBLES = "家里急等用钱 眼看就要坏了 贩子压价太狠 合作社也没办法 一家人干着急 老人孩子都指着它"
_ASKS = "哪家单位能帮帮忙 能不能给找个人看看 盼着支部给想想办法 请联合党委帮着协调 有没有单位能帮上手 麻烦给联系一下"
_UNITS = {"土鸡": "只", "羊绒": "斤", "白条羊": "只", "笤帚": "把"}

_COMMANDS = (
    (6, "我的"), (4, "供需清单"), (4, "帮助"), (3, "查 {number}"), (2, "1"), (2, "2"), (2, "你好"),
    (2, "谢谢"), (1, "在吗"), (1, "辛苦了"), (1, "我报的事咋样了"), (1, "轮值"), (1, "党费怎么交"), (1, "办公时间"),
)  # fmt: skip


class Said(msgspec.Struct, frozen=True):
    """One message."""

    sender: int
    text: str


def report(draw: random.Random) -> str:
    """One report, in 15 to 40 characters, almost never the same twice."""

    def one(words: str) -> str:
        return draw.choice(words.split())

    place = one(_PLACES) + draw.choice(("村", "组", "", "那边"))
    few, many = draw.randint(2, 60), draw.randint(3, 480) * 100
    product = one(_PRODUCTS)
    kinds = (
        lambda: f"{place}{many}{_UNITS.get(product, '斤')}{product}卖不出去，{one(_TROUBLES)}，{one(_ASKS)}",
        lambda: f"我家还有{many}{_UNITS.get(product, '斤')}{product}找不到销路，{one(_TROUBLES)}",
        lambda: f"{place}想联系收{product}的买主，一共{many}{_UNITS.get(product, '斤')}，{one(_ASKS)}",
        lambda: f"{place}{few}亩{one(_CROPS)}{one(_HARMS)}，{one(_ASKS)}",
        lambda: f"{place}有{few}头{one(_ANIMALS)}{one(_ILLS)}，想请个兽医，{one(_ASKS)}",
        lambda: f"{place}有{few}个人想学{one(_CRAFTS)}，不知道哪儿有培训班，{one(_ASKS)}",
        lambda: f"{place}东头的{one(_WORKS)}{one(_BROKEN)}，{few}户人家受影响，{one(_ASKS)}",
        lambda: f"{place}村口的{one(_DIRT)}有{few}车没人清，味道大，{one(_ASKS)}",
        lambda: f"{place}有{few}位老人得了{one(_ILLNESS)}，想请大夫下来看看，{one(_ASKS)}",
        lambda: f"{place}{few}户{one(_OLD)}没人照看，{one(_TROUBLES)}，{one(_ASKS)}",
        lambda: f"{place}{few}户因为{one(_QUARRELS)}闹纠纷，想找人调解，{one(_ASKS)}",
        lambda: f"{place}想建个{few}平米的{product}加工点，缺{draw.randint(3, 90)}万元，{one(_ASKS)}",
    )  # fmt: skip
    return draw.choice(kinds)()[:40]


def conversation(count: int, senders: range, seed: int = 1) -> list[Said]:
    """``count`` messages of those senders: reports, answers to them some time later, and everything else."""
    draw = random.Random(seed)
    commands = [text for weight, text in _COMMANDS for _ in range(weight)]
    owed: dict[int, Said] = {}
    said: list[Said] = []
    texts = _different(draw)
    while len(said) < count:
        here = len(said)
        sender = draw.choice(senders)
        if here in owed:
            said.append(owed.pop(here))
        elif draw.random() < REPORTS / (1 - REPORTS * ANSWERED):
            said.append(Said(sender, next(texts)))
            if draw.random() < ANSWERED:
                owed[here + draw.randint(*LATER)] = Said(sender, draw.choice("1112200"))
        else:
            said.append(Said(sender, draw.choice(commands).format(number=draw.randint(1, 400))))
    return said


def _different(draw: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        text = report(draw)
        if text not in seen:
            seen.add(text)
            yield text
