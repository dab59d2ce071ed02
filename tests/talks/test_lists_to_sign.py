"""Lists of several pages, a clerk of two consortia, a draft that changes under one's eyes, and whom reminders reach."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

from sqlalchemy import update

from models.book import signers
from models.case import Case, CaseKind
from models.consortium import Consortium
from models.person import Person
from tests.talks.stage import Stage
from tests.talks.test_talks import language, stage

__all__ = ["language", "stage"]


def report(stage: Stage, *texts: str) -> None:
    """Problems of 张福来's that were accepted."""
    with stage.store.unit() as unit:
        member = unit.members.with_phone("13800000001")
        assert member is not None
        card = unit.card(member.organisation_id, stage.clock())
        by = Person(
            member_id=member.id,
            name="张福来",
            organisation_id=member.organisation_id,
            organisation=card.name,
            region=card.region,
            consortium_id=card.consortium_id,
            consortium=card.consortium,
            chair_id=card.chair_id,
            chair=card.chair,
        )
        for text in texts:
            case = Case.report(
                by=by,
                text=text,
                kind=CaseKind.PROBLEM,
                category="基础设施",
                place="村口",
                quantity="",
                deadline="",
                received_key=f"test:{text}",
                now=stage.clock(),
            )
            case.submit(stage.clock())
            unit.cases.file(case, by=by)
        unit.happenings.clear()
        unit.session.execute(update(Case).where(Case.text != "没受理的").values(state="open"))


def play(stage: Stage, tmp_path: Path, script: str) -> None:
    path = tmp_path / "script.talk"
    path.write_text(script, encoding="utf-8")
    asyncio.run(stage.play(path))


def test_a_long_list_is_read_page_by_page(stage: Stage, tmp_path: Path) -> None:
    report(stage, "路灯坏了，电话13800000001", "桥塌了", "井干了", "路断了", "房漏了", "没受理的")
    play(
        stage,
        tmp_path,
        """
沈洁：拟问题清单
机器人：官地联合党委2026年5月问题清单，共 5 条，还没发：
　　· 编号 1 路灯坏了，电话…（朝阳沟村党支部）
　　· 编号 2 桥塌了（朝阳沟村党支部）
　　· 编号 3 井干了（朝阳沟村党支部）
　　还有 1 件没受理，没有列进来。
　　1 发给 6 家签  2 先不发  3 往下看
沈洁：3
机器人：官地联合党委2026年5月问题清单，共 5 条，还没发：
　　· 编号 4 路断了（朝阳沟村党支部）
　　· 编号 5 房漏了（朝阳沟村党支部）
　　1 发给 6 家签  2 先不发  3 从头看
沈洁：看清单 1
机器人：官地联合党委2026年5月问题清单，共 5 条，第 1–4 条：
　　1 编号 1 路灯坏了，电话…（朝阳沟村党支部）
　　2 编号 2 桥塌了（朝阳沟村党支部）
　　3 编号 3 井干了（朝阳沟村党支部）
　　4 编号 4 路断了（朝阳沟村党支部）
　　回数字看全文，回“更多”往下看；谁签了，回“清单 1”。
沈洁：更多
机器人：官地联合党委2026年5月问题清单，共 5 条，第 5–5 条：
　　1 编号 5 房漏了（朝阳沟村党支部）
　　回数字看全文；谁签了，回“清单 1”。
沈洁：1
机器人：编号 5 房漏了（朝阳沟村党支部）
　　基础设施 村口
　　谁签了，回“清单 1”。
""",
    )


def test_a_draft_that_somebody_drew_anew_is_shown_before_it_is_sent(stage: Stage, tmp_path: Path) -> None:
    report(stage, "桥塌了")
    play(
        stage,
        tmp_path,
        """
沈洁：拟问题清单
机器人：官地联合党委2026年5月问题清单，共 1 条，还没发：
　　· 编号 1 桥塌了（朝阳沟村党支部）
　　1 发给 6 家签  2 先不发
""",
    )
    report(stage, "井干了")
    play(
        stage,
        tmp_path,
        """
赵建军：拟问题清单
机器人：官地联合党委2026年5月问题清单，共 2 条，还没发：
　　· 编号 1 桥塌了（朝阳沟村党支部）
　　· 编号 2 井干了（朝阳沟村党支部）
　　1 发给 6 家签  2 先不发
""",
    )
    stage._numbers = iter(range(1000, 2000))
    play(
        stage,
        tmp_path,
        """
沈洁：1
机器人：官地联合党委2026年5月问题清单，共 2 条，还没发：
　　· 编号 1 桥塌了（朝阳沟村党支部）
　　· 编号 2 井干了（朝阳沟村党支部）
　　1 发给 6 家签  2 先不发
沈洁：2
机器人：先放着，没有发。
　　要发的时候再回“拟清单”，会按那时的情况重拟。
""",
    )


def test_who_has_two_consortia_says_which(stage: Stage, tmp_path: Path) -> None:
    report(stage, "桥塌了")
    with stage.store.unit() as unit:
        lead = unit.organisations.by_code("S")
        assert lead is not None
        unit.consortia.add(
            Consortium.found(
                code="R2", name="便民联盟", kind="联盟", modes="跨行业", lead_id=lead.id, parent_id=None
            )
        )
        assert len(unit.consortia.parties(unit.consortia.all()[-1], date(2026, 5, 11))) == 1
    play(
        stage,
        tmp_path,
        """
沈洁：拟问题清单
机器人：是哪个融合体的？
　　1 官地联合党委
　　2 便民联盟
沈洁：2
机器人：便民联盟现在没有能列进问题清单的。
　　没受理的、只给办理人看的不列；回“待认领”看没办完的。
沈洁：1
机器人：官地联合党委2026年5月问题清单，共 1 条，还没发：
　　· 编号 1 桥塌了（朝阳沟村党支部）
　　1 发给 6 家签  2 先不发
""",
    )


def test_the_clock_reminds_of_review_and_end_once(stage: Stage, tmp_path: Path) -> None:
    report(stage, "桥塌了")
    play(
        stage,
        tmp_path,
        """
沈洁：拟问题清单
机器人：官地联合党委2026年5月问题清单，共 1 条，还没发：
　　· 编号 1 桥塌了（朝阳沟村党支部）
　　1 发给 6 家签  2 先不发
""",
    )
    with stage.store.unit() as unit:
        now = stage.clock()
        zhao = unit.members.with_phone("13800000010")
        assert zhao is not None
        sender = _person(zhao.id, zhao.organisation_id)
        draft = unit.books.to_change(1, seen_by=sender, now=now)
        unit.books.send(draft, by=sender, now=now)
        for stand in unit.books.stands(draft):
            officer = signers(unit.organisations.officers(stand.organisation_id, now))[0]
            by = _person(officer.member_id, stand.organisation_id)
            unit.books.confirm(draft, stand.organisation_id, by=by, now=now)
        unit.happenings.clear()
    stage._numbers = iter(range(1000, 2000))
    play(
        stage,
        tmp_path,
        """
过了：5天
赵建军：你好
机器人：您好，我在。有事直接说，一句话就行。
　　不会用就回“帮助”。
过了：1天
推送给赵建军：第 1 号清单“官地联合党委2026年5月问题清单”5月24日复审，请想想哪些要改。
　　办得怎么样，回“清单 1”。
过了：6天
赵建军：清单 1
机器人：第 1 号：官地联合党委2026年5月问题清单，已签，6 家。
　　管到5月31日，5月24日复审。
　　1 条都还没到期，已提前办成 0 条。
　　回“看清单 1”看内容。
过了：1天
推送给赵建军：第 1 号清单“官地联合党委2026年5月问题清单”5月31日到期。
　　还有多少没办成，回“清单 1”。
过了：8天
赵建军：清单 1
机器人：第 1 号：官地联合党委2026年5月问题清单，已签，6 家。
　　管到5月31日，5月24日复审。
　　到期 1 条，办成 0 条，履约率 0%。
　　回“看清单 1”看内容。
　　另外告诉您：6月1日起该林西县供电公司党支部主持官地联合党委，到今天没回执。
　　请打个电话问问；要换单位回“排班”。
""",
    )


def _person(member_id: int, organisation_id: int) -> Person:
    return Person(
        member_id=member_id,
        name="",
        organisation_id=organisation_id,
        organisation="",
        region="",
        consortium_id=None,
        consortium="",
        chair_id=None,
        chair="",
    )
