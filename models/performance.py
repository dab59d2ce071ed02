"""履约率: how much of what was promised in signed lists was done, as it was at the end of a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from sqlalchemy import func, or_, select

from models.book import Book, BookItem
from models.case import Case
from models.life import CaseState, CloseKind
from models.supply import Supply, SupplyUse
from models.timeline import TimelineEntry

if TYPE_CHECKING:
    from models.store import Unit

T = TypeVar("T")

DONE: Final = (CaseState.CLOSED.value, CaseState.ARCHIVED.value)
KEPT: Final = ("", CloseKind.NORMAL.value)
"""销号方式 that keep a promise; 研判, 延期, 移交 and 挂账 write a matter off without its being solved."""
GONE: Final = CaseState.WITHDRAWN.value
MERGED: Final = CaseState.MERGED.value
_AT_ONCE: Final = 500
_FARTHEST: Final = 8
"""How many mergers are followed from one case to the next; more would be a ring."""


class Performance(msgspec.Struct, frozen=True):
    """履约率 of one list, or of several together.

    rate = fulfilled / due. *Due* are the lines whose day has come: the day that the claimant had promised when the
    list was drawn up, or the list's own end where none was named. *Fulfilled* are those of them whose case was
    closed, or written off as 正常, by then (a merged case counts as the one it was merged into); or whose entry of
    the supply-demand list served at least one case since the list was drawn up. A line whose reporter took the
    matter back can be fulfilled by nobody: it counts in ``left_out`` and nowhere else.
    """

    items: int = 0
    """All lines."""
    due: int = 0
    fulfilled: int = 0
    early: int = 0
    """Lines that were fulfilled before their day; not in ``due`` yet."""
    left_out: int = 0

    @property
    def rate(self) -> float | None:
        """0 to 1; None while nothing is due, which is neither good nor bad."""
        return self.fulfilled / self.due if self.due else None

    def __add__(self, other: Performance) -> Performance:
        return Performance(
            items=self.items + other.items,
            due=self.due + other.due,
            fulfilled=self.fulfilled + other.fulfilled,
            early=self.early + other.early,
            left_out=self.left_out + other.left_out,
        )


def performances(unit: Unit, books: Sequence[Book], as_of: date, end: datetime) -> dict[int, Performance]:
    """Each list's figures at the end of ``as_of`` (``end``: that moment), with a few statements for all of them."""
    known = {book.id: book for book in books}
    items = [
        item
        for ids in _portions(known)
        for item in unit.session.scalars(select(BookItem).where(BookItem.book_id.in_(ids)))
    ]
    states = _states(unit, {item.case_number for item in items if item.case_number is not None}, end)
    uses = _uses(unit, {item.supply_code for item in items if item.supply_code}, end)
    found = {book_id: Performance() for book_id in known}
    for item in items:
        book = known[item.book_id]
        promised = item.line.promised
        day = date.fromisoformat(promised) if promised else book.valid_until
        state = states.get(item.case_number or 0, "")
        done = state == DONE[0] or any(at >= book.drawn_at for at in uses.get(item.supply_code, ()))
        gone = state == GONE
        due = not gone and day is not None and day <= as_of
        found[book.id] += Performance(
            items=1, due=due, fulfilled=due and done, early=done and not due, left_out=gone
        )
    return found


def _states(unit: Unit, numbers: set[int], end: datetime) -> dict[int, str]:
    """``closed``, ``withdrawn`` or empty (anything else) for each case, as it was at ``end``."""
    states: dict[int, str] = {}
    leads: dict[int, int] = {number: number for number in numbers}
    for _ in range(_FARTHEST):
        unknown = {number for number in leads.values() if number not in states}
        if not unknown:
            break
        for ids in _portions(unknown):
            last = (
                select(func.max(TimelineEntry.id))
                .where(TimelineEntry.case_number.in_(ids), TimelineEntry.state != "", TimelineEntry.at < end)
                .group_by(TimelineEntry.case_number)
            )
            query = (
                select(TimelineEntry.case_number, TimelineEntry.state, Case.close_kind, Case.merged_into)
                .join(Case, Case.number == TimelineEntry.case_number)
                .where(TimelineEntry.id.in_(last))
            )
            states |= dict.fromkeys(ids, "")
            for number, state, close_kind, merged_into in unit.session.execute(query):
                if state == MERGED and merged_into is not None:
                    leads = {each: merged_into if at == number else at for each, at in leads.items()}
                elif state in DONE:
                    states[number] = DONE[0] if state == DONE[0] or close_kind in KEPT else ""
                elif state == GONE:
                    states[number] = GONE
    return {number: states.get(lead, "") for number, lead in leads.items()}


def _uses(unit: Unit, codes: set[str], end: datetime) -> dict[str, list[datetime]]:
    """When each entry began to serve a case, those left out that had come to nothing by ``end``."""
    uses: dict[str, list[datetime]] = {}
    for portion in _portions(codes):
        query = (
            select(Supply.code, SupplyUse.at)
            .join(Supply, Supply.id == SupplyUse.supply_id)
            .where(
                Supply.code.in_(portion),
                SupplyUse.at < end,
                or_(SupplyUse.ended_at.is_(None), SupplyUse.ended_at >= end),
            )
        )
        for code, at in unit.session.execute(query):
            uses.setdefault(code, []).append(at)
    return uses


def _portions(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in portions that a statement can hold."""
    whole = list(values)
    for start in range(0, len(whole), _AT_ONCE):
        yield whole[start : start + _AT_ONCE]
