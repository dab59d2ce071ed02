"""签清单、看清单、不签清单，和“清单 5”：各家替自己单位签字，谁签了谁没签一看就知道。"""

from __future__ import annotations

import re

from bot.kit.books import book_line, read_book_number
from bot.kit.context import Context
from bot.kit.days import day_of
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered, shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.words import choice, is_no, is_yes, plain
from models.book import Book
from models.moment import local

on = Router()

PAGE = 4
_OTHER = re.compile(r"(?:看|签|不签|作废)?清单\s*\d")
"""Somebody who is asked for a reason and types such a word wants something else."""
FEW_NAMES = 4
"""More organisations than that are counted instead of named."""


class SignBook(Step, frozen=True):
    """等他说签不签。"""

    book: int


class WhyNotSign(Step, frozen=True):
    """等他说为什么不签。"""

    book: int


class WhichBook(Step, frozen=True):
    """等他说看哪一份、签哪一份。"""

    books: tuple[int, ...]
    signing: bool


class BookPage(Step, frozen=True):
    """看着一份清单的这一页：能选序号，能翻页。"""

    book: int
    offset: int
    last: bool


@on.command("签清单", takes="number?")
def sign(ctx: Context) -> Reply:
    """签清单 5：先说清替谁签、签的是什么，回 1 才算签。"""
    if ctx.number is not None:
        return ask(ctx, ctx.number)
    books = ctx.unit.books.to_sign(ctx.member, ctx.now)
    if not books:
        return ctx.say("signing.nothing")
    return ask(ctx, books[0].id) if len(books) == 1 else _which(ctx, books, signing=True)


def ask(ctx: Context, number: int) -> Reply:
    """What is signed for whom, and the choice."""
    book = ctx.unit.books.number(number, seen_by=ctx.member, now=ctx.now)
    names = [ctx.card(each).name for each in ctx.unit.books.signing_for(book, ctx.member, ctx.now)]
    items = ctx.unit.books.items(book)
    own = sum(1 for item in items if item.line.unit in names or item.line.claimant in names)
    return ctx.ask(
        "signing.ask",
        then=SignBook(book.id),
        title=book.title,
        total=len(items),
        own=ctx.texts.say("signing.own", count=own) if own else "",
        organisations="、".join(names),
    )


@on.step(SignBook)
def decided(ctx: Context, step: SignBook) -> Reply | Pass:
    """签，不签，或者先看看。"""
    text = plain(ctx.text)
    if choice(ctx.text) == 3 or text in ("先看", "看看", "看"):
        return page(ctx, step.book, 0)
    if is_no(ctx.text) or text == "不签":
        return ctx.ask("signing.why", then=WhyNotSign(step.book), number=step.book)
    return confirm(ctx, step.book) if is_yes(ctx.text) or text in ("签", "签字") else PASS


def confirm(ctx: Context, number: int) -> Reply:
    """Signs for every organisation that this person signs for."""
    book = ctx.unit.books.to_change(number, seen_by=ctx.member, now=ctx.now)
    offices = ctx.unit.books.signing_for(book, ctx.member, ctx.now)
    complete = [ctx.unit.books.confirm(book, office, by=ctx.member, now=ctx.now) for office in offices][-1]
    if complete:
        return ctx.say(
            "signing.complete",
            number=number,
            title=book.title,
            count=len(ctx.unit.books.stands(book)),
            until=day_of(book.valid_until) if book.valid_until else "",
        )
    return ctx.say(
        "signing.signed",
        number=number,
        organisations="、".join(ctx.card(office).name for office in offices),
        left=sum(1 for each in ctx.unit.books.stands(book) if not each.signed),
    )


@on.command("不签清单", takes="words")
def refuse(ctx: Context) -> Reply:
    """不签清单 5 理由：没说理由就问一句。"""
    number, reason = read_book_number(ctx.rest)
    if number is None:
        books = ctx.unit.books.to_sign(ctx.member, ctx.now)
        if len(books) != 1:
            return ctx.say("signing.which_refuse") if books else ctx.say("signing.nothing")
        number = books[0].id
    book = ctx.unit.books.number(number, seen_by=ctx.member, now=ctx.now)
    ctx.unit.books.signing_for(book, ctx.member, ctx.now)
    return (
        _refuse(ctx, number, reason)
        if reason
        else ctx.ask("signing.why", then=WhyNotSign(number), number=number)
    )


@on.step(WhyNotSign)
def explained(ctx: Context, step: WhyNotSign) -> Reply | Pass:
    """说了为什么。"""
    if not plain(ctx.text) or _OTHER.match(plain(ctx.text)):
        return PASS
    if choice(ctx.text) is not None:
        return ctx.ask("signing.why", then=step, number=step.book)
    return _refuse(ctx, step.book, ctx.text)


def _refuse(ctx: Context, number: int, reason: str) -> Reply:
    book = ctx.unit.books.to_change(number, seen_by=ctx.member, now=ctx.now)
    offices = ctx.unit.books.signing_for(book, ctx.member, ctx.now)
    for office in offices:
        ctx.unit.books.refuse(book, office, by=ctx.member, reason=reason, now=ctx.now)
    return ctx.say(
        "signing.refused", number=number, organisations="、".join(ctx.card(office).name for office in offices)
    )


@on.command("看清单", takes="number?")
def read(ctx: Context) -> Reply:
    """看清单 5：一页四条；没说哪一份，就列出等您签的和最近的。"""
    if ctx.number is not None:
        return page(ctx, ctx.number, 0)
    books = ctx.unit.books.to_sign(ctx.member, ctx.now)
    if ctx.member.consortium_id is not None and len(books) < MOST_CHOICES:
        known = {book.id for book in books}
        books += [book for book in ctx.unit.books.newest(ctx.member.consortium_id) if book.id not in known]
    return _which(ctx, books[:MOST_CHOICES], signing=False) if books else ctx.say("signing.none")


def _which(ctx: Context, books: list[Book], *, signing: bool) -> Reply:
    return ctx.ask(
        "signing.which_sign" if signing else "signing.which_read",
        then=WhichBook(tuple(book.id for book in books), signing),
        choices=numbered(
            ctx.texts.say("signing.choice", title=shorten(book.title, 24), state=book.label) for book in books
        ),
    )


@on.step(WhichBook)
def chose(ctx: Context, step: WhichBook) -> Reply | Pass:
    """说了哪一份。"""
    number = choice(ctx.text)
    if number is None or not 1 <= number <= len(step.books):
        return PASS
    book = step.books[number - 1]
    return ask(ctx, book) if step.signing else page(ctx, book, 0)


def page(ctx: Context, number: int, offset: int) -> Reply:
    """One page of a list."""
    book = ctx.unit.books.number(number, seen_by=ctx.member, now=ctx.now)
    items, total = ctx.unit.books.page(book, offset=offset, limit=PAGE)
    last = offset + PAGE >= total
    return ctx.ask(
        "signing.page",
        then=BookPage(book.id, offset, last),
        title=book.title,
        total=total,
        first=offset + 1,
        end=offset + len(items),
        lines=numbered(book_line(ctx, item, 20) for item in items),
        more="" if last else ctx.texts.say("signing.more"),
        then_sign=_then_sign(ctx, book),
    )


def _then_sign(ctx: Context, book: Book) -> str:
    """What to type next, for who can still sign it."""
    key = "signing.then_sign" if _waits(ctx, book) else "signing.then_status"
    return ctx.texts.say(key, number=book.id)


def _waits(ctx: Context, book: Book) -> bool:
    """Whether it waits for a signature of the one who reads it."""
    return any(each.id == book.id for each in ctx.unit.books.to_sign(ctx.member, ctx.now, limit=100))


@on.step(BookPage)
def turn(ctx: Context, step: BookPage) -> Reply | Pass:
    """选了一条看全文，或者往下翻。"""
    if plain(ctx.text) in ("更多", "下一页", "下页", "往下", "继续"):
        return page(ctx, step.book, 0 if step.last else step.offset + PAGE)
    number = choice(ctx.text)
    if number is None or not 1 <= number <= PAGE:
        return PASS
    book = ctx.unit.books.number(step.book, seen_by=ctx.member, now=ctx.now)
    items, _ = ctx.unit.books.page(book, offset=step.offset + number - 1, limit=1)
    if not items:
        return PASS
    return ctx.ask(
        "signing.item",
        then=step,
        line=book_line(ctx, items[0], 80),
        category=items[0].line.category,
        place=items[0].line.place,
        then_sign=_then_sign(ctx, book),
    )


@on.intent("book")
def status(ctx: Context) -> Reply | Pass:
    """清单 5：谁签了，谁没签，办得怎么样。"""
    number = choice(ctx.rest)
    if number is None:
        return PASS
    book = ctx.unit.books.number(number, seen_by=ctx.member, now=ctx.now)
    if book.signed_at is not None:
        return _in_force(ctx, book)
    stands = ctx.unit.books.stands(book)
    refused = [
        ctx.texts.say("signing.refusal", organisation=each.organisation, reason=shorten(each.reason, 20))
        for each in stands
        if each.refused
    ]
    return ctx.say(
        "signing.status",
        number=book.id,
        title=book.title,
        state=book.label,
        signed=_names([each.organisation for each in stands if each.signed]),
        missing=_names([each.organisation for each in stands if not each.signed and not each.refused]),
        refused="".join(refused[:2]),
        next=ctx.texts.say("signing.then_sign" if _waits(ctx, book) else "signing.then_read", number=book.id),
    )


def _names(names: list[str]) -> str:
    """``3 家：甲、乙、丙``."""
    shown = "、".join(shorten(name, 16) for name in names[:FEW_NAMES])
    return f"{len(names)} 家" + (f"：{shown}" if names else "") + ("等" if len(names) > FEW_NAMES else "")


def _in_force(ctx: Context, book: Book) -> Reply:
    """A list that was signed: until when it holds, and how much of it was done."""
    done = ctx.unit.books.performances([book], ctx.today)[book.id]
    ended = ""
    if book.ended_at is not None and book.end_reason:
        day = day_of(local(book.ended_at).date())
        ended = ctx.texts.say("signing.ended", day=day, reason=shorten(book.end_reason, 40))
    return ctx.say(
        "signing.in_force",
        number=book.id,
        title=book.title,
        state=book.label,
        count=len(ctx.unit.books.stands(book)),
        ended=ended,
        until=day_of(book.valid_until) if book.valid_until else "",
        review=day_of(book.review_on) if book.review_on else "",
        rate=ctx.texts.say(
            "signing.rate",
            rate=round(100 * done.rate),
            due=done.due,
            fulfilled=done.fulfilled,
        )
        if done.rate is not None
        else ctx.texts.say("signing.no_rate", items=done.items, early=done.early),
    )
