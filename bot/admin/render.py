"""How pages become HTML: the templates, and how dates and codes are read out."""

from __future__ import annotations

import hashlib
import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.moment import local

_HERE: Final = Path(__file__).parent
_WEEKDAYS: Final = "一二三四五六日"
STATIC: Final = {"admin.css": "text/css", "mark.svg": "image/svg+xml"}
"""What there is besides pages, and of which type."""


@cache
def words() -> dict[str, dict[str, str]]:
    """Every label and sentence that is not part of a template."""
    found: dict[str, dict[str, str]] = tomllib.loads((_HERE / "words.toml").read_text(encoding="utf-8"))
    return found


@cache
def static(name: str) -> bytes:
    """A file for the browser."""
    return (_HERE / "static" / name).read_bytes()


@cache
def version() -> str:
    """Changes when a file for the browser does."""
    return hashlib.sha256(b"".join(static(name) for name in STATIC)).hexdigest()[:12]


def label(kind: str, code: str) -> str:
    """How a code is called; the code itself where nobody gave it a name."""
    return words()[kind].get(code, code)


def day(when: date | datetime | None) -> str:
    """5月11日 周一; with the year where it is not this one is for ``whole_day``."""
    if when is None:
        return ""
    if isinstance(when, datetime):
        when = local(when).date()
    return f"{when.month}月{when.day}日 周{_WEEKDAYS[when.weekday()]}"


def whole_day(when: date | None) -> str:
    """2026年5月11日."""
    return "" if when is None else f"{when.year}年{when.month}月{when.day}日"


def moment(when: datetime | None) -> str:
    """5月11日 周一 09:30."""
    return "" if when is None else f"{day(when)} {local(when):%H:%M}"


def exactly(when: datetime | None) -> str:
    """2026-05-11 09:30:12, as an audit has it."""
    return "" if when is None else f"{local(when):%Y-%m-%d %H:%M:%S}"


_SYSTEMS: Final = (
    ("HarmonyOS", "鸿蒙"),
    ("Android", "安卓手机"),
    ("iPhone", "苹果手机"),
    ("iPad", "苹果平板"),
    ("Windows", "Windows"),
    ("Mac OS", "苹果电脑"),
    ("Linux", "Linux"),
)
_BROWSERS: Final = (
    ("MicroMessenger", "微信"),
    ("QQBrowser", "QQ 浏览器"),
    ("Edg", "Edge"),
    ("Firefox", "火狐"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
"""The first that occurs: browsers name all that they are like, their own name first of all or last."""


def browser(agent: str) -> str:
    """Windows，Chrome: what a browser says of itself, as a person would say it."""
    said = [next((name for word, name in known if word in agent), "") for known in (_SYSTEMS, _BROWSERS)]
    return "，".join(filter(None, said)) or agent[:30] or "没有说"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(day=day, whole_day=whole_day, moment=moment, exactly=exactly, browser=browser)
    made.globals.update(label=label, version=version())
    return made


def render(template: str, facts: dict[str, Any]) -> str:
    """A page."""
    return _environment().get_template(template).render(facts)
