"""What of a list is signed, and the fingerprint by which anybody can see that nothing of it was changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date

from models.book import Book, BookItem, BookParty


def fingerprint(signed: Mapping[str, object]) -> str:
    """SHA-256 (hex) over canonical JSON: keys in order, no spaces, no escapes; the same on every database."""
    written = json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def signed_content(
    book: Book, consortium: str, items: Iterable[BookItem], parties: Iterable[tuple[BookParty, str]]
) -> dict[str, object]:
    """Everything that the signatures stand under.

    The consortium and the parties (each with its organisation's code) go by their codes: names are corrected and
    ids differ from one database to another, but a code stays what it was.
    """
    return {
        "consortium": consortium,
        "kind": book.kind,
        "period": book.period,
        "version": book.version,
        "title": book.title,
        "valid_until": _day(book.valid_until),
        "review_on": _day(book.review_on),
        "items": [_item(item) for item in sorted(items, key=lambda item: item.position)],
        "parties": [_party(party, code) for party, code in sorted(parties, key=lambda pair: pair[1])],
    }


def _item(item: BookItem) -> dict[str, object]:
    return {
        "position": item.position,
        "case": item.case_number,
        "supply": item.supply_code,
        "content": item.content,
    }


def _party(party: BookParty, organisation: str) -> dict[str, object]:
    return {
        "organisation": organisation,
        "signer": party.member_id,
        "signed": party.confirmed_at.astimezone(UTC).isoformat() if party.confirmed_at else "",
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
