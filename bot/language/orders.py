"""Orders: the words that a member can always type, alone or with a number behind. They are never guessed at."""

from __future__ import annotations

import re

_ALONE = {
    "报需求": "report", "报问题": "report", "提供资源": "offer", "供需清单": "query_list", "项目清单": "query_list",
    "问题清单": "query_list", "需求清单": "query_list", "待认领": "query_list", "清单": "query_list", "绑定": "bind",
    "我的": "query_mine", "我的数据": "query_mine", "我的认领": "query_mine", "我的需求": "query_mine",
    "活动": "activity_query", "报名": "activity_signup", "签到": "activity_signin", "请假": "cancel",
    "轮值": "duty_query", "换班": "duty_query", "志愿": "volunteer_log", "撤回": "cancel", "取消": "cancel",
    "返回": "cancel", "注销": "cancel", "放弃": "cancel", "帮助": "help", "help": "help", "?": "help", "人工": "human",
    "投诉": "human", "认领": "claim", "我认领": "claim", "评价": "evaluate", "进展": "progress", "办结": "progress",
}  # fmt: skip
_N = r"第? ?[0-9一二两三四五六七八九十百]{1,6} ?[号个项]?"
_NUMBERED = re.compile(
    rf"^(?P<word>认领|我认领|放弃|进展|延期|办结|评价|报名|请假|签到|撤回|取消|查看?|我也是) ?{_N}(?P<rest>(?:[ ，,].{{0,400}})?)$"
)
_INTENTS = {
    "认领": "claim", "我认领": "claim", "放弃": "cancel", "进展": "progress", "延期": "progress", "办结": "progress",
    "评价": "evaluate", "报名": "activity_signup", "请假": "cancel", "签到": "activity_signin", "撤回": "cancel",
    "取消": "cancel", "查": "query_list", "查看": "query_list", "我也是": "report",
}  # fmt: skip
_RATED = re.compile(rf"^评价 ?{_N} ?(?:不?满意|一般|很好|差)")


def intent(folded: str) -> str | None:
    """The intent of an order, or None when the text is not one."""
    text = folded.strip(" 。.!！,，~")
    if len(text) > 420:
        return None
    alone = _ALONE.get(text)
    if alone is not None:
        return alone
    match = _NUMBERED.match(text)
    if match is not None:
        return _INTENTS[match["word"]]
    return "evaluate" if _RATED.match(text) else None
