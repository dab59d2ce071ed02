"""A call list of several pages, worked off in people's own words."""

from __future__ import annotations

import asyncio
from pathlib import Path

from models.member import Member
from tests.talks.stage import Stage
from tests.talks.test_talks import language, stage

__all__ = ["language", "stage"]

NAMES = ("王桂兰", "李秀英", "张玉珍", "刘凤英", "陈玉兰", "杨秀珍", "赵桂英")


def out_of_reach(stage: Stage, *names: str) -> None:
    """Members of 朝阳沟村 who are not on WeChat, with something to tell each of them."""
    now = stage.clock()
    with stage.store.unit() as unit:
        village = unit.organisations.by_code("C")
        assert village is not None
        for place, name in enumerate(names):
            member = unit.members.add(
                Member.enrol(
                    name=name,
                    phone=f"139000000{place:02}",
                    organisation_id=village.id,
                    vault=unit.vault,
                    now=now,
                )
            )
            unit.outbox.post(
                key=f"meeting:1:{place}",
                kind="meeting",
                text="明天上午九点开支部大会\n在村部，来不了说一声。",
                fields={},
                now=now,
                member_id=member.id,
            )
    with stage.store.unit() as unit:
        unit.outbox.lease(now, 50)


def play(stage: Stage, tmp_path: Path, script: str) -> None:
    """Plays a script that is written here."""
    path = tmp_path / "script.talk"
    path.write_text(script, encoding="utf-8")
    asyncio.run(stage.play(path))


def test_a_long_list_is_worked_off_in_ones_own_words(stage: Stage, tmp_path: Path) -> None:
    out_of_reach(stage, *NAMES)
    play(
        stage,
        tmp_path,
        """
李春梅：谢谢
机器人：不客气，应该的。有事随时说。
过了：1分钟
李春梅：打电话
机器人：微信上够不着的一共 7 位，请打电话告诉：
　　1 王桂兰 13900000000：明天上午九点开支部大会
　　2 李秀英 13900000001：明天上午九点开支部大会
　　3 张玉珍 13900000002：明天上午九点开支部大会
　　4 刘凤英 13900000003：明天上午九点开支部大会
　　5 陈玉兰 13900000004：明天上午九点开支部大会
　　回数字看要说什么，回“更多”往下看。
　　打通了回“打过 1”，没打通回“打过 1 没人接”。
李春梅：2号打通了
机器人：记下了，李秀英已经告诉了。
　　还有 6 位，回“打电话”看名单。
李春梅：第三个没人接
机器人：记下了，张玉珍没打通，打过 1 次了。
　　先留在名单上，换个时候再打。
李春梅：更多
机器人：微信上够不着的一共 6 位，请打电话告诉：
　　6 杨秀珍 13900000005：明天上午九点开支部大会
　　7 赵桂英 13900000006：明天上午九点开支部大会
　　回数字看要说什么。
　　打通了回“打过 6”，没打通回“打过 6 没人接”。
李春梅：更多
机器人：后面没有了。
　　打通了回“打过”加前面的号，没打通再加一句“没人接”。
李春梅：6
机器人：6 杨秀珍（朝阳沟村党支部）13900000005
　　明天上午九点开支部大会在村部，来不了说一声。
　　打通了回“打过 6”，没打通回“打过 6 没人接”。
李春梅：她知道了
机器人：记下了，杨秀珍已经告诉了。
　　还有 5 位，回“打电话”看名单。
李春梅：打过7，人不在了
机器人：记下了，赵桂英从名单上去掉了。
　　党员名册也请告诉管系统的同志改一改，免得再通知。
李春梅：打过 4 换号 13900000004
机器人：13900000004 是名册上另一位的手机号，请再核对一下。
李春梅：打过 王桂兰 关机
机器人：记下了，王桂兰没打通，打过 1 次了。
　　先留在名单上，换个时候再打。
李春梅：打过 9
机器人：打过的是哪一位？还有 4 位：
　　1 王桂兰 13900000000（打过 1 次没通）：明天上午九点开支部大会
　　3 张玉珍 13900000002（打过 1 次没通）：明天上午九点开支部大会
　　4 刘凤英 13900000003：明天上午九点开支部大会
　　5 陈玉兰 13900000004：明天上午九点开支部大会
　　打通了回“打过 1”，没打通回“打过 1 没人接”。
""",
    )


def test_without_a_number_only_the_one_who_was_looked_at_can_be_meant(stage: Stage, tmp_path: Path) -> None:
    out_of_reach(stage, *NAMES[:2])
    play(
        stage,
        tmp_path,
        """
李春梅：谢谢
机器人：不客气，应该的。有事随时说。
过了：1分钟
李春梅：打电话
机器人：微信上够不着的一共 2 位，请打电话告诉：
　　1 王桂兰 13900000000：明天上午九点开支部大会
　　2 李秀英 13900000001：明天上午九点开支部大会
　　回数字看要说什么。
　　打通了回“打过 1”，没打通回“打过 1 没人接”。
李春梅：2
机器人：2 李秀英（朝阳沟村党支部）13900000001
　　明天上午九点开支部大会在村部，来不了说一声。
　　打通了回“打过 2”，没打通回“打过 2 没人接”。
李春梅：电话打通了
机器人：记下了，李秀英已经告诉了。
　　还有 1 位，回“打电话”看名单。
李春梅：打通了
机器人：记下了，王桂兰已经告诉了。
　　名单打完了，辛苦您。
""",
    )
