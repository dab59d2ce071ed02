"""What whoever runs the account sees at one glance, and the roster as pages show it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.agenda import About
from models.audit import Actor, Wanted
from models.identity import BindingDecided, BindingRequest, RequestSettled, RequestUnknown
from models.letter import Outcome, Verdict
from models.life import RATE_WINDOW, CaseState
from models.organisation import Post, PostKind
from models.received import Entry
from models.remit import Reach
from models.roll import MemberUnknown, SeeingNeedsReason
from models.store import Store, Unit
from tests.store.town import Town, bring_to, build, report

EVERYWHERE = Reach(everything=True)
WANG = Actor(None, "wang", "10.0.0.1")


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town on each kind of database."""
    return build(store, now)


def reaches(town: Town) -> dict[str, Reach]:
    """Parts of it, by whether the village and its cases lie in them."""
    return {
        "everywhere": EVERYWHERE,
        "above": Reach(organisations=frozenset((town.organisations["county"],))),
        "itself": Reach(organisations=frozenset((town.organisations["village"],))),
        "consortium": Reach(consortia=frozenset((town.consortium,))),
        "far": Reach(organisations=frozenset((town.organisations["far"],))),
        "nowhere": Reach(),
    }


INSIDE = ["everywhere", "above", "itself", "consortium"]
OUTSIDE = ["far", "nowhere"]


def expect(found: dict[str, int], count: int) -> None:
    """So many where the village lies within, none elsewhere."""
    assert found == dict.fromkeys(INSIDE, count) | dict.fromkeys(OUTSIDE, 0)


# ---- overdue, unanswered, solved, misread


def test_what_is_overdue_is_shown_to_whom_it_concerns(store: Store, town: Town, now: datetime) -> None:
    number = report(store, town, now)
    report(store, town, now + timedelta(minutes=1))
    with store.unit() as unit:
        unit.clocks.begin_missing(now)
    with store.unit() as unit:
        assert unit.overview.overdue(EVERYWHERE, now, 5) == ([], 0)
        later = now + timedelta(days=9)
        expect({name: unit.overview.overdue(reach, later, 1)[1] for name, reach in reaches(town).items()}, 2)
        [line], _ = unit.overview.overdue(EVERYWHERE, later, 1)
        assert (line.number, line.organisation, line.waits_for) == (number, "朝阳沟村党支部", "accept")
        unit.clocks.pause(number, now)
    with store.reading() as unit:
        assert unit.overview.overdue(EVERYWHERE, later, 5)[1] == 1, "what stands still is not late"


def test_what_only_the_handlers_may_read_is_not_in_the_overview(
    store: Store, town: Town, now: datetime
) -> None:
    report(store, town, now, private=True)
    with store.unit() as unit:
        unit.clocks.begin_missing(now)
    with store.reading() as unit:
        [line], _ = unit.overview.overdue(EVERYWHERE, now + timedelta(days=9), 5)
        assert "路灯" not in line.text


def _answered(unit: Unit, town: Town, now: datetime) -> None:
    whom = town["branch"].member_id
    [asked] = unit.asking.open_to(whom, now)
    unit.asking.answer(asked, whom, now)


def _moved(unit: Unit, town: Town, now: datetime) -> None:
    unit.agendas.move("term", 1, now + timedelta(days=9), now, anew=True)


def test_who_did_not_answer(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        agenda = unit.agendas.plan("term", 1, now + timedelta(days=7))
        unit.inbox.greet("o1", wrote=True, gesture=False, now=now)
        unit.identities.of("o1").bind(town["branch"].member_id, now)
        unit.organisations.appoint(
            Post.appoint(
                member_id=town["neighbour"].member_id,
                organisation_id=town.organisations["village"],
                kind=PostKind.SECRETARY,
                since=now,
            )
        )
        for key in ("branch", "neighbour"):  # the second is on no WeChat
            unit.outbox.post(
                key=key,
                kind="turn",
                text="x",
                fields={},
                now=now,
                member_id=town[key].member_id,
                office_id=town.organisations["village"],
                about=About(subject="term", subject_id=1, edition=agenda.edition, rung="week", asks=True),
            )
    with store.reading() as unit:
        assert unit.overview.unanswered(EVERYWHERE, now, 5)[1] == 0, "not sent yet"
    with store.unit() as unit:
        [letter] = unit.outbox.lease(now, 5)
        unit.outbox.settle(letter.id, Outcome(verdict=Verdict.ACCEPTED, channel="custom"), now)
    with store.reading() as unit:
        expect({name: unit.overview.unanswered(reach, now, 5)[1] for name, reach in reaches(town).items()}, 1)
        [line], _ = unit.overview.unanswered(EVERYWHERE, now, 5)
        assert (line.organisation, line.subject, line.state) == ("朝阳沟村党支部", "term", "sent")
        assert unit.overview.unanswered(EVERYWHERE, now + timedelta(days=31), 5)[1] == 0
    for settle in (_answered, _moved):
        with store.session() as session:
            unit = store.unit_in(session)
            settle(unit, town, now)
            assert unit.overview.unanswered(EVERYWHERE, now, 5) == ([], 0)
            session.rollback()


def test_what_was_solved(store: Store, town: Town, now: datetime) -> None:
    for minute, state in enumerate(
        (CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.DECLINED, CaseState.OPEN)
    ):
        moment = now + timedelta(minutes=minute)
        bring_to(store, town, report(store, town, moment), state, moment)
    moment = now + timedelta(minutes=9)
    silent = report(store, town, moment)
    bring_to(store, town, silent, CaseState.RESOLVED, moment)
    with store.unit() as unit:
        assert unit.closing.expire_unrated(moment + RATE_WINDOW + timedelta(minutes=1))
        assert unit.casework.find(silent).state == CaseState.CLOSED.value
    with store.reading() as unit:
        expect({name: unit.overview.solved(reach, now, 5)[1] for name, reach in reaches(town).items()}, 1)
        assert unit.overview.solved(EVERYWHERE, now + timedelta(days=1), 5) == ([], 0)


def test_of_how_many_messages_nothing_could_be_made(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        for openid, part in (("o1", "reporter"), ("o2", "stranger"), ("o3", None)):
            unit.inbox.greet(openid, wrote=True, gesture=False, now=now)
            if part is not None:
                unit.identities.of(openid).bind(town[part].member_id, now)
            for key, handler, fault in (
                ("a", "fallback.anything", ""),
                ("b", "mine.look", ""),
                ("c", "", "E1"),
            ):
                unit.inbox.remember(
                    Entry(
                        key=openid + key, openid=openid, kind="text", body="{}", parse=None, version="1",
                        handler=handler, reply=None, fault=fault, at=now,
                    )
                )  # fmt: skip
    with store.reading() as unit:
        found = unit.overview.misread(EVERYWHERE, now)
        assert (found.messages, found.not_understood, found.broken) == (9, 3, 3)
        theirs = unit.overview.misread(reaches(town)["above"], now)
        assert (theirs.messages, theirs.not_understood, theirs.broken) == (3, 1, 1)
        assert unit.overview.misread(EVERYWHERE, now + timedelta(seconds=1)).messages == 0


def test_letters_by_their_state_and_why_they_were_given_up(store: Store, town: Town, now: datetime) -> None:
    with store.unit() as unit:
        unit.inbox.greet("o1", wrote=True, gesture=False, now=now)
        for key in "abc":
            unit.outbox.post(key=key, kind="x", text="t", fields={}, now=now, openid="o1")
        for key, whom in (("d", {"member_id": town["neighbour"].member_id}), ("e", {"openid": "nobody"})):
            unit.outbox.post(key=key, kind="x", text="t", fields={}, now=now, **whom)  # type: ignore[arg-type]
    with store.unit() as unit:
        letters = unit.outbox.lease(now, 9)
        unit.outbox.settle(letters[0].id, Outcome(verdict=Verdict.DEAD, reason="对方已被移入黑名单"), now)
        unit.outbox.settle(letters[1].id, Outcome(verdict=Verdict.ACCEPTED, channel="custom"), now)
    with store.reading() as unit:
        counts = {line.state: line.count for line in unit.overview.letters(now)}
        assert counts == {"dead": 1, "sent": 1, "pending": 1, "call": 1, "dropped": 1}
        assert unit.overview.failures(now) == [("对方已被移入黑名单", 1)]


# ---- the roster


def test_organisations_are_found_by_name_and_by_code(store: Store, town: Town, now: datetime) -> None:
    def found(words: str, reach: Reach = EVERYWHERE) -> set[str]:
        with store.reading() as unit:
            lines, total = unit.roll.organisations(reach, words, now, limit=50, offset=0)
            assert len(lines) == total
            return {line.code for line in lines}

    assert found("支部") == {"village", "tax", "power", "market", "far"}
    assert found("PO") == {"power"}
    assert found("%") == set()
    assert found("_") == set()
    assert found("支部", reaches(town)["above"]) == {"village", "tax", "power"}
    assert found("", reaches(town)["nowhere"]) == set()


def test_a_page_of_organisations_counts_their_people(store: Store, town: Town, now: datetime) -> None:
    with store.reading() as unit:
        lines, total = unit.roll.organisations(EVERYWHERE, "", now, limit=3, offset=1)
        assert total == 7
        assert [(line.code, line.parent, line.members, line.officers) for line in lines] == [
            ("town", "县委组织部", 1, 1),
            ("village", "官地镇党委", 3, 1),
            ("tax", "县委组织部", 1, 1),
        ]
        assert unit.roll.organisation(99_999, now) is None


def test_officers_are_those_who_hold_a_post_at_that_moment(store: Store, town: Town, now: datetime) -> None:
    village, noon = town.organisations["village"], now + timedelta(hours=3)
    with store.unit() as unit:
        [post] = unit.organisations.held_by(town["branch"].member_id, village)
        post.leave(noon)
        unit.organisations.appoint(
            Post.appoint(
                member_id=town["stranger"].member_id,
                organisation_id=village,
                kind=PostKind.SECRETARY,
                since=noon,
            )
        )
        unit.organisations.appoint(
            Post.appoint(
                member_id=town["neighbour"].member_id,
                organisation_id=village,
                kind=PostKind.of_code("committee"),
                since=now,
            )
        )

    def at(moment: datetime) -> tuple[list[tuple[str, str]], int]:
        with store.reading() as unit:
            found = [(one.post, one.name) for one in unit.roll.officers(village, moment)]
            line = unit.roll.organisation(village, moment)
            assert line is not None
            return found, line.officers

    assert at(now) == ([("联络员", "李**"), ("委员", "王**")], 1), "a committee's member acts for nobody"
    assert at(noon) == ([("书记", "白*"), ("委员", "王**")], 1)
    with store.unit() as unit:
        reason, stranger = "核对任职", town["stranger"].member_id
        with pytest.raises(MemberUnknown):
            unit.roll.see_member(stranger, village, reason=reason, by=WANG, now=now)
        assert unit.roll.see_member(stranger, village, reason=reason, by=WANG, now=noon).name == "白音"


def test_people_are_masked(store: Store, town: Town, now: datetime) -> None:
    with store.reading() as unit:
        village = town.organisations["village"]
        members, total = unit.roll.members(village, limit=2, offset=1)
        assert (total, [(one.name, one.phone) for one in members]) == (
            3,
            [("王**", "138****0001"), ("李**", "138****0002")],
        )
        assert [(one.post, one.name) for one in unit.roll.officers(village, now)] == [("联络员", "李**")]


def test_seeing_somebody_needs_a_reason_and_is_written_down(store: Store, town: Town, now: datetime) -> None:
    village, far = town.organisations["village"], town.organisations["far"]
    member = town["neighbour"].member_id
    with store.unit() as unit:
        for reason in ("", "  ", "x"):
            with pytest.raises(SeeingNeedsReason):
                unit.roll.see_member(member, village, reason=reason, by=WANG, now=now)
        for somebody, organisation in ((member, far), (99_999, village)):
            with pytest.raises(MemberUnknown):
                unit.roll.see_member(somebody, organisation, reason="回访", by=WANG, now=now)
        assert unit.audit.page(Wanted(), limit=1, offset=0)[1] == 0
        opened = unit.roll.see_member(member, village, reason="回访", by=WANG, now=now)
        assert (opened.name, opened.phone) == ("王秀英", "13800000001")
        [row], _ = unit.audit.page(Wanted(), limit=1, offset=0)
        assert (row.actor, row.action, row.named, row.reason) == ("wang", "member_seen", "王**", "回访")


def ask(store: Store, town: Town, now: datetime, openid: str = "oNew") -> int:
    """Somebody asks the village to be recognised."""
    with store.unit() as unit:
        unit.inbox.greet(openid, wrote=True, gesture=False, now=now)
        return unit.identities.ask(
            BindingRequest.ask(
                openid=openid,
                name="马小军",
                phone="13911112222",
                organisation_id=town.organisations["village"],
                vault=unit.vault,
                now=now,
            )
        ).id


@pytest.mark.parametrize("approved", [True, False])
def test_a_word_from_the_pages_counts_like_the_officers(
    approved: bool, store: Store, town: Town, now: datetime
) -> None:
    number, village = ask(store, town, now), town.organisations["village"]
    with store.unit() as unit:
        assert [(one.number, one.name, one.phone) for one in unit.roll.open_requests(village)] == [
            (number, "马**", "139****2222")
        ]
        with pytest.raises(RequestUnknown):
            unit.roll.decide(number, town.organisations["far"], approved=approved, by=WANG, now=now)
        unit.happenings.clear()
        unit.roll.decide(number, village, approved=approved, by=WANG, now=now)
        assert [type(each) for each in unit.happenings] == [BindingDecided]
        with pytest.raises(RequestSettled):
            unit.roll.decide(number, village, approved=approved, by=WANG, now=now)
    with store.reading() as unit:
        assert unit.roll.open_requests(village) == []
        assert (unit.identities.of("oNew").member_id is not None) == approved
        [row], _ = unit.audit.page(Wanted(), limit=1, offset=0)
        assert (row.action, row.named) == ("request_approved" if approved else "request_refused", "马**")


def test_a_request_is_seen_with_a_reason_too(store: Store, town: Town, now: datetime) -> None:
    number, village = ask(store, town, now), town.organisations["village"]
    with store.unit() as unit:
        with pytest.raises(SeeingNeedsReason):
            unit.roll.see_request(number, village, reason="", by=WANG, now=now)
        with pytest.raises(RequestUnknown):
            unit.roll.see_request(number, town.organisations["tax"], reason="核对", by=WANG, now=now)
        assert unit.roll.see_request(number, village, reason="核对", by=WANG, now=now).phone == "13911112222"
