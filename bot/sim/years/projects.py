"""The story of one project: what was asked for is gathered, one organisation claims all of it, others stand beside it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from bot.sim.years.matters import Tale
from bot.sim.years.script import Undertaking, report_day
from bot.sim.years.walk import Story, Walk
from models.case import Case
from models.life import WAITING, CaseKind, CaseState, Step
from models.moment import SHANGHAI, local
from models.person import Person


class Enterprise:
    """One project on its way."""

    def __init__(self, walk: Walk, told: Undertaking, founded: date) -> None:
        """``founded``: the day on which it is put on file, or the next working day."""
        self.walk, self.told, self.founded = walk, told, founded
        self.chance: Random = walk.chance(told.text)
        self.parts = [Tale(walk, part, f"{told.text}:{part.text}") for part in told.part]
        self.number = 0

    @property
    def case(self) -> Case:
        """The project as it is now."""
        return self.walk.case(self.number)

    def begin(self) -> None:
        """Lets its parts be reported in time, and then the project be founded."""
        start = local(self.walk.now).date()
        for part in self.parts:
            day = report_day(self.founded, part.told.ago, start)
            self.walk.begin(self._gather(part), datetime.combine(day, time(7, 30), SHANGHAI))
        self.walk.begin(self._story(), datetime.combine(self.founded, time(8, 50), SHANGHAI))

    def _gather(self, part: Tale) -> Story:
        """A part is reported and accepted, and waits for the project: it need not be claimed by itself."""
        yield self.walk.spare(0, part.chance)
        part.report()
        yield self.walk.office(part.chance.choice((0, 0, 1)), part.chance)
        part.accept()

    def _story(self) -> Story:
        walk, told, unit = self.walk, self.told, self.walk.unit
        yield walk.office(0, self.chance)
        self._found()
        yield walk.office(1, self.chance)
        if told.former:
            by = walk.crew.liaison(told.former, walk.now)
            unit.claiming.claim(self.case, by=by, now=walk.now, plan=told.plan)
            yield walk.soon(self.chance)
            unit.solving.contact(self.case, by=by, now=walk.now)
            yield walk.office(3, self.chance)
            unit.claiming.give_back(self.case, by=by, reason=walk.words.give_back, now=walk.now)
            yield walk.office(1, self.chance)
        promised = walk.workday(told.days)
        unit.claiming.claim(
            self.case,
            by=walk.crew.liaison(told.lead, walk.now),
            now=walk.now,
            plan=told.plan,
            promised_on=promised,
        )
        yield walk.soon(self.chance)
        unit.solving.contact(self.case, by=self._handler, now=walk.now)
        for code in told.beside:
            yield walk.office(1, self.chance)
            unit.claiming.help(self.case, by=walk.crew.liaison(code, walk.now), now=walk.now)
        yield from self._work(promised)
        unit.solving.resolve(self.case, by=self._handler, note=told.evidence, now=walk.now)
        for part in self.parts:
            if part.case.state == CaseState.RESOLVED.value:
                walk.begin(part.rated(), walk.now)
        yield walk.spare(self.chance.randint(1, 4), self.chance)
        by = walk.crew.reporter(self.case, walk.now)
        unit.closing.evaluate(self.case, told.level or 4, by=by, text=told.words, now=walk.now)

    def _found(self) -> None:
        """Whoever has the chair puts it on file; the one who will do it does not ask for it themself."""
        walk, told, unit = self.walk, self.told, self.walk.unit
        by = walk.crew.chair(walk.now)
        if by.organisation_id == walk.crew.id_of(told.lead):
            by = walk.crew.liaison(walk.crew.consortium.lead_id, walk.now)
        case = Case.report(
            by=by,
            text=told.text,
            kind=CaseKind.PROJECT,
            category=told.category,
            place="",
            quantity="",
            deadline="",
            received_key=f"sample:{walk.seed}:{told.text[:40]}",
            now=walk.now,
        )
        case.submit(walk.now)
        self.number = unit.cases.file(case, by=by).number
        unit.casework.publish_own(self.case, by=by, now=walk.now)
        parts = [part.case for part in self.parts if part.number]
        waiting = [part for part in parts if CaseState(part.state) in WAITING]
        unit.projects.put_in(self.case, waiting, by=by, now=walk.now)
        unit.projects.set_milestones(self.case, told.milestones, by=by, now=walk.now)

    def _work(self, promised: date) -> Story:
        """Reports and milestones in turn, a call once a week, and more time where the weather wants it."""
        walk, told, unit = self.walk, self.told, self.walk.unit
        marks: list[tuple[int, str | int]] = [
            ((place + 1) * told.days // (len(told.steps) + 1), step) for place, step in enumerate(told.steps)
        ]
        marks += [
            ((place + 1) * told.days // len(told.milestones), place + 1)
            for place in range(len(told.milestones))
        ]
        begun = local(walk.now).date()
        wanted = told.extended
        for after, mark in sorted(marks, key=lambda each: (each[0], isinstance(each[1], int))):
            due = walk.workday(max(1, after - 2), begun)
            while (left := walk.workdays(due)) > 5:
                yield walk.office(min(4, left), self.chance)
                unit.solving.contact(self.case, by=self._handler, now=walk.now)
            yield walk.office(left, self.chance)
            if isinstance(mark, str):
                unit.solving.progress(self.case, by=self._handler, note=mark, now=walk.now)
            else:
                unit.projects.reach(self.case, mark, by=self._handler, now=walk.now)
            if wanted and after >= told.days // 2:
                wanted = False
                yield from self._extended(promised)
        yield walk.soon(self.chance)

    def _extended(self, promised: date) -> Story:
        walk, solving = self.walk, self.walk.unit.solving
        yield walk.soon(self.chance)
        solving.ask_extension(
            self.case,
            by=self._handler,
            until=promised + timedelta(days=12),
            reason=walk.words.extend,
            now=walk.now,
        )
        yield walk.office(1, self.chance)
        by = walk.crew.whoever_may(Step.EXTEND, self.case, walk.now)
        solving.decide_extension(self.case, by=by, granted=True, now=walk.now)

    @property
    def _handler(self) -> Person:
        return self.walk.crew.liaison(
            self.walk.unit.claims.live(self.number)[0].organisation_id, self.walk.now
        )
