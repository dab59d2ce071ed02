"""The account's custom menu: every entry is a word that could be typed as well."""

from __future__ import annotations

from typing import Any, Final


def _tap(word: str, name: str = "") -> dict[str, Any]:
    return {"type": "click", "name": name or word, "key": word}


MENU: Final[dict[str, Any]] = {
    "button": [
        {
            "name": "报上来",
            "sub_button": [_tap("报需求"), _tap("报问题"), _tap("提供资源"), _tap("建议"), _tap("投诉")],
        },
        {
            "name": "看清单",
            "sub_button": [
                _tap("供需清单"),
                _tap("待认领"),
                _tap("问题清单"),
                _tap("项目清单"),
                _tap("轮值"),
            ],
        },
        {
            "name": "我的",
            "sub_button": [_tap("我的", "我报的事"), _tap("待办"), _tap("绑定"), _tap("人工"), _tap("帮助")],
        },
    ]
}
"""As the platform's menu/create takes it: at most three buttons of five entries."""
