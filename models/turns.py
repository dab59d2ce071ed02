"""排班: how turns in the chair follow from a consortium's order. Nothing but arithmetic: the same ground, the same turns."""

from __future__ import annotations

import enum
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

import msgspec

DAY: Final = timedelta(days=1)
LOAD_WINDOW: Final = timedelta(days=730)
"""How far back turns count as somebody's load."""


class Strategy(enum.StrEnum):
    """How the next one is found."""

    FIXED = "fixed"
    BALANCED = "balanced"
    MANUAL = "manual"

    @property
    def label(self) -> str:
        """As people say it."""
        return {"fixed": "固定顺序", "balanced": "谁最久没轮谁先", "manual": "人工排"}[self.value]


class Span(enum.StrEnum):
    """How long one turn lasts."""

    MONTH = "month"
    TWO_MONTHS = "two_months"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """In months."""
        return {"month": 1, "two_months": 2, "quarter": 3, "half_year": 6, "year": 12}[self.value]

    @property
    def label(self) -> str:
        """As people say it."""
        return {
            "month": "一个月",
            "two_months": "两个月",
            "quarter": "一个季度",
            "half_year": "半年",
            "year": "一年",
        }[self.value]


class Origin(enum.StrEnum):
    """How a turn came to be."""

    IMPORT = "import"  # a table said so
    ORDER = "order"  # it was this organisation's place in the order
    BALANCE = "balance"  # it was the longest out of the chair
    DEBT = "debt"  # it had been skipped, and the reason is over


class Place(msgspec.Struct, frozen=True):
    """An organisation's place in the order."""

    organisation_id: int
    weight: int = 1
    """Who weighs 2 chairs about twice as often, where the turns are balanced."""


class Stay(msgspec.Struct, frozen=True):
    """From when until when (not included) an organisation can chair at all: its seat, cut where it closed."""

    organisation_id: int
    since: date
    until: date | None


class Away(msgspec.Struct, frozen=True):
    """From when until when (included) an organisation is skipped, and the debt that this left."""

    organisation_id: int
    reason: str
    since: date
    until: date | None
    """None: nobody knows yet."""
    missed_on: date | None = None
    """The first day of the turn that it missed; None: it has missed none."""
    paid_on: date | None = None
    """The first day of the turn that it got instead."""

    def covers(self, first: date, last: date) -> bool:
        """Whether it lies in the way of a turn."""
        return self.since <= last and (self.until is None or self.until >= max(first, self.since))

    def as_of(self, day: date) -> Away:
        """What is known of it when everything from a day on is still to be worked out."""
        missed = self.missed_on if self.missed_on is not None and self.missed_on < day else None
        paid = (
            self.paid_on if missed is not None and self.paid_on is not None and self.paid_on < day else None
        )
        return msgspec.structs.replace(self, missed_on=missed, paid_on=paid)

    @property
    def owed(self) -> bool:
        """Whether its organisation is still to get what it missed."""
        return self.missed_on is not None and self.paid_on is None


class Turn(msgspec.Struct, frozen=True):
    """One turn, first and last day included."""

    organisation_id: int
    starts_on: date
    ends_on: date
    origin: Origin


class Ground(msgspec.Struct, frozen=True):
    """All that the turns to come follow from."""

    strategy: Strategy
    span: Span
    first_on: date
    """The day from which periods are counted."""
    places: tuple[Place, ...]
    stays: tuple[Stay, ...]
    aways: tuple[Away, ...]
    behind: tuple[Turn, ...]
    """Turns that stay as they are, the earliest first."""


class Drawn(msgspec.Struct, frozen=True):
    """What came of it."""

    turns: tuple[Turn, ...]
    aways: tuple[Away, ...]
    """The same as on the ground, with the debts that the turns left and paid; in the same order."""
    stuck_on: date | None = None
    """From this day on nobody may chair; None: it went as far as was wanted."""


def add_months(day: date, months: int) -> date:
    """The same day so many months later; where that month is too short, its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def periods(span: Span, first_on: date, start: date, until: date) -> Iterator[tuple[date, date]]:
    """First and last days of the periods from ``start`` on, without a gap, as long as they begin by ``until``.

    Every period ends where one counted from ``first_on`` ends. What is left of the first one, if it is less than half,
    goes to the next.
    """

    def boundary(count: int) -> date:
        return add_months(first_on, count * span.months)

    count = (start.year * 12 + start.month - first_on.year * 12 - first_on.month) // span.months - 1
    while boundary(count + 1) <= start:
        count += 1
    whole = boundary(count + 1) - boundary(count)
    count += 1
    if boundary(count) - start < whole / 2:
        count += 1
    while start <= until:
        yield start, boundary(count) - DAY
        start = boundary(count)
        count += 1


def eligible(organisation_id: int, first: date, last: date, ground: Ground) -> bool:
    """Whether an organisation belongs to the consortium for a whole turn, and nothing is in its way."""
    return seated(organisation_id, first, last, ground.stays) and not any(
        away.organisation_id == organisation_id and away.covers(first, last) for away in ground.aways
    )


def seated(organisation_id: int, first: date, last: date, stays: tuple[Stay, ...]) -> bool:
    """Whether an organisation belongs to the consortium for a whole turn."""
    return any(
        stay.organisation_id == organisation_id
        and stay.since <= first
        and (stay.until is None or stay.until > last)
        for stay in stays
    )


def draw(ground: Ground, start: date, until: date) -> Drawn:
    """The turns from ``start`` on, as long as they begin by ``until``."""
    return _Drawing(ground).draw(start, until)


class _Drawing:
    """Turns as they are drawn one after the other."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._aways = list(ground.aways)
        self._order = [place.organisation_id for place in ground.places]
        self._weights = {place.organisation_id: place.weight for place in ground.places}
        self._turns: list[Turn] = []
        self._last: int | None = ground.behind[-1].organisation_id if ground.behind else None
        self._starts: dict[int, list[date]] = {}
        self._ends: dict[int, date] = {}
        for turn in ground.behind:
            self._count(turn)
        self._pointer = next(
            (
                self._order.index(turn.organisation_id)
                for turn in reversed(ground.behind)
                if turn.origin is not Origin.DEBT and turn.organisation_id in self._order
            ),
            -1,
        )

    def draw(self, start: date, until: date) -> Drawn:
        if self._ground.strategy is not Strategy.MANUAL:
            for first, last in periods(self._ground.span, self._ground.first_on, start, until):
                turn = self._next(first, last)
                if turn is None:
                    return Drawn(tuple(self._turns), tuple(self._aways), first)
                self._turns.append(turn)
                self._count(turn)
                self._last = turn.organisation_id
        return Drawn(tuple(self._turns), tuple(self._aways))

    def _next(self, first: date, last: date) -> Turn | None:
        can = {each for each in self._order if eligible(each, first, last, self._ground)}
        if not can:
            return None
        fixed = self._ground.strategy is Strategy.FIXED
        line = self._in_order() if fixed else self._by_need(first)
        self._note_missed(line, first, last, can)
        chosen = next(each for each in line if each in can)
        debtor = self._debtor(can)
        if debtor is not None and debtor != chosen:
            return self._pay(Turn(debtor, first, last, Origin.DEBT))
        if fixed:
            self._pointer = self._order.index(chosen)
        return self._pay(Turn(chosen, first, last, Origin.ORDER if fixed else Origin.BALANCE))

    def _in_order(self) -> list[int]:
        at = self._pointer + 1
        return self._order[at:] + self._order[:at]

    def _by_need(self, first: date) -> list[int]:
        """The longest out of the chair first, by weight and by how often they chaired of late; who never did, before all."""

        def need(organisation_id: int) -> tuple[int, Fraction]:
            ended = self._ends.get(organisation_id)
            if ended is None:
                return 0, Fraction(0)
            starts = self._starts[organisation_id]
            load = len(starts) - bisect_right(starts, first - LOAD_WINDOW)
            return 1, -Fraction((first - ended).days * self._weights[organisation_id], 1 + load)

        line = sorted(self._order, key=need)
        # Nobody chairs twice running while there is somebody else.
        return [each for each in line if each != self._last] + [each for each in line if each == self._last]

    def _note_missed(self, line: list[int], first: date, last: date, can: set[int]) -> None:
        """Whoever it would have been, had it not been skipped, is owed a turn: one for each reason."""
        for organisation_id in line:
            if organisation_id in can:
                return
            if not seated(organisation_id, first, last, self._ground.stays):
                continue
            for at, away in enumerate(self._aways):
                if (
                    away.organisation_id == organisation_id
                    and away.missed_on is None
                    and away.covers(first, last)
                ):
                    self._aways[at] = msgspec.structs.replace(away, missed_on=first)
                    break

    def _debtor(self, can: set[int]) -> int | None:
        owed = [
            (away.missed_on, at)
            for at, away in enumerate(self._aways)
            if away.owed and away.missed_on is not None
        ]
        for _, at in sorted(owed):
            organisation_id = self._aways[at].organisation_id
            if organisation_id in can and (organisation_id != self._last or len(can) == 1):
                return organisation_id
        return None

    def _pay(self, turn: Turn) -> Turn:
        for at, away in enumerate(self._aways):
            if away.owed and away.organisation_id == turn.organisation_id:
                self._aways[at] = msgspec.structs.replace(away, paid_on=turn.starts_on)
        return turn

    def _count(self, turn: Turn) -> None:
        self._starts.setdefault(turn.organisation_id, []).append(turn.starts_on)
        self._ends[turn.organisation_id] = turn.ends_on
