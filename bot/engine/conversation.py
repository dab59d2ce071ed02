"""One message's way through a unit of work: arrival, routing, one handler, its consequences, remembering."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import msgspec
import structlog

from bot.engine.writer import Attempts, Spoiled
from bot.kit.context import Aloud, Context, Mind, Reading
from bot.kit.dialogue import Looking, Step, name_of
from bot.kit.message import Event, Followed, Inbound, MenuTapped, Reply, Scanned
from bot.kit.router import PASS, Meant, Reacted, Router, Who
from bot.kit.texts import Texts
from bot.log import shade
from models.base import DomainError
from models.outbox import Priority
from models.person import Person
from models.received import Arrival, Entry
from models.store import CONFLICTS, Unit
from models.understanding import Understanding

log = structlog.get_logger()

NOTHING = Understanding(version="")
ROOM = 1_900
"""Bytes of a reply and of what waited to be said with it: one reply has at most 2,047."""


class Answer(msgspec.Struct, frozen=True):
    """What became of one message."""

    reply: Reply | None
    repeated: bool = False
    letters: bool = False
    """Whether somebody else is to be told."""


class Talk(msgspec.Struct, frozen=True):
    """What all conversations share."""

    router: Router
    texts: Texts
    mind: Mind
    dialogue_timeout: timedelta


def announce(talk: Talk, unit: Unit, now: datetime, speaker: Person | None) -> None:
    """Posts the letters that follow from what happened in a unit. ``speaker``: who caused it; None: the clock."""
    if not unit.happenings:
        return
    aloud = Aloud(unit=unit, texts=talk.texts, now=now, speaker=speaker)
    for happening in unit.happenings:
        for notice in talk.router.notices.get(type(happening), ()):
            notice(aloud, happening)
    unit.happenings.clear()


class MessageWork:
    """The work that one message is."""

    def __init__(self, talk: Talk, message: Inbound, reading: Reading, now: datetime) -> None:
        self.sender = message.sender
        self.key = message.key
        self.talk = talk
        self.message = message
        self.reading = reading
        self.now = now
        self.late = False
        """Set when the platform stopped waiting: the answer is owed as a letter."""

    def run(self, unit: Unit, attempt: Attempts) -> Answer:
        """Answers the message, unless it was answered before."""
        message = self.message
        arrival = unit.inbox.arrive(message.sender, message.key)
        if arrival.answered:
            sealed = arrival.reply_sealed
            return Answer(None if sealed is None else Reply(unit.inbox.reply(sealed)), repeated=True)
        gesture = isinstance(message, (Followed, Scanned, MenuTapped))
        unit.inbox.greet(message.sender, wrote=not isinstance(message, Event), gesture=gesture, now=self.now)
        ctx = Context(
            message=message,
            reading=self.reading,
            arrival=arrival,
            person=self._person(unit, arrival),
            unit=unit,
            mind=self.talk.mind,
            texts=self.talk.texts,
            now=self.now,
        )
        step, lost = self._step(unit, arrival)
        if isinstance(step, Looking):
            ctx.shown = step.case
        handler, fault = "", ""
        try:
            with attempt(unit):
                reply, handler = self._dispatch(ctx, step)
                announce(self.talk, unit, self.now, ctx.person)
                self._stand(ctx, handler, step, lost)
        except DomainError as error:
            # A rule said no: nothing was changed, and the person stays where they stood.
            reply, handler = Reply(self.talk.texts.refuse(error)), f"refusal.{error.code}"
        except (Spoiled, *CONFLICTS):
            raise
        except Exception as error:
            reply, fault = self._apologise(error)
        if lost and step is None and reply is not None and handler.startswith("fallback."):
            reply = Reply(self.talk.texts.say("engine.lost_thread") + "\n" + reply.text)
        reply = self._with_waiting(unit, arrival, reply)
        self._remember(unit, reply, handler, fault)
        return Answer(reply, letters=unit.letters_posted)

    def give_up(self, unit: Unit, error: Exception) -> Answer:
        """The message could not be dealt with at all: it is kept, and the person gets an apology."""
        arrival = unit.inbox.arrive(self.message.sender, self.message.key)
        if arrival.answered:
            sealed = arrival.reply_sealed
            return Answer(None if sealed is None else Reply(unit.inbox.reply(sealed)), repeated=True)
        reply, fault = self._apologise(error)
        self._remember(unit, reply, "", fault)
        return Answer(reply, letters=unit.letters_posted)

    # ---- the steps of run ------------------------------------------------------------------------

    def _person(self, unit: Unit, arrival: Arrival) -> Person | None:
        if arrival.member_id is None or arrival.organisation_id is None or arrival.name_sealed is None:
            return None
        card = unit.card(arrival.organisation_id, self.now)
        return Person(
            member_id=arrival.member_id,
            name=unit.vault.open(arrival.name_sealed, "member.name"),
            organisation_id=arrival.organisation_id,
            organisation=card.name,
            region=card.region,
            consortium_id=card.consortium_id,
            consortium=card.consortium,
            chair_id=card.chair_id,
            chair=card.chair,
        )

    def _step(self, unit: Unit, arrival: Arrival) -> tuple[Step | None, bool]:
        """The step one stands at; and whether there was one that is too old or no longer understood."""
        if arrival.step is None or arrival.facts_sealed is None or arrival.expires_at is None:
            return None, False
        if arrival.expires_at < self.now or arrival.step not in self.talk.router.steps:
            return None, True
        kind = self.talk.router.steps[arrival.step][0]
        try:
            return msgspec.json.decode(unit.inbox.facts(arrival.facts_sealed), type=kind), False
        except msgspec.ValidationError:
            return None, True

    def _dispatch(self, ctx: Context, step: Step | None) -> tuple[Reply | None, str]:
        for route, at_step in self.talk.router.candidates(ctx, step):
            if route.who is Who.MEMBER and ctx.person is None:
                return Reply(self.talk.texts.say("engine.bind_first")), "engine.bind_first"
            answer = route.handler(ctx, at_step) if at_step is not None else route.handler(ctx)  # type: ignore[call-arg]
            if isinstance(answer, Meant):
                return self._as_meant(ctx, answer)
            if isinstance(answer, Reacted):
                return self._as_answer(ctx, answer)
            if answer is not PASS:
                return (answer if isinstance(answer, Reply) else None), route.name
        return None, ""

    def _as_meant(self, ctx: Context, meant: Meant) -> tuple[Reply | None, str]:
        """The handler of the intent that the person chose answers; it may still find that it cannot."""
        ctx.mean(meant.text, meant.intent)
        ctx.end()
        for route in (self.talk.router.intents.get(meant.intent), self.talk.router.on_anything):
            if route is not None:
                answer = route.handler(ctx)  # type: ignore[call-arg]
                if answer is not PASS:
                    return (answer if isinstance(answer, Reply) else None), route.name
        return None, ""

    def _as_answer(self, ctx: Context, reacted: Reacted) -> tuple[Reply, str]:
        """The handler of the matter that was asked about answers."""
        asked = reacted.asked
        return self.talk.router.answers[asked.subject](ctx, asked, reacted.yes), f"answer.{asked.subject}"

    def _stand(self, ctx: Context, handler: str, step: Step | None, lost: bool) -> None:
        """Where the person stands now: at the step that was asked for, or nowhere once a step was answered."""
        if ctx.next_step is not None:
            ctx.unit.inbox.stand(
                self.message.sender,
                step=name_of(type(ctx.next_step)),
                facts=msgspec.json.encode(ctx.next_step).decode(),
                expires_at=self.now + self.talk.dialogue_timeout,
            )
        elif lost or (step is not None and (ctx.ended or self._answered(handler, step))):
            ctx.unit.inbox.leave(self.message.sender)

    def _answered(self, handler: str, step: Step) -> bool:
        return handler == self.talk.router.steps[name_of(type(step))][1].name

    def _apologise(self, error: Exception) -> tuple[Reply, str]:
        fault = f"E{secrets.randbelow(900_000) + 100_000}"
        log.error(
            "handler_failed",
            fault=fault,
            key=self.message.key,
            sender=shade(self.message.sender),
            exc_info=error,
        )
        return Reply(self.talk.texts.say("engine.broken", fault=fault)), fault

    def _with_waiting(self, unit: Unit, arrival: Arrival, reply: Reply | None) -> Reply | None:
        """Whatever could not be pushed to this person is said now."""
        if (
            not arrival.waiting
            or unit.outbox.asked_for
            or (isinstance(self.message, Event) and not isinstance(self.message, MenuTapped))
        ):
            return reply
        room = ROOM - (len(reply.text.encode()) if reply is not None else 0)
        said = unit.outbox.say_waiting(self.message.sender, self.now, room=room)
        parts = ([reply.text] if reply is not None else []) + [
            self.talk.texts.say("engine.also", text=text) for text in said.texts
        ]
        if said.rest:
            parts.append(self.talk.texts.say("letters.more", count=said.rest))
        return Reply("\n".join(parts)) if parts else None

    def _remember(self, unit: Unit, reply: Reply | None, handler: str, fault: str) -> None:
        message = self.message
        if self.late and reply is not None:
            unit.outbox.post(
                key=f"late:{message.key}",
                kind="late_reply",
                text=reply.text,
                fields={},
                now=self.now,
                openid=message.sender,
                priority=Priority.URGENT,
            )
        understanding = self.reading.understanding
        if understanding.slots.phone:
            # It lies sealed with the words; what is kept in the clear has no use for it.
            slots = msgspec.structs.replace(understanding.slots, phone=())
            understanding = msgspec.structs.replace(understanding, slots=slots)
        unit.inbox.remember(
            Entry(
                key=message.key,
                openid=message.sender,
                kind=type(message).__name__,
                body=msgspec.json.encode(message).decode(),
                parse=msgspec.json.encode(understanding).decode() if understanding is not NOTHING else None,
                version=understanding.version,
                handler=handler,
                reply=None if reply is None else reply.text,
                fault=fault,
                at=self.now,
            )
        )
