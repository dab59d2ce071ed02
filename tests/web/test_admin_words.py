"""The words of the web admin: every one that is used is written, every one that is written is used; and they can be read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.admin import render
from bot.admin.router import Table
from bot.admin.site import PAGES
from models.agenda import notice_ladders
from models.base import DomainError
from models.clock import ClockKind
from models.outbox import State
from models.signin import Try
from tests.house.source import HAN, ROOT, called, files, nodes, place, strings

WORDS = render.words()
TEMPLATES = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "bot/admin/templates").glob("*.html")
}
CSS = (ROOT / "bot/admin/static/admin.css").read_text(encoding="utf-8")


def given(argument: str | int, *names: str) -> set[str]:
    """The words that calls of these names are given as an argument, by its name or its place."""
    found: set[str] = set()
    for path in files("bot/admin", "bot/commands", "models"):
        for node, _ in nodes(path):
            if called(node) not in names or not isinstance(node, ast.Call):
                continue
            if called(node) == "note" and "audit" not in ast.unparse(node.func):
                continue  # a timeline's
            if isinstance(argument, str):
                values = [keyword.value for keyword in node.keywords if keyword.arg == argument]
            else:
                values = node.args[argument : argument + 1]
            for value in values:
                found |= {
                    each.value
                    for each in ast.walk(value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
                }
    return found


def test_what_is_written_down_in_the_audit_has_a_name() -> None:
    actions = given(1, "note") | given(0, "_written") | given(1, "_written")
    actions = {action for action in actions if re.fullmatch(r"[a-z_]+", action)} - set(WORDS["subject"])
    assert actions == set(WORDS["action"])
    assert given("subject", "note") <= set(WORDS["subject"])


def test_every_code_that_a_page_shows_has_a_name() -> None:
    assert {each.value for each in ClockKind} == set(WORDS["clock"])
    assert {each.value for each in State} == set(WORDS["letter"]) == set(WORDS["letter_about"])
    assert {each.value for each in Try} == set(WORDS["try"])
    assert set(notice_ladders()) | {"clock"} <= set(WORDS["matter"])


def test_every_short_sentence_is_said_somewhere() -> None:
    assert given("done", "Go") | given(1, "_back") >= set(WORDS["done"])
    assert given(1, "Refused") | given(1, "_refusal") == set(WORDS["refused"])
    assert given(2, "_refused") == set(WORDS["signing"])


def test_a_refusal_stands_beside_a_field_that_there_is() -> None:
    codes = {error.code for error in DomainError.__subclasses__()}
    fields = set(re.findall(r'(?:name="|field\(problem, ")([a-z]+)"', "".join(TEMPLATES.values())))
    for code, field in WORDS["beside"].items():
        assert code in codes, code
        assert field in fields, field


def test_sentences_are_no_part_of_the_code() -> None:
    found = [
        f"{place(path, node)}: {node.value}"
        for path in files("bot/admin")
        for node, _ in strings(path)
        if len(HAN.findall(str(node.value))) > len("一二三四五六日")
    ]
    assert not found


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_templates_are_plain(name: str) -> None:
    text = TEMPLATES[name]
    assert "|safe" not in text
    assert "autoescape" not in text
    assert not re.search(r"<script|<style|style=|\son[a-z]+=", text)
    assert not re.search(r'(?:src|href)="https?:', text)
    for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
        if 'method="post"' in form:
            assert "token(form)" in form or 'name="form"' in form, form[:80]
        else:
            assert 'method="get"' in form


def test_every_template_is_shown() -> None:
    shown = given(0, "View") | {"base.html", "parts.html"}
    assert set(TEMPLATES) == {name for name in shown if name.endswith(".html")}


def test_every_file_of_pages_is_in_the_table() -> None:
    with_router = {
        path.stem
        for path in files("bot/admin")
        if re.search(r"^on = Router\(\)", path.read_text(), re.MULTILINE)
    }
    assert with_router == {Path(str(page.__file__)).stem for page in PAGES}
    assert len(Table(page.on for page in PAGES).routes) > 20


# ---- whether it can be read


def colours(block: str) -> dict[str, str]:
    """The colours of one scheme."""
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{3,6});", block))


LIGHT = colours(CSS[: CSS.index("@media (prefers-color-scheme: dark)")])
DARK = LIGHT | colours(CSS[CSS.index("@media (prefers-color-scheme: dark)") : CSS.index("*, ::before")])
PAIRS = [
    ("ink", "page"), ("ink", "card"), ("ink", "head"), ("ink", "press"), ("ink-2", "page"), ("ink-2", "card"),
    ("link", "page"), ("link", "card"), ("link", "head"), ("accent", "card"), ("accent", "page"),
    ("on-accent", "accent"), ("good", "good-back"), ("bad", "bad-back"), ("soon", "soon-back"), ("bad", "card"),
    ("ink", "good-back"), ("ink", "bad-back"),
]  # fmt: skip


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_words_stand_out_from_what_is_behind_them(scheme: dict[str, str], ink: str, paper: str) -> None:
    one, other = sorted((luminance(scheme[ink]), luminance(scheme[paper])))
    assert (other + 0.05) / (one + 0.05) >= 4.5


def test_the_stylesheet_is_small_and_stands_alone() -> None:
    assert len(CSS.encode()) < 30_000
    assert "url(" not in CSS
    assert "@import" not in CSS
