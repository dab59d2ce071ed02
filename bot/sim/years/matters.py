"""The story of one need or problem: reported, accepted, taken on, solved and rated, or how else it ended."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from bot.sim.years.script import Matter
from bot.sim.years.walk import Story, Walk
from models.case import Behalf, Case
from models.fit import Fit
from models.life import CaseKind, CaseState, CloseKind, Step
from models.moment import local
from models.person import Person

_DAYS: Final = {"general": 4, "complex": 11, "project": 14}
"""Working days that a matter usually takes from the claim on, by the clocks of its category."""
_LEVELS: Final = (5, 5, 5, 5, 4, 4, 4, 3)
"""How members rate what was done well: most are content."""
_SUGGESTED: Final = "sample"
"""What the suggestions' record says of who suggested it."""


class Tale:
    """One matter on its way."""

    def __init__(self, walk: Walk, told: Matter, name: str) -> None:
        """``name``: unlike any other, for the dice."""
        self.walk, self.told = walk, told
        self.chance: Random = walk.chance(name)
        self.number = 0

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self.walk.case(self.number)

    def report(self) -> None:
        """Somebody of the branch reports it; some are told what the list has for it, and choose."""
        walk, told = self.walk, self.told
        by = walk.crew.someone(told.branch, walk.now, self.chance)
        behalf = None
        if "behalf" in told.twist:
            whom = walk.crew.someone(told.branch, walk.now, self.chance, but=by.member_id)
            behalf = walk.unit.cases.seal_behalf(Behalf(name=whom.name))
        case = Case.report(
            by=by,
            text=told.text,
            kind=CaseKind(told.kind),
            category=told.category,
            place=told.place,
            quantity="",
            deadline="",
            received_key=f"sample:{walk.seed}:{told.text[:40]}",
            now=walk.now,
            urgent="urgent" in told.twist,
            private="private" in told.twist,
            behalf=behalf,
        )
        case.submit(walk.now)
        self.number = walk.unit.cases.file(case, by=by).number
        walk.unit.clocks.begin_missing(walk.now)
        if told.key:
            walk.numbers[told.key] = self.number
        if told.supply:
            self._choose(by)
        for place in range(told.joined):
            walk.begin(self._join(place), walk.spare(1 + place * 2, self.chance))

    def _choose(self, by: Person) -> None:
        unit, now, told = self.walk.unit, self.walk.now, self.told
        supply = unit.supplies.look(told.supply)
        fit = Fit(supply.code, supply.title, supply.unit_name, 0.9, told.reason)
        unit.suggestions.show(self.case, [fit], version=_SUGGESTED, now=now)
        if "none_suits" in told.twist:
            unit.suggestions.refuse(self.case, by=by, now=now)
        else:
            unit.suggestions.choose(self.case, 1, by=by, now=now)

    def _join(self, place: int) -> Story:
        """我也是: somebody else of the branch, unless it is over."""
        chance = self.walk.chance(f"{self.number}:join:{place}")
        case, now = self.case, self.walk.now
        by = self.walk.crew.someone(self.told.branch, now, chance, but=case.reporter_id)
        known = by.member_id in self.walk.unit.cases.followers(self.number)
        if not known and case.state in (CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.OPEN):
            self.walk.unit.cases.join(case, by=by, now=now)
        yield from ()

    def accept(self) -> None:
        """Whoever has the chair sees it and will see to it."""
        self.walk.unit.casework.accept(
            self.case, by=self.walk.crew.whoever_may(Step.ACCEPT, self.case, self.walk.now), now=self.walk.now
        )

    def story(self) -> Story:
        """From the report to the end."""
        self.report()
        if "urgent" in self.told.twist:
            yield self.walk.soon(self.chance, 5, 50)
        else:
            late = "slow" in self.told.twist
            yield self.walk.office(3 if late else self.chance.choice((0, 0, 1)), self.chance)
        ended = yield from self._received()
        if ended:
            return
        yield from self._claimed()
        yield from self._worked()
        yield from self.rated()

    # ---- before anybody has it -------------------------------------------------------------------

    def _received(self) -> Generator[datetime, None, bool]:
        """What the chair does with it; tells whether that was its end."""
        walk, told, unit = self.walk, self.told, self.walk.unit
        now, twist, words = walk.now, set(told.twist), walk.words
        chair = walk.crew.whoever_may(Step.DECLINE, self.case, now)
        if "decline" in twist:
            unit.casework.decline(self.case, by=chair, reason=words.decline, now=now)
            if "appeal" not in twist:
                return True
            yield walk.spare(1, self.chance)
            unit.casework.appeal(self.case, by=self._reporter, reason=words.appeal, now=walk.now)
            yield walk.office(1, self.chance)
        if "merge" in twist:
            unit.casework.merge(self.case, walk.case(walk.numbers[told.into]), by=chair, now=walk.now)
            return True
        self.accept()
        yield walk.soon(self.chance)
        if "withdraw" in twist:
            yield walk.spare(1, self.chance)
            unit.casework.withdraw(self.case, by=self._reporter, now=walk.now)
            return True
        if "transfer" in twist:
            unit.casework.transfer(self.case, by=chair, reason=words.transfer, now=walk.now)
            return True
        unit.casework.publish(
            self.case, by=walk.crew.whoever_may(Step.PUBLISH, self.case, walk.now), now=walk.now
        )
        for kind in CloseKind:
            if kind.value in twist:
                yield walk.office(self.chance.randint(9, 14), self.chance)
                unit.closing.write_off(
                    self.case,
                    kind,
                    by=walk.crew.whoever_may(Step.WRITE_OFF, self.case, walk.now),
                    reason=told.close,
                    now=walk.now,
                )
                return True
        return False

    def _claimed(self) -> Story:
        """Somebody takes it on: at once, after being asked to, or after another one let go of it."""
        walk, told, unit = self.walk, self.told, self.walk.unit
        twist, claiming = set(told.twist), self.walk.unit.claiming
        if not told.claimant:
            yield walk.end
        if {"dispatch", "invite"} & twist:
            yield walk.office(self.chance.randint(6, 10), self.chance)
            asked = [code for code in (told.former, told.claimant) if code]
            chair = walk.crew.whoever_may(Step.INVITE, self.case, walk.now)
            claiming.invite(self.case, [walk.crew.id_of(code) for code in asked], by=chair, now=walk.now)
            if "invite" in twist:
                yield walk.office(1, self.chance)
                by = walk.crew.liaison(told.former, walk.now)
                claiming.decline_invitation(self.case, by=by, reason=walk.words.refuse, now=walk.now)
        elif told.former:
            yield walk.office(1, self.chance)
            by = walk.crew.liaison(told.former, walk.now)
            claiming.claim(self.case, by=by, now=walk.now)
            if "lapse" in twist:
                while unit.claims.live(self.number):  # nobody hears of them, until the clock takes it away
                    yield walk.office(1, self.chance)
            elif "revoke" in twist:
                yield walk.soon(self.chance, 60, 240)
                chair = walk.crew.whoever_may(Step.REVOKE, self.case, walk.now)
                claiming.revoke(self.case, by=chair, reason=walk.words.revoke, now=walk.now)
            else:
                yield walk.soon(self.chance)
                unit.solving.contact(self.case, by=by, now=walk.now)
                yield walk.office(2, self.chance)
                claiming.give_back(self.case, by=by, reason=walk.words.give_back, now=walk.now)
        urgent = "urgent" in twist
        yield walk.soon(self.chance) if urgent else walk.office(self.chance.randint(1, 2), self.chance)
        claiming.claim(self.case, by=self._handler, now=walk.now, plan=told.plan, promised_on=self._promise())
        yield walk.soon(self.chance, 15, 90 if urgent else 300)
        unit.solving.contact(self.case, by=self._handler, now=walk.now)
        for code in told.beside:
            yield walk.office(1, self.chance)
            claiming.help(self.case, by=walk.crew.liaison(code, walk.now), now=walk.now)

    def _promise(self) -> date | None:
        """The day that the claimant names where it takes longer than usual; who will be late names none."""
        if not self.told.days or {"late", "extend", "extend_refused"} & set(self.told.twist):
            return None
        return self.walk.workday(self.told.days + 1)

    # ---- while somebody has it -------------------------------------------------------------------

    def _worked(self) -> Story:
        """The reports on the way, and that it is done."""
        walk, told, unit = self.walk, self.told, self.walk.unit
        if "urgent" in told.twist:
            yield from self._hurried()
            return
        days = told.days or _DAYS[unit.directory.pace(told.category, unit)]
        left = max(1, days - 2 * len(told.beside))
        each = max(1, left // (len(told.steps) + 1))
        for place, step in enumerate(told.steps):
            yield walk.office(each, self.chance)
            unit.solving.progress(self.case, by=self._handler, note=step, now=walk.now)
            if place == 0:
                yield from self._interrupted()
        if not told.evidence:
            yield from self.in_touch()
        yield walk.office(max(1, left - each * len(told.steps)), self.chance)
        self.resolve(told.evidence)

    def _hurried(self) -> Story:
        """What is urgent is worked on at once, night or not."""
        for step in self.told.steps:
            yield self.walk.soon(self.chance, 40, 120)
            self.walk.unit.solving.progress(self.case, by=self._handler, note=step, now=self.walk.now)
        yield self.walk.soon(self.chance, 240, 720)
        self.resolve(self.told.evidence)

    def in_touch(self) -> Story:
        """It is still being worked on: once a week the claimant calls."""
        while True:
            yield self.walk.office(4, self.chance)
            self.walk.unit.solving.contact(self.case, by=self._handler, now=self.walk.now)

    def _interrupted(self) -> Story:
        """More time asked for, or the clocks stopped for a while."""
        walk, twist, solving = self.walk, set(self.told.twist), self.walk.unit.solving
        words = walk.words
        if {"extend", "extend_refused"} & twist:
            granted = "extend" in twist
            yield walk.soon(self.chance)
            until = local(walk.now + timedelta(days=16)).date()
            reason = words.extend if granted else words.extend_refused
            solving.ask_extension(self.case, by=self._handler, until=until, reason=reason, now=walk.now)
            yield walk.office(1, self.chance)
            by = walk.crew.whoever_may(Step.EXTEND, self.case, walk.now)
            solving.decide_extension(self.case, by=by, granted=granted, now=walk.now)
        if "pause" in twist:
            yield walk.office(1, self.chance)
            by = walk.crew.whoever_may(Step.PAUSE, self.case, walk.now)
            solving.pause(self.case, by=by, reason=words.pause, now=walk.now)
            yield walk.office(5, self.chance)
            by = walk.crew.whoever_may(Step.RESUME, self.case, walk.now)
            solving.resume(self.case, by=by, now=walk.now)

    def resolve(self, evidence: str) -> None:
        """Says that it is done, and what was done."""
        self.walk.unit.solving.resolve(
            self.case, by=self._handler, note=evidence or self.walk.words.evidence, now=self.walk.now
        )

    # ---- when it is done -------------------------------------------------------------------------

    def rated(self) -> Story:
        """What the reporter says of it, and what follows."""
        walk, told, unit = self.walk, self.told, self.walk.unit
        twist = set(told.twist)
        if "unrated" in twist:
            return
        if "visit" in twist:
            yield walk.office(6, self.chance)
            by = walk.crew.whoever_may(Step.VISIT, self.case, walk.now)
            unit.closing.visit(self.case, by=by, solved=True, note=walk.words.visit, now=walk.now)
            return
        yield walk.spare(self.chance.randint(1, 4), self.chance)
        if "rework" in twist:
            unit.closing.evaluate(self.case, 2, by=self._reporter, text=told.bad, now=walk.now)
            if "stuck" in twist:
                yield from self.in_touch()
            yield from self._anew()
        level = told.level or self.chance.choice(_LEVELS)
        unit.closing.evaluate(self.case, level, by=self._reporter, text=told.words, now=walk.now)
        if "reopen" in twist:
            yield walk.spare(12, self.chance)
            unit.closing.reopen(self.case, by=self._reporter, reason=told.bad, now=walk.now)
            yield from self._anew()
            unit.closing.evaluate(self.case, 4, by=self._reporter, text=told.words, now=walk.now)
        if "second" in twist:
            yield walk.spare(9, self.chance)
            unit.closing.evaluate(self.case, 5, by=self._reporter, text=told.words, now=walk.now)

    def _anew(self) -> Story:
        """重办, and the reporter is asked again."""
        walk = self.walk
        yield walk.office(1, self.chance)
        walk.unit.solving.progress(self.case, by=self._handler, note=walk.words.step[0], now=walk.now)
        yield walk.office(2, self.chance)
        self.resolve(self.told.evidence)
        yield walk.spare(self.chance.randint(1, 3), self.chance)

    @property
    def _reporter(self) -> Person:
        return self.walk.crew.reporter(self.case, self.walk.now)

    @property
    def _handler(self) -> Person:
        """The liaison officer of whoever has it in hand, or is about to."""
        holds = self.walk.unit.claims.live(self.number)
        code: str | int = holds[0].organisation_id if holds else self.told.claimant
        return self.walk.crew.liaison(code, self.walk.now)
