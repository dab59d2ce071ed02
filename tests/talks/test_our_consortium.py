"""融合体 as members are shown it: parts and what is above, belts and titles, partners from outside, those that look on."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

from models.belt import Subject
from models.consortium import Consortium
from models.forms import DEMONSTRATION
from models.offering import Circle
from models.person import Person
from models.post import PostKind
from models.store import Unit
from models.supply import Supply
from tests.talks.stage import Stage
from tests.talks.test_talks import language, stage

__all__ = ["language", "stage"]

SPRING = date(2026, 4, 1)


def play(stage: Stage, tmp_path: Path, script: str) -> None:
    """Plays a script that stands in a test."""
    path = tmp_path / "script.talk"
    path.write_text(script, encoding="utf-8")
    asyncio.run(stage.play(path))


def consortium(unit: Unit, code: str) -> Consortium:
    """One of the world's."""
    found = unit.consortia.by_code(code)
    assert found is not None
    return found


def organisation(unit: Unit, code: str) -> int:
    """One of the world's."""
    found = unit.organisations.by_code(code)
    assert found is not None
    return found.id


def test_a_consortium_with_parts_in_a_belt(stage: Stage, tmp_path: Path) -> None:
    with stage.store.unit() as unit:
        near = consortium(unit, "R")
        for number, name in enumerate(("富园惠民", "暖心服务", "长河护绿", "集市便民"), 1):
            unit.founding.found(
                code=f"R{number}",
                name=f"{name}联合党总支",
                kind="联合党总支",
                modes=("跨行业",),
                lead_id=organisation(unit, "N"),
                on=SPRING,
                under=near,
            )
        unit.founding.join(near, organisation(unit, "N"), since=SPRING, role="observer")
        belt = unit.belts.found(code="D1", name="西拉木伦河发展带", on=SPRING)
        for code in ("R", "K"):
            unit.belts.join(belt, consortium(unit, code), SPRING)
        unit.belts.designate(Subject.CONSORTIUM, near.id, DEMONSTRATION, since=SPRING)
    play(
        stage,
        tmp_path,
        """
张福来：融合体
机器人：官地联合党委（联合党委，跨领域、跨行业）·示范点
　　牵头：官地镇党委；轮值：林西县税务局党支部。
　　7 家单位（市外 1 家），其中 1 家观察，在西拉木伦河发展带里。
　　下设：富园惠民联合党总支、暖心服务联合党总支、长河护绿联合党总支等 4 个
　　接下来轮到谁，回“轮值”。
过了：60天
张福来：融合体
机器人：官地联合党委（联合党委，跨领域、跨行业）·示范点
　　牵头：官地镇党委；轮值：朝阳沟村党支部。
　　7 家单位（市外 1 家），其中 1 家观察，在西拉木伦河发展带里。
　　下设：富园惠民联合党总支、暖心服务联合党总支、长河护绿联合党总支等 4 个
　　接下来轮到谁，回“轮值”。
柳海：融合体
机器人：统部联合党委（联合党委，跨领域）
　　牵头：统部镇党委；今天没有排轮值。
　　2 家单位，在西拉木伦河发展带里。
　　接下来轮到谁，回“轮值”。
""".replace("统部镇党委", "林西县统部镇党委"),
    )


def test_an_organisation_in_several_is_asked_which(stage: Stage, tmp_path: Path) -> None:
    with stage.store.unit() as unit:
        unit.founding.found(
            code="R1",
            name="富园惠民联合党总支",
            kind="联合党总支",
            modes=(),
            lead_id=organisation(unit, "C"),
            on=date(2026, 5, 11),
            under=consortium(unit, "R"),
        )
    play(
        stage,
        tmp_path,
        """
张福来：我们融合体
机器人：朝阳沟村党支部在这几个融合体里，看哪一个？
　　1 官地联合党委
　　2 富园惠民联合党总支
张福来：2
机器人：富园惠民联合党总支（联合党总支）
　　牵头：朝阳沟村党支部；今天没有排轮值。
　　1 家单位。
　　上级：官地联合党委
　　接下来轮到谁，回“轮值”。
张福来：1
机器人：官地联合党委（联合党委，跨领域、跨行业）
　　牵头：官地镇党委；轮值：林西县税务局党支部。
　　6 家单位（市外 1 家）。
　　下设：富园惠民联合党总支
　　接下来轮到谁，回“轮值”。
""",
    )


def test_a_supply_is_opened_to_the_belt(stage: Stage, tmp_path: Path) -> None:
    now = stage.clock()
    with stage.store.unit() as unit:
        member = unit.members.with_phone("13800000009")
        assert member is not None
        card = unit.card(member.organisation_id, now)
        by = stage_person(member.id, card.organisation_id)
        unit.supplies.propose(
            Supply.propose(
                code="W1", title="冷链车", detail="每周三趟冷链车", category="产销对接",
                organisation_id=card.organisation_id, unit_name=card.name, area="林西县", quantity="",
                capacity=None, valid_until=None, circle=Circle.CONSORTIUM, by=by, contact="孙长河",
                reviewed=True, vault=unit.vault, now=now,
            ),
            by=by,
            terms="",
        )  # fmt: skip
    play(
        stage,
        tmp_path,
        """
孙长河：资源 W1 发展带
机器人：您单位的融合体还没有编进发展带，开不到带里。
　　能改成“资源 W1 全市”。
""",
    )
    with stage.store.unit() as unit:
        belt = unit.belts.found(code="D1", name="西拉木伦河发展带", on=SPRING)
        for code in ("R", "K"):
            unit.belts.join(belt, consortium(unit, code), SPRING)
    play(
        stage,
        tmp_path,
        """
孙长河：资源 W1 给发展带
机器人：改好了。
　　W1 冷链车（岳各庄批发市场党支部）
　　在供，发展带看得到
　　“每周三趟冷链车”
　　1 暂停  2 满了  3 下架
　　改的话回“资源 W1 还有 5 家”“资源 W1 到年底”“资源 W1 全市”。
""",
    )


def test_a_secretary_of_the_consortium(stage: Stage, tmp_path: Path) -> None:
    """From another consortium's organisation; does what the lead may, and hears of what is supervised."""
    now = stage.clock()
    with stage.store.unit() as unit:
        member = unit.members.with_phone("13800000012")
        assert member is not None
        unit.posts.appoint_jointly(
            member_id=member.id,
            organisation_id=member.organisation_id,
            consortium_id=consortium(unit, "R").id,
            kind=PostKind.of_code("joint_secretary"),
            since=now + timedelta(minutes=1),
            until=now + timedelta(days=30),
        )
        [own] = unit.posts.of_member(member.id)
        unit.posts.dismiss(own, now)
    play(stage, tmp_path, SECRETARY)


def stage_person(member_id: int, organisation_id: int) -> Person:
    """Somebody who offers."""
    return Person(
        member_id=member_id, name="孙长河", organisation_id=organisation_id, organisation="", region="",
        consortium_id=None, consortium="", chair_id=None, chair="",
    )  # fmt: skip


SECRETARY = """
张福来：村口的桥栏杆撞断了，晚上走路危险，在朝阳沟村村口
机器人：收到了，编号 1。已交给联络员李春梅和本月轮值的林西县税务局党支部。
　　有 1 家能帮：
　　1 道路抢修队（林西县公路养护中心党支部）——本县可用 · 基础设施
　　回数字选，就把您的电话给他们；0 都不合适，9 找人。
推送给李春梅：新问题，编号 1：“村口的桥栏杆撞断了，晚上走路危险，在朝阳沟村村口”
　　朝阳沟村党支部张福来报的，在村口。
　　回“查 1”看详细。
推送给沈洁：新问题，编号 1：“村口的桥栏杆撞断了，晚上走路危险，在朝阳沟村村口”
　　朝阳沟村党支部张福来报的，在村口。
　　回“查 1”看详细。
高桂兰：受理 1
机器人：没找到编号 1，或者这件事不归您看。
　　您报过的回“我的”，没人接的回“待认领”。
过了：1分钟
高桂兰：帮助
机器人：您是官地联合党委书记，牵头单位能办的您都能办。
　　先看：待受理 · 受理 12 · 不受理 12
　　找人办：派单 12 · 同意延期 12 · 回访 12 · 销号 12
　　清单：待认领 · 立项 · 拟清单
　　自己报事直接说；找真人回“人工”。
高桂兰：待受理
机器人：等着受理的一共 1 件，最早的几件：
　　编号 1 村口的桥栏杆撞断了，晚上走路危险，…
　　要办回“受理 12”，不办回“不受理 12 理由”。
高桂兰：受理 1
机器人：受理了，编号 1“村口的桥栏杆撞断了，晚上走路危险，在朝…”已上清单，等单位认领。
　　心里有人选就派单：“派单 1 给 单位”。
推送给张福来：编号 1“村口的桥栏杆撞断了，晚上走路危险，在朝…”受理了，正在找单位办。
　　问进展回“查 1”。
高桂兰：派给供电公司
机器人：编号 1 派给林西县供电公司党支部了。
　　接不接都会告诉您。
推送给史工：派单：编号 1“村口的桥栏杆撞断了，晚上走路危险，在朝…”（朝阳沟村党支部）请您单位办。
　　接回“接单 1”，不接回“不接 1 理由”。
过了：11天
高桂兰：查 1
机器人：编号 1 · 待认领
　　“村口的桥栏杆撞断了，晚上走路危险，在朝阳沟村村口”
　　5月11日报的。
　　最近：5月22日 督办：林西县税务局党支部、官地镇党委
　　朝阳沟村党支部张**，电话 138****0001
　　另外告诉您：【督办】编号 1“村口的桥栏杆撞断了，晚上走路危险，在朝…”
　　5 月 14 日 17:30 前该有单位认领，还没有，已超 6 个工作日。
　　现在该林西县税务局党支部办。
　　可以派单：“派单 1 给 单位”。
过了：19天
高桂兰：受理 1
机器人：没找到编号 1，或者这件事不归您看。
　　您报过的回“我的”，没人接的回“待认领”。
"""
"""From one minute after nine until thirty days later."""
