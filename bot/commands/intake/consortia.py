"""党建融合体表: consortia with their lead, their members and the consortium above them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each, rings
from bot.commands.intake.row import Row
from models import forms
from models.consortium import Consortium
from models.moment import local
from models.seat import Seat
from models.store import Unit

HEADERS: Final = ("编号", "名称", "类型", "联建方式", "牵头单位编号", "成员单位编号", "上级编号")
_KINDS: Final = {kind.name: kind.name for kind in forms.forms().kind if kind.table}
_MODES: Final = tuple(mode.name for mode in forms.forms().mode if mode.table)


class Entry(msgspec.Struct, frozen=True):
    """One consortium as the table has it."""

    row: Row
    code: str
    name: str
    kind: str
    modes: str
    lead: str
    seats: tuple[str, ...]
    """The lead first, then the others in their order."""
    parent: str


def read(row: Row) -> Entry:
    """What a row says."""
    modes = row.several("联建方式")
    for mode in modes:
        if mode not in _MODES:
            row.fault(f"“联建方式”只能是{'、'.join(_MODES)}，不能是“{mode[:20]}”")
    kind = row.choice("类型", _KINDS, "")
    if not kind and not row.word("类型", 40, required=False):
        row.missing("类型")
    lead = row.code("牵头单位编号")
    return Entry(
        row=row,
        code=row.code("编号"),
        name=row.word("名称", 200),
        kind=kind,
        modes="、".join(modes),
        lead=lead,
        seats=tuple(code for code in dict.fromkeys([lead, *row.codes("成员单位编号")]) if code),
        parent=row.code("上级编号", required=False),
    )


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Checks the table against itself and the file."""
    once_each((entry.row, entry.code, f"编号 {entry.code} ") for entry in entries)
    organisations = {each.code: each.id for each in unit.organisations.all()}
    known = {consortium.code: consortium for consortium in unit.consortia.all()}
    code_of = {consortium.id: consortium.code for consortium in known.values()}
    parents = {code: code_of.get(each.parent_id or 0, "") for code, each in known.items()}
    today = local(now).date()
    _check(entries, organisations, parents)
    _check_nesting(entries, known, parents)
    for entry in entries:
        if entry.code in known and not known[entry.code].stands_on(today):
            entry.row.fault(f"融合体 {entry.code} 已经撤销，要另起编号")
    # Whoever is to leave or to join on a later day belongs to it already, as far as the table can tell.
    seated: dict[str, dict[int, Seat]] = {code: {} for code in known}
    for seat in unit.consortia.seats():
        if seat.until is None or seat.until > today:
            seated[code_of[seat.consortium_id]][seat.organisation_id] = seat

    tally = Tally()
    for entry in entries:
        at = known.get(entry.code)
        if at is None:
            tally.add(entry.row, f"{entry.code} {entry.name}")
        elif (at.name, at.kind, at.modes, parents[entry.code]) != (
            entry.name,
            entry.kind,
            entry.modes,
            entry.parent,
        ) or [at.lead_id, seated[entry.code].keys()] != [
            organisations.get(entry.lead),
            {organisations.get(code) for code in entry.seats},
        ]:
            tally.change(entry.row, f"{entry.code} {entry.name}")
        else:
            tally.keep()

    def write(progress: Progress) -> None:
        for done, entry in enumerate(_parents_first(entries), 1):
            parent_id = known[entry.parent].id if entry.parent else None
            at = known.get(entry.code)
            if at is None:
                at = unit.consortia.add(
                    Consortium.found(
                        code=entry.code,
                        name=entry.name,
                        kind=entry.kind,
                        modes=entry.modes,
                        lead_id=organisations[entry.lead],
                        parent_id=parent_id,
                    )
                )
                known[entry.code] = at
            else:
                at.reform(
                    name=entry.name,
                    kind=entry.kind,
                    modes=entry.modes,
                    lead_id=organisations[entry.lead],
                    parent_id=parent_id,
                )
            wanted = [organisations[code] for code in entry.seats]
            _settle(unit, at, wanted, seated.get(entry.code, {}), today)
            progress("已写入", done)

    return Plan(tally, write)


def _check(entries: list[Entry], organisations: dict[str, int], on_file: dict[str, str]) -> None:
    listed = {entry.code for entry in entries}
    for entry in entries:
        if entry.lead and entry.lead not in organisations:
            entry.row.fault(f"牵头单位编号 {entry.lead} 没有登记")
        if missing := [code for code in entry.seats if code not in organisations and code != entry.lead]:
            entry.row.fault(f"成员单位编号 {'、'.join(missing)} 没有登记")
        if entry.parent and entry.parent not in listed and entry.parent not in on_file:
            entry.row.fault(f"上级编号 {entry.parent} 没有登记，也不在这份表里")
    circles = rings(on_file | {entry.code: entry.parent for entry in entries})
    for entry in entries:
        if entry.code and (way := circles.get(entry.code)):
            entry.row.fault(f"上级绕成了一圈：{' → '.join(way[:12])}")


def _check_nesting(entries: list[Entry], known: dict[str, Consortium], on_file: dict[str, str]) -> None:
    kind_of = {code: each.kind for code, each in known.items()} | {each.code: each.kind for each in entries}
    above = {
        code: upper
        for code, upper in (on_file | {entry.code: entry.parent for entry in entries}).items()
        if upper in kind_of
    }
    for entry in entries:
        if entry.row.faults or not entry.code:
            continue
        try:
            forms.check_nesting(entry.code, kind_of, above)
        except forms.NestingWrong as wrong:
            entry.row.fault(f"{wrong.facts['kind']}不能设在{wrong.facts['above']}（{entry.parent}）下面")
        except forms.NestingTooDeep as deep:
            entry.row.fault(f"融合体最多分 {deep.facts['most']} 级，{entry.code} 上下加起来多了")
        except forms.NestingRing:
            pass  # said of the rows that make the ring


def _parents_first(entries: list[Entry]) -> list[Entry]:
    by_code = {entry.code: entry for entry in entries}
    ordered: dict[str, Entry] = {}
    for entry in entries:
        line = [entry]
        while (above := by_code.get(line[-1].parent)) and above.code not in ordered:
            line.append(above)
        for each in reversed(line):
            ordered.setdefault(each.code, each)
    return list(ordered.values())


def _settle(
    unit: Unit, consortium: Consortium, wanted: list[int], seated: dict[int, Seat], today: date
) -> None:
    lead = wanted[0]
    for organisation_id, seat in seated.items():
        if organisation_id not in wanted:
            unit.consortia.vacate(seat, today)
    for organisation_id in wanted:
        seat_now = seated.get(organisation_id)
        if seat_now is not None and seat_now.since > today:
            seat_now.come_forward(today)
        # What somebody is beside the lead (共建, 观察) is none of the table's.
        role = forms.LEAD if organisation_id == lead else forms.MEMBER
        if seat_now is None:
            unit.consortia.seat(
                Seat.take(
                    consortium_id=consortium.id, organisation_id=organisation_id, since=today, role=role
                )
            )
        elif (seat_now.role == forms.LEAD) != (role == forms.LEAD):
            unit.founding.recast(seat_now, role, today)
