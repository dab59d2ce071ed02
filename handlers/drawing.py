"""拟清单：轮值单位或牵头单位把这一期的事列出来，看一眼，发给各家签；签了也能作废。"""

from __future__ import annotations

import re

from bot.kit.books import book_line, read_book_number, read_period
from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, is_yes, plain
from models.book import Book, BookKind, NotDrawing
from models.booklines import labels
from models.period import Period, PeriodUnclear

on = Router()

PAGE = 3
"""Lines shown at once to whoever draws a list up: the choices stand below them."""


class WhichList(Step, frozen=True):
    """等他说拟哪张清单。"""

    period: str


class WhichConsortium(Step, frozen=True):
    """他管着几个融合体，等他说是哪个。"""

    kind: str
    period: str
    consortia: tuple[int, ...]


class DrawnUp(Step, frozen=True):
    """看着拟好的清单，等他说发不发。"""

    book: int
    revision: int
    """Of the draft that was shown: what somebody else drew anew meanwhile is shown before it is sent."""
    offset: int


class EndBook(Step, frozen=True):
    """等他说是不是真要作废。"""

    book: int
    reason: str


@on.command(
    "拟清单", "拟问题清单", "拟供需清单", "拟项目清单", "拟需求清单", "拟资源清单", takes="words"
)  # fmt: skip
def start(ctx: Context) -> Reply:
    """拟问题清单 2026年11月：没说哪张就问，没说哪一期就是这个月。"""
    if not ctx.unit.books.desks(ctx.member, ctx.now):
        raise NotDrawing()
    kind, rest = _kind(plain(ctx.text).removeprefix("拟"))
    period = read_period(rest, ctx.today)
    if period is None:
        if rest:
            raise PeriodUnclear(words=shorten(rest, 12))
        period = Period.month(ctx.today.year, ctx.today.month)
    if kind is None:
        return ctx.ask(
            "drawing.which_list",
            then=WhichList(period.code),
            period=period.label,
            choices=numbered(each.label for each in labels()),
        )
    return _where(ctx, kind, period)


def _kind(text: str) -> tuple[BookKind | None, str]:
    """Which list a text names, by whatever this place calls it, and what else it says."""
    words = [(word, each.kind) for each in labels() for word in (each.label, *each.words)]
    for word, kind in sorted(words, key=lambda pair: -len(pair[0])):
        if word in text:
            return kind, re.sub("清单|^的|的$", "", plain(text.replace(word, "", 1)))
    return None, plain(text.replace("清单", "", 1))


@on.step(WhichList)
def chose_list(ctx: Context, step: WhichList) -> Reply | Pass:
    """说了拟哪张。"""
    number = choice(ctx.text)
    if number is not None and 1 <= number <= len(labels()):
        return _where(ctx, labels()[number - 1].kind, Period.of(step.period))
    kind, _ = _kind(plain(ctx.text))
    return _where(ctx, kind, Period.of(step.period)) if kind is not None else PASS


def _where(ctx: Context, kind: BookKind, period: Period) -> Reply:
    """The list of the one consortium whose desk this is; who has several says which."""
    consortia = ctx.unit.books.desks(ctx.member, ctx.now)[:MOST_CHOICES]
    if len(consortia) == 1:
        return draw_up(ctx, consortia[0].id, kind, period)
    return ctx.ask(
        "drawing.which_consortium",
        then=WhichConsortium(kind.value, period.code, tuple(each.id for each in consortia)),
        choices=numbered(each.name for each in consortia),
    )


@on.step(WhichConsortium)
def chose_consortium(ctx: Context, step: WhichConsortium) -> Reply | Pass:
    """说了是哪个融合体。"""
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.consortia):
        return PASS
    return draw_up(ctx, step.consortia[number - 1], BookKind(step.kind), Period.of(step.period))


def draw_up(ctx: Context, consortium_id: int, kind: BookKind, period: Period) -> Reply:
    """Collects the lines and shows the first of them."""
    consortium = next(each for each in ctx.unit.books.desks(ctx.member, ctx.now) if each.id == consortium_id)
    return show(ctx, ctx.unit.books.draw_up(consortium, kind, period, by=ctx.member, now=ctx.now), 0)


def show(ctx: Context, book: Book, offset: int) -> Reply:
    """Some lines of the draft, and what can be done with it."""
    items, total = ctx.unit.books.page(book, offset=offset, limit=PAGE)
    more = offset + PAGE < total
    waiting = 0 if offset else ctx.unit.books.waiting(book)
    return ctx.ask(
        "drawing.drawn",
        then=DrawnUp(book.id, book.revision, offset + PAGE if more else 0),
        title=book.title,
        total=total,
        lines="\n".join(ctx.texts.say("drawing.line", line=book_line(ctx, item, 20)) for item in items),
        waiting=ctx.texts.say("drawing.waiting", count=waiting) if waiting else "",
        parties=len(ctx.unit.books.stands(book)),
        more=ctx.texts.say("drawing.more" if more else "drawing.again") if total > PAGE else "",
    )


@on.step(DrawnUp)
def decided(ctx: Context, step: DrawnUp) -> Reply | Pass:
    """发给各家签，先不发，或者往下看。"""
    number, text = choice(ctx.text), plain(ctx.text)
    if is_no(ctx.text) or text in ("不发", "先不发"):
        return ctx.say("drawing.kept")
    sending = is_yes(ctx.text) or text in ("发", "发送", "发给各家", "发给各家签")
    if not sending and number != 3 and text not in ("更多", "下一页", "往下看"):
        return PASS
    book = ctx.unit.books.to_change(step.book, seen_by=ctx.member, now=ctx.now)
    if not sending:
        return show(ctx, book, step.offset)
    if book.revision != step.revision and book.sent_at is None:
        return show(ctx, book, 0)
    ctx.unit.books.send(book, by=ctx.member, now=ctx.now)
    stands = ctx.unit.books.stands(book)
    silent = [each.organisation for each in stands if not ctx.card(each.organisation_id).officers]
    own = any(each.id == book.id for each in ctx.unit.books.to_sign(ctx.member, ctx.now))
    return ctx.say(
        "drawing.sent",
        number=book.id,
        count=len(stands),
        own=ctx.texts.say("drawing.own", number=book.id) if own else "",
        silent=ctx.texts.say("drawing.silent", names="、".join(silent[:3])) if silent else "",
    )


@on.command("作废清单", takes="words")
def end(ctx: Context) -> Reply:
    """作废清单 5 理由：问一句再作废。"""
    number, reason = read_book_number(ctx.rest)
    if number is None:
        return ctx.say("drawing.which_end")
    book = ctx.unit.books.number(number, seen_by=ctx.member, now=ctx.now)
    ctx.unit.books.may_dissolve(book, by=ctx.member, reason=reason, now=ctx.now)
    return ctx.ask(
        "drawing.end_ask", then=EndBook(number, reason), title=book.title, reason=shorten(reason, 40)
    )


@on.step(EndBook)
def ended(ctx: Context, step: EndBook) -> Reply | Pass:
    """真要作废吗。"""
    if is_no(ctx.text):
        return ctx.say("drawing.end_kept", number=step.book)
    if not is_yes(ctx.text) and plain(ctx.text) != "作废":
        return PASS
    book = ctx.unit.books.to_change(step.book, seen_by=ctx.member, now=ctx.now)
    ctx.unit.books.dissolve(book, by=ctx.member, reason=step.reason, now=ctx.now)
    return ctx.say("drawing.ended", number=step.book)
