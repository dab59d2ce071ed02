"""组织表: the tree of Party organisations; a parent may stand anywhere in the table or be on file."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each, rings
from bot.commands.intake.row import Row
from models.organisation import Organisation
from models.store import Unit

HEADERS: Final = ("编号", "名称", "类别", "上级编号", "地区")


class Entry(msgspec.Struct, frozen=True):
    """One organisation as the table has it."""

    row: Row
    code: str
    name: str
    kind: str
    parent: str
    region: str


def read(row: Row) -> Entry:
    """What a row says."""
    return Entry(
        row=row,
        code=row.code("编号"),
        name=row.word("名称", 200),
        kind=row.word("类别", 40),
        parent=row.code("上级编号", required=False),
        region=row.word("地区", 100, required=False),
    )


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Checks the table against itself and the file."""
    once_each((entry.row, entry.code, f"编号 {entry.code} ") for entry in entries)
    known = {organisation.code: organisation for organisation in unit.organisations.all()}
    code_of = {organisation.id: organisation.code for organisation in known.values()}
    parents = {code: code_of.get(each.parent_id or 0, "") for code, each in known.items()}
    _check(entries, parents)

    tally = Tally()
    new: list[Entry] = []
    changed: list[Entry] = []
    for entry in entries:
        at = known.get(entry.code)
        if at is None:
            new.append(entry)
            tally.add(entry.row, f"{entry.code} {entry.name}")
        elif (at.name, at.kind, at.region, parents[entry.code]) != (
            entry.name,
            entry.kind,
            entry.region,
            entry.parent,
        ):
            changed.append(entry)
            tally.change(entry.row, f"{entry.code} {entry.name}")
        else:
            tally.keep()

    def write(progress: Progress) -> None:
        ids = {code: organisation.id for code, organisation in known.items()}
        waiting = new
        while waiting:  # one generation after the other, since a child needs its parent's id
            ready = [entry for entry in waiting if not entry.parent or entry.parent in ids]
            founded = unit.organisations.add_all([_found(entry, ids, now) for entry in ready])
            ids.update(zip((entry.code for entry in ready), founded, strict=True))
            waiting = [entry for entry in waiting if entry.code not in ids]
            progress("已写入", len(ids))
        for entry in changed:
            known[entry.code].rename(
                name=entry.name, kind=entry.kind, region=entry.region, parent_id=ids.get(entry.parent)
            )

    return Plan(tally, write)


def _check(entries: list[Entry], on_file: dict[str, str]) -> None:
    listed = {entry.code for entry in entries}
    for entry in entries:
        if entry.parent and entry.parent not in listed and entry.parent not in on_file:
            entry.row.fault(f"上级编号 {entry.parent} 没有登记，也不在这份表里")
    circles = rings(on_file | {entry.code: entry.parent for entry in entries})
    for entry in entries:
        if entry.code and (way := circles.get(entry.code)):
            entry.row.fault(f"上级绕成了一圈：{' → '.join(way[:12])}")


def _found(entry: Entry, ids: dict[str, int], now: datetime) -> Organisation:
    return Organisation.found(
        code=entry.code,
        name=entry.name,
        kind=entry.kind,
        region=entry.region,
        parent_id=ids.get(entry.parent),
        now=now,
    )
