"""The mind: language, the index over the list and the office's rules, kept in memory and renewed when they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache

import structlog

from bot.engine.rulebook import RuleBook
from bot.kit.context import Reading
from bot.language import Language
from bot.matching import Bag, Index, bag, likeness
from models.cases import CaseMark
from models.fit import Fit
from models.moment import local
from models.revision import ROLL, RULES, SUPPLIES
from models.store import Store
from models.understanding import Appointment, Named

log = structlog.get_logger()

SUGGESTIONS = 3
"""Never more than three: the fourth is not read on a small phone."""


_REMEMBERED = 20_000
"""Cases whose words are remembered for comparing."""


class StoredMind:
    """The mind that follows the database. ``refresh`` is called from a thread of its own, everything else anywhere."""

    def __init__(self, store: Store, today: date, language: Language | None = None) -> None:
        """Loads everything once; ``language`` where one is loaded already."""
        self._store = store
        self._seen: dict[str, int] = {}
        self._language = language or Language()
        # The same open cases are compared again and again: their words are worth keeping.
        self._bag = lru_cache(maxsize=20_000)(self._make_bag)
        self._case_bags: dict[CaseMark, Bag] = {}
        self._index = Index.build((), self._language)
        self._rules = RuleBook(())
        self.refresh(today)

    @property
    def version(self) -> str:
        """The language's version; the index follows the list and has none of its own."""
        return self._language.version

    @property
    def list_revision(self) -> int:
        """Which state of the list the index holds at least."""
        return self._seen.get(SUPPLIES, 0)

    def refresh(self, today: date) -> None:
        """Looks whether something changed, and if so makes it anew and puts it in place at once."""
        with self._store.reading() as unit:
            now = unit.revisions.all()
            changed = {
                name for name in (SUPPLIES, RULES, ROLL) if now.get(name, 0) != self._seen.get(name, -1)
            }
            # Who is shown an entry follows from seats and regions, which come with the roll.
            stale = SUPPLIES in changed or (ROLL in changed and self._index.for_circles)
            offers = unit.supplies.on_offer(today) if stale else None
            rules = unit.rules.enabled() if RULES in changed else None
            names = unit.organisations.names() if ROLL in changed else []
        if names:
            # Whole names cut no words, and what stands inside them is no place of its own.
            self._language.add_names(names=names)
        if offers is not None:
            self._index = self._index.renewed(offers)
        if rules is not None:
            self._rules = RuleBook(rules)
            for broken in self._rules.broken:
                log.warning("rule_left_out", rule=broken)
        if SUPPLIES in changed:
            self._store.directory.forget_list()
        if ROLL in changed:
            self._store.directory.forget()
        for name in changed:
            self._seen[name] = now.get(name, 0)

    def read(self, text: str, now: datetime) -> Reading:
        """Understands a text."""
        return Reading(text, self._language.understand(text, local(now)))

    def day(self, text: str, now: datetime) -> date | None:
        """The day that a promise names."""
        return self._language.day(text, now)

    def appointment(self, text: str, now: datetime) -> Appointment:
        """The day, the hour and the place that a text names for people to meet."""
        return self._language.appointment(text, now)

    def named(self, text: str, now: datetime, *, past: bool = False) -> Named:
        """Times, places and amounts in a text, whatever it is about."""
        return self._language.named(text, now, past=past)

    def suggest(
        self,
        reading: Reading,
        *,
        category: str,
        place: str,
        home: str,
        day: date,
        circles: frozenset[str] = frozenset(),
    ) -> list[Fit]:
        """At most three entries that may serve and that members of these circles are shown, best first."""
        understood = reading.understanding
        # A second matter has its own turn.
        text = reading.text.strip().removesuffix(understood.second or "")
        return self._index.suggest(
            text,
            words=self._language.words(text),
            category=category or None,
            places=understood.slots.place or ((place,) if place else ()),
            intent=understood.intent,
            today=day,
            home=home,
            top=SUGGESTIONS,
            circles=circles,
        )

    def search(
        self, reading: Reading, *, home: str, day: date, top: int, circles: frozenset[str] = frozenset()
    ) -> list[Fit]:
        """Entries that answer a question about the list."""
        return self._index.suggest(
            reading.text,
            words=self._language.words(reading.text),
            category=reading.understanding.category,
            places=reading.understanding.slots.place,
            today=day,
            home=home,
            top=top,
            circles=circles,
        )

    def likeness(self, reading: Reading, others: Sequence[str]) -> list[float]:
        """0 to 1 for each of the others: whether it speaks of the same matter."""
        own = self._make_bag(reading.text)
        return [likeness(own, self._bag(other)) for other in others]

    def likeness_of_cases(
        self, reading: Reading, cases: Sequence[CaseMark], text_of: Callable[[int], str]
    ) -> list[float]:
        """The same for submitted cases, whose words are looked up only where they are not remembered."""
        own, known = self._make_bag(reading.text), self._case_bags
        found = []
        for case in cases:
            other = known.get(case)
            if other is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                other = known[case] = self._make_bag(text_of(case[0]))
            found.append(likeness(own, other))
        return found

    def _make_bag(self, text: str) -> Bag:
        return bag(self._language.words(text))

    def rule(self, text: str, now: datetime) -> str | None:
        """What the office's keyword rules answer, or None."""
        return self._rules.answer(text, now)
