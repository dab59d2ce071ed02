"""The simulated platform towards a tiny account: what it pushes, how it insists, what the person gets to see."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.sim.bubbles import FAILURE, as_text
from bot.sim.cast import CastError, load_cast
from bot.sim.parcel import ReplyError, read, show
from bot.sim.platform import NotFollowingError
from bot.sim.seal import Seal, SealError, signature
from tests.web.stage import HERDSMAN, SECRETARY, SETTINGS, STRANGER, Push, Stage, text_reply

WORLD = Path(__file__).parents[2] / "bot" / "sim" / "world" / "cast.toml"


def seen(stage: Stage, openid: str = HERDSMAN) -> list[str]:
    return [f"{line.bubble.side}:{as_text(line.bubble)}" for line in stage.platform.phones[openid].lines]


def test_the_documents_own_signature_comes_out() -> None:
    assert signature("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_the_published_sample_opens() -> None:
    seal = Seal("spamtest", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx2c2769f8efd9abc2")
    sealed = (
        "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9"
        "FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3y"
        "t+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v"
        "6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
    )
    opened = seal.open(sealed, "5d197aaffba7e9b25a30732f161a50dee96bd5fa", "1409735669", "1320562132")
    assert read(opened)["Content"] == "abcdteT"
    with pytest.raises(SealError):
        seal.open(sealed, "0" * 40, "1409735669", "1320562132")


@pytest.mark.parametrize("mode", ["plain", "compatible", "aes"])
def test_words_go_out_and_an_answer_comes_back(mode: str) -> None:
    with Stage(mode=mode) as stage:
        outcome = stage.run(stage.platform.say(HERDSMAN, "路灯坏了 ]]> & <b>"))
        assert (outcome.seen, outcome.attempts) == ("bubble", 1)
        assert seen(stage)[0] == "own:路灯坏了 ]]> & <b>"
        push, query = stage.account.pushes[0], stage.account.queries[0]
        assert push["FromUserName"] == query["openid"] == HERDSMAN
        assert push["Content"] == "路灯坏了 ]]> & <b>"
        assert ("encrypt_type" in query) == (mode != "plain")
        assert query["signature"] == signature(SETTINGS.token, query["timestamp"], query["nonce"])


def test_the_address_is_checked_as_the_console_does(stage: Stage) -> None:
    assert stage.run(stage.platform.courier.knock())


def test_a_push_in_json_is_answered_in_json() -> None:
    with Stage(mode="plain", body="json") as stage:
        stage.account.raw = lambda said: web.json_response(
            {
                "ToUserName": HERDSMAN,
                "FromUserName": SETTINGS.original_id,
                "CreateTime": 1,
                "MsgType": "text",
                "Content": said,
            }
        )
        outcome = stage.run(stage.platform.say(HERDSMAN, "你好"))
        assert outcome.bubble is not None
        assert outcome.bubble.text == "收到：你好"


def test_no_answer_in_time_is_asked_three_times_with_one_id_and_then_the_grey_line_shows(
    stage: Stage,
) -> None:
    async def slow(push: Push) -> str | None:
        await asyncio.sleep(1)
        return "太晚了"

    stage.account.answer = slow
    stage.platform.courier.attempt_seconds = 0.1
    outcome = stage.run(stage.platform.say(HERDSMAN, "在吗"))
    assert (outcome.seen, outcome.attempts) == ("failed", 3)
    assert len({push["MsgId"] for push in stage.account.pushes}) == 1
    assert len({push["CreateTime"] for push in stage.account.pushes}) == 1
    assert seen(stage)[-1] == f"note:{FAILURE}"
    assert [entry.attempt for entry in stage.platform.wire.entries] == [1, 2, 3]


def test_the_second_attempt_can_still_be_answered(stage: Stage) -> None:
    calls: list[Push] = []

    async def late_once(push: Push) -> str | None:
        calls.append(push)
        if len(calls) == 1:
            await asyncio.sleep(1)
        return "想好了"

    stage.account.answer = late_once
    stage.platform.courier.attempt_seconds = 0.2
    outcome = stage.run(stage.platform.say(HERDSMAN, "在吗"))
    assert (outcome.seen, outcome.attempts) == ("bubble", 2)
    assert seen(stage) == ["own:在吗", "account:想好了"]


@pytest.mark.parametrize("body", ["success", ""])
def test_success_and_nothing_end_the_matter(stage: Stage, body: str) -> None:
    stage.account.raw = lambda said: web.Response(text=body)
    outcome = stage.run(stage.platform.say(HERDSMAN, "在吗"))
    assert (outcome.seen, outcome.attempts) == ("nothing", 1)
    assert seen(stage) == ["own:在吗"]


def test_a_server_error_is_asked_again(stage: Stage) -> None:
    stage.account.raw = lambda said: web.Response(status=500)
    assert stage.run(stage.platform.say(HERDSMAN, "在吗")).attempts == 3


def test_an_unsealed_reply_in_safe_mode_is_a_failure(stage: Stage) -> None:
    stage.account.raw = lambda said: web.Response(text=text_reply(stage.account.pushes[-1], "明文"))
    outcome = stage.run(stage.platform.say(HERDSMAN, "在吗"))
    assert (outcome.seen, outcome.attempts) == ("failed", 1)
    assert "没有加密" in outcome.reason


PUSH = {"FromUserName": "oMe", "ToUserName": "gh_1"}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("<xml><a>", "XML"),
        ("hello", "<xml>"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', "<xml>"),
        ('{"a":', "JSON"),
        (text_reply({"FromUserName": "oYou", "ToUserName": "gh_1"}, "话"), "ToUserName"),
        (text_reply({"FromUserName": "oMe", "ToUserName": "gh_2"}, "话"), "FromUserName"),
        (text_reply(PUSH, ""), "空的"),
        (text_reply(PUSH, "字" * 683), "2049"),
        (text_reply(PUSH, "话").replace("[text]", "[poem]"), "poem"),
    ],
)
def test_a_reply_that_the_platform_refuses(document: str, why: str) -> None:
    with pytest.raises(ReplyError, match=why):
        show(document, "oMe", "gh_1")


def test_a_text_of_exactly_the_limit_goes_through() -> None:
    assert show(text_reply(PUSH, "字" * 682 + "ab"), "oMe", "gh_1") is not None


def test_all_kinds_of_messages_and_events_arrive(stage: Stage) -> None:
    p, run = stage.platform, stage.run
    run(p.photograph(HERDSMAN, "road"))
    run(p.speak(HERDSMAN))
    run(p.locate(HERDSMAN))
    run(p.forward(HERDSMAN, "题目", "说明", "https://example.org"))
    run(p.scan(HERDSMAN, "org:V01"))
    run(p.tap(HERDSMAN, "click", "报需求"))
    run(p.tap(HERDSMAN, "view", "https://example.org"))
    run(p.consent(HERDSMAN, "TPL-TURN"))
    run(p.unfollow(HERDSMAN))
    run(p.follow(HERDSMAN))
    kinds = [push.get("Event") or push["MsgType"] for push in stage.account.pushes]
    events = ["SCAN", "CLICK", "VIEW", "subscribe_msg_popup_event", "unsubscribe", "subscribe"]
    assert kinds == ["image", "voice", "location", "link", *events]
    photo = stage.account.pushes[0]
    status, picture = stage.call("GET", photo["PicUrl"].removeprefix(stage.url))
    assert status == 200
    assert picture.startswith("<svg")
    assert all("MsgId" not in push for push in stage.account.pushes[4:])


def test_a_stranger_follows_by_scanning_and_can_only_then_speak(stage: Stage) -> None:
    with pytest.raises(NotFollowingError):
        stage.run(stage.platform.say(STRANGER, "你好"))
    stage.run(stage.platform.scan(STRANGER, "org:V01"))
    assert stage.account.pushes[-1]["EventKey"] == "qrscene_org:V01"
    assert stage.account.pushes[-1]["Ticket"]
    assert stage.run(stage.platform.say(STRANGER, "你好")).seen == "bubble"


def test_leaving_empties_the_chat_and_shows_no_answer(stage: Stage) -> None:
    stage.run(stage.platform.say(HERDSMAN, "你好"))
    stage.run(stage.platform.unfollow(HERDSMAN))
    assert seen(stage) == []


def test_a_tapped_link_says_its_words_with_its_id(stage: Stage) -> None:
    stage.run(stage.platform.say(HERDSMAN, "报需求", menu_id="101"))
    assert stage.account.pushes[-1]["bizmsgmenuid"] == "101"


def test_pushes_carry_the_simulated_time(stage: Stage) -> None:
    stage.clock.move(timedelta(days=3))
    stage.run(stage.platform.say(HERDSMAN, "你好"))
    sent = int(stage.account.pushes[-1]["CreateTime"])
    assert abs(sent - stage.clock().timestamp()) < 5


def test_message_ids_never_come_twice(stage: Stage) -> None:
    for text in ("一", "二"):
        stage.run(stage.platform.say(SECRETARY, text))
    first, second = (int(push["MsgId"]) for push in stage.account.pushes)
    assert first < second < 2**63


def test_the_cast_of_the_sample_world_can_be_read() -> None:
    phones = load_cast(WORLD)
    assert len(phones) >= 5
    assert all(phone.says and len(phone.avatar) == 1 and phone.color.startswith("#") for phone in phones)


@pytest.mark.parametrize(
    "text",
    ["", "person = 3", "[[person]]\nname = '甲'", "[[person", "[[person]]\nopenid='o'\nname='甲'\n" * 2],
)
def test_a_wrong_cast_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cast.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CastError, match=r"cast\.toml"):
        load_cast(file)


def test_people_are_found_by_name_and_by_role(stage: Stage) -> None:
    for words in ("白书记", "白", "村支部", SECRETARY):
        found = stage.platform.find(words)
        assert found is not None
        assert found.openid == SECRETARY
    assert stage.platform.find("没有这个人") is None
