"""拟排班: what a way of going round would make of the rota on file, as a difference; changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from models.moment import local
from models.rewriting import Rewriting
from models.rota import NobodyToChair, Proposal, Rota, RotaSkip, Row, Settings
from models.term import Term
from models.turns import DAY, Away, Drawn, Ground, Origin, Stay, Strategy, Turn, add_months, draw

if TYPE_CHECKING:
    from models.store import Unit

AHEAD: Final = 12
"""Months for which the rota is kept filled."""


class Drafting:
    """Draws up rotas."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rewriting = Rewriting(unit)

    def propose(
        self,
        consortium_id: int,
        rota: Rota | None,
        skips: Sequence[RotaSkip],
        settings: Settings,
        now: datetime,
    ) -> Proposal:
        """What these settings would make of the rota. Turns that are over or under way stay as they are.

        Raises:
            NobodyToChair: nobody may chair the first of the turns.
        """
        unit, today = self._unit, local(now).date()
        terms = unit.consortia.terms_of(consortium_id)
        behind = [term for term in terms if term.starts_on <= today or term.starts_on < settings.first_on]
        ahead = terms[len(behind) :]
        start = max(behind[-1].ends_on + DAY if behind else today, settings.first_on, today)
        until = max([add_months(today, AHEAD), *(term.starts_on for term in ahead)])
        stays = unit.consortia.stays(consortium_id)
        aways = aways_on(skips, settings, start, today)
        if settings.strategy is Strategy.MANUAL:
            drawn = Drawn(
                tuple(
                    Turn(each.named_id, each.starts_on, each.ends_on, Origin(each.origin)) for each in ahead
                ),
                aways,
            )
        else:
            drawn = draw(ground(settings, stays, aways, behind), start, until)
            if not drawn.turns:
                raise NobodyToChair()
        rows, dropped = _matched(drawn.turns, ahead, max((term.sequence for term in behind), default=0))
        changes, _ = self._rewriting.differences(rows, dropped, {term.id: term for term in ahead}, stays)
        return Proposal(
            consortium_id=consortium_id,
            version=rota.version if rota is not None else 0,
            settings=settings,
            rows=rows,
            dropped=dropped,
            changes=tuple(changes),
            aways=drawn.aways,
            stuck_on=drawn.stuck_on,
        )


def aways_on(skips: Sequence[RotaSkip], settings: Settings, start: date, today: date) -> tuple[Away, ...]:
    """Who is skipped, with the debts as they stand when all turns from ``start`` on are drawn anew."""
    known = []
    for each in skips:
        away = each.away.as_of(start)
        if away.organisation_id in settings.back and (away.until is None or away.until >= today):
            away = msgspec.structs.replace(away, until=today)
        known.append(away)
    return (*known, *settings.skips)


def ground(
    settings: Settings, stays: tuple[Stay, ...], aways: tuple[Away, ...], behind: Sequence[Term]
) -> Ground:
    """All that the turns after ``behind`` follow from."""
    return Ground(
        strategy=settings.strategy,
        span=settings.span,
        first_on=settings.first_on,
        places=settings.places,
        stays=stays,
        aways=aways,
        # Swaps are between two: the order goes on as if there had been none.
        behind=tuple(
            Turn(term.named_id, term.starts_on, term.ends_on, Origin(term.origin)) for term in behind
        ),
    )


def _matched(
    turns: tuple[Turn, ...], ahead: Sequence[Term], last: int
) -> tuple[tuple[Row, ...], tuple[int, ...]]:
    """Which turn on file becomes which new one: an organisation's turn stays its own where it can, so that whatever
    was agreed on it goes along; the rest are filled in their order; whatever is left over is dropped."""
    of: dict[int, list[Term]] = defaultdict(list)
    for term in ahead:
        of[term.named_id].append(term)
    matched = {
        at: of[turn.organisation_id].pop(0) for at, turn in enumerate(turns) if of[turn.organisation_id]
    }
    left = sorted((term for terms in of.values() for term in terms), key=lambda term: term.starts_on)
    rows = []
    for at, turn in enumerate(turns):
        found = matched.get(at) or (left.pop(0) if left else None)
        rows.append(
            Row(
                found.id if found is not None else 0,
                last + 1 + at,
                turn.organisation_id,
                turn.starts_on,
                turn.ends_on,
                turn.origin,
            )
        )
    return tuple(rows), tuple(term.id for term in left)
