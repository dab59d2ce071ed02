"""What the year has to show, judged from three sides: what had to be told, what the ledger says, what phones got."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.year import oracle as oracles
from tests.year.oracle import Expected, Oracle, Row
from tests.year.platform import Arrived, Platform

REACHED = ("sent", "delivered")
TO_CALL = ("call", "called", "waiting")
"""On the list of those who are phoned, or said with the person's next message."""
LATEST = timedelta(hours=30)
"""Nothing that could be sent may take longer, the night and all trouble included."""


@dataclass
class Verdict:
    """The year in figures, and everything that was wrong."""

    expected: int = 0
    reached: int = 0
    to_call: int = 0
    needless: int = 0
    """Dropped because the turn had moved or somebody had answered before it left."""
    letters: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Why those wait that wait, or were dropped."""
    arrived: int = 0
    repeated: list[Arrived] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def judge(oracle: Oracle, platform: Platform, rows: list[Row], began: datetime, ended: datetime) -> Verdict:
    """Holds the three against each other."""
    verdict = Verdict(letters=oracles.by_state(rows), arrived=len(platform.arrived))
    verdict.reasons.update(
        f"{row.state} {row.kind}: {row.reason}" for row in rows if row.state in ("waiting", "dropped", "dead")
    )
    _told(verdict, oracle, rows, began, ended)
    _ended(verdict, rows, ended)
    _phones(verdict, platform, rows)
    _purposes(verdict, oracle, platform, rows)
    verdict.repeated = oracles.repeated(platform.arrived)
    return verdict


def _told(verdict: Verdict, oracle: Oracle, rows: list[Row], began: datetime, ended: datetime) -> None:
    """Every due notice reached its person, or is on the list of calls."""
    letters: dict[tuple[int | None, str, int | None], list[Row]] = defaultdict(list)
    by_person: dict[tuple[int | None, int | None], list[Row]] = defaultdict(list)
    for row in rows:
        if row.subject == "term":
            letters[row.subject_id, row.rung, row.member_id].append(row)
            by_person[row.subject_id, row.member_id].append(row)
    for each in oracle.expected(began, ended - LATEST):
        verdict.expected += 1
        found = [
            row
            for row in letters[each.turn.id, each.rung, each.member_id]
            if each.at <= row.created_at < each.at + timedelta(hours=2)
        ]
        if not found:
            verdict.faults.append(f"never told: {each}")
            continue
        states = {row.state for row in found}
        if states & set(REACHED):
            verdict.reached += 1
        elif states & set(TO_CALL):
            verdict.to_call += 1
        elif states == {"dropped"} and (
            _had_gone(oracle, each, found[0])
            or _said_again(found[-1], by_person[each.turn.id, each.member_id])
        ):
            verdict.needless += 1
        else:
            verdict.faults.append(f"not reached: {each} {found}")


def _had_gone(oracle: Oracle, each: Expected, row: Row) -> bool:
    """Whether a letter that was dropped had indeed lost its purpose by then."""
    at = row.settled_at or row.created_at
    moved = all(turn.id != each.turn.id or turn != each.turn for turn, _ in oracle.turns.values())
    answered = any(answer <= at for answer in oracle.answers[each.turn.id])
    return moved or answered or at - each.at > timedelta(days=1)


def _said_again(dropped: Row, of_the_same: list[Row]) -> bool:
    """Whether a later notice of the same turn, which says it more urgently, reached the person or is to be phoned."""
    return any(row.id > dropped.id and row.state in (*REACHED, *TO_CALL) for row in of_the_same)


def _ended(verdict: Verdict, rows: list[Row], ended: datetime) -> None:
    """No letter hangs in the air, and none died."""
    for row in rows:
        if row.state == "dead":
            verdict.faults.append(f"dead: {row}")
        if row.state == "pending" and row.created_at < ended - timedelta(days=3):
            verdict.faults.append(f"still pending: {row}")


def _phones(verdict: Verdict, platform: Platform, rows: list[Row]) -> None:
    """What the ledger calls sent is on the phone; nobody was disturbed at night but for what cannot wait."""
    by_message = defaultdict(list)
    for arrival in platform.arrived:
        by_message[arrival.client_msg_id].append(arrival)
    by_id = {f"sqs{row.id}": row for row in rows}
    lost = set(platform.swallowed)
    for row in rows:
        if row.state in REACHED and row.channel == "template" and not _is_there(row, by_message, lost):
            verdict.faults.append(f"called sent, but on no phone: {row}")
    for arrival in platform.arrived:
        sent = by_id.get(arrival.client_msg_id)
        if sent is not None and oracles.at_night(arrival.at) and sent.priority > 0:
            verdict.faults.append(f"at night: {arrival} {sent}")


def _is_there(row: Row, by_message: dict[str, list[Arrived]], lost: set[str]) -> bool:
    message = f"sqs{row.bundle_id or row.id}"
    return bool(by_message.get(message)) or message in lost


def _purposes(verdict: Verdict, oracle: Oracle, platform: Platform, rows: list[Row]) -> None:
    """No notice of a turn arrived after that turn had become another, no escalation after the answer."""
    by_id = {f"sqs{row.id}": row for row in rows}
    escalating = {rung for rung, *_, escalates in oracles.LADDER if escalates}
    for arrival in platform.arrived:
        row = by_id.get(arrival.client_msg_id)
        if row is None or row.subject != "term" or row.subject_id is None:
            continue
        for turn, _, until in oracle.past:
            gone = turn.id == row.subject_id and row.created_at < until - timedelta(minutes=1)
            if gone and arrival.at > until + timedelta(minutes=1) and row.rung != "changed":
                verdict.faults.append(f"told of what was no longer so: {arrival} {row}")
        answers = oracle.answers[row.subject_id]
        if row.rung in escalating and any(
            row.created_at < answer < arrival.at - timedelta(minutes=1) for answer in answers
        ):
            verdict.faults.append(f"escalated after the answer: {arrival} {row}")
