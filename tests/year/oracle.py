"""The oracle: what had to be told to whom and when, worked out a second time, by hand, from the rota as it stood.

It knows nothing of agendas or ladders.toml: the days below are written from what the office asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import text

from models.asking import Asked
from models.moment import SHANGHAI, local
from models.store import Store
from models.workday import Calendar
from tests.year.platform import Arrived, Platform
from tests.year.region import Region

# Rung, days before or after the first day, whether it goes back to a working day, hour, whom it is for,
# and whether it is only for the case that nobody has answered.
LADDER = (
    ("preview", -30, True, 9, "incoming", False),
    ("topics", -15, True, 9, "incoming", False),
    ("week", -7, True, 9, "incoming", False),
    ("leaving", -7, True, 9, "outgoing", False),
    ("deputy", -5, True, 9, "deputy", True),
    ("lead", -3, True, 9, "lead", True),
    ("eve", -1, False, 9, "incoming", False),
    ("above", -1, False, 10, "above", True),
    ("begins", 0, False, 8, "incoming", False),
    ("next", 0, False, 9, "next", False),
)


SAME = timedelta(hours=6)
"""The same words so soon after are the same letter; the next morning they may be another one."""


@dataclass(frozen=True)
class Turn:
    """A turn as it stood."""

    id: int
    consortium_id: int
    organisation_id: int
    starts_on: date
    ends_on: date


@dataclass
class Expected:
    """Somebody has to be told."""

    turn: Turn
    rung: str
    member_id: int
    at: datetime


@dataclass
class Oracle:
    """Looks at the rota again and again, and remembers."""

    store: Store
    region: Region
    platform: Platform
    calendar: Calendar
    turns: dict[int, tuple[Turn, datetime]] = field(default_factory=dict)
    """The turns as they stand, and since when."""
    past: list[tuple[Turn, datetime, datetime]] = field(default_factory=list)
    """Versions that stand no more: from, until."""
    answers: dict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """When somebody of the coming chair answered, by turn."""
    _seen: int = 0

    def look(self, now: datetime) -> None:
        """What the rota says now."""
        with self.store.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT id, consortium_id, organisation_id, starts_on, ends_on FROM terms")
            ).all()
        found = {row[0]: Turn(*row) for row in rows}
        for turn_id, (turn, since) in list(self.turns.items()):
            if found.get(turn_id) != turn:
                self.past.append((turn, since, now))
                del self.turns[turn_id]
        for turn_id, turn in found.items():
            self.turns.setdefault(turn_id, (turn, now))

    def asked_since(self, now: datetime) -> set[int]:
        """Whoever got something on their phone since the last time."""
        fresh, self._seen = self.platform.arrived[self._seen :], len(self.platform.arrived)
        return {int(each.openid[1:]) for each in fresh if each.at <= now}

    def answered(self, asked: Asked, member_id: int, at: datetime) -> None:
        """Somebody answered a question."""
        if asked.subject == "term":
            self.answers[asked.subject_id].append(at)

    # ---- afterwards ------------------------------------------------------------------------------

    def expected(self, began: datetime, ended: datetime) -> list[Expected]:
        """Everything that had to be told in the year: each rung while its turn stood as it stood."""
        versions = [*self.past, *((turn, since, ended) for turn, since in self.turns.values())]
        found = []
        for turn, since, until in versions:
            moments = [
                (rung, self._moment(turn.starts_on, days, rolls=rolls, hour=hour), role, escalates)
                for rung, days, rolls, hour, role, escalates in LADDER
            ]
            for place, (rung, at, role, escalates) in enumerate(moments):
                if any((at, role) == (later[1], later[2]) for later in moments[place + 1 :]):
                    continue  # a long holiday puts two on one morning: then the later one says it
                if at is None or not (max(since, began) < at < until):
                    continue
                if escalates and any(answer <= at for answer in self.answers[turn.id]):
                    continue
                found += [Expected(turn, rung, member_id, at) for member_id in self._who(turn, role, at)]
        return found

    def _moment(self, first: date, days: int, *, rolls: bool, hour: int) -> datetime | None:
        day = first + timedelta(days=days)
        if not self.calendar.covers(day.year):
            return None  # a year that has no notice yet
        while rolls and not self.calendar.worked(day):
            day -= timedelta(days=1)
        return datetime.combine(day, time(hour), SHANGHAI)

    def _who(self, turn: Turn, role: str, at: datetime) -> list[int]:
        region = self.region
        match role:
            case "incoming":
                return region.officers[turn.organisation_id][:2]
            case "deputy":
                return region.officers[turn.organisation_id][2:]
            case "outgoing":
                before = self._neighbour(turn, at, -1)
                return region.officers[before][:2] if before not in (None, turn.organisation_id) else []
            case "next":
                after = self._neighbour(turn, at, 1)
                return region.officers[after][:2] if after not in (None, turn.organisation_id) else []
            case "lead":
                lead = region.organisations[turn.consortium_id][0]
                return region.officers[lead][:2] if lead != turn.organisation_id else []
            case "above":
                return region.officers[region.county][1:2]
        raise ValueError(role)

    def _neighbour(self, turn: Turn, at: datetime, step: int) -> int | None:
        """Who chairs right before or after, as the rota stood at that moment."""
        standing = [
            each
            for each, since, until in [
                *self.past,
                *((t, s, at + timedelta(days=1)) for t, s in self.turns.values()),
            ]
            if each.consortium_id == turn.consortium_id and since <= at < until
        ]
        line = sorted(standing, key=lambda each: each.starts_on)
        place = next((n for n, each in enumerate(line) if each.id == turn.id), None)
        if place is None or not 0 <= place + step < len(line):
            return None
        return line[place + step].organisation_id


@dataclass
class Row:
    """One letter as the ledger has it."""

    id: int
    member_id: int | None
    openid: str | None
    subject: str
    subject_id: int | None
    rung: str
    edition: int
    state: str
    priority: int
    channel: str
    reason: str
    created_at: datetime
    settled_at: datetime | None
    kind: str
    bundle_id: int | None


def ledger(store: Store) -> list[Row]:
    """Every letter of the year."""
    with store.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT id, member_id, openid, subject, subject_id, rung, edition, state, priority, channel, reason,"
                " created_at, settled_at, kind, bundle_id FROM outbox ORDER BY id"
            )
        ).all()
    return [Row(*row) for row in rows]


def repeated(arrived: list[Arrived]) -> list[Arrived]:
    """What reached a phone a second time: the same template message, or the same words soon after."""
    seen: dict[tuple[str, str], datetime] = {}
    found = []
    for each in arrived:
        key = (each.openid, each.client_msg_id or each.words)
        before = seen.get(key)
        if before is not None and each.at - before < SAME:
            found.append(each)
        seen[key] = each.at
    return found


def by_state(rows: list[Row]) -> Counter[str]:
    """How many letters ended how."""
    return Counter(row.state for row in rows)


def at_night(moment: datetime) -> bool:
    """20:00 to 08:00 in Chifeng."""
    return not 8 <= local(moment).hour < 20
