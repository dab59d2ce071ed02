"""The life of a case as a table: in every state every step is allowed or refused, by the right people and with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import product

import pytest

import handlers
from models.base import DomainError
from models.case import Case, NotNow, NotYours
from models.life import RIGHTS, CaseKind, CaseState, CloseKind, Step
from models.person import Person
from models.standing import NoPost, NoRight, OwnWork
from models.store import Store, Unit
from tests.store.town import PEOPLE, Town, bring_to, build, report

TEXTS = handlers.texts()
S = CaseState
Verb = Callable[[Unit, Case, Person, datetime], object]


def _merge(unit: Unit, case: Case, by: Person, now: datetime) -> None:
    into = unit.casework.find(case.number + 1)
    unit.casework.merge(case, into, by=by, now=now)


VERBS: dict[Step, tuple[str, Verb]] = {
    # step: (who takes it rightly, how)
    Step.WITHDRAW: ("reporter", lambda u, c, by, now: u.casework.withdraw(c, by=by, now=now)),
    Step.ACCEPT: ("chair", lambda u, c, by, now: u.casework.accept(c, by=by, now=now)),
    Step.DECLINE: ("chair", lambda u, c, by, now: u.casework.decline(c, by=by, reason="不归管", now=now)),
    Step.APPEAL: ("reporter", lambda u, c, by, now: u.casework.appeal(c, by=by, reason="归管", now=now)),
    Step.TRANSFER: ("lead", lambda u, c, by, now: u.casework.transfer(c, by=by, reason="归12345", now=now)),
    Step.MERGE: ("chair", _merge),
    Step.PUBLISH: ("chair", lambda u, c, by, now: u.casework.publish(c, by=by, now=now)),
    Step.CLAIM: ("market", lambda u, c, by, now: u.claiming.claim(c, by=by, now=now)),
    Step.CO_CLAIM: ("market", lambda u, c, by, now: u.claiming.help(c, by=by, now=now)),
    Step.REVOKE: ("chair", lambda u, c, by, now: u.claiming.revoke(c, by=by, reason="换一家", now=now)),
    Step.GIVE_BACK: (
        "next_chair",
        lambda u, c, by, now: u.claiming.give_back(c, by=by, reason="没配件", now=now),
    ),
    Step.CONTACT: ("next_chair", lambda u, c, by, now: u.solving.contact(c, by=by, now=now)),
    Step.PROGRESS: ("next_chair", lambda u, c, by, now: u.solving.progress(c, by=by, note="备料", now=now)),
    Step.EXTEND_ASK: (
        "next_chair",
        lambda u, c, by, now: u.solving.ask_extension(
            c, by=by, until=date(2026, 6, 20), reason="等配件", now=now
        ),
    ),
    Step.PAUSE: ("chair", lambda u, c, by, now: u.solving.pause(c, by=by, reason="汛期", now=now)),
    Step.RESUME: ("chair", lambda u, c, by, now: u.solving.resume(c, by=by, now=now)),
    Step.RESOLVE: ("next_chair", lambda u, c, by, now: u.solving.resolve(c, by=by, note="好了", now=now)),
    Step.EVALUATE: ("reporter", lambda u, c, by, now: u.closing.evaluate(c, 4, by=by, text="", now=now)),
    Step.VISIT: (
        "branch",
        lambda u, c, by, now: u.closing.visit(c, by=by, solved=True, note="问过了", now=now),
    ),
    Step.ARCHIVE: ("chair", lambda u, c, by, now: u.closing.archive(c, by=by, now=now)),
    Step.WRITE_OFF: (
        "lead",
        lambda u, c, by, now: u.closing.write_off(c, CloseKind.SHELVED, by=by, reason="等批地", now=now),
    ),
    Step.REOPEN: ("reporter", lambda u, c, by, now: u.closing.reopen(c, by=by, reason="又坏了", now=now)),
}
WALKED = tuple(state for state in S if state is not S.DRAFT)
_HAS_IT = (S.CLAIMED, S.IN_PROGRESS, S.REWORK)
# Written down once more, on purpose: what leads where, as people agreed on it, beside what the code says.
ALLOWED: dict[Step, dict[CaseState, CaseState]] = {
    Step.WITHDRAW: dict.fromkeys((S.SUBMITTED, S.ACCEPTED, S.OPEN, *_HAS_IT), S.WITHDRAWN),
    Step.ACCEPT: {S.SUBMITTED: S.ACCEPTED},
    Step.DECLINE: {S.SUBMITTED: S.DECLINED, S.ACCEPTED: S.DECLINED},
    Step.APPEAL: {S.DECLINED: S.SUBMITTED},
    Step.TRANSFER: dict.fromkeys((S.SUBMITTED, S.ACCEPTED, S.OPEN), S.TRANSFERRED),
    Step.MERGE: dict.fromkeys((S.SUBMITTED, S.ACCEPTED, S.OPEN), S.MERGED),
    Step.PUBLISH: {S.ACCEPTED: S.OPEN},
    Step.CLAIM: dict.fromkeys((S.SUBMITTED, S.ACCEPTED, S.OPEN), S.CLAIMED),
    Step.CO_CLAIM: {state: state for state in _HAS_IT},
    Step.REVOKE: dict.fromkeys(_HAS_IT, S.OPEN),
    Step.GIVE_BACK: dict.fromkeys(_HAS_IT, S.OPEN),
    Step.CONTACT: {S.CLAIMED: S.IN_PROGRESS, S.IN_PROGRESS: S.IN_PROGRESS, S.REWORK: S.REWORK},
    Step.PROGRESS: {S.CLAIMED: S.IN_PROGRESS, S.IN_PROGRESS: S.IN_PROGRESS, S.REWORK: S.REWORK},
    Step.EXTEND_ASK: {state: state for state in _HAS_IT},
    Step.PAUSE: {state: state for state in _HAS_IT},
    Step.RESUME: {state: state for state in _HAS_IT},
    Step.RESOLVE: dict.fromkeys(_HAS_IT, S.RESOLVED),
    Step.EVALUATE: {S.RESOLVED: S.CLOSED, S.CLOSED: S.CLOSED},
    Step.VISIT: {S.RESOLVED: S.CLOSED, S.CLOSED: S.CLOSED},
    Step.ARCHIVE: {S.CLOSED: S.ARCHIVED},
    Step.WRITE_OFF: dict.fromkeys((S.ACCEPTED, S.OPEN, *_HAS_IT), S.ARCHIVED),
    Step.REOPEN: {S.CLOSED: S.REWORK, S.ARCHIVED: S.REWORK},
}


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    return build(store, now)


_WITHOUT_CLAIM = tuple(state for state in WALKED if state not in (*_HAS_IT, S.RESOLVED, S.CLOSED, S.ARCHIVED))
OTHERWISE_REFUSED = {
    # Where nobody has it in hand, the claimant's steps fail for want of a claimant before anybody asks for the state.
    *product(_WITHOUT_CLAIM, (Step.GIVE_BACK, Step.CONTACT, Step.PROGRESS, Step.EXTEND_ASK, Step.RESOLVE)),
    *product(_WITHOUT_CLAIM, (Step.CO_CLAIM,)),
    # Where somebody has, a second claim is told by whom.
    *product((*_HAS_IT, S.RESOLVED, S.CLOSED, S.ARCHIVED), (Step.CLAIM,)),
}


def attempt(
    store: Store, town: Town, number: int, step: Step, part: str, now: datetime
) -> DomainError | None:
    """Somebody tries to take a step; gives the refusal, if there is one."""
    try:
        with store.unit() as unit:
            VERBS[step][1](unit, unit.casework.find(number), town[part], now)
    except DomainError as refused:
        return refused
    return None


def sentence(error: DomainError) -> str:
    """What a person reads; fails where the sentence wants a fact that the refusal has not."""
    return TEXTS.refuse(error)


@pytest.mark.parametrize("state", WALKED)
def test_every_step_in_every_state(store: Store, town: Town, now: datetime, state: CaseState) -> None:
    later = now + timedelta(hours=1)
    for step, (part, _) in VERBS.items():
        number = report(store, town, now)
        bring_to(store, town, number, state, now)
        report(store, town, now)  # the next number, for merging into
        expected = ALLOWED[step].get(state)
        refused = attempt(store, town, number, step, part, later)
        with store.reading() as unit:
            case = unit.casework.find(number)
            if expected is None:
                assert refused is not None, f"{step} in {state} was allowed"
                assert isinstance(refused, NotNow) or (state, step) in OTHERWISE_REFUSED, refused.code
                assert sentence(refused)
                assert (case.state, case.touched_at) == (state.value, now)
            else:
                assert refused is None, f"{step} in {state}: {refused.code}"
                assert case.state == expected.value, step
                moves = [entry.state for entry in unit.timeline.of(number, 200) if entry.state]
                assert not moves or moves[-1] == expected.value


STATE_FOR = {
    # a state in which a step is possible
    Step.ACCEPT: S.SUBMITTED,
    Step.DECLINE: S.SUBMITTED,
    Step.APPEAL: S.DECLINED,
    Step.PUBLISH: S.ACCEPTED,
    Step.EVALUATE: S.RESOLVED,
    Step.VISIT: S.RESOLVED,
    Step.ARCHIVE: S.CLOSED,
    Step.REOPEN: S.CLOSED,
    **dict.fromkeys((Step.WITHDRAW, Step.TRANSFER, Step.MERGE, Step.CLAIM, Step.WRITE_OFF), S.OPEN),
}
MAY_TAKE: dict[Step, set[str]] = {
    Step.WITHDRAW: {"reporter"},
    Step.ACCEPT: {"branch", "chair", "lead"},
    Step.DECLINE: {"chair", "lead"},
    Step.APPEAL: {"reporter"},
    Step.TRANSFER: {"chair", "lead"},
    Step.MERGE: {"branch", "chair", "lead"},
    Step.PUBLISH: {"branch", "chair", "lead"},
    Step.CLAIM: {"branch", "chair", "lead", "next_chair", "market"},
    Step.CO_CLAIM: {"branch", "chair", "lead", "market"},
    Step.REVOKE: {"chair", "lead", "above"},
    Step.GIVE_BACK: {"next_chair"},
    Step.CONTACT: {"next_chair"},
    Step.PROGRESS: {"next_chair"},
    Step.EXTEND_ASK: {"next_chair"},
    Step.PAUSE: {"chair", "lead", "above"},
    Step.RESUME: {"chair", "lead", "above"},
    Step.RESOLVE: {"next_chair"},
    Step.EVALUATE: {"reporter"},
    Step.VISIT: {"branch", "chair", "lead", "above"},
    Step.ARCHIVE: {"chair", "lead", "above"},
    Step.WRITE_OFF: {"lead", "above"},
    Step.REOPEN: {"reporter", "branch", "chair", "lead"},
}


@pytest.mark.parametrize("step", VERBS)
def test_who_may_take_each_step(store: Store, town: Town, now: datetime, step: Step) -> None:
    state = STATE_FOR.get(step, S.CLAIMED)
    for part in PEOPLE:
        number = report(store, town, now)
        bring_to(store, town, number, state, now)
        report(store, town, now)
        refused = attempt(store, town, number, step, part, now)
        if (step, part) == (Step.CO_CLAIM, "next_chair"):
            # The claimant that wants to help itself is no matter of rights.
            assert refused is not None
            assert refused.code == "ClaimedByYou"
        elif part in MAY_TAKE[step]:
            assert refused is None, f"{part} may {step}: {refused.code}"
        else:
            assert isinstance(refused, NoRight | NotYours | OwnWork | NoPost), f"{part} may not {step}"
            assert sentence(refused)


def test_every_step_has_its_rights_and_the_table_knows_every_verb() -> None:
    by_others = {
        Step.SUBMIT,
        Step.JOIN,
        Step.INVITE,
        Step.LAPSE,
        Step.EXTEND,
        Step.REWORK,
        Step.EXPIRE,
        Step.RELIST,
    }
    by_others.add(Step.HAND_ON)
    assert set(Step) - set(VERBS) == by_others
    assert set(Step) - {Step.JOIN} == set(RIGHTS)


def test_whoever_handles_a_case_cannot_close_it(store: Store, town: Town, now: datetime) -> None:
    """Not by a visit, not by writing it off, not by taking it off the list: even the chair who has it in hand itself."""
    for part in ("chair", "lead", "branch"):
        number = report(store, town, now)
        with store.unit() as unit:
            case = unit.casework.find(number)
            unit.claiming.claim(case, by=town[part], now=now)
        for verb in (
            lambda u, c, p: u.closing.write_off(c, CloseKind.STUDY, by=town[p], reason="研判过", now=now),
            lambda u, c, p: u.solving.pause(c, by=town[p], reason="等", now=now),
        ):
            with pytest.raises((OwnWork, NoRight)), store.unit() as unit:
                verb(unit, unit.casework.find(number), part)
        with store.unit() as unit:
            unit.solving.resolve(unit.casework.find(number), by=town[part], note="好了", now=now)
        with pytest.raises(OwnWork), store.unit() as unit:
            unit.closing.visit(unit.casework.find(number), by=town[part], solved=True, note="好", now=now)
        with store.unit() as unit:
            unit.closing.evaluate(unit.casework.find(number), 5, by=town["reporter"], text="", now=now)
        with pytest.raises((OwnWork, NoRight)), store.unit() as unit:
            unit.closing.archive(unit.casework.find(number), by=town[part], now=now)


def test_the_chairs_rights_begin_and_end_with_the_term(store: Store, town: Town, now: datetime) -> None:
    last_minute = datetime.fromisoformat("2026-05-31T23:59:59+08:00")
    first_minute = datetime.fromisoformat("2026-06-01T00:00:00+08:00")
    number = report(store, town, now)
    with pytest.raises(NoRight), store.unit() as unit:
        unit.casework.accept(unit.casework.find(number), by=town["next_chair"], now=last_minute)
    with pytest.raises(NoRight), store.unit() as unit:
        unit.casework.accept(unit.casework.find(number), by=town["chair"], now=first_minute)
    with store.unit() as unit:
        unit.casework.accept(unit.casework.find(number), by=town["next_chair"], now=first_minute)


@pytest.mark.parametrize(
    ("kind", "label"), [(CaseKind.NEED, "待受理"), (CaseKind.PROBLEM, "待梳理"), (CaseKind.PROJECT, "待公示")]
)
def test_staff_and_members_read_their_own_words(
    store: Store, town: Town, now: datetime, kind: CaseKind, label: str
) -> None:
    number = report(store, town, now, kind=kind)
    with store.reading() as unit:
        case = unit.casework.find(number)
        assert (case.face, case.label) == ("已收到", label)


def test_members_read_few_faces(store: Store, town: Town, now: datetime) -> None:
    faces = {}
    for state in WALKED:
        number = report(store, town, now)
        bring_to(store, town, number, state, now)
        with store.reading() as unit:
            faces[state.value] = unit.casework.find(number).face
    assert set(faces.values()) - {"已收到", "在找单位", "正在办", "请您评", "已办完"} == {
        "没办成", "已撤回", "已转给别处", "已并到同一件事",
    }  # fmt: skip


def test_products_of_states_and_steps_are_complete() -> None:
    assert len(list(product(WALKED, VERBS))) == 13 * 22
