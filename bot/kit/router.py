"""The router: which handler a message belongs to. Two claims on one word are an error at the start."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from bot.kit.context import Aloud, Context
from bot.kit.dialogue import Step, name_of
from bot.kit.message import Event, Inbound, MenuTapped, Message, Reply
from bot.kit.words import EDGES, as_written, choice, leading_number, plain, reacts
from models.asking import Asked
from models.base import Happening


class Pass(enum.Enum):
    """Said by a handler that looked and found the message is not for it."""

    ON = "pass on"


PASS = Pass.ON


class Meant(msgspec.Struct, frozen=True):
    """Said by a handler once the person told what was meant: the text is dealt with as that intent."""

    text: str
    intent: str


class Reacted(msgspec.Struct, frozen=True):
    """Said by a handler that found which open question a mere yes or no answers: the matter's own handler goes on."""

    asked: Asked
    yes: bool


Handler = Callable[[Context], Reply | Pass | Meant | Reacted | None]
"""None: nothing is said (an event that needs no answer)."""
StepHandler = Callable[[Context, Any], Reply | Pass | Meant | None]
Notice = Callable[[Aloud, Any], None]

AnswerHandler = Callable[[Context, Asked, bool], Reply]
"""What a mere yes (True) or no to a notice that asked for it does."""

H = TypeVar("H", bound=Callable[..., Any])


class Ambiguous(Exception):
    """Two handlers claim the same word, step, intent or event."""


class Who(enum.StrEnum):
    """Whom a route is open to."""

    ANYONE = "anyone"
    MEMBER = "member"
    """Others are invited to bind."""


class Route(msgspec.Struct, frozen=True):
    """One entry of the routing table."""

    kind: str
    """``escape``, ``step``, ``command``, ``answer``, ``number``, ``pattern``, ``intent``, ``event``, ``emergency``, ``rule`` or ``anything``."""
    claim: str
    """The word, intent, step or type."""
    handler: Handler | StepHandler
    who: Who = Who.MEMBER
    takes: str = ""
    """What may stand behind a command word: ````, ``number``, ``number?``, ``words`` or ``number?words``."""

    @property
    def name(self) -> str:
        """Where the handler is: ``report.describe``."""
        return f"{self.handler.__module__.rpartition('.')[2]}.{getattr(self.handler, '__name__', '?')}"


class Router:
    """Routes of one handler file, or of all of them after ``merge``."""

    def __init__(self) -> None:
        self.escapes: dict[str, Route] = {}
        self.commands: dict[str, Route] = {}
        self.steps: dict[str, tuple[type[Step], Route]] = {}
        self.intents: dict[str, Route] = {}
        self.events: dict[type[Message], Route] = {}
        self.notices: dict[type[Happening], list[Notice]] = {}
        self.answers: dict[str, AnswerHandler] = {}
        self.on_reaction: Route | None = None
        self.on_emergency: Route | None = None
        self.patterns: dict[str, tuple[re.Pattern[str], Route]] = {}
        self.on_rule: Route | None = None
        self.on_number: Route | None = None
        self.on_anything: Route | None = None
        self._longest = 0

    # ---- declaring -------------------------------------------------------------------------------

    def escape(self, *words: str) -> Callable[[H], H]:
        """These words leave any conversation and work for anyone."""
        return self._claim(self.escapes, "escape", words, Who.ANYONE, "")

    def command(self, *words: str, takes: str = "", who: Who = Who.MEMBER) -> Callable[[H], H]:
        """These words at the beginning of a text; ``takes`` says what may stand behind them.

        ``number?words``: words without a number too, where a gap sets them off (进展 今天去看了, but not 进展很慢).
        """
        return self._claim(self.commands, "command", words, who, takes)

    def intent(self, *labels: str, who: Who = Who.MEMBER) -> Callable[[H], H]:
        """Texts that were understood to mean this."""
        return self._claim(self.intents, "intent", labels, who, "")

    def step(self, kind: type[Step], *, who: Who = Who.MEMBER) -> Callable[[H], H]:
        """The answer that a step waits for."""

        def claim(handler: H) -> H:
            name = name_of(kind)
            if name in self.steps:
                raise Ambiguous(f"two handlers for step {name}")
            self.steps[name] = (kind, Route("step", name, handler, who))
            return handler

        return claim

    def event(self, *kinds: type[Message], who: Who = Who.ANYONE) -> Callable[[H], H]:
        """Messages of these types that are not text."""

        def claim(handler: H) -> H:
            for kind in kinds:
                if kind in self.events:
                    raise Ambiguous(f"two handlers for event {kind.__name__}")
                self.events[kind] = Route("event", kind.__name__, handler, who)
            return handler

        return claim

    def happened(self, kind: type[Happening]) -> Callable[[H], H]:
        """Who else must hear when this became true."""

        def claim(notice: H) -> H:
            self.notices.setdefault(kind, []).append(notice)
            return notice

        return claim

    def answer(self, subject: str) -> Callable[[H], H]:
        """A mere yes or no to a notice about such a matter (``models.agenda.About.subject``)."""

        def claim(handler: H) -> H:
            if subject in self.answers:
                raise Ambiguous(f"two handlers for answers about {subject}")
            self.answers[subject] = handler
            return handler

        return claim

    def reaction(self, handler: H) -> H:
        """A mere yes or no that no step wanted."""
        if self.on_reaction is not None:
            raise Ambiguous("two handlers for a mere yes or no")
        self.on_reaction = Route("answer", "*", handler, Who.MEMBER)
        return handler

    def emergency(self, handler: H) -> H:
        """Somebody is in danger: before everything else, for anyone."""
        if self.on_emergency is not None:
            raise Ambiguous("two handlers for emergencies")
        self.on_emergency = Route("emergency", "*", handler, Who.ANYONE)
        return handler

    def bare_number(self, handler: H) -> H:
        """A number alone that no step wanted."""
        if self.on_number is not None:
            raise Ambiguous("two handlers for a number alone")
        self.on_number = Route("number", "*", handler, Who.MEMBER)
        return handler

    def pattern(self, expression: str, *, who: Who = Who.MEMBER) -> Callable[[H], H]:
        """Texts of this shape (as ``plain`` leaves them) that no command began: ``5 修得挺好``."""

        def claim(handler: H) -> H:
            if expression in self.patterns:
                raise Ambiguous(f"two handlers for the pattern {expression}")
            self.patterns[expression] = (re.compile(expression), Route("pattern", expression, handler, who))
            return handler

        return claim

    def rule(self, handler: H) -> H:
        """The office's keyword rules."""
        if self.on_rule is not None:
            raise Ambiguous("two handlers for keyword rules")
        self.on_rule = Route("rule", "*", handler, Who.ANYONE)
        return handler

    def anything(self, handler: H) -> H:
        """What nobody else wanted."""
        if self.on_anything is not None:
            raise Ambiguous("two handlers for anything")
        self.on_anything = Route("anything", "*", handler, Who.ANYONE)
        return handler

    def _claim(
        self, table: dict[str, Route], kind: str, claims: Iterable[str], who: Who, takes: str
    ) -> Callable[[H], H]:
        def claim(handler: H) -> H:
            for each in claims:
                if each in table:
                    raise Ambiguous(f"two handlers for {kind} {each}: {table[each].name}, {handler.__name__}")
                table[each] = Route(kind, each, handler, who, takes)
            return handler

        return claim

    # ---- merging ---------------------------------------------------------------------------------

    @classmethod
    def merge(cls, routers: Iterable[Router]) -> Router:
        """One router out of many. Raises Ambiguous where two of them claim the same."""
        merged = cls()
        for router in routers:
            for name in ("escapes", "commands", "steps", "intents", "events", "patterns", "answers"):
                mine, theirs = getattr(merged, name), getattr(router, name)
                for claim, route in theirs.items():
                    if claim in mine:
                        raise Ambiguous(f"two handlers for {name} {claim}")
                    mine[claim] = route
            for happening, notices in router.notices.items():
                merged.notices.setdefault(happening, []).extend(notices)
            for name in ("on_emergency", "on_reaction", "on_number", "on_rule", "on_anything"):
                if getattr(router, name) is not None:
                    if getattr(merged, name) is not None:
                        raise Ambiguous(f"two handlers for {name}")
                    setattr(merged, name, getattr(router, name))
        both = merged.escapes.keys() & merged.commands.keys()
        if both:
            raise Ambiguous(f"both an escape word and a command: {'、'.join(sorted(both))}")
        merged._longest = max((len(word) for word in merged.commands), default=0)
        return merged

    # ---- finding ---------------------------------------------------------------------------------

    def candidates(self, ctx: Context, step: Step | None) -> Iterator[tuple[Route, Step | None]]:
        """The routes that a message may take, in the order in which they are asked.

        Escape words > an emergency > a whole command > the step one stands at > commands with something behind >
        a mere yes or no to a notice > a bare number or a known shape > the office's rules > what was understood > anything. A handler that answers PASS hands on to the next.
        """
        message: Inbound = ctx.message
        if isinstance(message, Event) and not isinstance(message, MenuTapped):
            if (route := self.events.get(type(message))) is not None:
                yield route, None
            return
        text = plain(ctx.text)
        if (route := self.escapes.get(text)) is not None:
            yield route, None
        if ctx.understanding.emergency and self.on_emergency is not None:
            yield self.on_emergency, None
        command = self._command(text, ctx) if text else None
        # Somebody who types a whole command means it, whatever they were asked; a sentence that only begins
        # with such a word (活动室缺两台轮椅) is an answer.
        commanded = command is not None and (
            (not ctx.rest and (step is None or text not in step.answers))
            # 不受理 1 重复: a command word with the number of a case is no answer to anything.
            or (len(command.claim) > 1 and ctx.number is not None and bool(ctx.rest))
        )
        if step is not None and not commanded and (found := self.steps.get(name_of(type(step)))) is not None:
            yield found[1], step
        if (route := self.events.get(type(message))) is not None:
            yield route, None
        if text:
            if self.on_reaction is not None and ctx.person is not None and reacts(text) is not None:
                yield self.on_reaction, None
            if command is not None:
                yield command, None
            elif self.on_number is not None and (number := choice(text)) is not None:
                ctx.number = number
                yield self.on_number, None
            for expression, route in self.patterns.values():
                if expression.match(text):
                    yield route, None
            if self.on_rule is not None:
                yield self.on_rule, None
            if not ctx.unsure and (route := self.intents.get(ctx.understanding.intent)) is not None:
                yield route, None
        if self.on_anything is not None:
            yield self.on_anything, None

    def _command(self, text: str, ctx: Context) -> Route | None:
        """The command that a text begins with; the longest word wins."""
        for length in range(min(self._longest, len(text)), 0, -1):
            route = self.commands.get(text[:length])
            if route is None:
                continue
            rest = plain(text[length:])
            if not rest:
                if route.takes == "number":
                    continue
                ctx.number, ctx.rest = None, ""
                return route
            if route.takes == "words":
                ctx.rest = _behind(ctx.text, text[:length]) or rest
                return route
            if route.takes in ("number", "number?", "number?words"):
                found = leading_number(rest)
                if found is not None:
                    ctx.number, ctx.rest = found[0], as_written(ctx.text, found[1])
                    return route
            if route.takes == "number?words" and text[length] in EDGES:
                ctx.number, ctx.rest = None, as_written(ctx.text, rest)
                return route
        return None

    def needs_no_reading(self, text: str) -> bool:
        """Whether a text is a mere word or number that is routed, and answered, by itself."""
        text = plain(text)
        return len(text) <= 8 and (text in self.escapes or text in self.commands or choice(text) is not None)

    # ---- showing ---------------------------------------------------------------------------------

    def table(self) -> list[Route]:
        """Every route, in the order in which they are asked."""
        routes = [*self.escapes.values()]
        routes += [route for route in (self.on_emergency,) if route is not None]
        routes += [route for _, route in self.steps.values()]
        routes += [*self.events.values(), *self.commands.values()]
        routes += [route for _, route in self.patterns.values()]
        routes += [route for route in (self.on_reaction, self.on_number, self.on_rule) if route is not None]
        routes += [*self.intents.values()]
        routes += [route for route in (self.on_anything,) if route is not None]
        return routes


def _behind(text: str, word: str) -> str:
    """What stands behind a command word, as it was written: people read their own punctuation again."""
    text = text.strip(EDGES)
    return text[len(word) :].strip(EDGES) if text.startswith(word) else ""
