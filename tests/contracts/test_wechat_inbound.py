"""Every kind of push, in XML and in JSON, becomes what the person meant; wechatpy agrees where it has an opinion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from pushes import ACCOUNT, PLAIN_MODE, SENDER, jsn, signed, text, xml
from wechatpy import parse_message

from bot.kit import message as kit
from bot.wechat.codec import Codec
from bot.wechat.errors import NotAMessage

CODEC = Codec(PLAIN_MODE)
SENT = 1409735668


def read(body: bytes) -> kit.Inbound:
    return CODEC.read(signed(), body).message


def expected(which: type[kit.Message], key: str, /, **facts: Any) -> kit.Message:
    return which(key=key, sender=SENDER, account=ACCOUNT, sent_at=datetime.fromtimestamp(SENT, UTC), **facts)


def message(
    fields: dict[str, Any], which: type[kit.Message], /, **facts: Any
) -> tuple[dict[str, Any], kit.Message]:
    return {**fields, "MsgId": 23011}, expected(which, "m:23011", **facts)


def event(
    fields: dict[str, Any], which: type[kit.Message], tail: str, /, **facts: Any
) -> tuple[dict[str, Any], kit.Message]:
    return {"MsgType": "event", **fields}, expected(which, f"e:{SENDER}:{SENT}:{tail}", **facts)


ACCEPT = {"TemplateId": "VRR0UEO9", "SubscribeStatusString": "accept", "PopupScene": "2"}
REJECT = {"TemplateId": "9nLIlbOQ", "SubscribeStatusString": "reject", "PopupScene": "2"}
SENT_OK = {
    "TemplateId": "VRR0UEO9",
    "MsgID": "1700827132819554304",
    "ErrorCode": "0",
    "ErrorStatus": "success",
}
SENT_NO = {
    "TemplateId": "VRR0UEO9",
    "MsgID": 1700827132819554305,
    "ErrorCode": 43101,
    "ErrorStatus": "refused",
}

KINDS = {
    "text": message({"MsgType": "text", "Content": " 报需求 \n缺轮椅 "}, kit.Text, text="报需求 \n缺轮椅"),
    "text without words": message({"MsgType": "text", "Content": ""}, kit.Text, text=""),
    "text that has no Content": message({"MsgType": "text"}, kit.Text, text=""),
    "text by a menu link": message(
        {"MsgType": "text", "Content": "满意", "bizmsgmenuid": "101"}, kit.Text, text="满意", menu_id="101"
    ),
    "text with markup": message(
        {"MsgType": "text", "Content": "a<b>&amp;[CDATA["}, kit.Text, text="a<b>&amp;[CDATA["
    ),
    "image": message(
        {"MsgType": "image", "MediaId": "m1", "PicUrl": "http://mmbiz.qpic.cn/x"},
        kit.Image,
        media_id="m1",
        url="http://mmbiz.qpic.cn/x",
    ),
    "voice": message(
        {"MsgType": "voice", "MediaId": "m2", "Format": "amr", "Recognition": ""},
        kit.Voice,
        media_id="m2",
        format="amr",
    ),
    "voice with words": message(
        {"MsgType": "voice", "MediaId": "m2", "Format": "speex", "Recognition": "我要报需求。"},
        kit.Voice,
        media_id="m2",
        format="speex",
        transcript="我要报需求。",
    ),
    "video": message({"MsgType": "video", "MediaId": "m3", "ThumbMediaId": "t"}, kit.Video, media_id="m3"),
    "short video": message(
        {"MsgType": "shortvideo", "MediaId": "m4", "ThumbMediaId": "t"}, kit.Video, media_id="m4"
    ),
    "location": message(
        {
            "MsgType": "location",
            "Location_X": 23.134521,
            "Location_Y": 113.358803,
            "Scale": 20,
            "Label": "广州",
        },
        kit.Location,
        latitude=23.134521,
        longitude=113.358803,
        label="广州",
    ),
    "link": message(
        {"MsgType": "link", "Title": "公告", "Description": "说明", "Url": "https://e.cn/?a=1&b=2"},
        kit.Link,
        title="公告",
        description="说明",
        url="https://e.cn/?a=1&b=2",
    ),
    "a mini-program card": message(
        {"MsgType": "miniprogrampage", "Title": "t"}, kit.Unknown, kind="miniprogrampage"
    ),
    "something new": message({"MsgType": "hologram"}, kit.Unknown, kind="hologram"),
    "subscribe": event({"Event": "subscribe", "EventKey": ""}, kit.Followed, "subscribe:"),
    "subscribe without a key": event({"Event": "subscribe"}, kit.Followed, "subscribe:"),
    "subscribe by a code": event(
        {"Event": "subscribe", "EventKey": "qrscene_org:12", "Ticket": "T"},
        kit.Followed,
        "subscribe:qrscene_org:12",
        scene="org:12",
    ),
    "subscribe after a payment": event(
        {"Event": "subscribe", "EventKey": "last_trade_no_4200"}, kit.Followed, "subscribe:last_trade_no_4200"
    ),
    "scan": event(
        {"Event": "SCAN", "EventKey": "org:12", "Ticket": "T"}, kit.Scanned, "scan:org:12", scene="org:12"
    ),
    "unsubscribe": event({"Event": "unsubscribe", "EventKey": ""}, kit.Unfollowed, "unsubscribe:"),
    "click": event(
        {"Event": "CLICK", "EventKey": "NEED_NEW"}, kit.MenuTapped, "click:NEED_NEW", entry="NEED_NEW"
    ),
    "view": event(
        {"Event": "VIEW", "EventKey": "https://e.cn/"},
        kit.MenuLinkOpened,
        "view:https://e.cn/",
        url="https://e.cn/",
    ),
    "scan from the menu": event(
        {
            "Event": "scancode_waitmsg",
            "EventKey": "S",
            "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "1"},
        },
        kit.MenuTapped,
        "scancode_waitmsg:S",
        entry="S",
    ),
    "photos from the menu": event(
        {
            "Event": "pic_weixin",
            "EventKey": "P",
            "SendPicsInfo": {"Count": 2, "PicList": {"item": [{"PicMd5Sum": "a"}, {"PicMd5Sum": "b"}]}},
        },
        kit.MenuTapped,
        "pic_weixin:P",
        entry="P",
    ),
    "place from the menu": event(
        {"Event": "location_select", "EventKey": "L", "SendLocationInfo": {"Location_X": "23", "Label": "x"}},
        kit.MenuTapped,
        "location_select:L",
        entry="L",
    ),
    "place report": event(
        {"Event": "LOCATION", "Latitude": 23.1, "Longitude": 113.3, "Precision": 119.3},
        kit.Unknown,
        "location:",
        kind="event:location",
    ),
    "template delivered": event(
        {"Event": "TEMPLATESENDJOBFINISH", "MsgID": 200163836, "Status": "success"},
        kit.LetterDelivered,
        "templatesendjobfinish:200163836",
        message_id="200163836",
        status="success",
    ),
    "template blocked": event(
        {"Event": "TEMPLATESENDJOBFINISH", "MsgID": 200163840, "Status": "failed:user block"},
        kit.LetterDelivered,
        "templatesendjobfinish:200163840",
        message_id="200163840",
        status="failed:user block",
    ),
    "something new that happened": event(
        {"Event": "user_info_modified", "OpenID": SENDER},
        kit.Unknown,
        "user_info_modified:",
        kind="event:user_info_modified",
    ),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("form", [xml, jsn])
def test_every_kind_is_understood(name: str, form: Any) -> None:
    fields, wanted = KINDS[name]
    assert read(form(**fields)) == wanted
    assert msgspec.json.decode(msgspec.json.encode(wanted), type=kit.Inbound) == wanted


@pytest.mark.parametrize("entries", [[ACCEPT], [ACCEPT, REJECT], []])
@pytest.mark.parametrize("change", [False, True])
def test_consent_comes_single_or_as_a_list_wrapped_or_not(
    entries: list[dict[str, str]], change: bool
) -> None:
    name, wrapper = (
        ("subscribe_msg_change_event", "SubscribeMsgChangeEvent")
        if change
        else ("subscribe_msg_popup_event", "SubscribeMsgPopupEvent")
    )
    answers = tuple((e["TemplateId"], e["SubscribeStatusString"] == "accept") for e in entries)
    head = {"MsgType": "event", "Event": name}
    bodies = [
        xml(**head, **{wrapper: {"List": entries}}),
        jsn(**head, List=entries),
        jsn(**head, **{wrapper: {"List": entries}}),
    ]
    if len(entries) == 1:
        bodies.append(jsn(**head, List=entries[0]))
    read_back = [read(body) for body in bodies]
    for found in read_back:
        assert isinstance(found, kit.ConsentChanged)
        assert found.answers == answers
    assert len({found.key for found in read_back}) == 1


@pytest.mark.parametrize(("entry", "code"), [(SENT_OK, 0), (SENT_NO, 43101)])
def test_the_report_on_a_notification(entry: dict[str, Any], code: int) -> None:
    head = {"MsgType": "event", "Event": "subscribe_msg_sent_event"}
    for body in (xml(**head, SubscribeMsgSentEvent={"List": entry}), jsn(**head, List=[entry])):
        found = read(body)
        assert isinstance(found, kit.NotificationDelivered)
        assert (found.template_id, found.message_id) == ("VRR0UEO9", str(entry["MsgID"]))
        assert (found.error_code, found.status) == (code, entry["ErrorStatus"])
        assert found.refused == (("VRR0UEO9",) if code else ())
        assert str(entry["MsgID"]) in found.key


def test_a_report_on_several_notifications_names_each_that_was_refused() -> None:
    head = {"MsgType": "event", "Event": "subscribe_msg_sent_event"}
    found = read(jsn(**head, List=[SENT_OK, SENT_NO | {"TemplateId": "OTHER"}]))
    assert isinstance(found, kit.NotificationDelivered)
    assert (found.template_id, found.refused) == ("VRR0UEO9", ("OTHER",))


def test_two_events_of_one_second_are_two_and_a_repeat_is_the_same() -> None:
    tap = {"MsgType": "event", "Event": "CLICK"}
    one, two = read(xml(**tap, EventKey="A")), read(xml(**tap, EventKey="B"))
    assert one.key != two.key
    assert read(jsn(**tap, EventKey="A")).key == one.key
    done = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "Status": "success"}
    assert read(xml(**done, MsgID=1)).key != read(xml(**done, MsgID=2)).key


def test_a_key_fits_its_column_and_still_tells_apart() -> None:
    view = {"MsgType": "event", "Event": "VIEW"}
    one, two = (read(xml(**view, EventKey="https://e.cn/" + "长" * 900 + end)) for end in "12")
    assert len(one.key) <= 191
    assert one.key != two.key
    assert one.key.startswith(f"e:{SENDER}:{SENT}:")
    named = read(xml(MsgType="event", Event="n" * 900))
    assert len(named.key) <= 191


def test_a_message_without_a_number_is_told_apart_by_its_words() -> None:
    one, two = read(xml(MsgType="text", Content="甲")), read(xml(MsgType="text", Content="乙"))
    assert one.key != two.key
    assert "甲" not in one.key
    assert read(xml(MsgType="text", Content="甲", MsgId=0)).key == one.key


@pytest.mark.parametrize(
    "wrong",
    [
        {"MsgId": "abc"},
        {"MsgId": "-1"},
        {"MsgId": "１２"},
        {"MsgId": "9" * 21},
        {"CreateTime": "soon"},
        {"CreateTime": ""},
        {"CreateTime": -5},
        {"CreateTime": 0},
        {"CreateTime": 10**15},
        {"CreateTime": 1.5},
        {"FromUserName": ""},
        {"FromUserName": "o" * 65},
        {"ToUserName": ""},
        {"MsgType": ""},
        {"MsgType": "event"},
        {"MsgType": "event", "Event": ""},
        {"MsgType": ["text", "text"]},
        {"Content": {"b": "nested"}},
        {"MsgType": "location", "Location_X": "north", "Location_Y": 1},
        {"MsgType": "location", "Location_X": "nan", "Location_Y": 1},
        {"MsgType": "location", "Location_X": 91, "Location_Y": 1},
        {"MsgType": "location"},
        {"MsgType": "event", "Event": "subscribe_msg_sent_event", "List": [{"ErrorCode": "x"}]},
        {"MsgType": "event", "Event": "subscribe_msg_popup_event", "List": [1, 2]},
        {"MsgType": "event", "Event": "subscribe_msg_popup_event", "List": "abc"},
    ],
)
@pytest.mark.parametrize("form", [xml, jsn])
def test_what_no_push_looks_like_is_not_a_message(wrong: dict[str, Any], form: Any) -> None:
    with pytest.raises(NotAMessage):
        read(form(**{"MsgType": "text", "Content": "x", "MsgId": 1} | wrong))


def test_control_characters_that_people_paste_do_not_cost_them_their_answer() -> None:
    for body in (text("报\x08需\x14求"), jsn(MsgType="text", Content="报\x08\x00需\uffff求", MsgId=1)):
        found = read(body)
        assert isinstance(found, kit.Text)
        assert found.text == "报需求"


def test_wechatpy_reads_the_same() -> None:
    """An independent reader of the same XML, field by field."""
    for fields, ours in KINDS.values():
        theirs = parse_message(xml(**fields).decode())
        assert (theirs.source, theirs.target, theirs.time) == (ours.sender, ours.account, SENT)
        match ours:
            case kit.Text():
                assert (theirs.content or "") == ours.text
            case kit.Image():
                assert (theirs.media_id, theirs.image) == (ours.media_id, ours.url)
            case kit.Voice():
                assert (theirs.media_id, theirs.format, theirs.recognition or "") == (
                    ours.media_id,
                    ours.format,
                    ours.transcript,
                )
            case kit.Video():
                assert theirs.media_id == ours.media_id
            case kit.Location():
                assert tuple(map(float, theirs.location)) == (ours.latitude, ours.longitude)
                assert theirs.label == ours.label
            case kit.Link():
                assert (theirs.title, theirs.description, theirs.url) == (
                    ours.title,
                    ours.description,
                    ours.url,
                )
            case kit.Followed(scene=scene) if scene:
                assert (theirs.event, theirs.scene_id) == ("subscribe_scan", scene)
            case kit.Scanned():
                assert theirs.scene_id == ours.scene
            case kit.MenuTapped():
                assert theirs.key == ours.entry
            case kit.MenuLinkOpened():
                assert theirs.url == ours.url
            case kit.LetterDelivered():
                assert (str(theirs.id), theirs.status) == (ours.message_id, ours.status)
            case _:
                assert isinstance(ours, kit.Followed | kit.Unfollowed | kit.Unknown)
