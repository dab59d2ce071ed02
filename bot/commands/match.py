"""``match``: suggestions from the supply-demand list for a need, as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from bot.commands.understand import add_encoder, complain, lines, moment
from bot.language import Language
from bot.matching import CatalogueError, Index, read_catalogue
from bot.optional import encoder_wished, open_encoder
from models.fit import Offer
from models.moment import local

Loader = Callable[[argparse.Namespace], list[Offer]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--jsonl", action="store_true", help='read lines {"id","text","ref"?} from standard input'
    )
    parser.add_argument(
        "--catalogue", metavar="FILE.csv", help="the list to search; without it, the database's"
    )
    parser.add_argument(
        "--top", type=int, default=5, metavar="N", help="at most so many suggestions (default 5)"
    )
    add_encoder(parser)
    parser.add_argument("text", nargs="*", metavar="TEXT", help="the need")


def run(args: argparse.Namespace, offers_from_database: Loader | None = None) -> int:
    """Prints suggestions for TEXT, or for every line of standard input.

    0 done, 1 refused (the list cannot be read) or some lines were bad, 2 wrong use.
    """
    if args.jsonl == bool(args.text) or args.top < 1:
        print("用法：match [--catalogue FILE.csv] [--top N] TEXT 或 match --jsonl < FILE", file=sys.stderr)
        return 2
    try:
        if args.catalogue:
            offers = read_catalogue(args.catalogue)
        elif offers_from_database is not None:
            offers = offers_from_database(args)
        else:
            print("没有可查的清单：请用 --catalogue FILE.csv 指定", file=sys.stderr)
            return 2
    except CatalogueError as error:
        print(f"清单读不了 (cannot read the list): {error}", file=sys.stderr)
        return 1
    language = Language(
        names=sorted({offer.unit for offer in offers if offer.unit}),
        encoder=open_encoder(encoder_wished(args.encoder, args.config, entries=len(offers))),
    )
    index = Index.build(offers, language)
    if not args.jsonl:
        found = _suggestions(index, language, " ".join(args.text), datetime.now(UTC), args.top)
        print(msgspec.json.format(msgspec.json.encode({"suggestions": found}), indent=2).decode())
        return 0
    bad = 0
    for number, line, complaint in lines(sys.stdin):
        if line is None:
            bad += 1
            complain(number, complaint)
            continue
        try:
            now = moment(line.ref)
        except ValueError:
            bad += 1
            complain(number, f"ref 不是 ISO 时间 (not an ISO time): {line.ref!r}"[:200])
            continue
        found = _suggestions(index, language, line.text, now, args.top)
        print(msgspec.json.encode({"id": line.id, "suggestions": found}).decode())
    return 1 if bad else 0


def _suggestions(
    index: Index, language: Language, text: str, now: datetime, top: int
) -> list[dict[str, str | float]]:
    reading = language.understand(text, now)
    fits = index.suggest(
        text,
        words=language.words(text),
        category=reading.category,
        places=reading.slots.place,
        intent=reading.intent,
        today=local(now).date(),
        top=top,
        wide=True,
    )
    return [{"id": fit.code, "score": fit.score, "reason": fit.reason} for fit in fits]
