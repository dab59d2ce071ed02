"""清单的事该告诉谁：请签、都签了、有人不签、作废了、该想起来了。"""

from __future__ import annotations

from collections.abc import Iterable

from bot.kit.context import Aloud
from bot.kit.days import day_of
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.book import (
    BookDissolved,
    BookRefused,
    BookReminded,
    BookSent,
    BookSigned,
    Occasion,
    signers,
)
from models.organisation import Officer
from models.outbox import Priority

on = Router()


def _signers(aloud: Aloud, organisation_ids: Iterable[int]) -> list[Officer]:
    """Whoever signs for these organisations."""
    return [officer for each in organisation_ids for officer in signers(aloud.card(each).officers)]


def _fields(book: int, title: str) -> dict[str, str]:
    return {"title": shorten(title, 20), "number": str(book)}


@on.happened(BookSent)
def sent(aloud: Aloud, book: BookSent) -> None:
    """请签：每家的书记，没有书记的就是别的任职的人。"""
    replaced = "、".join(str(each) for each in book.replaced)
    aloud.post(
        _signers(aloud, book.organisation_ids),
        "book_sent",
        key=f"book:{book.book}:sent",
        text=aloud.say(
            "notices_books.sent",
            number=book.book,
            title=book.title,
            items=book.items,
            replaced=aloud.say("notices_books.replaced", numbers=replaced) if replaced else "",
        ),
        fields=_fields(book.book, book.title),
    )


@on.happened(BookSigned)
def signed(aloud: Aloud, book: BookSigned) -> None:
    """都签了：各家签字的人，还有拟清单的人。"""
    aloud.post(
        [*_signers(aloud, book.organisation_ids), book.drawn_by],
        "book_signed",
        key=f"book:{book.book}:signed",
        text=aloud.say(
            "notices_books.signed",
            number=book.book,
            title=book.title,
            count=book.parties,
            until=day_of(book.valid_until) if book.valid_until else "",
        ),
        fields=_fields(book.book, book.title),
        priority=Priority.NEWS,
    )


@on.happened(BookRefused)
def refused(aloud: Aloud, book: BookRefused) -> None:
    """有一家不签：拟清单的人，还有今天轮值单位管事的人。"""
    chair = aloud.card(book.chair_id).desk if book.chair_id is not None else ()
    aloud.post(
        [book.drawn_by, *chair],
        "book_refused",
        key=f"book:{book.book}:refused:{book.organisation_id}:{aloud.now.isoformat()}",
        text=aloud.say(
            "notices_books.refused",
            number=book.book,
            title=book.title,
            organisation=book.organisation,
            reason=shorten(book.reason, 100),
        ),
        fields=_fields(book.book, book.title),
    )


@on.happened(BookDissolved)
def dissolved(aloud: Aloud, book: BookDissolved) -> None:
    """作废了：请过签的各家。"""
    aloud.post(
        _signers(aloud, book.organisation_ids),
        "book_dissolved",
        key=f"book:{book.book}:dissolved",
        text=aloud.say(
            "notices_books.dissolved",
            number=book.book,
            title=book.title,
            reason=shorten(book.reason, 100),
        ),
        fields=_fields(book.book, book.title),
    )


@on.happened(BookReminded)
def reminded(aloud: Aloud, book: BookReminded) -> None:
    """还没签、快复审、快到期：那几家签字的人。"""
    match book.occasion:
        case Occasion.UNSIGNED:
            key = "notices_books.unsigned"
        case Occasion.REVIEW:
            key = "notices_books.review"
        case Occasion.EXPIRY:
            key = "notices_books.expiry"
    aloud.post(
        _signers(aloud, book.organisation_ids),
        f"book_{book.occasion.value}",
        key=book.key,
        text=aloud.say(key, number=book.book, title=book.title, day=day_of(book.on)),
        fields=_fields(book.book, book.title),
        priority=Priority.DUTY if book.occasion is Occasion.UNSIGNED else Priority.NEWS,
    )
