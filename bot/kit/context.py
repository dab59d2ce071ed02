"""What a handler has in hand: who speaks, what was said and understood, and the ways to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from bot.kit.dialogue import Step
from bot.kit.message import Inbound, MenuTapped, Reply, Text, Voice
from bot.kit.texts import Texts
from models.agenda import About
from models.audience import Audience
from models.case import Behalf, Case, CaseView
from models.cases import CaseMark
from models.directory import Card
from models.fit import Fit
from models.moment import local
from models.organisation import Officer
from models.outbox import ABOUT_NOTHING, Priority
from models.person import Person
from models.posts import Delegate
from models.received import Arrival
from models.store import Unit
from models.understanding import Appointment, Named, Understanding

ASKED = 0.5
"""Below this confidence nobody's words are acted on before they were asked."""
ASKABLE = frozenset(
    {
        "report", "offer", "claim", "progress", "evaluate", "cancel", "query_list", "query_mine", "activity_query",
        "activity_signup", "duty_query", "volunteer_log",
    }
)  # fmt: skip
"""What one may be asked about: a mistake in it would cost somebody time. Greetings and calls for help are answered."""


class Reading(msgspec.Struct, frozen=True):
    """A text as it was read, once, before anything else."""

    text: str
    understanding: Understanding


class Mind(Protocol):
    """What the bot knows by heart: language, the index over the list, the office's rules."""

    @property
    def version(self) -> str:
        """Which language and index are at work."""

    def read(self, text: str, now: datetime) -> Reading:
        """Understands a text."""

    def day(self, text: str, now: datetime) -> date | None:
        """The last day of the time that a promise names; None: it names none."""

    def appointment(self, text: str, now: datetime) -> Appointment:
        """The day, the hour and the place that a text names for people to meet, as far as it names them."""

    def named(self, text: str, now: datetime, *, past: bool = False) -> Named:
        """Times, places and amounts in a text, for whoever asked for them; ``past``: of what was done already."""

    def suggest(
        self, reading: Reading, *, category: str, place: str, home: str, day: date, circles: frozenset[str]
    ) -> list[Fit]:
        """At most three entries that may serve and that members of these circles are shown, best first; none where
        nothing truly fits."""

    def search(
        self, reading: Reading, *, home: str, day: date, top: int, circles: frozenset[str]
    ) -> list[Fit]:
        """Entries that answer a question about the list."""

    def likeness(self, reading: Reading, others: Sequence[str]) -> list[float]:
        """0 to 1 for each of the others: whether it speaks of the same matter."""

    def likeness_of_cases(
        self, reading: Reading, cases: Sequence[CaseMark], text_of: Callable[[int], str]
    ) -> list[float]:
        """The same for submitted cases, whose words are looked up only where they are not remembered."""

    def rule(self, text: str, now: datetime) -> str | None:
        """What the office's keyword rules answer, or None."""


class Context:
    """One message on its way to a reply. A handler may be run twice; nothing outside the unit may be changed."""

    def __init__(
        self,
        *,
        message: Inbound,
        reading: Reading,
        arrival: Arrival,
        person: Person | None,
        unit: Unit,
        mind: Mind,
        texts: Texts,
        now: datetime,
        help_lines: Sequence[str] = (),
    ) -> None:
        self.message = message
        self.reading = reading
        self.arrival = arrival
        self.person = person
        self.unit = unit
        self.mind = mind
        self.texts = texts
        self.now = now
        self.help_lines = help_lines
        self.number: int | None = None
        """The number that stood behind a command word."""
        self.rest = ""
        """What else stood behind it."""
        self.shown: int | None = None
        """The case that this person was last shown, while they may still speak of it as “this”."""
        self.behalf: Behalf | None = None
        """For whom a matter is reported, where it is not the speaker's own."""
        self.next_step: Step | None = None
        self.ended = False
        self._meant = ""

    def mean(self, text: str, intent: str) -> None:
        """From now on it is as if this text had been sent and understood so: the person said that it was meant."""
        self._meant = text
        reading = self.mind.read(text, self.now)
        understanding = msgspec.structs.replace(
            reading.understanding, intent=intent, confidence=1.0, rival=None
        )
        self.reading = Reading(text, understanding)

    @property
    def unsure(self) -> bool:
        """Whether two intents are so near each other that the person is to be asked which one was meant."""
        understood = self.understanding
        return understood.rival is not None and understood.confidence < ASKED and understood.intent in ASKABLE

    @property
    def text(self) -> str:
        """The words that were written, spoken or tapped; empty where there are none."""
        if self._meant:
            return self._meant
        match self.message:
            case Text(text=text):
                return text
            case Voice(transcript=transcript):
                return transcript
            case MenuTapped(entry=entry):
                return entry
        return ""

    @property
    def understanding(self) -> Understanding:
        """What the text was understood to be."""
        return self.reading.understanding

    @property
    def openid(self) -> str:
        """Whom the reply goes to."""
        return self.message.sender

    @property
    def today(self) -> date:
        """The day as members count it."""
        return local(self.now).date()

    @property
    def member(self) -> Person:
        """The bound member who speaks; only handlers of bound members may ask (others get a LookupError)."""
        if self.person is None:
            raise LookupError("nobody is bound here")
        return self.person

    def case(self, number: int) -> Case:
        """The case of that number, to be changed, if the speaker may see it. Else CaseUnknown."""
        return self.unit.cases.number(number, seen_by=self.member, now=self.now)

    def look(self, number: int) -> CaseView:
        """The same, only to be looked at."""
        return self.unit.cases.look(number, seen_by=self.member, now=self.now)

    def card(self, organisation_id: int) -> Card:
        """The directory's card of an organisation."""
        return self.unit.card(organisation_id, self.now)

    def say(self, key: str, **facts: object) -> Reply:
        """A reply; the conversation that was going on is over unless it is asked on."""
        return Reply(self.texts.say(key, **facts))

    def ask(self, key: str, then: Step, **facts: object) -> Reply:
        """A reply that waits for an answer at ``then``."""
        self.next_step = then
        return Reply(self.texts.say(key, **facts))

    def desks(self) -> tuple[Officer, ...]:
        """Those who hear of this member's matters: their own branch's officers and the chair's of this month."""
        member = self.member
        own = self.card(member.organisation_id).desk
        chair = self.card(member.chair_id).desk if member.chair_id else ()
        return own + tuple(officer for officer in chair if officer not in own)

    def end(self) -> None:
        """Leaves the conversation that was going on."""
        self.ended = True


class Aloud:
    """What a notice may do: look things up and post letters. It cannot change anything else."""

    def __init__(self, *, unit: Unit, texts: Texts, now: datetime, speaker: Person | None) -> None:
        self._unit = unit
        self._texts = texts
        self.now = now
        self.speaker = speaker
        """Who caused it; nobody is told what they did themselves."""

    def card(self, organisation_id: int) -> Card:
        """The directory's card of an organisation."""
        return self._unit.card(organisation_id, self.now)

    def committee(self, consortium_id: int) -> list[Delegate]:
        """Who holds a post in a consortium now."""
        return self._unit.posts.committee(consortium_id, self.now)

    def phone_of(self, member_id: int) -> str:
        """A member's phone in the clear: only for letters to somebody whom the member chose or called."""
        return self._unit.members.phone_of(member_id)

    def followers_of(self, number: int) -> list[int]:
        """The members who said 我也是 to a case."""
        return self._unit.cases.followers(number)

    def say(self, key: str, **facts: object) -> str:
        """A sentence."""
        return self._texts.say(key, **facts)

    def post(
        self,
        recipients: Iterable[Officer | int],
        kind: str,
        *,
        key: str,
        text: str,
        fields: dict[str, str] | None = None,
        priority: Priority = Priority.DUTY,
        about: About = ABOUT_NOTHING,
    ) -> None:
        """Owes each recipient (officer or member id) one letter about one occasion (``key``).

        Officers are told in their post, members as who they are. ``about``: what has to be still so when it is sent.
        """
        told = set()
        for recipient in recipients:
            member_id = recipient if isinstance(recipient, int) else recipient.member_id
            if member_id in told or (self.speaker is not None and self.speaker.member_id == member_id):
                continue
            told.add(member_id)
            self._unit.outbox.post(
                key=f"{key}:m{member_id}",
                kind=kind,
                text=text,
                fields=fields or {},
                now=self.now,
                member_id=member_id,
                priority=priority,
                office_id=None if isinstance(recipient, int) else recipient.organisation_id,
                about=about,
            )

    def broadcast(
        self,
        audience: Audience,
        kind: str,
        *,
        key: str,
        text: str,
        fields: dict[str, str] | None = None,
        priority: Priority = Priority.NEWS,
        due_at: datetime | None = None,
        about: About = ABOUT_NOTHING,
    ) -> None:
        """Owes everybody of an audience one letter about one occasion (``key``), however many they are.

        Told as the persons they are, whoever caused it too; written out by the clock soon, or within the hour before
        ``due_at``. News reaches those on WeChat only; whom else a duty concerns is put on the call list.
        """
        self._unit.circulars.announce(
            key=key,
            kind=kind,
            text=text,
            fields=fields or {},
            audience=audience,
            now=self.now,
            priority=priority,
            due_at=due_at,
            about=about,
        )

    def post_to_openid(self, openid: str, kind: str, *, key: str, text: str) -> None:
        """Owes a letter to somebody who may not be bound."""
        self._unit.outbox.post(
            key=key, kind=kind, text=text, fields={}, now=self.now, openid=openid, priority=Priority.ANSWER
        )
