"""党员花名册: who belongs to which organisation, and who acts for it. A person is known by the phone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from bot.commands.intake.plan import Plan, Progress, Tally, once_each
from bot.commands.intake.row import Row
from models.member import Member, RosterLine
from models.organisation import Post, PostKind
from models.store import Unit
from models.vault import mask_name, mask_phone

HEADERS: Final = ("姓名", "手机号", "党组织编号", "职务")
_POSTS: Final = {kind.label: kind for kind in PostKind.all() if kind.table}
_ROUND: Final = 2_000


class Entry(msgspec.Struct, frozen=True):
    """One member as the table has it."""

    row: Row
    name: str
    phone: str
    organisation: str
    posts: tuple[PostKind, ...]

    @property
    def masked(self) -> str:
        """How the screen shows whom a row is about."""
        return f"{mask_name(self.name)} {mask_phone(self.phone)}"


class _Change(msgspec.Struct, frozen=True):
    """What a row does to somebody on the roster."""

    entry: Entry
    line: RosterLine
    organisation_id: int
    leave: list[Post]
    take: list[PostKind]
    moved: bool


def read(row: Row) -> Entry:
    """What a row says."""
    posts = []
    for word in row.several("职务"):
        if word in _POSTS:
            posts.append(_POSTS[word])
        elif word not in ("无", "党员"):
            row.fault(f"“职务”只能是{'、'.join(_POSTS)}或空着，不能是“{word[:20]}”")
    return Entry(
        row=row,
        name=row.name("姓名"),
        phone=row.phone("手机号"),
        organisation=row.code("党组织编号"),
        posts=tuple(posts),
    )


def plan(unit: Unit, entries: list[Entry], now: datetime) -> Plan:
    """Compares the table with the roster."""
    once_each((entry.row, entry.phone, f"手机号 {mask_phone(entry.phone)} ") for entry in entries)
    codes = {each.code: each.id for each in unit.organisations.all()}
    roster = {line.phone_mark: line for line in unit.members.roster()}
    held: dict[int, list[Post]] = defaultdict(list)
    for post in unit.organisations.posts(now):
        held[post.member_id].append(post)

    tally = Tally()
    new: list[Entry] = []
    changes: list[_Change] = []
    for entry in entries:
        organisation_id = codes.get(entry.organisation)
        if organisation_id is None:
            if entry.organisation:
                entry.row.fault(f"党组织编号 {entry.organisation} 没有登记，请先导入党组织")
            continue
        if entry.row.faults:
            continue
        marks = unit.vault.marks(entry.phone, "member.phone")
        line = next((roster[mark] for mark in marks if mark in roster), None)
        if line is None:
            new.append(entry)
            tally.add(entry.row, entry.masked)
            continue
        change = _compare(unit, entry, line, organisation_id, held[line.id])
        if change.moved or change.leave or change.take:
            changes.append(change)
            tally.change(entry.row, entry.masked)
        else:
            tally.keep()

    def write(progress: Progress) -> None:
        _change(unit, changes, now)
        _enrol(unit, new, codes, now, progress)

    return Plan(tally, write)


def _compare(
    unit: Unit, entry: Entry, line: RosterLine, organisation_id: int, held: Iterable[Post]
) -> _Change:
    # The table knows only some kinds of posts; the others are none of its business while the person stays.
    here = [post for post in held if post.organisation_id == organisation_id and post.post.table]
    # Whoever moves on leaves the posts in the former organisation; posts elsewhere are none of this table's.
    there = [post for post in held if post.organisation_id == line.organisation_id != organisation_id]
    wanted = {kind.value for kind in entry.posts}
    present = {post.kind for post in here}
    return _Change(
        entry=entry,
        line=line,
        organisation_id=organisation_id,
        leave=[post for post in here if post.kind not in wanted] + there,
        take=[kind for kind in entry.posts if kind.value not in present],
        moved=line.organisation_id != organisation_id
        or line.name_mark not in unit.vault.marks(entry.name, "member.name"),
    )


def _change(unit: Unit, changes: list[_Change], now: datetime) -> None:
    members = {
        member.id: member
        for member in unit.members.get_all(change.line.id for change in changes if change.moved)
    }
    posts = []
    for change in changes:
        if change.moved:
            members[change.line.id].correct(
                name=change.entry.name, organisation_id=change.organisation_id, vault=unit.vault
            )
        for post in change.leave:
            post.leave(now)
        posts += [
            Post.appoint(
                member_id=change.line.id, organisation_id=change.organisation_id, kind=kind, since=now
            )
            for kind in change.take
        ]
    unit.organisations.appoint_all(posts)


def _enrol(unit: Unit, new: list[Entry], codes: dict[str, int], now: datetime, progress: Progress) -> None:
    for start in range(0, len(new), _ROUND):
        part = new[start : start + _ROUND]
        ids = unit.members.add_all(
            [
                Member.enrol(
                    name=entry.name,
                    phone=entry.phone,
                    organisation_id=codes[entry.organisation],
                    vault=unit.vault,
                    now=now,
                )
                for entry in part
            ]
        )
        unit.organisations.appoint_all(
            [
                Post.appoint(
                    member_id=member_id,
                    organisation_id=codes[entry.organisation],
                    kind=kind,
                    since=now,
                )
                for entry, member_id in zip(part, ids, strict=True)
                for kind in entry.posts
            ]
        )
        progress("已写入", start + len(part))
