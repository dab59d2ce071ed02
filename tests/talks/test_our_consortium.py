"""融合体 as members are shown it: parts and what is above, belts and titles, partners from outside, those that look on."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from models.belt import Subject
from models.consortium import Consortium
from models.forms import DEMONSTRATION
from models.offering import Circle
from models.person import Person
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


def stage_person(member_id: int, organisation_id: int) -> Person:
    """Somebody who offers."""
    return Person(
        member_id=member_id, name="孙长河", organisation_id=organisation_id, organisation="", region="",
        consortium_id=None, consortium="", chair_id=None, chair="",
    )  # fmt: skip
