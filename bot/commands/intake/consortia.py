"""党建融合体表: consortia with their lead, their members and the consortium above them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each, rings
from bot.commands.intake.row import Row
from models.consortium import Consortium, Seat
from models.moment import local
from models.store import Unit

HEADERS: Final = ("编号", "名称", "类型", "联建方式", "牵头单位编号", "成员单位编号", "上级编号")
_KINDS: Final = {kind: kind for kind in ("联合党委", "联合党总支", "联合党支部", "联盟")}
_MODES: Final = ("跨领域", "跨行业", "跨层级", "跨地域")


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
    _check(entries, organisations, parents)
    seated: dict[str, dict[int, Seat]] = {code: {} for code in known}
    for seat in unit.consortia.seats():
        if seat.until is None:
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
            _settle(unit, at.id, wanted, seated.get(entry.code, {}), now)
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
    unit: Unit, consortium_id: int, wanted: list[int], seated: dict[int, Seat], now: datetime
) -> None:
    today = local(now).date()
    for organisation_id, seat in seated.items():
        if organisation_id not in wanted:
            unit.consortia.vacate(seat, today)
    for organisation_id in wanted:
        if organisation_id not in seated:
            unit.consortia.seat(
                Seat.take(consortium_id=consortium_id, organisation_id=organisation_id, since=today)
            )
