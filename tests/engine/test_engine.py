"""The engine: every message is answered once, in time or later, whatever its handler does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.engine.writer import Overloaded
from bot.kit.context import Context
from bot.kit.message import Followed, Reply, Unknown
from models.case import CaseUnknown
from models.store import Store

from .scene import START, Scene, at_work, rows, settle

CASES = "SELECT number, state, text FROM cases ORDER BY number"
RECEIVED = "SELECT key, handler, fault, reply_sealed IS NOT NULL FROM received ORDER BY received_at, key"


@pytest.fixture(autouse=True)
def _settled(store: Store) -> None:
    settle(store)


class Gate:
    """A handler that waits until it is let through."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, ctx: Context) -> Reply:
        self.reached.set()
        assert self.open.wait(30)
        return Reply("总算好了")


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Opened at the end whatever happens, so that no thread is left waiting."""
    gate = Gate()
    yield gate
    gate.open.set()


@asynccontextmanager
async def stalled(store: Store, gate: Gate) -> AsyncIterator[None]:
    """Meanwhile nothing is finished: on SQLite somebody holds the file's lock, on PostgreSQL the handler waits."""
    if store.is_sqlite:
        gate.open.set()
        with store.engine.connect() as other, other.begin() as transaction:
            yield
            transaction.rollback()
    else:
        yield
        gate.open.set()


def broken(ctx: Context) -> Reply:
    """A handler with a mistake in it."""
    ctx.unit.identities.of(ctx.openid).come_by("spoiled")
    ctx.unit.session.flush()
    raise ZeroDivisionError("a mistake")


def refusing(ctx: Context) -> Reply:
    """A handler that changes something before a rule says no."""
    ctx.unit.identities.of(ctx.openid).come_by("spoiled")
    ctx.unit.session.flush()
    raise CaseUnknown(number=7)


def test_a_push_that_comes_three_times_is_one_case_and_one_answer(store: Store) -> None:
    async def go() -> list[str | None]:
        async with at_work(store) as scene:
            return [await scene.say("报三万斤土豆卖不动", key="m:1") for _ in range(3)]

    replies = asyncio.run(go())
    assert len(set(replies)) == 1
    assert "编号 1" in (replies[0] or "")
    assert len(rows(store, CASES)) == 1
    assert len(rows(store, RECEIVED)) == 1


def test_the_same_push_twice_at_once_is_one_case(store: Store) -> None:
    async def go() -> list[str | None]:
        async with at_work(store) as scene:
            return list(await asyncio.gather(*(scene.say("报三万斤土豆卖不动", key="m:1") for _ in range(5))))

    replies = asyncio.run(go())
    assert len(set(replies)) == 1
    assert len(rows(store, CASES)) == 1


def test_the_same_words_with_another_key_are_another_message(store: Store) -> None:
    async def go() -> None:
        async with at_work(store) as scene:
            await scene.say("报三万斤土豆卖不动")
            await scene.say("报三万斤土豆卖不动")

    asyncio.run(go())
    assert len(rows(store, CASES)) == 2


def test_what_comes_too_late_for_the_platform_follows_as_a_letter(store: Store, gate: Gate) -> None:
    async def go() -> tuple[str | None, str | None, list[str]]:
        async with at_work(store, {"慢": gate}, deadline_s=0.2) as scene:
            async with stalled(store, gate):
                late = await scene.say("慢", key="m:1")
            async with asyncio.timeout(30):
                await scene.engine.letters_waiting.wait()
            await scene.rounds.deliver()
            again = await scene.say("慢", key="m:1")
            return late, again, [letter.text for letter in scene.pushed]

    late, again, pushed = asyncio.run(go())
    assert late is None
    assert pushed == ["总算好了"]
    assert again == "总算好了"
    assert rows(store, "SELECT kind, dedup_key, state FROM outbox") == [("late_reply", "late:m:1", "sent")]


def test_a_repeat_while_the_first_is_still_at_work_does_not_work_twice(store: Store, gate: Gate) -> None:
    async def go() -> list[str | None]:
        async with at_work(store, {"慢": gate}, deadline_s=0.2) as scene:
            async with stalled(store, gate):
                first = await scene.say("慢", key="m:1")
                second = await scene.say("慢", key="m:1")
            return [first, second, await scene.say("慢", key="m:1")]

    replies = asyncio.run(go())
    assert replies[0] is None
    assert replies[2] == "总算好了"
    assert len(rows(store, "SELECT 1 FROM outbox WHERE kind = 'late_reply'")) == 1


def test_a_mistake_in_a_handler_is_an_apology_with_a_number_and_nothing_changed(store: Store) -> None:
    async def go() -> tuple[list[str | None], list[dict[str, object]]]:
        async with at_work(store, {"坏": broken}) as scene:
            with capture_logs() as logs:
                replies = await asyncio.gather(
                    scene.say("报一号的事"),
                    scene.say("坏", "oLi", key="m:bad"),
                    scene.say("报二号的事", "oWang"),
                )
            return list(replies), [dict(log) for log in logs]

    (one, apology, two), logs = asyncio.run(go())
    assert "收到了" in (one or "")
    assert "收到了" in (two or "")
    row = rows(store, "SELECT fault, reply_sealed IS NOT NULL FROM received WHERE key = 'm:bad'")[0]
    assert str(row[0]).startswith("E")
    assert str(row[0]) in (apology or "")
    assert row[1]
    assert rows(store, "SELECT scene FROM identities WHERE openid = 'oLi'") == [("",)]
    failed = [log for log in logs if log["event"] == "handler_failed"]
    assert str(row[0]) in {log["fault"] for log in failed}
    assert all(isinstance(log["exc_info"], ZeroDivisionError) for log in failed)
    assert "oLi" not in str([log["sender"] for log in failed])


def test_the_same_push_after_a_mistake_hears_the_same_apology(store: Store) -> None:
    async def go() -> list[str | None]:
        async with at_work(store, {"坏": broken}) as scene:
            return [await scene.say("坏", key="m:bad") for _ in range(2)]

    one, other = asyncio.run(go())
    assert one == other


def test_a_rule_that_says_no_undoes_the_changes_and_is_remembered(store: Store) -> None:
    async def go() -> list[str | None]:
        async with at_work(store, {"拒": refusing}) as scene:
            return [await scene.say("拒", key="m:1") for _ in range(2)]

    one, other = asyncio.run(go())
    assert one == other
    assert "没找到编号 7" in (one or "")
    assert rows(store, "SELECT scene FROM identities WHERE openid = 'oZhang'") == [("",)]
    assert rows(store, RECEIVED) == [("m:1", "refusal.CaseUnknown", "", True)]


def test_a_rule_that_says_no_leaves_the_person_where_they_stood(store: Store) -> None:
    async def go() -> str | None:
        async with at_work(store) as scene:
            await scene.say("报需求")
            await scene.say("查 99")
            return await scene.say("报三万斤土豆卖不动")

    assert "编号 1" in (asyncio.run(go()) or "")


def test_an_answer_after_too_long_begins_again_politely(store: Store) -> None:
    async def go() -> tuple[str | None, str | None, str | None]:
        async with at_work(store) as scene:
            asked = await scene.say("注销")
            scene.clock.move(timedelta(minutes=31))
            late = await scene.say("嗯")
            return asked, late, await scene.say("嗯")

    asked, late, later = asyncio.run(go())
    assert "要注销吗" in (asked or "")
    assert (late or "").startswith("刚才说到一半")
    assert "刚才说到一半" not in (later or "")
    assert rows(store, "SELECT 1 FROM dialogues") == []


def test_a_step_of_an_older_release_is_forgotten_without_a_fault(store: Store) -> None:
    with store.unit() as unit:
        later = START + timedelta(hours=1)
        unit.inbox.stand("oZhang", step="Gone", facts="{}", expires_at=later)
        unit.inbox.stand("oLi", step="ConfirmWithdraw", facts='{"nothing": 1}', expires_at=later)

    async def go() -> list[str | None]:
        async with at_work(store) as scene:
            return [await scene.say("嗯", sender) for sender in ("oZhang", "oLi")]

    assert all((reply or "").startswith("刚才说到一半") for reply in asyncio.run(go()))
    assert {row[2] for row in rows(store, RECEIVED)} == {""}


@pytest.mark.parametrize("words", ["注销", "1", "是"])
def test_a_command_word_answers_the_question_that_named_it(store: Store, words: str) -> None:
    async def go() -> str | None:
        async with at_work(store) as scene:
            await scene.say("注销")
            return await scene.say(words)

    assert (asyncio.run(go()) or "").startswith("已经注销")
    assert rows(store, "SELECT member_id FROM identities WHERE openid = 'oZhang'") == [(None,)]


def test_letters_that_could_not_be_pushed_are_said_at_the_next_contact(store: Store) -> None:
    async def go() -> tuple[str | None, str | None]:
        async with at_work(store) as scene:
            scene.window = False
            await scene.say("报三万斤土豆卖不动")
            await scene.rounds.deliver()
            return await scene.say("帮助", "oLi"), await scene.say("帮助", "oLi")

    told, after = asyncio.run(go())
    assert "另外告诉您：新需求，编号 1" in (told or "")
    assert "另外告诉您" not in (after or "")
    assert {row[0] for row in rows(store, "SELECT state FROM outbox")} == {"sent"}


def test_events_that_people_do_not_see_answered_say_nothing_that_waits(store: Store) -> None:
    async def go() -> Reply | None:
        async with at_work(store) as scene:
            scene.window = False
            await scene.say("报三万斤土豆卖不动")
            await scene.rounds.deliver()
            quiet = Unknown(
                key="e:1", sender="oLi", account="gh", sent_at=scene.clock(), kind="view_miniprogram"
            )
            return await scene.engine.answer(quiet)

    assert asyncio.run(go()) is None
    assert rows(store, "SELECT state FROM outbox WHERE openid = 'oLi'") == [("waiting",)]


def test_a_draft_submits_itself_after_ten_silent_minutes_even_in_another_process(store: Store) -> None:
    async def begin() -> str | None:
        async with at_work(store) as scene:
            return await scene.say("报个什么事儿呢")

    async def later() -> Scene:
        async with at_work(store) as scene:
            scene.clock.move(timedelta(minutes=9))
            await scene.rounds.all_now()
            assert rows(store, CASES)[0][1] == "draft"
            assert scene.pushed == []
            scene.clock.move(timedelta(minutes=2))
            await scene.rounds.all_now()
            await scene.rounds.all_now()
            return scene

    assert "哪方面" in (asyncio.run(begin()) or "")
    scene = asyncio.run(later())
    assert rows(store, CASES)[0][1] == "submitted"
    assert sorted(letter.kind for letter in scene.pushed) == ["case_filed", "late_reply"]
    receipt = next(letter for letter in scene.pushed if letter.kind == "late_reply")
    assert (receipt.openid, receipt.text.splitlines()[0][:9]) == ("oZhang", "收到了，编号 1。")
    assert [row[0] for row in rows(store, "SELECT event FROM timeline ORDER BY id")] == ["report", "submit"]


def test_a_full_queue_says_so_and_remembers_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> tuple[str | None, str | None]:
        async with at_work(store) as scene:

            def full(work: object, *, urgent: bool = True) -> None:
                raise Overloaded

            with monkeypatch.context() as patch:
                patch.setattr(scene.writer, "submit", full)
                busy = await scene.say("报三万斤土豆卖不动", key="m:1")
            return busy, await scene.say("报三万斤土豆卖不动", key="m:1")

    busy, answered = asyncio.run(go())
    assert "请过一分钟" in (busy or "")
    assert "编号 1" in (answered or "")


def test_somebody_unknown_is_asked_to_bind_first_and_is_put_on_file(store: Store) -> None:
    async def go() -> tuple[str | None, str | None]:
        async with at_work(store) as scene:
            return await scene.say("我的", "oNew"), await scene.say("帮助", "oNew")

    bind, helped = asyncio.run(go())
    assert "绑定 姓名 手机号" in (bind or "")
    assert "绑定 姓名 手机号" in (helped or "")
    assert rows(store, "SELECT member_id FROM identities WHERE openid = 'oNew'") == [(None,)]


def test_one_person_s_messages_at_once_are_answered_in_their_order(store: Store) -> None:
    people = ("oZhang", "oLi", "oWang", "oBao")

    async def go() -> None:
        async with at_work(store, threads=4) as scene:
            await asyncio.gather(
                *(scene.say(f"报第{place:02}件事", sender) for place in range(15) for sender in people)
            )

    asyncio.run(go())
    reported = rows(store, "SELECT reporter_id, text FROM cases ORDER BY number")
    assert len(reported) == 60
    for member in {row[0] for row in reported}:
        assert [row[1] for row in reported if row[0] == member] == [
            f"报第{place:02}件事" for place in range(15)
        ]


def test_numbers_are_given_once_and_without_holes_when_all_goes_well(store: Store) -> None:
    async def go() -> list[str | None]:
        async with at_work(store, threads=4) as scene:
            return list(
                await asyncio.gather(
                    *(scene.say(f"报第{n}件事", ("oZhang", "oLi", "oWang")[n % 3]) for n in range(45))
                )
            )

    replies = asyncio.run(go())
    assert len(set(replies)) == 45
    assert [row[0] for row in rows(store, CASES)] == list(range(1, 46))


def test_what_was_said_lies_sealed(store: Store) -> None:
    async def go() -> None:
        async with at_work(store) as scene:
            await scene.say("绑定 张三丰 13912345678", "oNew")
            await scene.say("报个什么事儿，电话 13912345678")
            follow = Followed(key="e:1", sender="oNew", account="gh", sent_at=scene.clock(), scene="")
            await scene.engine.answer(follow)

    asyncio.run(go())
    for (parse,) in rows(store, "SELECT parse FROM received WHERE parse IS NOT NULL"):
        assert "13912345678" not in parse
    for column in ("body_sealed", "reply_sealed"):
        for (sealed,) in rows(store, f"SELECT {column} FROM received WHERE {column} IS NOT NULL"):
            assert b"13912345678" not in bytes(sealed)
            assert "张三丰".encode() not in bytes(sealed)
