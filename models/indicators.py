"""指标: how well things go, each figure with its two sides and the sentence that says what was counted.

Nothing is ranked, and nobody is judged by a share of nothing: where the denominator is empty there is no value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from statistics import median
from typing import TYPE_CHECKING, Final

import msgspec

from models.activitymonths import count_months
from models.asof import Period, Scope
from models.claim import ClaimState
from models.clock import ClockKind
from models.history import GONE, History, Hold, Run, courses
from models.life import SATISFIED, VETO_WINDOW

if TYPE_CHECKING:
    from models.store import Unit

NOTHING: Final = "—"
"""What stands for a figure that cannot be given: neither nought nor all."""
_DAY: Final = timedelta(days=1)
_PROMISES: Final = {
    ClockKind.ACCEPT.value: "accepted_in_time",
    ClockKind.CONTACT.value: "contacted_in_time",
    ClockKind.RESOLVE.value: "done_in_time",
}

_PROOF: Final = {
    ClockKind.CONTACT.value: frozenset(("in_progress", "resolved")),
    ClockKind.RESOLVE.value: frozenset(("resolved",)),
}
"""What a case must have come to for its clock to have been stopped by work done, and not by the claim's end."""


class Definition(msgspec.Struct, frozen=True):
    """What an indicator is."""

    key: str
    label: str
    kind: str
    """``rate``, or ``median`` (of days)."""
    definition: str


class Indicator(msgspec.Struct, frozen=True):
    """One figure."""

    key: str
    label: str
    definition: str
    numerator: int | None
    """None for a median."""
    denominator: int
    value: float | None
    """A share between 0 and 1, or days; None: there was nothing to count."""

    @property
    def text(self) -> str:
        """As a table says it: 87.5%, 2.4, or —."""
        if self.value is None:
            return NOTHING
        return f"{self.value:.1f}" if self.numerator is None else f"{self.value:.1%}"


@cache
def definitions() -> dict[str, Definition]:
    """Every indicator by its key, in the order in which they are shown."""
    text = resources.files("models.data").joinpath("indicators.toml").read_text(encoding="utf-8")
    return {entry["key"]: Definition(**entry) for entry in tomllib.loads(text)["indicator"]}


class Tally:
    """Counts for one whole: everybody, or one organisation."""

    def __init__(self) -> None:
        self.of: dict[str, list[int]] = {}
        """Numerator and denominator by indicator."""
        self.days: list[float] = []
        """From the list to the first claim."""
        self.claims = self.in_hand = self.done = 0
        """Claims of the period; cases in hand at its end; cases reported done in the period."""

    def count(self, key: str, good: bool) -> None:
        """One more of the denominator, and of the numerator if it is good."""
        pair = self.of.setdefault(key, [0, 0])
        pair[0] += good
        pair[1] += 1

    def indicator(self, key: str) -> Indicator:
        """One figure."""
        what = definitions()[key]
        if what.kind == "median":
            days = len(self.days)
            return Indicator(
                key, what.label, what.definition, None, days, median(self.days) if days else None
            )
        good, whole = self.of.get(key, (0, 0))
        return Indicator(key, what.label, what.definition, good, whole, good / whole if whole else None)


class Counter:
    """Counts cases for everybody together and for each organisation that answers for them."""

    def __init__(self, period: Period) -> None:
        self.begin, self.end = period.begin, period.end
        self.whole = Tally()
        self.organisations: dict[int, Tally] = {}

    def count(self, case: History) -> None:
        """One more case, as it stood at the end of the period."""
        if case.state in GONE:
            return
        self._promises(case)
        self._words(case)
        self._claims(case)
        self._done(case)
        self._suggestions(case)

    def _within(self, moment: datetime | None) -> bool:
        return moment is not None and self.begin <= moment < self.end

    def _of(self, hold: Hold | None) -> list[Tally]:
        if hold is None:
            return [self.whole]
        return [self.whole, self.organisations.setdefault(hold.organisation_id, Tally())]

    def _promises(self, case: History) -> None:
        for clock in case.clocks:
            key = _PROMISES.get(clock.kind)
            kept, at = decided(clock, self.end)
            if key is None or not self._within(at) or (kept and not _proven(clock, case)):
                continue
            # Who accepts a case is no claimant: that it took long is not held against whoever claimed it later.
            answers = None if clock.kind == ClockKind.ACCEPT else case.lead_at(clock.started_at)
            for tally in self._of(answers):
                tally.count(key, kept)

    def _words(self, case: History) -> None:
        rating = case.rating
        if rating is not None and self._within(rating.at):
            for tally in self._of(case.lead_at(rating.at)):
                tally.count("rated", True)
                tally.count("solved", rating.solved)
                tally.count("satisfied", (rating.level or 0) >= SATISFIED)
        elif rating is None and self._within(case.solved_at):
            for tally in self._of(case.lead):
                tally.count("rated", False)

    def _claims(self, case: History) -> None:
        for claim in case.claims:
            if self._within(claim.effective_at):
                for tally in self._of(claim):
                    tally.claims += 1
                    if claim.lead and not _vetoed(claim, case):
                        tally.count("returned", case.returned(claim))
        if case.state in ("claimed", "in_progress", "rework") and case.lead is not None:
            for tally in self._of(case.lead):
                tally.in_hand += 1
        claimed, since = case.first("claimed"), case.first("open")
        if since is None or (claimed is not None and claimed < since):
            # Claimed before anybody put it on the list: it could be since it was accepted, or reported.
            since = (case.first("accepted") or case.case.submitted_at) if claimed is not None else None
        if self._within(since):
            self.whole.count("claimed", claimed is not None)
        if since is not None and claimed is not None and self._within(claimed):
            self.whole.days.append(max(0.0, (claimed - since) / _DAY))

    def _done(self, case: History) -> None:
        reported = [step.at for step in case.steps if step.state == "resolved" and self._within(step.at)]
        if not reported:
            return
        anew = case.last("rework")
        for tally in self._of(case.lead_at(reported[-1])):
            tally.count("reworked", anew is not None and anew >= reported[0])
            tally.done += 1

    def _suggestions(self, case: History) -> None:
        if self._within(case.shown_at):
            self.whole.count("adopted", case.chosen_at is not None)
        if case.case.kind == "need" and self._within(case.case.submitted_at):
            self.whole.count("matched", matched(case))


def _vetoed(claim: Hold, case: History) -> bool:
    """Whether the chair had undone a claim at once, which is no failing of the claimant's."""
    return (
        claim.state == ClaimState.REVOKED
        and case.returned(claim)
        and claim.ended_at is not None
        and claim.ended_at - claim.effective_at <= VETO_WINDOW
    )


def _proven(clock: Run, case: History) -> bool:
    states = _PROOF.get(clock.kind)
    stopped = clock.stopped_at or case.end
    return states is None or any(
        step.state in states and clock.started_at <= step.at <= stopped for step in case.steps
    )


def matched(case: History) -> bool:
    """Whether an entry of the supply-demand list was chosen for a case, or serves it."""
    return case.chosen_at is not None or case.matched_at is not None


def decided(clock: Run, end: datetime) -> tuple[bool, datetime | None]:
    """Whether a clock's promise was kept, and when that was known; no moment: not known by then.

    A promise is broken at the moment when it runs out, however long the work goes on, so that it counts once and
    in the period that it belongs to.
    """
    stopped = clock.stopped_at if clock.stopped_at is not None and clock.stopped_at < end else None
    if stopped is not None:
        return (False, min(clock.due_at or stopped, stopped)) if clock.late else (True, stopped)
    paused = clock.paused_at is not None and clock.due_at is not None and clock.paused_at < clock.due_at
    if clock.due_at is not None and clock.due_at < end and not paused:
        return False, clock.due_at
    return False, None


def indicators(unit: Unit, period: Period, scope: Scope | None = None) -> list[Indicator]:
    """Every indicator for a period as it was known at its end, for a part of the city or (None) for all of it."""
    counter = Counter(period)
    for case in courses(unit, period, scope or Scope()):
        counter.count(case)
    count_months(counter.whole, unit, period, scope or Scope())
    return listed(counter.whole)


def listed(tally: Tally, keys: Iterable[str] | None = None) -> list[Indicator]:
    """The figures of a tally in the order in which they are shown."""
    return [tally.indicator(key) for key in keys or definitions()]
