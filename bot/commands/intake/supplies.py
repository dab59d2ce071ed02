"""供需清单: what organisations offer and ask for. What a newer table leaves out is not withdrawn."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each
from bot.commands.intake.row import Row
from models.store import Unit
from models.supply import Side, Supply

HEADERS: Final = ("编号", "清单", "标题", "内容", "类别", "单位", "地区", "数量", "有效期", "联系人")
_SIDES: Final[dict[str, Side | None]] = {side.value: side for side in Side}


class Entry(msgspec.Struct, frozen=True):
    """One entry as the table has it."""

    row: Row
    code: str
    side: Side
    title: str
    detail: str
    category: str
    unit_name: str
    area: str
    quantity: str
    valid_from: date | None
    valid_until: date | None
    contact: str


def read(row: Row) -> Entry:
    """What a row says."""
    valid_from, valid_until = row.days("有效期")
    side = row.choice("清单", _SIDES, None)
    if side is None and not row.word("清单", 10, required=False):
        row.missing("清单")
    return Entry(
        row=row,
        code=row.code("编号"),
        side=side or Side.SUPPLY,
        title=row.word("标题", 200),
        detail=row.word("内容", 2_000, required=False),
        category=row.word("类别", 40),
        unit_name=row.word("单位", 200),
        area=row.word("地区", 200, required=False),
        quantity=row.word("数量", 100, required=False),
        valid_from=valid_from,
        valid_until=valid_until,
        contact=row.word("联系人", 100, required=False),
    )


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Compares the table with the list on file."""
    once_each((entry.row, entry.code, f"编号 {entry.code} ") for entry in entries)
    labels = [category.label for category in unit.categories.all()]
    for entry in entries:
        if entry.category and entry.category not in labels:
            entry.row.fault(f"“类别”没有“{entry.category[:20]}”，可以写：{'、'.join(labels)}")
    open_ones = [each for each in unit.organisations.all() if each.closed_on is None]
    bearers = Counter(each.name for each in open_ones)
    ids = {each.name: each.id for each in open_ones if bearers[each.name] == 1}
    known = {supply.code: supply for supply in unit.supplies.all()}

    tally = Tally()
    new: list[Entry] = []
    changed: list[tuple[Supply, Entry]] = []
    for entry in entries:
        at = known.get(entry.code)
        if at is None:
            new.append(entry)
            tally.add(entry.row, f"{entry.code} {entry.title}")
        elif _differs(unit, at, entry, ids.get(entry.unit_name)):
            changed.append((at, entry))
            tally.change(entry.row, f"{entry.code} {entry.title}")
        else:
            tally.keep()

    def write(progress: Progress) -> None:
        for supply, entry in changed:
            supply.revise(**_facts(entry, ids), vault=unit.vault, now=now)
        for done, entry in enumerate(new, 1):
            unit.supplies.add(Supply.offer(code=entry.code, **_facts(entry, ids), vault=unit.vault, now=now))
            progress("已写入", done)

    return Plan(tally, write)


def _facts(entry: Entry, ids: dict[str, int]) -> dict[str, Any]:
    return {
        "side": entry.side,
        "title": entry.title,
        "detail": entry.detail,
        "category": entry.category,
        "organisation_id": ids.get(entry.unit_name),
        "unit_name": entry.unit_name,
        "area": entry.area,
        "quantity": entry.quantity,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "contact": entry.contact,
    }


def _differs(unit: Unit, at: Supply, entry: Entry, organisation_id: int | None) -> bool:
    return (
        at.side,
        at.title,
        at.detail,
        at.category,
        at.organisation_id,
        at.unit_name,
        at.area,
        at.quantity,
        at.valid_from,
        at.valid_until,
        at.contact(unit.vault),
    ) != (
        entry.side.value,
        entry.title,
        entry.detail,
        entry.category,
        organisation_id,
        entry.unit_name,
        entry.area,
        entry.quantity,
        entry.valid_from,
        entry.valid_until,
        entry.contact,
    )
