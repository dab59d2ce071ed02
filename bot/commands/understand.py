"""``understand``: what the bot understands of a message, as JSON. Needs no database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from bot.language import Language
from bot.optional import encoder_wished, open_encoder
from models.moment import SHANGHAI
from models.understanding import Understanding


class Line(msgspec.Struct, frozen=True):
    """One line of input; ``ref`` is the ISO time from which relative dates count."""

    id: str | int
    text: str
    ref: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--jsonl", action="store_true", help='read lines {"id","text","ref"?} from standard input'
    )
    add_encoder(parser)
    parser.add_argument("text", nargs="*", metavar="TEXT", help="the message")


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """The choice of the sentence encoder."""
    parser.add_argument(
        "--encoder",
        action=argparse.BooleanOptionalAction,
        help="with the sentence encoder; as the settings say if neither is given",
    )


def run(args: argparse.Namespace) -> int:
    """Prints the reading of TEXT, or of every line of standard input. 0 done, 1 some lines were bad, 2 wrong use."""
    if args.jsonl == bool(args.text):
        print("用法：understand TEXT 或 understand --jsonl < FILE", file=sys.stderr)
        return 2
    language = Language(encoder=open_encoder(encoder_wished(args.encoder, None)))
    if not args.jsonl:
        shown = _shown(language.understand(" ".join(args.text), datetime.now(UTC)))
        print(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
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
        shown = {"id": line.id, **_shown(language.understand(line.text, now))}
        print(msgspec.json.encode(shown).decode(), flush=False)
    return 1 if bad else 0


def lines(stream: TextIO) -> Iterator[tuple[int, Line | None, str]]:
    """Number, parsed line and complaint for every line that is not blank; a byte order mark is skipped."""
    raw = getattr(stream, "buffer", None)
    source: Iterator[bytes] = iter(raw) if raw is not None else (text.encode() for text in stream)
    for number, line in enumerate(source, 1):
        content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not content.strip():
            continue
        try:
            yield number, msgspec.json.decode(content, type=Line), ""
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield number, None, f"不是合格的 JSON 行 (bad JSON line): {error}"


def complain(number: int, reason: str) -> None:
    """Says on standard error which line was left out, and why."""
    print(f"第 {number} 行 (line {number})：{reason}", file=sys.stderr)


def moment(ref: str | None) -> datetime:
    """The aware moment of an ISO time; without an offset it is the account's local time; None is now.

    Raises ValueError when it is not an ISO time.
    """
    if not ref:
        return datetime.now(UTC)
    told = datetime.fromisoformat(ref)
    return told if told.tzinfo else told.replace(tzinfo=SHANGHAI)


def _shown(reading: Understanding) -> dict[str, Any]:
    """The reading under the contract's names; what is absent is null, empty slots are left out."""
    slots: dict[str, list[str]] = {
        name: list(found)
        for name in reading.slots.__struct_fields__
        if (found := getattr(reading.slots, name))
    }
    return {
        "intent": reading.intent,
        "kind": reading.kind,
        "category": reading.category,
        "slots": slots,
        "deadline": reading.deadline,
        "when": reading.when,
        "confidence": reading.confidence,
    }
