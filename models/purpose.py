"""还要不要发: whether what a letter is about is still so at the moment of sending.

Between the moment a letter is owed and the moment it leaves lie hours, sometimes nights. Meanwhile a turn is swapped,
a case withdrawn, a post handed on: then the letter is dropped, and its reason kept for whoever asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import literal_column, select

from models.agenda import ACKNOWLEDGED, Agenda, notice_ladders
from models.attending import Participation
from models.campaigns import answered
from models.case import Case
from models.clock import Clock
from models.life import CaseState
from models.owed import OutboxRow, State
from models.post import HELD, Post, acting

if TYPE_CHECKING:
    from models.store import Unit


class Purpose(msgspec.Struct, frozen=True):
    """What of a letter decides whether it still has a purpose."""

    id: int
    member_id: int | None
    office_id: int | None
    subject: str
    subject_id: int | None
    edition: int
    rung: str
    not_after: datetime | None
    withdrawn: bool = False
    """The letter to many that it is a copy of was taken back."""


Check = Callable[["Unit", Sequence[Purpose], datetime], Mapping[int, str]]
"""Letters about one subject; gives the reasons (Chinese, for an officer) of those that lost their purpose, by id."""


def _checks() -> Mapping[str, tuple[Check, ...]]:
    """By subject. Matters with an agenda are looked up there without being named here."""
    return {
        "clock": (_clock_stopped,),
        "case": (_case_over,),
        "campaign": (_has_answered,),
        "activity": (_has_signed_up,),
    }


def lost(unit: Unit, letters: Sequence[Purpose], now: datetime) -> dict[int, str]:
    """Which of these letters lost their purpose, and why; a few statements, however many letters."""
    found: dict[int, str] = {}
    by_subject: dict[str, list[Purpose]] = defaultdict(list)
    in_office: list[Purpose] = []
    for each in letters:
        if each.withdrawn:
            found[each.id] = "通知已撤回"
        elif each.not_after is not None and each.not_after <= now:
            found[each.id] = "已经过了要说的时候"
        else:
            if each.subject:
                by_subject[each.subject].append(each)
            if each.office_id is not None:
                in_office.append(each)
    checks, ladders = _checks(), notice_ladders()
    for subject, about in by_subject.items():
        wanted = (_agenda_moved, *checks.get(subject, ())) if subject in ladders else checks.get(subject, ())
        for check in wanted:
            found.update(check(unit, about, now))
    found.update(_left_office(unit, in_office, now))
    found.update(_said_again(unit, [each for each in in_office if each.subject in _CLIMBING]))
    return found


def _ids(letters: Iterable[Purpose]) -> list[int]:
    return sorted({each.subject_id for each in letters if each.subject_id is not None})


def _agenda_moved(unit: Unit, letters: Sequence[Purpose], now: datetime) -> Mapping[int, str]:
    """The matter has another date or other people, is over or off, or what was asked for was done."""
    subject = letters[0].subject
    query = select(Agenda.subject_id, Agenda.edition, Agenda.marks, Agenda.stopped_at).where(
        Agenda.subject == subject, Agenda.subject_id.in_(_ids(letters))
    )
    agendas = {row.subject_id: row for row in unit.connection.execute(query)}
    rungs = {rung.name: frozenset(rung.unless) for rung in notice_ladders()[subject].rung}
    found = {}
    for each in letters:
        agenda = agendas.get(each.subject_id)
        if agenda is None or agenda.stopped_at is not None:
            # Without a rung it is no reminder: it may be the very letter that says that the matter is off.
            if each.rung:
                found[each.id] = "事情已经结束或者取消"
        elif each.edition and agenda.edition != each.edition:
            found[each.id] = "安排已经变了"
        elif done := rungs.get(each.rung, frozenset()) & set(agenda.marks.split()):
            found[each.id] = "已经有人回执" if ACKNOWLEDGED in done else "要做的已经做了"
    return found


def _clock_stopped(unit: Unit, letters: Sequence[Purpose], now: datetime) -> Mapping[int, str]:
    """What was urged for has happened, or nobody waits for it any more."""
    query = select(Clock.id).where(Clock.id.in_(_ids(letters)), Clock.stopped_at.is_not(None))
    stopped = set(unit.connection.execute(query).scalars())
    return {each.id: "催办的事已经办了" for each in letters if each.subject_id in stopped}


_OVER: Final = {
    CaseState.WITHDRAWN.value: "这件事已经撤回",
    CaseState.MERGED.value: "这件事已经并入另一件",
    CaseState.ARCHIVED.value: "这件事已经归档",
}


_WAITING: Final = (CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.OPEN)
_IN_HAND: Final = (CaseState.CLAIMED, CaseState.IN_PROGRESS)
WHILE: Final[Mapping[str, frozenset[str]]] = {
    "accept": frozenset(_WAITING),  # 受理了，正在找单位办
    "dispatch": frozenset(_WAITING),  # 请您单位办
    "claim": frozenset(_IN_HAND),  # 有单位接了，24 小时内联系您
    "progress": frozenset(_IN_HAND),
    "promise": frozenset(_IN_HAND),
    "extend": frozenset(_IN_HAND),
    "give_back": frozenset(_WAITING),  # 我们另找一家，有信儿告诉您
    "revoke": frozenset(_WAITING),
    "lapse": frozenset(_WAITING),
    "resolve": frozenset((CaseState.RESOLVED,)),  # 您看办得怎么样
}
"""Letters that say where a case stands, by the step that they tell: in which states that is still so. A letter that waits
a night may be overtaken, and nobody is asked to rate what they have rated."""


def _case_over(unit: Unit, letters: Sequence[Purpose], now: datetime) -> Mapping[int, str]:
    """Nobody has to do anything about the case any more, or it is further than the letter says."""
    query = select(Case.number, Case.state).where(Case.number.in_(_ids(letters)))
    states = {row.number: row.state for row in unit.connection.execute(query)}
    found = {}
    for each in letters:
        state = states.get(each.subject_id or 0)
        if state in _OVER:
            found[each.id] = _OVER[state]
        elif state is not None and each.rung in WHILE and state not in WHILE[each.rung]:
            found[each.id] = "这件事已经往前走了"
    return found


def _has_answered(unit: Unit, letters: Sequence[Purpose], now: datetime) -> Mapping[int, str]:
    """The member has said what they need, or that they need nothing."""
    asked: dict[int, list[Purpose]] = defaultdict(list)
    for each in letters:
        if (
            each.office_id is None
            and each.member_id is not None
            and each.rung
            and each.subject_id is not None
        ):
            asked[each.subject_id].append(each)
    found = {}
    for campaign_id, of_one in asked.items():
        said = answered(unit, campaign_id, [each.member_id for each in of_one if each.member_id], now)
        found.update({each.id: "征集已经回过了" for each in of_one if each.member_id in said})
    return found


def _has_signed_up(unit: Unit, letters: Sequence[Purpose], now: datetime) -> Mapping[int, str]:
    """The member was asked whether they come, and has said so already."""
    asked = [each for each in letters if each.rung == "members" and each.member_id is not None]
    if not asked:
        return {}
    query = select(Participation.activity_number, Participation.member_id).where(
        Participation.activity_number.in_(_ids(asked)),
        Participation.member_id.in_({each.member_id for each in asked}),
    )
    said = {(number, member_id) for number, member_id in unit.connection.execute(query)}
    return {each.id: "已经回过来不来了" for each in asked if (each.subject_id, each.member_id) in said}


_CLIMBING: Final = ("clock", "term", "meeting")
"""Matters of which an officer hears several times, each time more; who missed some hears only the last."""


def _said_again(unit: Unit, letters: Sequence[Purpose]) -> Mapping[int, str]:
    """Somebody who heard nothing for weeks is owed the last word on a matter, not all of them."""
    if not letters:
        return {}
    query = select(
        OutboxRow.id, OutboxRow.member_id, OutboxRow.office_id, OutboxRow.subject, OutboxRow.subject_id,
        OutboxRow.rung,
    ).where(
        OutboxRow.subject.in_({each.subject for each in letters}),
        OutboxRow.subject != literal_column("''"),
        OutboxRow.subject_id.in_(_ids(letters)),
        OutboxRow.member_id.in_({each.member_id for each in letters}),
        OutboxRow.id > min(each.id for each in letters),
        OutboxRow.state.not_in((State.DROPPED.value, State.DEAD.value)),
    )  # fmt: skip
    later: dict[tuple[object, ...], list[tuple[int, str]]] = defaultdict(list)
    for letter_id, *matter, rung in unit.connection.execute(query):
        later[tuple(matter)].append((letter_id, rung))
    return {
        each.id: "后面又说过了"
        for each in letters
        if any(
            letter_id > each.id and _covers(each.subject, rung, each.rung)
            for letter_id, rung in later[each.member_id, each.office_id, each.subject, each.subject_id]
        )
    }


def _covers(subject: str, later: str, earlier: str) -> bool:
    """Whether a later rung says what an earlier one said, to the same people and more urgently."""
    if subject not in notice_ladders():
        return True
    roles = {rung.name: set(rung.to) for rung in notice_ladders()[subject].rung}
    return later in roles and earlier in roles and roles[earlier] <= roles[later]


def _left_office(unit: Unit, letters: Sequence[Purpose], now: datetime) -> Mapping[int, str]:
    """The recipient holds no post any more where they would be told as an officer."""
    if not letters:
        return {}
    query = select(Post.organisation_id, Post.member_id).where(
        Post.organisation_id.in_({each.office_id for each in letters}),
        Post.member_id.in_({each.member_id for each in letters}),
        acting(Post.kind, "organisation"),
        HELD,
    )
    held = {
        (organisation_id, member_id)
        for organisation_id, member_id in unit.connection.execute(query, {"now": now})
    }
    return {
        each.id: "收信人已经不在这个职务上"
        for each in letters
        if (each.office_id, each.member_id) not in held
    }
