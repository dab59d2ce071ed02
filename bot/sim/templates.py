"""The account's message templates: what stands above a card and before its values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.config import WeChat

_TITLES = {
    "case_filed": "新事项提醒",
    "case": "事项进展通知",
    "supply": "资源对接通知",
    "supply_chosen": "资源对接通知",
    "book": "清单签订提醒",
    "binding": "登记申请通知",
    "binding_asked": "登记申请待核对",
    "appeal": "有人等您回话",
    "appeal_human": "有人等您回话",
    "turn": "轮值提醒",
}
_FACTS = {
    "title": "事项",
    "number": "编号",
    "who": "来自",
    "kind": "类型",
    "when": "时间",
    "place": "地点",
    "status": "状态",
    "unit": "单位",
}
_KEYWORDS = {
    "thing": "事项",
    "number": "数量",
    "character_string": "编号",
    "letter": "代码",
    "phrase": "状态",
    "const": "类型",
    "name": "姓名",
    "time": "时间",
    "date": "日期",
    "phone_number": "电话",
    "amount": "金额",
}
_KEYWORD = re.compile(r"^([a-z_]+?)(\d*)$")


@dataclass(frozen=True, slots=True)
class Template:
    """A message template of the account."""

    template_id: str
    title: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """Keyword (``thing1``) to what is written before its value; others are named by their type."""

    def label(self, keyword: str) -> str:
        """What is written before the value of ``keyword``."""
        return self.labels.get(keyword) or _KEYWORDS.get(keyword_type(keyword), keyword)


def keyword_type(keyword: str) -> str:
    """``thing`` of ``thing1``."""
    found = _KEYWORD.match(keyword)
    return found[1] if found else keyword


def read_templates(settings: WeChat) -> dict[str, Template]:
    """The templates of ``[wechat.templates]`` by their id: ``kind = "ID thing1=title …"``."""
    found: dict[str, Template] = {}
    for kind, setting in settings.templates.items():
        template_id, *pairs = setting.split() or [""]
        if template_id:
            labels = {
                keyword: _FACTS.get(fact, fact) for keyword, _, fact in (p.partition("=") for p in pairs)
            }
            found[template_id] = Template(template_id, _TITLES.get(kind, "服务提醒"), labels)
    return found
