"""What the people of the region do in the year: they answer or do not, swap, change the rota, unfollow, come back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import handlers
from bot.engine.conversation import Talk, announce
from models.asking import Asked
from models.moment import SHANGHAI, local
from models.store import Unit
from models.turns import Away, Place, Span, Strategy
from tests.year.driver import Driver
from tests.year.oracle import Oracle
from tests.year.region import Region

AT_ONCE = 8
"""People who write at the same moment."""
FIXED, BALANCED, ELEVENTH = range(3)
"""How a consortium's chair goes round: month by month, quarter by quarter, from the 11th to the 10th."""


def group(place: int) -> int:
    """Two of four consortia go month by month."""
    return (FIXED, FIXED, BALANCED, ELEVENTH)[place % 4]


@dataclass
class Life:
    """The people, and what they did."""

    driver: Driver
    region: Region
    oracle: Oracle
    seed: int = 11
    done: dict[str, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    """Officers who never answer."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        officers = [each for three in self.region.officers.values() for each in three]
        self._officers = frozenset(officers)
        self.silent = set(self.random.sample(officers, len(officers) // 4))
        self._talk = Talk(handlers.router(), handlers.texts(), None, timedelta(minutes=30))  # type: ignore[arg-type]

    def count(self, what: str) -> None:
        """One more of these happened."""
        self.done[what] = self.done.get(what, 0) + 1

    def act(self, deed: Callable[[Unit], object]) -> None:
        """Something that an office does without a chat, with all that follows."""
        now = self.driver.clock()
        with self.driver.store.unit() as unit:
            deed(unit)
            announce(self._talk, unit, now, speaker=None)

    # ---- at the beginning ------------------------------------------------------------------------

    def settle_rotas(self) -> None:
        """Every consortium decides how its chair goes round."""
        now = self.driver.clock()
        for place, consortium_id in enumerate(self.region.consortia):
            self.act(lambda unit, c=consortium_id, p=place: self._publish(unit, c, p, now))

    def _publish(self, unit: Unit, consortium_id: int, place: int, now: datetime) -> None:
        kind = group(place)
        settings = unit.rotas.settings(consortium_id, now)
        today = local(now).date()
        first = date(today.year, today.month, 11 if kind == ELEVENTH else 1)
        proposal = unit.rotas.propose(
            consortium_id,
            type(settings)(
                strategy=Strategy.BALANCED if kind == BALANCED else Strategy.FIXED,
                span=Span.QUARTER if kind == BALANCED else Span.MONTH,
                first_on=first,
                places=tuple(Place(each) for each in self.region.organisations[consortium_id]),
            ),
            now,
        )
        unit.rotas.publish(proposal, by=None, now=now)

    # ---- a day -----------------------------------------------------------------------------------

    async def day(self, day: date) -> None:
        """One day, from midnight to midnight."""
        driver = self.driver
        await driver.go_to(_at(day, 0, 0, 1), thoroughly=True)
        self.oracle.look(driver.clock())
        await driver.go_to(_at(day, 10, 30))
        await self.answer()
        if self.random.random() < 0.25:
            await self.swap()
        await driver.go_to(_at(day, 15, 10))
        await self.answer()
        if self.random.random() < 0.08:
            self.change_rota()
        if self.random.random() < 0.10:
            await self.come_or_go()
        self.oracle.look(driver.clock())
        if self.random.random() < 0.04:
            driver.platform.revoke()
            self.count("tokens revoked")
        await driver.report_receipts()

    async def answer(self) -> None:
        """Whoever was asked something and reads it answers, most of them within the day; of the members, a few."""
        asked = [
            member_id
            for member_id in sorted(self.oracle.asked_since(self.driver.clock()))
            if member_id not in self.silent
            and self.random.random() < (0.65 if member_id in self._officers else 0.05)
        ]
        for start in range(0, len(asked), AT_ONCE):
            await asyncio.gather(*(self._answer(member_id) for member_id in asked[start : start + AT_ONCE]))

    async def _answer(self, member_id: int) -> None:
        now = self.driver.clock()
        questions = await asyncio.to_thread(self._questions, member_id, now)
        if not questions:
            return
        asked = questions[0]
        if asked.subject == "campaign" and self.random.random() < 0.9:
            return  # most have nothing to say, and reading them all would take the year
        words = "0" if asked.subject == "swap" and self.random.random() < 0.3 else self._yes()
        await self.driver.say(self.region.openid(member_id), words)
        self.oracle.answered(asked, member_id, now)
        self.count(f"answers about {asked.subject}")

    def _questions(self, member_id: int, now: datetime) -> list[Asked]:
        with self.driver.store.reading() as unit:
            return unit.asking.open_to(member_id, now)

    def _yes(self) -> str:
        return self.random.choice(("1", "收到", "好的", "收到，谢谢", "知道了"))

    async def swap(self) -> None:
        """A liaison officer whose turn comes wants to swap it."""
        consortium_id = self.random.choice(self.region.consortia)
        office = self.random.choice(self.region.organisations[consortium_id])
        member_id = self.region.officers[office][1]
        if member_id not in self.region.on_wechat or member_id in self.gone:
            return
        openid = self.region.openid(member_id)
        reply = await self.driver.say(openid, "换班") or ""
        if "哪一期" in reply:
            reply = await self.driver.say(openid, "1") or ""
        if "跟谁换" in reply:
            reply = await self.driver.say(openid, "1") or ""
            self.count("swaps asked" if "号换班发出去了" in reply else "swaps refused")
        self.oracle.look(self.driver.clock())

    def change_rota(self) -> None:
        """A lead organisation skips a member, or has the chair go round in another order."""
        now = self.driver.clock()
        consortium_id = self.random.choice(self.region.consortia)
        with self.driver.store.reading() as unit:
            settings = unit.rotas.settings(consortium_id, now)
        places = list(settings.places)
        if self.random.random() < 0.5:
            away = self.random.choice(places).organisation_id
            since = local(now).date() + timedelta(days=self.random.randrange(1, 60))
            changed = type(settings)(
                settings.strategy,
                settings.span,
                settings.first_on,
                settings.places,
                skips=(Away(away, "换届", since, since + timedelta(days=75)),),
            )
            self.count("skips")
        else:
            one, two = self.random.sample(range(len(places)), 2)
            places[one], places[two] = places[two], places[one]
            changed = type(settings)(settings.strategy, settings.span, settings.first_on, tuple(places))
            self.count("new orders")
        self.act(
            lambda unit: unit.rotas.publish(unit.rotas.propose(consortium_id, changed, now), by=None, now=now)
        )

    @property
    def gone(self) -> set[int]:
        """Member ids of those who do not follow at the moment."""
        return {int(openid[1:]) for openid in self.driver.platform.gone}

    async def come_or_go(self) -> None:
        """Somebody unfollows the account; their bindings go with it."""
        office = self.random.choice(self.region.organisations[self.random.choice(self.region.consortia)])
        member_id = self.random.choice(self.region.officers[office])
        if member_id not in self.region.on_wechat or member_id in self.gone:
            return
        openid = self.region.openid(member_id)
        self.driver.platform.gone.add(openid)
        if self.random.random() < 0.5:
            # The platform's word about it may get lost: then only the refusals tell.
            await self.driver.push(openid, {"MsgType": "event", "Event": "unsubscribe"})
        self.count("unfollowed")


def _at(day: date, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, second), SHANGHAI)
