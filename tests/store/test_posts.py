"""Posts: held to the minute, in every process; what each kind lets somebody do; posts in consortia."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.engine.mind import StoredMind
from bot.language import Language
from bot.work.rounds import LOOK_S
from models.book import signers
from models.case import Case
from models.life import CaseState, Role, Step
from models.member import Member
from models.moment import SHANGHAI
from models.person import Person
from models.post import JointPost, Post, PostBackwards, PostElsewhere, PostHeld, PostKind, PostOver
from models.standing import NoRight, OwnWork, Standing
from models.store import Store, Unit
from models.vault import Vault
from tests.store.tables import MEMBERS, Bring
from tests.store.town import Town, bring_to, build, report

SECOND = timedelta(seconds=1)
TEN = datetime(2026, 5, 11, 10, 0, tzinfo=SHANGHAI)
NOON = datetime(2026, 5, 11, 12, 0, tzinfo=SHANGHAI)
JOINT = {kind.label: kind for kind in PostKind.all() if kind.of == "consortium"}
"""The kinds of posts in consortia by what people say."""
COMMITTEE = PostKind.of_code("committee")
VICE = PostKind.of_code("vice_secretary")


@pytest.fixture
def town(store: Store, now: datetime) -> Town:
    """The town on the database of the test."""
    return build(store, now)


def appoint(
    store: Store,
    town: Town,
    part: str,
    organisation: str,
    kind: PostKind,
    since: date | datetime,
    until: date | datetime | None = None,
) -> None:
    """Gives one of the town a post."""
    with store.unit() as unit:
        unit.posts.appoint(
            member_id=town[part].member_id,
            organisation_id=town.organisations[organisation],
            kind=kind,
            since=since,
            until=until,
        )


def send(store: Store, town: Town, part: str, kind: PostKind, since: date | datetime) -> None:
    """Gives one of the town a post in the consortium."""
    with store.unit() as unit:
        unit.posts.appoint_jointly(
            member_id=town[part].member_id,
            organisation_id=town[part].organisation_id,
            consortium_id=town.consortium,
            kind=kind,
            since=since,
        )


def offices(store: Store, town: Town, part: str, at: datetime) -> set[str]:
    """For whom somebody may act at a moment."""
    codes = {number: code for code, number in town.organisations.items()}
    with store.reading() as unit:
        return {codes[each] for each in unit.organisations.offices_of(town[part].member_id, at)}


def standing(store: Store, person: Person, number: int, at: datetime) -> Standing:
    """What somebody is to a case at a moment."""
    with store.reading() as unit:
        return unit.standings.of(unit.casework.find(number), person, at)


def test_who_is_appointed_at_ten_may_at_ten(store: Store, town: Town) -> None:
    appoint(store, town, "neighbour", "village", PostKind.LIAISON, TEN, NOON)
    assert offices(store, town, "neighbour", TEN - SECOND) == set()
    assert offices(store, town, "neighbour", TEN) == {"village"}
    assert offices(store, town, "neighbour", TEN + SECOND) == {"village"}
    assert offices(store, town, "neighbour", NOON - SECOND) == {"village"}
    assert offices(store, town, "neighbour", NOON) == set()


def test_days_begin_and_end_at_midnight_in_chifeng(store: Store, town: Town) -> None:
    appoint(store, town, "neighbour", "village", PostKind.DEPUTY, date(2026, 6, 1), date(2026, 7, 1))
    first, end = (datetime(2026, month, 1, tzinfo=SHANGHAI) for month in (6, 7))
    assert offices(store, town, "neighbour", first - SECOND) == set()
    assert offices(store, town, "neighbour", first.astimezone(UTC)) == {"village"}
    assert offices(store, town, "neighbour", end - SECOND) == {"village"}
    assert offices(store, town, "neighbour", end) == set()


def test_a_card_that_is_kept_in_memory_follows_the_clock(store: Store, town: Town) -> None:
    appoint(store, town, "neighbour", "village", PostKind.LIAISON, TEN, NOON)
    village = town.organisations["village"]

    def desk(at: datetime) -> list[str]:
        with store.reading() as unit:
            return [officer.name for officer in unit.card(village, at).desk]

    for _ in range(2):  # forwards, and once more from the beginning
        assert desk(TEN - SECOND) == ["李春梅"]
        assert desk(TEN) == ["李春梅", "王秀英"]
        assert desk(NOON - SECOND) == ["李春梅", "王秀英"]
        assert desk(NOON) == ["李春梅"]


def test_who_left_may_do_nothing_from_that_moment(store: Store, town: Town) -> None:
    number = report(store, town, TEN)
    with store.unit() as unit:
        unit.claiming.claim(unit.casework.find(number), by=town["next_chair"], now=TEN)
    with store.unit() as unit:
        [post] = unit.posts.of_member(town["next_chair"].member_id)
        unit.posts.dismiss(post, NOON)
    assert Role.HANDLER in standing(store, town["next_chair"], number, NOON - SECOND).roles
    assert standing(store, town["next_chair"], number, NOON).roles == frozenset()
    with store.unit() as unit, pytest.raises(NoRight):
        unit.solving.progress(unit.casework.find(number), by=town["next_chair"], note="去了", now=NOON)
    with store.unit() as unit:
        [kept] = unit.posts.of_member(town["next_chair"].member_id)
        assert (kept.ends_at, kept.until) == (NOON, NOON.date()), "history is kept"
        with pytest.raises(PostOver):
            unit.posts.dismiss(kept, NOON)


def test_who_left_the_roster_holds_no_post(store: Store, town: Town) -> None:
    send(store, town, "chair", JOINT["管理员"], TEN)
    with store.unit() as unit:
        unit.session.get_one(Member, town["chair"].member_id).left_at = TEN
    assert offices(store, town, "chair", NOON) == set()
    with store.reading() as unit:
        assert unit.posts.acts_in(town["chair"].member_id, NOON) == frozenset()


@pytest.fixture
def other_process(store: Store, vault: Vault) -> Iterator[Store]:
    """The same database as another process has it open, with a directory of its own."""
    opened = Store(store.engine.url.render_as_string(hide_password=False).replace("+psycopg", ""), vault)
    yield opened
    opened.close()


def test_every_process_hears_of_a_post_with_its_next_look(
    store: Store, other_process: Store, town: Town, now: datetime
) -> None:
    """Each process looks every second; rights themselves are asked of the database, so they change with the commit."""
    assert LOOK_S <= 1
    language = Language()
    processes = [(each, StoredMind(each, now.date(), language)) for each in (store, other_process)]
    village = town.organisations["village"]

    def desks() -> list[list[str]]:
        found = []
        for process, _ in processes:
            with process.reading() as unit:
                found.append([officer.name for officer in unit.card(village, NOON).desk])
        return found

    assert desks() == [["李春梅"]] * 2
    appoint(store, town, "neighbour", "village", PostKind.LIAISON, TEN)
    assert offices(other_process, town, "neighbour", NOON) == {"village"}
    for _, mind in processes:
        mind.refresh(now.date())
    assert desks() == [["李春梅", "王秀英"]] * 2
    with store.unit() as unit:
        [post] = unit.posts.of_member(town["neighbour"].member_id)
        unit.posts.dismiss(post, TEN + SECOND)
    assert offices(other_process, town, "neighbour", NOON) == set()
    for _, mind in processes:
        mind.refresh(now.date())
    assert desks() == [["李春梅"]] * 2


def test_nobody_holds_one_post_twice_at_a_time(store: Store, town: Town) -> None:
    appoint(store, town, "neighbour", "village", COMMITTEE, TEN, NOON)
    with pytest.raises(PostHeld):
        appoint(store, town, "neighbour", "village", COMMITTEE, NOON - SECOND)
    appoint(store, town, "neighbour", "village", COMMITTEE, NOON)
    appoint(store, town, "neighbour", "town", COMMITTEE, NOON)
    send(store, town, "neighbour", JOINT["兼任委员"], TEN)
    with pytest.raises(PostHeld):
        send(store, town, "neighbour", JOINT["兼任委员"], NOON)


def test_a_post_stands_where_it_belongs_and_ends_after_it_begins() -> None:
    facts = {"member_id": 1, "organisation_id": 1}
    with pytest.raises(PostElsewhere):
        Post.appoint(**facts, kind=JOINT["兼任委员"], since=TEN)
    with pytest.raises(PostElsewhere):
        JointPost.appoint(**facts, consortium_id=1, kind=PostKind.LIAISON, since=TEN)
    with pytest.raises(PostBackwards):
        Post.appoint(**facts, kind=PostKind.LIAISON, since=NOON, until=TEN)
    post = Post.appoint(**facts, kind=PostKind.LIAISON, since=NOON)
    post.leave(TEN)
    assert not post.holds(NOON), "one that was not begun never is"


def test_what_a_kind_of_post_lets_somebody_do_is_data(store: Store, town: Town) -> None:
    appoint(store, town, "neighbour", "village", COMMITTEE, TEN)
    assert offices(store, town, "neighbour", NOON) == set(), "委员 does not act for the branch"
    appoint(store, town, "neighbour", "village", VICE, TEN)
    assert offices(store, town, "neighbour", NOON) == {"village"}
    with store.reading() as unit:
        officers = unit.organisations.officers(town.organisations["village"], NOON)
    assert [officer.post.label for officer in officers] == ["联络员", "副书记"]
    assert [officer.post.label for officer in signers(officers)] == ["联络员", "副书记"], "no secretary there"
    appoint(store, town, "reporter", "village", PostKind.SECRETARY, TEN)
    with store.reading() as unit:
        officers = unit.organisations.officers(town.organisations["village"], NOON)
    assert [officer.post.label for officer in signers(officers)] == ["书记"]
    assert [officer.post.label for officer in officers if officer.post.told] == ["书记"]


def test_the_kinds_of_posts_are_whole() -> None:
    kinds = PostKind.all()
    assert len({kind.value for kind in kinds}) == len(kinds)
    assert len({(kind.of, kind.label) for kind in kinds}) == len(kinds)
    assert {kind.label for kind in kinds if kind.table} == {"书记", "联络员", "备岗"}, (
        "what the roster may say"
    )
    assert all(kind.acts for kind in kinds if kind.signs or kind.desk)
    assert PostKind.of_code("gone") == PostKind("gone", "gone", "organisation")
    assert PostKind.of_code("secretary") is PostKind.SECRETARY


# ---- posts in a consortium -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "roles"), [("书记", {Role.LEAD}), ("管理员", {Role.LEAD}), ("兼任委员", set())]
)
def test_what_a_post_in_a_consortium_makes_of_somebody(
    store: Store, town: Town, label: str, roles: set[Role]
) -> None:
    number = report(store, town, TEN)
    send(store, town, "stranger", JOINT[label], TEN)
    found = standing(store, town["stranger"], number, NOON)
    assert found.roles == roles
    assert found.organisations.get(Role.LEAD) in (None, town.organisations["town"]), "as its lead"
    assert standing(store, town["stranger"], number, TEN - SECOND).roles == frozenset()
    with store.reading() as unit:
        drawn = unit.books.desks(town["stranger"], NOON)
        [delegate] = unit.posts.committee(town.consortium, NOON)
        assert unit.posts.jointly_held_by(town["stranger"].member_id, NOON) == [delegate]
        assert unit.posts.committee(town.consortium, TEN - SECOND) == []
    assert [each.id for each in drawn] == ([town.consortium] if roles else [])
    assert delegate.title == f"官地联合党委{label}白音"


def test_who_acts_for_a_consortium_does_not_judge_their_own_organisation(store: Store, town: Town) -> None:
    number = report(store, town, TEN)
    bring_to(store, town, number, CaseState.CLAIMED, TEN)  # the power company has it
    with store.unit() as unit:
        [own] = unit.posts.of_member(town["next_chair"].member_id)
        unit.posts.dismiss(own, TEN)
    send(store, town, "next_chair", JOINT["管理员"], TEN)
    send(store, town, "market", JOINT["管理员"], TEN)
    with store.reading() as unit:
        case: Case = unit.casework.find(number)
        lead = town.organisations["town"]
        assert unit.standings.of(case, town["market"], NOON).allow(Step.PAUSE, case) == lead
        with pytest.raises(OwnWork):
            unit.standings.of(case, town["next_chair"], NOON).allow(Step.PAUSE, case)


def test_the_committee_is_said_in_the_order_of_the_data(store: Store, town: Town) -> None:
    for part, label in [("chair", "兼任委员"), ("market", "管理员"), ("lead", "书记")]:
        send(store, town, part, JOINT[label], TEN)
    with store.reading() as unit:
        assert [each.post.label for each in unit.posts.committee(town.consortium, NOON)] == [
            "书记",
            "管理员",
            "兼任委员",
        ]


# ---- the roster that is imported -----------------------------------------------------------------


def test_the_roster_leaves_posts_alone_that_it_cannot_name(
    filled: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)

    def held(unit: Unit) -> set[str]:
        li = unit.members.with_phone("13800002222")
        assert li is not None
        return {post.post.label for post in unit.posts.of_member(li.id) if post.holds(datetime.now(UTC))}

    with sqlite_store.unit() as unit:
        li = unit.members.with_phone("13800002222")
        assert li is not None
        unit.posts.appoint(member_id=li.id, organisation_id=li.organisation_id, kind=VICE, since=now)
    rows = [[*row] for row in MEMBERS]
    rows[2][3] = "联络员"
    assert filled("members", rows) == 0
    with sqlite_store.reading() as unit:
        assert held(unit) == {"联络员", "副书记"}
    rows[2][2] = "B"
    assert filled("members", rows) == 0
    with sqlite_store.reading() as unit:
        assert held(unit) == {"联络员"}, "whoever moves on leaves all posts behind"
    rows[2][3] = "副书记"
    assert filled("members", rows) == 1
    assert "“职务”只能是书记、联络员、备岗或空着" in capsys.readouterr().err


def test_a_release_before_this_one_may_still_write(
    store: Store, town: Town, make_post: Callable[[str], None]
) -> None:
    make_post("NULL")
    assert offices(store, town, "neighbour", NOON) == {"village"}, "held at once"
    make_post("'2026-05-11'")
    with store.unit() as unit:
        unit.session.execute(text("UPDATE posts SET until = '2026-05-11' WHERE until IS NULL"))
    assert offices(store, town, "neighbour", NOON) == set(), "ended at once"


@pytest.fixture
def make_post(store: Store, town: Town) -> Callable[[str], None]:
    """Writes a post as the release before this one does."""

    def make(until: str) -> None:
        with store.unit() as unit:
            unit.session.execute(
                text(
                    "INSERT INTO posts (member_id, organisation_id, kind, since, until)"
                    f" VALUES (:member, :organisation, 'deputy', '2026-05-11', {until})"
                ),
                {"member": town["neighbour"].member_id, "organisation": town.organisations["village"]},
            )

    return make
