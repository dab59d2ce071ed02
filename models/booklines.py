"""What the three lists are called, and what goes on them: cases and entries, a line each, without personal data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import and_, func, or_, select

from models.book import BookKind, Line
from models.case import Case
from models.claim import LIVE, Claim
from models.life import WORKED_ON, CaseKind, CaseState
from models.member import Member
from models.organisation import Organisation
from models.period import Period
from models.supply import Side, Supply
from models.vault import Vault

if TYPE_CHECKING:
    from models.store import Unit

LONGEST: Final = 80
"""Characters of a matter that a line keeps."""
LISTED: Final = (CaseState.ACCEPTED, CaseState.OPEN, *WORKED_ON)
"""States of cases that somebody can still promise to solve.

What nobody accepted yet may still be declined or merged, and what was reported done is promised no more.
"""
CASES: Final[dict[BookKind, CaseKind]] = {
    BookKind.PROBLEMS: CaseKind.PROBLEM,
    BookKind.SUPPLIES: CaseKind.NEED,
    BookKind.PROJECTS: CaseKind.PROJECT,
}
"""Which cases stand on which list. 供需清单 has both sides: the needs, and what the members offer or ask for."""

_NUMBERS = re.compile(r"(?<!\d)[+＋]?\d(?:[\s－—-]?\d){6,19}[XxＸｘ]?(?!\d)")
"""Seven digits and more, of any width, with spaces and dashes or without: phones, accounts, identity cards.

Shorter ones are quantities and years.
"""


class Label(msgspec.Struct, frozen=True):
    """What a place calls one of the three lists."""

    kind: BookKind
    label: str
    words: tuple[str, ...]
    """Whatever means this one when people say it."""


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files("models.data").joinpath("books.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def labels() -> tuple[Label, ...]:
    """The three lists as a place calls them, in their order."""
    return tuple(msgspec.convert(entry, Label) for entry in _shipped()["book"])


def label_of(kind: BookKind) -> str:
    """What a place calls one of them."""
    return next(each.label for each in labels() if each.kind is kind)


def review_day(period: Period, valid_until: date) -> date:
    """复审日: so many days before the list's end, by the length of its period."""
    return valid_until - timedelta(days=_shipped()["review_days_before_end"][period.span])


class Entry(msgspec.Struct, frozen=True):
    """One line on its way to a list."""

    line: Line
    case_number: int | None = None
    supply_code: str = ""


def without_persons(text: str, *names: str) -> str:
    """``text`` in one line, cut to its length, phones and identity numbers left out, and these names as 张某."""
    text = _NUMBERS.sub("…", " ".join(text.split()))
    for name in names:
        if len(name) >= 2:
            text = text.replace(name, f"{name[0]}某")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def collect(
    unit: Unit, kind: BookKind, *, consortium_id: int, parties: Collection[int], day: date
) -> list[Entry]:
    """Everything that stands on a consortium's list of that kind on a day: cases by number, then entries."""
    entries = list(_cases(unit, kind, consortium_id))
    if kind is BookKind.SUPPLIES:
        entries += _supplies(unit, parties, day)
    return entries


def _cases(unit: Unit, kind: BookKind, consortium_id: int) -> Iterator[Entry]:
    holder = Organisation.__table__.alias("holder")
    live = and_(
        Claim.case_number == Case.number,
        Claim.lead.is_(True),
        Claim.state.in_([state.value for state in LIVE]),
    )
    query = (
        select(
            Case.number,
            Case.text,
            Case.category,
            Case.place,
            Organisation.name,
            Member.name_sealed,
            holder.c.name,
            Claim.promised_on,
        )
        .join(Organisation, Organisation.id == Case.organisation_id)
        .join(Member, Member.id == Case.reporter_id)
        .outerjoin(Claim, live)
        .outerjoin(holder, holder.c.id == Claim.organisation_id)
        .where(
            Case.consortium_id == consortium_id,
            Case.kind == CASES[kind].value,
            Case.state.in_([state.value for state in LISTED]),
            Case.visibility == "consortium",  # what only those who deal with it see is nobody else's to sign
        )
        .order_by(Case.number)
    )
    vault: Vault = unit.vault
    for number, text, category, place, name, name_sealed, claimant, promised in unit.session.execute(query):
        reporter = vault.open(name_sealed, "member.name")
        line = Line(
            kind=CASES[kind].value,
            text=without_persons(text, reporter),
            category=category,
            place=without_persons(place, reporter),
            unit=name,
            claimant=claimant or "",
            promised=promised.isoformat() if promised else "",
        )
        yield Entry(line, case_number=number)


def _supplies(unit: Unit, parties: Collection[int], day: date) -> Iterator[Entry]:
    query = (
        select(Supply)
        .where(
            Supply.organisation_id.in_(parties),
            Supply.state == "on_offer",
            or_(Supply.valid_until.is_(None), Supply.valid_until >= day),
        )
        .order_by(Supply.id)
    )
    for supply in unit.session.scalars(query):
        if supply.serves_on(day):
            line = Line(
                kind="demand" if supply.side == Side.DEMAND.value else "supply",
                text=without_persons(
                    f"{supply.title}：{supply.detail}" if supply.detail else supply.title,
                    supply.contact(unit.vault),
                ),
                category=supply.category,
                place=supply.area,
                unit=supply.unit_name,
            )
            yield Entry(line, supply_code=supply.code)


def waiting(unit: Unit, kind: BookKind, consortium_id: int) -> int:
    """How many cases are left out of a list only because nobody accepted them yet."""
    query = select(func.count()).where(
        Case.consortium_id == consortium_id,
        Case.kind == CASES[kind].value,
        Case.state == CaseState.SUBMITTED.value,
        Case.visibility == "consortium",
    )
    return unit.session.scalar(query) or 0
