"""``replay``: reads stored messages anew and shows what would change; nothing is written."""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec

from bot.language import Language
from models.moment import local
from models.store import Store
from models.understanding import Understanding

_SHOWN = ("intent", "kind", "category", "deadline")


class Body(msgspec.Struct, frozen=True):
    """As much of a stored message as reading it anew needs."""

    text: str = ""
    transcript: str = ""
    sent_at: datetime | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--days", type=int, default=30, help="多少天以内的消息（默认 30）")
    parser.add_argument("--last", type=int, default=500, metavar="N", help="最多多少条（默认 500）")


def run(args: argparse.Namespace, store: Store) -> int:
    """Prints every message whose reading changes, and how many do. 0 done."""
    language = Language()
    with store.reading() as unit:
        language.add_names(names=unit.organisations.names())
        kept = unit.inbox.since(datetime.now(UTC) - timedelta(days=args.days), args.last)
    changes: Counter[str] = Counter()
    read = changed = 0
    for _, body, parse in kept:
        message = msgspec.json.decode(body, type=Body)
        text = message.text or message.transcript
        if parse is None or not text:
            continue
        read += 1
        before = msgspec.json.decode(parse, type=Understanding)
        after = language.understand(text, local(message.sent_at or datetime.now(UTC)))
        told = [
            f"{name} {getattr(before, name) or '无'} → {getattr(after, name) or '无'}"
            for name in _SHOWN
            if getattr(before, name) != getattr(after, name)
        ]
        if told:
            changed += 1
            changes.update(piece.split()[0] for piece in told)
            print(f"{text[:60]}\n    {'；'.join(told)}")
    print(f"重读 {read} 条，{changed} 条会不一样。" + "、".join(f"{name} {n}" for name, n in changes.items()))
    return 0
