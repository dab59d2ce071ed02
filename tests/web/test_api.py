"""The simulated API: tokens, windows, templates, consents, menus, codes, and mishaps on order."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec
import pytest

from bot.sim.bubbles import as_text
from bot.sim.platform import Fault
from tests.web.stage import CLERK, HERDSMAN, SECRETARY, SETTINGS, STRANGER, Stage

CREDENTIALS = {
    "grant_type": "client_credential",
    "appid": SETTINGS.app_id,
    "secret": SETTINGS.app_secret,
}


class Account:
    """Calls the API as the account."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.token = self.stable()["access_token"]

    def stable(self, **more: Any) -> Any:
        return self.stage.post("/sim/api/cgi-bin/stable_token", {**CREDENTIALS, **more})

    def call(self, path: str, body: dict[str, Any]) -> Any:
        return self.stage.post(f"/sim/api/cgi-bin/{path}?access_token={self.token}", body)

    def get(self, path: str, **query: str) -> Any:
        return self.stage.call(
            "GET", f"/sim/api/cgi-bin/{path}", params={"access_token": self.token, **query}
        )

    def custom(self, openid: str, text: str = "您好", **more: Any) -> int:
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}, **more}
        code: int = self.call("message/custom/send", body)["errcode"]
        return code

    def letter(self, openid: str = CLERK, template: str = "TPL-TURN", **fields: str) -> Any:
        data = {name: {"value": value} for name, value in (fields or {"thing1": "税务局党支部"}).items()}
        return self.call("message/template/send", {"touser": openid, "template_id": template, "data": data})


@pytest.fixture
def account(stage: Stage) -> Account:
    return Account(stage)


def test_a_stable_token_stays_until_it_nears_its_end(stage: Stage, account: Account) -> None:
    assert account.stable()["access_token"] == account.token
    stage.clock.move(timedelta(seconds=6950))
    renewed = account.stable()["access_token"]
    assert renewed != account.token
    assert account.get("user/info", openid=HERDSMAN)["subscribe"] == 1
    stage.clock.move(timedelta(minutes=6))
    assert account.get("user/info", openid=HERDSMAN)["errcode"] == 42001


def test_a_forced_token_is_new(account: Account) -> None:
    assert account.stable(force_refresh=True)["access_token"] != account.token


def test_tokens_that_are_missing_wrong_or_revoked(stage: Stage, account: Account) -> None:
    assert stage.call("GET", "/sim/api/cgi-bin/user/info?openid=x")["errcode"] == 41001
    stage.platform.tokens.revoke()
    assert account.get("user/info", openid=HERDSMAN)["errcode"] == 40001
    assert account.stable(secret="no")["errcode"] == 40125
    assert account.stable(appid="no")["errcode"] == 40013
    assert stage.call("GET", "/sim/api/cgi-bin/token", params=CREDENTIALS)["expires_in"] == 7200


def test_five_messages_within_two_days_of_a_users_word(stage: Stage, account: Account) -> None:
    assert account.custom(HERDSMAN) == 45015
    stage.run(stage.platform.say(HERDSMAN, "在吗"))
    assert [account.custom(HERDSMAN) for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    stage.run(stage.platform.say(HERDSMAN, "还在吗"))
    stage.clock.move(timedelta(hours=47))
    account.token = account.stable()["access_token"]
    assert account.custom(HERDSMAN) == 0
    stage.clock.move(timedelta(hours=1, seconds=1))
    assert account.custom(HERDSMAN) == 45015


def test_three_messages_within_a_minute_of_a_touch(stage: Stage, account: Account) -> None:
    stage.run(stage.platform.tap(SECRETARY, "click", "报需求"))
    assert [account.custom(SECRETARY) for _ in range(4)] == [0, 0, 0, 45047]
    stage.run(stage.platform.scan(SECRETARY, "org:V01"))
    stage.clock.move(timedelta(seconds=61))
    assert account.custom(SECRETARY) == 45015


def test_opening_a_page_from_the_menu_opens_no_window(stage: Stage, account: Account) -> None:
    stage.run(stage.platform.tap(SECRETARY, "view", "https://example.org"))
    assert account.custom(SECRETARY) == 45015


def test_who_does_not_follow_cannot_be_written_to(account: Account) -> None:
    assert account.custom(STRANGER) == 43004
    assert account.letter(STRANGER)["errcode"] == 43004
    assert account.custom("oNobody") == 40003


def test_a_repeated_client_message_id_is_dropped(stage: Stage, account: Account) -> None:
    stage.run(stage.platform.say(HERDSMAN, "在吗"))
    before = len(stage.platform.phones[HERDSMAN].lines)
    assert account.custom(HERDSMAN, client_msg_id="n1") == 0
    assert account.custom(HERDSMAN, client_msg_id="n1") == 0
    assert len(stage.platform.phones[HERDSMAN].lines) == before + 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text", "text": {"content": "字" * 683}}, 45002),
        ({"msgtype": "poem", "poem": {}}, 40008),
        ({"msgtype": "image", "image": {"media_id": "no"}}, 40007),
        ({"msgtype": "news", "news": {"articles": []}}, 45008),
        (
            {
                "msgtype": "msgmenu",
                "msgmenu": {"head_content": "满意不？", "list": [{"id": "1", "content": "满意"}]},
            },
            0,
        ),
    ],
)
def test_customer_service_messages_are_checked(
    stage: Stage, account: Account, body: dict[str, Any], code: int
) -> None:
    stage.run(stage.platform.say(HERDSMAN, "在吗"))
    assert account.call("message/custom/send", {"touser": HERDSMAN, **body})["errcode"] == code


def test_a_template_message_becomes_a_card_and_its_fate_is_reported(stage: Stage, account: Account) -> None:
    answer = account.letter(thing1="税务局党支部", time2="2026年5月18日 09:00")
    assert answer["errcode"] == 0
    card = stage.platform.phones[CLERK].lines[-1].bubble
    assert as_text(card) == "【轮值提醒】\n轮值单位：税务局党支部\n开始时间：2026年5月18日 09:00"
    for _ in range(50):
        if stage.account.pushes:
            break
        time.sleep(0.02)
    told = stage.account.pushes[-1]
    assert (told["Event"], told["Status"]) == ("TEMPLATESENDJOBFINISH", "success")
    assert int(told["MsgID"]) == answer["msgid"]
    assert stage.platform.phones[CLERK].lines[-1].bubble == card


def test_who_blocks_template_messages_does_not_see_them(stage: Stage, account: Account) -> None:
    stage.platform.phones[CLERK].refuses_letters = True
    assert account.letter()["errcode"] == 0
    assert not stage.platform.phones[CLERK].lines
    stage.run(asyncio.sleep(0.2))
    assert stage.account.pushes[-1]["Status"] == "failed:user block"


@pytest.mark.parametrize(
    ("template", "fields", "code"),
    [
        ("TPL-NONE", {"thing1": "事"}, 40037),
        ("TPL-TURN", {"thing1": "二" * 21}, 47003),
        ("TPL-TURN", {"thing1": "换\n行"}, 47003),
        ("TPL-TURN", {"thing1": ""}, 47003),
        ("TPL-TURN", {"phrase1": "一二三四五六"}, 47003),
        ("TPL-TURN", {"character_string1": "编号12"}, 47003),
        ("TPL-TURN", {"thing1": "二" * 20}, 0),
    ],
)
def test_template_fields_are_measured(
    account: Account, template: str, fields: dict[str, str], code: int
) -> None:
    answer = account.letter(CLERK, template, **fields)
    assert answer["errcode"] == code
    if code == 47003:
        assert next(iter(fields)) in answer["errmsg"]


def test_a_subscribe_notification_uses_up_a_consent(stage: Stage, account: Account) -> None:
    body = {"touser": CLERK, "template_id": "TPL-CLAIM", "data": {"thing1": {"value": "有新的待认领"}}}
    assert account.call("message/subscribe/bizsend", body)["errcode"] == 43101
    stage.run(stage.platform.consent(CLERK, "TPL-CLAIM"))
    assert account.call("message/subscribe/bizsend", body)["errcode"] == 0
    assert account.call("message/subscribe/bizsend", body)["errcode"] == 43101
    stage.run(asyncio.sleep(0.2))
    assert stage.account.pushes[-1]["Event"] == "subscribe_msg_sent_event"


def click(name: str, key: str = "K") -> dict[str, Any]:
    return {"type": "click", "name": name, "key": key}


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        ({}, 40016),
        ({"button": [click("一")] * 4}, 40016),
        ({"button": [click("一二三四五六")]}, 40018),
        ({"button": [{"name": "无类型"}]}, 40017),
        ({"button": [click("长键", "k" * 129)]}, 40019),
        ({"button": [{"type": "view", "name": "页"}]}, 40020),
        ({"button": [{"name": "多", "sub_button": [click("一")] * 6}]}, 40023),
        ({"button": [{"name": "长", "sub_button": [click("字" * 21)]}]}, 40025),
        ({"button": [{"name": "好", "sub_button": [click("报需求")]}, click("帮助")]}, 0),
    ],
)
def test_menus_are_checked_and_shown(stage: Stage, account: Account, menu: dict[str, Any], code: int) -> None:
    assert account.call("menu/create", menu)["errcode"] == code
    assert (stage.platform.menu == menu) == (code == 0)
    assert account.get("menu/get").get("menu") == (None if code else menu)


def test_escaped_chinese_is_refused_as_the_platform_does(stage: Stage, account: Account) -> None:
    raw = b'{"button":[{"type":"click","name":"\\u62a5","key":"K"}]}'
    assert (
        stage.call("POST", f"/sim/api/cgi-bin/menu/create?access_token={account.token}", data=raw)["errcode"]
        == 40033
    )


def test_a_code_that_was_made_can_be_scanned_and_looked_at(stage: Stage, account: Account) -> None:
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "org:V09"}}}
    ticket = account.call("qrcode/create", body)["ticket"]
    assert "org:V09" in {code.scene for code in stage.platform.codes}
    status, picture = stage.call("GET", f"/sim/api/cgi-bin/showqrcode?ticket={ticket}")
    assert status == 200
    assert picture.startswith("<svg")
    assert stage.call("GET", "/sim/api/cgi-bin/showqrcode?ticket=no")[0] == 404


def test_followers_and_media_can_be_asked_for(stage: Stage, account: Account) -> None:
    assert account.get("user/info", openid=STRANGER)["subscribe"] == 0
    assert STRANGER not in account.get("user/get")["data"]["openid"]
    stage.run(stage.platform.speak(HERDSMAN))
    media_id = stage.account.pushes[-1]["MediaId"]
    status, voice = account.get("media/get", media_id=media_id)
    assert status == 200
    assert voice.startswith("#!AMR")
    assert account.get("media/get", media_id="no")["errcode"] == 40007


def test_an_account_without_verification_may_not(stage: Stage) -> None:
    with Stage(settings=msgspec.structs.replace(SETTINGS, account="service_unverified")) as other:
        account = Account(other)
        assert account.custom(HERDSMAN) == 48001
        assert account.call("menu/create", {"button": [click("帮助")]})["errcode"] == 0


def test_mishaps_happen_as_ordered_and_then_no_more(stage: Stage, account: Account) -> None:
    stage.run(stage.platform.say(HERDSMAN, "在吗"))
    stage.platform.faults = [
        Fault("custom/send", errcode=45009, times=2),
        Fault("custom/send", status=502, body="<html>Bad Gateway</html>"),
    ]
    assert [account.custom(HERDSMAN) for _ in range(2)] == [45009, 45009]
    body = {"touser": HERDSMAN, "msgtype": "text", "text": {"content": "话"}}
    assert account.call("message/custom/send", body) == (502, "<html>Bad Gateway</html>")
    assert account.custom(HERDSMAN) == 0


def test_an_answer_can_get_lost_after_the_work_was_done(stage: Stage, account: Account) -> None:
    stage.run(stage.platform.say(HERDSMAN, "在吗"))
    stage.platform.faults = [Fault("custom/send", status=504, done_first=True)]
    body = {"touser": HERDSMAN, "msgtype": "text", "text": {"content": "话"}, "client_msg_id": "n7"}
    assert account.call("message/custom/send", body)[0] == 504
    assert account.call("message/custom/send", body)["errcode"] == 0
    assert [line.bubble.text for line in stage.platform.phones[HERDSMAN].lines].count("话") == 1


def test_a_connection_can_break(stage: Stage, account: Account) -> None:
    stage.run(stage.platform.say(HERDSMAN, "在吗"))
    stage.platform.faults = [Fault("custom/send", reset=True)]
    with pytest.raises(aiohttp.ClientError):
        account.custom(HERDSMAN)
    assert account.custom(HERDSMAN) == 0


def test_secrets_do_not_reach_the_drawer(stage: Stage, account: Account) -> None:
    account.get("user/info", openid=HERDSMAN)
    shown = stage.call("GET", "/sim/state")["wire"]
    assert shown
    assert SETTINGS.app_secret not in str(shown)
    assert account.token not in str(shown)
