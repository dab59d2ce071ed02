"""The directory: who belongs where and who acts for whom, kept in memory because every message asks.

It holds only what follows from organisations, posts, consortia and the rota, and how long the supply list is; it is
emptied when one of them changes (the revisions ``roll`` and ``supplies``), and of cards when a new day begins, since a
term ends at midnight. A card is also read anew at the moment at which a post of the organisation begins or ends.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Date, and_, bindparam, select
from sqlalchemy.orm import aliased

from models.consortium import Consortium, standing
from models.forms import belonging
from models.lean import Lean
from models.moment import local
from models.organisation import Officer, Organisation, OrganisationUnknown
from models.seat import Seat, seated
from models.term import Term, presiding
from models.workday import Calendar

if TYPE_CHECKING:
    from models.store import Unit


class Card(msgspec.Struct, frozen=True):
    """One organisation as the directory knows it today."""

    organisation_id: int
    name: str
    region: str
    consortium_id: int | None
    consortium: str
    chair_id: int | None
    chair: str
    officers: tuple[Officer, ...]
    """Liaison officers first, then secretaries, then deputies."""

    @property
    def desk(self) -> tuple[Officer, ...]:
        """Those who hear of a matter: the liaison officers; without one the secretaries, then the deputies."""
        on_duty = [officer for officer in self.officers if officer.post.desk]
        first = min((officer.post.desk for officer in on_duty), default=0)
        return tuple(officer for officer in on_duty if officer.post.desk == first)


class _Kept(msgspec.Struct, frozen=True):
    """A card, and from when until when it is true: a post may begin or end at any minute."""

    card: Card
    since: datetime
    until: datetime | None


class Directory:
    """Cards by organisation, loaded as they are asked for."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._cards: dict[int, _Kept] = {}
        self._questions: dict[str, str] = {}
        self._paces: dict[str, str] = {}
        self.on_offer: dict[tuple[date, str, int], int] = {}
        """How many entries of the supply list are on offer, by day, category (empty: all) and whose members look."""
        self.calendar: tuple[int, Calendar] | None = None
        """The working-day calendar, and the revision that it was loaded at."""

    def forget(self) -> None:
        """Something changed: load everything anew when it is asked for."""
        self._cards, self._questions, self._paces = {}, {}, {}
        self.forget_list()

    def forget_list(self) -> None:
        """The supply list changed."""
        self.on_offer = {}

    def question(self, category: str, unit: Unit) -> str:
        """What is asked when a matter of that category (label) has no place; empty: nothing."""
        if not self._questions:
            self._questions = {each.label: each.ask for each in unit.categories.all()}
        return self._questions.get(category, "")

    def pace(self, category: str, unit: Unit) -> str:
        """Which clocks run for a category (label): ``general`` where it says nothing else."""
        if not self._paces:
            self._paces = {each.label: each.clock for each in unit.categories.all()}
        return self._paces.get(category, "general")

    def card(self, organisation_id: int, unit: Unit, now: datetime) -> Card:
        """The card of one organisation on the day of ``now``."""
        day = local(now).date()
        if day != self._day:
            self._day, self._cards = day, {}
        cards = self._cards
        kept = cards.get(organisation_id)
        if kept is None or now < kept.since or (kept.until is not None and now >= kept.until):
            kept = cards[organisation_id] = _load(organisation_id, unit, day, now)
        return kept.card


_CHAIR, _HOME = aliased(Organisation), aliased(Consortium)
_DAY = bindparam("day", type_=Date)
# The consortium joined first, and who chairs it that day; one lean statement, because thousands of
# organisations are looked up in the first minutes of a day.
_FIRST_SEAT = (
    select(Seat.consortium_id)
    .join(_HOME, _HOME.id == Seat.consortium_id)
    .where(Seat.organisation_id == bindparam("organisation_id"), seated(_DAY), standing(_DAY, _HOME))
    .order_by(belonging(Seat.role), Seat.since, Seat.id)
    .limit(1)
    .scalar_subquery()
)
_CARD = Lean(
    select(
        Organisation.name,
        Organisation.region,
        Consortium.id,
        Consortium.name,
        _CHAIR.id,
        _CHAIR.name,
    )
    .select_from(Organisation)
    .outerjoin(Consortium, Consortium.id == _FIRST_SEAT)
    .outerjoin(Term, and_(Term.consortium_id == Consortium.id, presiding(_DAY)))
    .outerjoin(_CHAIR, _CHAIR.id == Term.organisation_id)
    .where(Organisation.id == bindparam("organisation_id"))
)


def _load(organisation_id: int, unit: Unit, day: date, now: datetime) -> _Kept:
    rows = _CARD.run(unit, {"organisation_id": organisation_id, "day": day})
    if not rows:
        raise OrganisationUnknown()
    name, region, consortium_id, consortium, chair_id, chair = rows[0]
    staff = unit.organisations.staff(organisation_id, now)
    card = Card(
        organisation_id=organisation_id,
        name=name,
        region=region,
        consortium_id=consortium_id,
        consortium=consortium or "",
        chair_id=chair_id,
        chair=chair or "",
        officers=staff.officers,
    )
    return _Kept(card, since=now, until=staff.until)
