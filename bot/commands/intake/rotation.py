"""轮值表: whose turn it is when. A turn is known by its consortium and its number."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each
from bot.commands.intake.row import Row
from models.forms import roles
from models.rota import Row as Turn
from models.seat import Seat
from models.store import Unit
from models.term import Term
from models.turns import Origin

HEADERS: Final = ("融合体编号", "期次", "轮值单位编号", "开始日期", "结束日期")


class Entry(msgspec.Struct, frozen=True):
    """One turn as the table has it."""

    row: Row
    consortium: str
    sequence: int
    unit: str
    starts_on: date | None
    ends_on: date | None


class _Span(msgspec.Struct, frozen=True):
    """A turn among the others of its consortium."""

    starts_on: date
    ends_on: date
    sequence: int
    row: Row | None
    """None: the turn is on file and not in the table."""

    @property
    def name(self) -> str:
        """How another row's fault calls it."""
        where = f"第 {self.row.number} 行" if self.row else "已登记"
        return f"{where}的第 {self.sequence} 期（{self.starts_on} 至 {self.ends_on}）"


def read(row: Row) -> Entry:
    """What a row says."""
    starts_on, ends_on = row.day("开始日期"), row.day("结束日期")
    if starts_on and ends_on and starts_on > ends_on:
        row.fault(f"开始日期 {starts_on} 晚于结束日期 {ends_on}")
    return Entry(
        row=row,
        consortium=row.code("融合体编号"),
        sequence=row.whole("期次", default=None, least=1),
        unit=row.code("轮值单位编号"),
        starts_on=starts_on,
        ends_on=ends_on,
    )


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Checks the table against itself and the rota on file."""
    once_each(
        (entry.row, f"{entry.consortium} {entry.sequence}", f"{entry.consortium} 第 {entry.sequence} 期")
        for entry in entries
        if entry.consortium and not entry.row.faults
    )
    consortia = {each.code: each.id for each in unit.consortia.all()}
    organisations = {each.code: each.id for each in unit.organisations.all()}
    seats: dict[tuple[int, int], list[Seat]] = defaultdict(list)
    for seat in unit.consortia.seats():
        seats[seat.consortium_id, seat.organisation_id].append(seat)
    for entry in entries:
        _check(entry, consortia, organisations, seats)
    known = {(term.consortium_id, term.sequence): term for term in unit.consortia.terms()}
    _check_overlaps([entry for entry in entries if not entry.row.faults], consortia, known)

    tally = Tally()
    rows: dict[int, list[Turn]] = defaultdict(list)
    for entry in entries:
        if entry.row.faults or not entry.starts_on or not entry.ends_on:
            continue
        consortium_id, organisation_id = consortia[entry.consortium], organisations[entry.unit]
        what = f"{entry.consortium} 第 {entry.sequence} 期 {entry.unit} {entry.starts_on} 至 {entry.ends_on}"
        at = known.get((consortium_id, entry.sequence))
        if at is None:
            tally.add(entry.row, what)
        elif (at.organisation_id, at.starts_on, at.ends_on) != (
            organisation_id,
            entry.starts_on,
            entry.ends_on,
        ):
            tally.change(entry.row, what)
        else:
            tally.keep()
            continue
        # Whoever stands in for an organisation is not what the rota says: where the table names them, that stays.
        named = at.named_id if at is not None and at.organisation_id == organisation_id else organisation_id
        rows[consortium_id].append(
            Turn(
                at.id if at is not None else 0,
                entry.sequence,
                named,
                entry.starts_on,
                entry.ends_on,
                Origin.IMPORT,
            )
        )

    def write(progress: Progress) -> None:
        for done, (consortium_id, turns) in enumerate(rows.items(), 1):
            unit.rotas.take_over(consortium_id, turns, now)
            progress("已写入", done)

    return Plan(tally, write)


def _check(
    entry: Entry,
    consortia: dict[str, int],
    organisations: dict[str, int],
    seats: dict[tuple[int, int], list[Seat]],
) -> None:
    consortium_id, organisation_id = consortia.get(entry.consortium), organisations.get(entry.unit)
    if consortium_id is None and entry.consortium:
        entry.row.fault(f"融合体编号 {entry.consortium} 没有登记")
    if organisation_id is None and entry.unit:
        entry.row.fault(f"轮值单位编号 {entry.unit} 没有登记")
    if consortium_id is None or organisation_id is None or entry.starts_on is None:
        return
    # A unit that has left keeps the turns it had; when it came does not matter, lists are often made up later.
    staying = [
        seat
        for seat in seats[consortium_id, organisation_id]
        if seat.until is None or seat.until > entry.starts_on
    ]
    if not staying:
        entry.row.fault(f"轮值单位 {entry.unit} 不是融合体 {entry.consortium} 的成员单位")
    elif not any(roles()[seat.role].chairs for seat in staying):
        label = roles()[staying[0].role].label
        entry.row.fault(f"{entry.unit} 在融合体 {entry.consortium} 里是{label}单位，不参加轮值")


def _check_overlaps(
    entries: list[Entry], consortia: dict[str, int], known: dict[tuple[int, int], Term]
) -> None:
    spans: dict[int, list[_Span]] = defaultdict(list)
    listed = set()
    for entry in entries:
        if entry.starts_on and entry.ends_on:
            consortium_id = consortia[entry.consortium]
            listed.add((consortium_id, entry.sequence))
            spans[consortium_id].append(_Span(entry.starts_on, entry.ends_on, entry.sequence, entry.row))
    for key, term in known.items():
        if key not in listed and key[0] in spans:
            spans[key[0]].append(_Span(term.starts_on, term.ends_on, term.sequence, None))
    for group in spans.values():
        group.sort(key=lambda span: (span.starts_on, span.sequence))
        longest = group[0]
        for span in group[1:]:
            if span.starts_on <= longest.ends_on:
                if span.row:
                    span.row.fault(f"日期与{longest.name}重叠")
                elif longest.row:
                    longest.row.fault(f"日期与{span.name}重叠")
            if span.ends_on > longest.ends_on:
                longest = span
