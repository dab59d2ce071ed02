"""Which way a letter goes, and what each refusal makes of it; the whole way down to a scripted platform."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fakeapi import FakeApi, hang, refused, reset

from bot.config import ConfigError, WeChat
from bot.wechat.channels import Channels, standing_consents
from bot.wechat.client import Client
from bot.wechat.errors import ApiError, TransientError, classify
from models.letter import CUSTOM, SUBSCRIPTION, TEMPLATE, Letter, Outcome, Verdict
from models.pause import Pause

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""
SETTINGS = WeChat(templates={"case_filed": "TPL thing1=title character_string2=number thing3=place"})
UNCERTAIN = TransientError(0, "等待微信接口超时", uncertain=True)


def letter(
    kind: str = "case_filed",
    *,
    window_open: bool = True,
    text: str = "您的需求 12 号已受理。",
    consents: frozenset[str] = frozenset(),
    again: bool = False,
) -> Letter:
    return Letter(
        id=7,
        openid="o1",
        kind=kind,
        text=text,
        fields={"title": "缺两台轮椅", "number": "12"},
        client_msg_id="letter-7",
        window_open=window_open,
        consents=consents,
        again=again,
    )


class Post:
    """A client that fails as it is told, and notes what it was asked."""

    def __init__(
        self,
        custom: ApiError | None = None,
        template: ApiError | None = None,
        subscription: ApiError | None = None,
    ) -> None:
        self.custom, self.template, self.subscription = custom, template, subscription
        self.sent: list[tuple[Any, ...]] = []

    async def send_text(self, openid: str, text: str) -> None:
        self.sent.append((CUSTOM, openid, text))
        if self.custom:
            raise self.custom

    async def send_template(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        client_msg_id: str = "",
        url: str = "",
    ) -> str:
        self.sent.append((TEMPLATE, openid, template_id, dict(data), client_msg_id))
        if self.template:
            raise self.template
        return "200228332"

    async def send_subscription(self, openid: str, template_id: str, data: Mapping[str, str]) -> None:
        self.sent.append((SUBSCRIPTION, openid, template_id, dict(data)))
        if self.subscription:
            raise self.subscription


class Now:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


def deliver(post: Post, which: Letter, settings: WeChat = SETTINGS) -> Outcome:
    return asyncio.run(Channels(post, settings, Now()).deliver(which))


def test_an_open_window_is_used_first() -> None:
    post = Post()
    assert deliver(post, letter()) == Outcome(verdict=Verdict.ACCEPTED, channel=CUSTOM)
    assert post.sent == [(CUSTOM, "o1", "您的需求 12 号已受理。")]


def test_a_closed_window_leaves_the_template_with_its_facts() -> None:
    post = Post()
    outcome = deliver(post, letter(window_open=False))
    assert outcome == Outcome(verdict=Verdict.ACCEPTED, channel=TEMPLATE, message_id="200228332")
    facts = {"thing1": "缺两台轮椅", "character_string2": "12", "thing3": "无"}
    assert post.sent == [(TEMPLATE, "o1", "TPL", facts, "letter-7")]


def test_a_template_without_pairs_takes_the_facts_under_their_own_names() -> None:
    post = Post()
    deliver(post, letter(window_open=False), WeChat(templates={"case_filed": "TPL"}))
    assert post.sent[0][3] == {"title": "缺两台轮椅", "number": "12"}


def test_a_kind_without_a_template_takes_its_familys_and_an_own_one_goes_first() -> None:
    family = WeChat(templates={"case": "FAMILY"})
    deliver(post := Post(), letter(window_open=False), family)
    both = WeChat(templates={"case": "FAMILY", "case_filed": "OWN"})
    deliver(own := Post(), letter(window_open=False), both)
    assert [post.sent[0][2], own.sent[0][2]] == ["FAMILY", "OWN"]


@pytest.mark.parametrize("account", ["service_unverified", "subscription"])
def test_an_account_that_may_not_push_lets_letters_wait(account: Any) -> None:
    post = Post()
    outcome = deliver(post, letter(), WeChat(account=account, templates={"case_filed": "TPL"}))
    assert outcome.verdict is Verdict.WAIT
    assert outcome.reason
    assert not post.sent


def test_with_no_way_open_a_letter_waits() -> None:
    for settings in (WeChat(), WeChat(templates={"case_filed": " "})):
        outcome = deliver(post := Post(), letter(window_open=False), settings)
        assert (outcome.verdict, post.sent) == (Verdict.WAIT, [])
        assert "case_filed" in outcome.reason


def test_a_setting_that_cannot_be_read_is_said_at_the_start() -> None:
    with pytest.raises(ConfigError, match="case_filed"):
        Channels(Post(), WeChat(templates={"case_filed": "TPL thing1"}))


QUOTA_S = 12 * 3600.0


@pytest.mark.parametrize("errcode", [45015, 45047, 43004, 40003, 45009, 48001, 45002])
def test_what_customer_service_refuses_goes_by_template(errcode: int) -> None:
    outcome = deliver(Post(custom=classify(errcode, "no")), letter())
    assert (outcome.verdict, outcome.channel) == (Verdict.ACCEPTED, TEMPLATE)


@pytest.mark.parametrize(
    ("errcode", "verdict", "retry_s", "pause_s"),
    [
        (-1, Verdict.RETRY, 5, 0),
        (45011, Verdict.RETRY, 60, 0),
        (40001, Verdict.RETRY, 60, 0),
        (45009, Verdict.RETRY, QUOTA_S, QUOTA_S),
        (48001, Verdict.RETRY, 600, 600),
        (40164, Verdict.RETRY, 600, 600),
        (45015, Verdict.WAIT, 0, 0),
        (43004, Verdict.WAIT, 0, 0),
        (45002, Verdict.DEAD, 0, 0),
        (99999, Verdict.DEAD, 0, 0),
    ],
)
@pytest.mark.parametrize("channel", [CUSTOM, TEMPLATE])
def test_what_becomes_of_a_letter(
    channel: str, errcode: int, verdict: Verdict, retry_s: float, pause_s: float
) -> None:
    error = classify(errcode, "no")
    post = Post(custom=error, template=error)
    which = letter("late_reply") if channel == CUSTOM else letter(window_open=False)
    outcome = deliver(post, which)
    assert (outcome.verdict, outcome.channel) == (verdict, channel)
    assert outcome.retry_after_s == retry_s
    assert [(pause.channel, pause.seconds) for pause in outcome.pauses] == [(channel, pause_s)] * bool(
        pause_s
    )
    assert str(errcode) in outcome.reason
    assert outcome.reason.startswith("客服消息" if channel == CUSTOM else "模板消息")


def test_silence_after_a_customer_service_message_is_not_answered_by_a_second_one() -> None:
    post = Post(custom=UNCERTAIN)
    outcome = deliver(post, letter())
    assert (outcome.verdict, outcome.retry_after_s) == (Verdict.WAIT, 0)
    assert "不知是否已送达" in outcome.reason
    assert len(post.sent) == 1


def test_silence_after_a_template_message_is_tried_again_under_the_same_number() -> None:
    outcome = deliver(Post(template=UNCERTAIN), letter(window_open=False))
    assert (outcome.verdict, outcome.retry_after_s) == (Verdict.RETRY, 5)


def test_of_two_refusals_the_one_that_leaves_hope_counts_and_both_are_told() -> None:
    outcome = deliver(Post(custom=classify(45009, ""), template=classify(43004, "")), letter())
    assert (outcome.verdict, outcome.channel) == (Verdict.RETRY, CUSTOM)
    assert [pause.channel for pause in outcome.pauses] == [CUSTOM]
    assert "45009" in outcome.reason
    assert "43004" in outcome.reason
    outcome = deliver(Post(custom=classify(45015, ""), template=classify(47003, "")), letter())
    assert (outcome.verdict, outcome.channel) == (Verdict.WAIT, CUSTOM)
    assert [pause.channel for pause in outcome.pauses] == ["template:TPL"]


def test_a_spent_quota_pauses_until_midnight_in_shanghai_and_the_other_channel_goes_on() -> None:
    post, now = Post(custom=classify(45009, "")), Now()

    async def go() -> None:
        channels = Channels(post, SETTINGS, now)
        assert (await channels.deliver(letter())).channel == TEMPLATE
        assert set(channels.paused()) == {CUSTOM}
        post.sent.clear()
        now.at = NOON + timedelta(hours=11, minutes=59)
        assert (await channels.deliver(letter())).channel == TEMPLATE
        held = await channels.deliver(letter("late_reply"))
        assert (held.verdict, held.retry_after_s, held.pauses) == (Verdict.RETRY, 60, ())
        assert [sent[0] for sent in post.sent] == [TEMPLATE]
        now.at = NOON + timedelta(hours=12)
        post.custom = None
        assert (await channels.deliver(letter())).channel == CUSTOM
        assert not channels.paused()

    asyncio.run(go())


def test_the_whole_way_to_the_platform() -> None:
    fake = FakeApi()
    outcomes: list[tuple[Verdict, str]] = []

    async def go() -> None:
        async with fake.client(timeout_s=0.5) as client:
            await attempts(client)

    async def attempts(client: Client) -> None:
        channels = Channels(client, SETTINGS, Now())
        for script in (
            [],
            [refused(45015), {"errcode": 0, "errmsg": "ok", "msgid": 9}],
            [hang],
            [reset],
            [refused(40001), refused(40001)],
        ):
            fake.script = list(script)
            outcome = await channels.deliver(letter(text="需求\n" * 900))
            outcomes.append((outcome.verdict, outcome.channel))
            assert not fake.script

    asyncio.run(go())
    assert outcomes == [
        (Verdict.ACCEPTED, CUSTOM),
        (Verdict.ACCEPTED, TEMPLATE),
        (Verdict.WAIT, CUSTOM),
        (Verdict.WAIT, CUSTOM),
        (Verdict.RETRY, CUSTOM),
    ]
    assert fake.calls[2].body["client_msg_id"] == "letter-7"
    texts = [call.body["text"]["content"] for call in fake.calls if call.path.endswith("custom/send")]
    assert all(len(text.encode()) <= 2048 for text in texts)


@pytest.mark.parametrize(("errcode", "seconds"), [(40037, None), (47003, 3600.0)])
def test_a_template_that_is_refused_rests_and_its_letters_wait(errcode: int, seconds: float | None) -> None:
    post, now = Post(template=classify(errcode, "no")), Now()

    async def go() -> None:
        channels = Channels(post, SETTINGS, now)
        outcome = await channels.deliver(letter(window_open=False))
        assert (outcome.verdict, outcome.channel) == (Verdict.WAIT, TEMPLATE)
        [pause] = outcome.pauses
        assert (pause.channel, pause.seconds) == ("template:TPL", seconds)
        assert "case_filed" in pause.reason
        assert str(errcode) in pause.reason
        second = await channels.deliver(letter(window_open=False))
        assert (second.verdict, len(post.sent)) == (Verdict.WAIT, 1)
        assert "TPL" in second.reason
        now.at += timedelta(hours=2)
        await channels.deliver(letter(window_open=False))
        assert len(post.sent) == (2 if seconds else 1)

    asyncio.run(go())


def test_what_another_process_found_out_is_kept_to_and_what_it_resumed_goes_on() -> None:
    post, now = Post(), Now()

    async def go() -> None:
        channels = Channels(post, SETTINGS, now)
        channels.heed({TEMPLATE: Pause(NOON + timedelta(hours=1), "模板消息：今天的接口调用次数已用完")})
        held = await channels.deliver(letter(window_open=False))
        assert (held.verdict, held.retry_after_s, post.sent) == (Verdict.RETRY, 3600, [])
        channels.heed({})
        assert (await channels.deliver(letter(window_open=False))).verdict is Verdict.ACCEPTED
        post.template = classify(45009, "")
        await channels.deliver(letter(window_open=False))
        channels.heed({})  # as the database was a moment before this process wrote there
        assert set(channels.paused()) == {TEMPLATE}
        now.at += timedelta(seconds=6)
        channels.heed({})
        assert not channels.paused()

    asyncio.run(go())


BOTH = WeChat(
    templates={"case_filed": "TPL thing1=title"},
    subscriptions={"case": "SUB thing1=title", "campaign": "LONG forever thing2=title"},
)
AGREED = frozenset({"SUB", "LONG"})


def test_a_subscribe_notification_is_the_third_way_for_those_who_agreed() -> None:
    outcome = deliver(post := Post(), letter("case_done", window_open=False, consents=AGREED), BOTH)
    assert (outcome.verdict, outcome.channel, outcome.template_id) == (Verdict.ACCEPTED, SUBSCRIPTION, "SUB")
    assert post.sent == [(SUBSCRIPTION, "o1", "SUB", {"thing1": "缺两台轮椅"})]
    without = deliver(post := Post(), letter("case_done", window_open=False), BOTH)
    assert (without.verdict, post.sent) == (Verdict.WAIT, [])
    template_first = deliver(Post(), letter(window_open=False, consents=AGREED), BOTH)
    assert template_first.channel == TEMPLATE
    post = Post(template=classify(40037, ""))
    fallen = deliver(post, letter(window_open=False, consents=AGREED), BOTH)
    assert (fallen.channel, fallen.template_id) == (SUBSCRIPTION, "SUB")
    assert [pause.channel for pause in fallen.pauses] == ["template:TPL"]


def test_a_person_who_does_not_agree_any_more_is_not_asked_again() -> None:
    which = letter("case_done", window_open=False, consents=AGREED)
    outcome = deliver(Post(subscription=classify(43101, "")), which, BOTH)
    assert (outcome.verdict, outcome.refused_template) == (Verdict.WAIT, "SUB")
    unknown = deliver(Post(subscription=UNCERTAIN), which, BOTH)
    assert (unknown.verdict, unknown.uncertain) == (Verdict.WAIT, True)


def test_agreement_for_ever_is_set_by_a_word() -> None:
    assert standing_consents(BOTH) == {"LONG"}
    with pytest.raises(ConfigError, match=r"subscriptions\.case"):
        Channels(Post(), WeChat(subscriptions={"case": "SUB thing1"}))


def test_what_may_have_arrived_goes_out_again_only_under_its_number() -> None:
    which = letter(consents=AGREED, again=True)
    outcome = deliver(post := Post(), which, BOTH)
    assert (outcome.channel, [sent[0] for sent in post.sent]) == (TEMPLATE, [TEMPLATE])
    refused_ = deliver(post := Post(template=classify(43004, "")), which, BOTH)
    assert (refused_.verdict, [sent[0] for sent in post.sent]) == (Verdict.WAIT, [TEMPLATE])


@pytest.mark.parametrize(
    ("kind", "open_", "paused", "expected"),
    [
        ("case_filed", True, {}, (CUSTOM, None)),
        ("case_filed", False, {}, (TEMPLATE, None)),
        ("case_filed", True, {CUSTOM: 60}, (TEMPLATE, None)),
        ("case_filed", True, {CUSTOM: 60, TEMPLATE: 30, SUBSCRIPTION: 90}, ("", 30)),
        ("case_filed", False, {TEMPLATE: 30}, (SUBSCRIPTION, None)),
        ("case_filed", False, {"template:TPL": None}, (SUBSCRIPTION, None)),
        ("case_filed", False, {"template:TPL": None, "template:SUB": None}, ("", None)),
        ("case_filed", False, {TEMPLATE: None, SUBSCRIPTION: None}, ("", 600)),
        ("case_filed", False, {TEMPLATE: -1}, (TEMPLATE, None)),
        ("other", False, {}, ("", None)),
    ],
)
def test_the_way_that_a_letter_will_go_is_known_before(
    kind: str, open_: bool, paused: dict[str, int | None], expected: tuple[str, int | None]
) -> None:
    pauses = {
        name: Pause(None if seconds is None else NOON + timedelta(seconds=seconds), "为什么")
        for name, seconds in paused.items()
    }
    route = Channels(Post(), BOTH, Now()).route(
        kind, window_open=open_, consents=AGREED, pauses=pauses, now=NOON
    )
    wait = None if route.until is None else round((route.until - NOON).total_seconds())
    assert (route.channel, wait) == expected
