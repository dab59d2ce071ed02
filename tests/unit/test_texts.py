"""Sentences and lists as they are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.kit.lists import numbered, shorten
from bot.kit.texts import Texts
from models.base import DomainError


class TooLate(DomainError):
    """A rule that says no."""


TEXTS = Texts({"a.one": "编号 {number}。", "a.plain": "好。", "refusal.TooLate": "{number} 号晚了。"})


def test_blanks_are_filled() -> None:
    assert TEXTS.say("a.one", number=12) == "编号 12。"


def test_facts_that_hold_braces_stay_what_they_are() -> None:
    assert TEXTS.say("a.one", number="{number} {0} {x!r}") == "编号 {number} {0} {x!r}。"


@pytest.mark.parametrize(("key", "facts"), [("a.one", {}), ("a.two", {}), ("a.one", {"count": 1})])
def test_a_missing_key_or_blank_is_a_mistake_in_the_program(key: str, facts: dict[str, object]) -> None:
    with pytest.raises(KeyError):
        TEXTS.say(key, **facts)


def test_a_refusal_speaks_with_its_facts() -> None:
    assert TEXTS.refuse(TooLate(number=3)) == "3 号晚了。"
    with pytest.raises(KeyError):
        TEXTS.refuse(TooLate())


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(
        '# remark\nhello = "您好"\nlong = """\n两行\n都要\n"""\n', encoding="utf-8"
    )
    (tmp_path / "two.toml").write_text('hello = "又见面了"\n', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    sentences = Texts.load(tmp_path).sentences
    assert sentences == {"one.hello": "您好", "one.long": "两行\n都要\n", "two.hello": "又见面了"}


def test_a_list_is_numbered_from_one() -> None:
    assert numbered(["甲", "乙"]) == "1 甲\n2 乙"
    assert numbered([]) == ""


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("路灯坏了", 4, "路灯坏了"),
        ("路灯坏了", 3, "路灯…"),
        ("  路灯\n坏了\t半月 ", 10, "路灯 坏了 半月"),
        ("", 5, ""),
        ("一二三四五", 1, "…"),
    ],
)
def test_a_text_is_shortened_to_one_line(text: str, most: int, short: str) -> None:
    assert shorten(text, most) == short
    assert len(shorten(text, most)) <= most
