"""A small scene for the engine: two branches, five people, a mind of few words, and handlers that misbehave."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

import handlers
from bot.engine.engine import Engine
from bot.engine.writer import Writer
from bot.kit.clock import MovableClock
from bot.kit.context import Context, Reading
from bot.kit.message import Reply, Text
from bot.kit.router import Router
from bot.work.postman import Postman
from bot.work.rounds import Rounds
from models.due import WindowThenTemplate
from models.fit import Fit
from models.letter import Letter, Outcome, Verdict
from models.member import Member
from models.moment import SHANGHAI
from models.organisation import Organisation, Post, PostKind
from models.pause import Pause
from models.store import Store
from models.understanding import Slots, Understanding

START = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)
PEOPLE = {
    "oZhang": ("张建国", "13800001111", 0),
    "oLi": ("李春梅", "13800002222", 0),
    "oWang": ("王海", "13800003333", 1),
    "oBao": ("宝音", "13800004444", 1),
}
OFFICERS = ("oLi", "oWang")


class PlainMind:
    """Understands a handful of words; suggests and likens nothing."""

    version = "plain-1"

    def read(self, text: str, now: datetime) -> Reading:
        """A matter ends with 。; one without a category is asked about."""
        if text.startswith("报"):
            category = "" if "什么" in text else "其他"
            return Reading(
                text,
                Understanding(
                    version=self.version,
                    intent="report",
                    kind="need",
                    category=category or None,
                    slots=Slots(place=("村口",), phone=("13912345678",) if "13912345678" in text else ()),
                    confidence=0.9,
                ),
            )
        return Reading(text, Understanding(version=self.version))

    def day(self, text: str, now: datetime) -> date | None:
        """No day."""
        return None

    def suggest(self, reading: Reading, **asked: Any) -> list[Fit]:
        """Nothing."""
        return []

    def search(self, reading: Reading, **asked: Any) -> list[Fit]:
        """Nothing."""
        return []

    def likeness(self, one: Any, other: Any) -> Any:
        """Nothing is alike."""
        return 0.0 if isinstance(other, str) else [0.0] * len(other)

    def likeness_of_cases(self, reading: Any, numbers: Any, text_of: Any) -> list[float]:
        """Nothing is alike."""
        return [0.0] * len(numbers)

    def rule(self, text: str, now: datetime) -> str | None:
        """None."""
        return None


def settle(store: Store) -> None:
    """Puts branches and people on file and binds everybody."""
    with store.unit() as unit:
        branches = unit.organisations.add_all(
            [
                Organisation.found(
                    code=code, name=name, kind="党支部", region="林西县", parent_id=None, now=START
                )
                for code, name in [("E", "东沟村党支部"), ("W", "西沟村党支部")]
            ]
        )
        for openid, (name, phone, branch) in PEOPLE.items():
            member = unit.members.add(
                Member.enrol(
                    name=name, phone=phone, organisation_id=branches[branch], vault=unit.vault, now=START
                )
            )
            unit.inbox.greet(openid, wrote=True, gesture=False, now=START)
            identity = unit.identities.of(openid)
            identity.agree(START)
            identity.bind(member.id, START)
            if openid in OFFICERS:
                unit.organisations.appoint(
                    Post.appoint(
                        member_id=member.id,
                        organisation_id=branches[branch],
                        kind=PostKind.LIAISON,
                        since=date(2026, 1, 1),
                    )
                )


@dataclass
class Scene:
    """One process at work."""

    store: Store
    engine: Engine
    writer: Writer
    rounds: Rounds
    clock: MovableClock
    window: bool = True
    """Whether the platform still lets letters through."""
    pushed: list[Letter] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def message(self, words: str, sender: str = "oZhang", key: str = "") -> Text:
        """A text message."""
        return Text(
            key=key or f"{sender}:{next(self._numbers)}",
            sender=sender,
            account="gh_test",
            sent_at=self.clock(),
            text=words,
        )

    async def say(self, words: str, sender: str = "oZhang", key: str = "") -> str | None:
        """What a person hears when they write this."""
        reply = await self.engine.answer(self.message(words, sender, key))
        return None if reply is None else reply.text

    async def deliver(self, letter: Letter) -> Outcome:
        """The platform's answer to a letter."""
        if not self.window:
            return Outcome(verdict=Verdict.WAIT, reason="closed")
        self.pushed.append(letter)
        return Outcome(verdict=Verdict.ACCEPTED, channel="custom")


def misbehaving(gates: dict[str, Callable[[Context], Reply]]) -> Router:
    """All handlers, and a command for each gate."""
    on = Router()
    for word, gate in gates.items():
        on.command(word)(gate)
    return Router.merge([handlers.router(), on])


@asynccontextmanager
async def at_work(
    store: Store,
    gates: dict[str, Callable[[Context], Reply]] | None = None,
    *,
    deadline_s: float = 4.5,
    clock: MovableClock | None = None,
    threads: int = 2,
) -> AsyncIterator[Scene]:
    """A process on this database; ends in good order."""
    clock = clock or MovableClock(START)
    writer = Writer(store, threads=threads)
    engine = Engine(
        writer=writer,
        router=misbehaving(gates or {}),
        texts=handlers.texts(),
        mind=PlainMind(),
        clock=clock,
        deadline_s=deadline_s,
        dialogue_timeout_s=1800,
    )
    scene: Scene

    class Ways(WindowThenTemplate):
        def heed(self, pauses: Mapping[str, Pause]) -> None:
            pass

        async def deliver(self, letter: Letter) -> Outcome:
            return await scene.deliver(letter)

    rounds = Rounds(
        store=store,
        writer=writer,
        engine=engine,
        postman=Postman(writer=writer, ways=Ways(), clock=clock, texts=handlers.texts()),
        refresh=lambda: None,
        clock=clock,
        tick_s=3600,
        draft_timeout=timedelta(minutes=10),
    )
    scene = Scene(store, engine, writer, rounds, clock)
    writer.start()
    try:
        yield scene
    finally:
        await asyncio.to_thread(writer.stop)


def rows(store: Store, query: str, **values: Any) -> list[Sequence[Any]]:
    """What the database holds."""
    with store.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]
