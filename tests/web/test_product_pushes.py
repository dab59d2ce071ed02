"""The whole product over HTTP: signed and sealed pushes of the sample world's people, and what they hear."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.pushing import Sender, attempts, fetch
from tests.web.product import Product, phone_of

NEED = "我们村有三万斤土豆卖不出去，想找销路"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The demonstration, once for this file; each test speaks of something else."""
    with Product(tmp_path_factory.mktemp("demo")) as product:
        yield product


@pytest.fixture
def sender(product: Product) -> Sender:
    """Pushes to it as the platform does."""
    return Sender(product.url + "/wechat", product.settings)


def heard(product: Product, key: str) -> list[str]:
    """What stands on a phone that its owner did not write."""
    handset = product.demo.platform.phones[phone_of(product, key).openid]
    return [line.bubble.text for line in list(handset.lines) if line.bubble.side != "own"]


def test_a_need_that_is_pushed_three_times_is_one_case_with_a_number_and_a_list(
    product: Product, sender: Sender
) -> None:
    herdsman = phone_of(product, "herdsman").openid
    replies, seconds = [], []
    for _ in range(3):
        started = time.monotonic()
        replies.append(sender.text(herdsman, NEED, number=31_000_001))
        seconds.append(time.monotonic() - started)
    assert replies[0] is not None
    assert len(set(replies)) == 1
    assert max(seconds) < 5  # the platform's own patience
    found = re.search(r"编号 (\d+)", replies[0])
    assert found
    assert re.search(r"(?m)^1 \S+", replies[0]), "at least one entry of the list"
    assert product.rows("SELECT COUNT(*) FROM cases WHERE text = ?", NEED) == [(1,)]


def test_choosing_one_informs_the_supplier(product: Product, sender: Sender) -> None:
    herdsman = phone_of(product, "herdsman").openid
    reply = sender.text(herdsman, "俺家羊羔老是拉稀 没大夫会看")
    assert reply is not None
    number = int(re.findall(r"编号 (\d+)", reply)[0])
    chosen = sender.text(herdsman, "1")
    assert chosen is not None
    code, organisation = product.rows(
        "SELECT supplies.code, supplies.organisation_id FROM suggestions JOIN supplies "
        "ON supplies.code = suggestions.supply_code WHERE case_number = ? AND rank = 1 AND chosen_at IS NOT NULL",
        number,
    )[0]
    letters = product.rows("SELECT kind FROM outbox WHERE dedup_key LIKE ?", f"case:{number}:chosen:{code}%")
    kinds = {kind for (kind,) in letters}
    assert "supply_chosen_desk" in kinds
    on_file = organisation is not None and product.rows(
        "SELECT 1 FROM posts WHERE organisation_id = ? AND kind = 'liaison'", organisation
    )
    assert ("supply_chosen" in kinds) == bool(on_file)


def test_the_officer_s_phone_shows_the_letter(product: Product, sender: Sender) -> None:
    reply = sender.text(phone_of(product, "herdsman").openid, "村口路灯坏了，俩都不亮，半拉月了")
    assert reply is not None
    number = re.findall(r"编号 (\d+)", reply)
    for _ in attempts(30):
        if any(number[0] in text for text in heard(product, "liaison") if "路灯" in text) or product.rows(
            "SELECT 1 FROM outbox WHERE dedup_key LIKE ? AND state IN ('sent', 'delivered')",
            f"case:{number[0]}:filed:%",
        ):
            break


def test_an_emergency_is_answered_for_anyone_at_once(product: Product, sender: Sender) -> None:
    assert "119" in (sender.text("oNobodyEverSeen", "着火了，快来人啊") or "")
    assert "120" in (sender.text(phone_of(product, "newcomer").openid, "我爸昏过去了没有呼吸") or "")


def test_a_wrong_signature_is_refused_and_leaves_nothing(product: Product, sender: Sender) -> None:
    before = product.rows("SELECT COUNT(*) FROM received WHERE kind = 'Text'")
    status, body = sender.raw("<xml></xml>", token="another")
    assert (status, body) == (403, "")
    assert fetch(product.url + "/wechat?signature=x&timestamp=1&nonce=2&echostr=3")[0] == 403
    assert product.rows("SELECT COUNT(*) FROM received WHERE kind = 'Text'") == before


def test_a_push_that_cannot_be_read_is_no_fault_of_ours(product: Product, sender: Sender) -> None:
    assert sender.raw("this is no document")[0] == 400
    assert fetch(product.url + "/wechat", b"x" * 300_000)[0] in (403, 413)


def test_every_kind_of_push_is_answered_or_passed_over(product: Product, sender: Sender) -> None:
    herdsman = phone_of(product, "herdsman").openid
    pushes: list[dict[str, Any]] = [
        {"MsgType": "voice", "MediaId": "v1", "Format": "amr", "MsgId": 51},
        {
            "MsgType": "location",
            "Location_X": 43.6,
            "Location_Y": 118.0,
            "Scale": 16,
            "Label": "村口",
            "MsgId": 52,
        },
        {"MsgType": "link", "Title": "文章", "Description": "", "Url": "http://example.invalid", "MsgId": 53},
        {"MsgType": "video", "MediaId": "v2", "ThumbMediaId": "t", "MsgId": 54},
        {"MsgType": "event", "Event": "CLICK", "EventKey": "帮助"},
        {"MsgType": "event", "Event": "VIEW", "EventKey": "http://example.invalid"},
        {"MsgType": "event", "Event": "something_new"},
        {"MsgType": "something_new", "MsgId": 55},
    ]
    replies = [sender.push(herdsman, push) for push in pushes]
    assert [reply is not None for reply in replies] == [True, True, True, True, True, False, False, False]
    assert product.rows("SELECT COUNT(*) FROM received WHERE fault <> ''") == [(0,)]


def test_many_people_at_once_are_all_answered_in_time(product: Product) -> None:
    settings, url = product.settings, product.url
    results: list[tuple[str | None, float]] = []

    def one(number: int) -> None:
        started = time.monotonic()
        reply = Sender(url + "/wechat", settings).text(f"oCrowd{number}", "你好")
        results.append((reply, time.monotonic() - started))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 40
    assert all(reply for reply, _ in results)
    assert product.rows("SELECT COUNT(*) FROM received WHERE openid LIKE 'oCrowd%'") == [(40,)]


def test_alive_ready_and_figures(product: Product, sender: Sender) -> None:
    sender.text(phone_of(product, "herdsman").openid, "我的")
    assert fetch(product.url + "/healthz") == (200, '{"alive": true}')
    status, body = fetch(product.url + "/readyz")
    facts = json.loads(body)
    assert status == 200
    assert facts["ready"] is facts["database"] is facts["schema_current"] is True
    assert facts["outbox_age_s"] < 300
    status, text = fetch(product.url + "/metrics")
    assert status == 200
    assert re.search(r'shouqianshou_messages_total\{kind="Text"\} [1-9]', text)
    assert re.search(r"shouqianshou_answer_seconds_count [1-9]", text)
    assert "shouqianshou_outbox_due" in text
    assert "oCast" not in text


def test_the_page_of_the_simulator_is_there_and_nothing_else_is(product: Product) -> None:
    status, page = fetch(product.url + "/sim")
    assert (status, "手牵手" in page or "<html" in page) == (200, True)
    assert fetch(product.url + "/nothing")[0] == 404


def test_a_demonstration_opened_again_is_where_it_was(tmp_path: Path) -> None:
    with Product(tmp_path) as first:
        herdsman = phone_of(first, "herdsman").openid
        reply = Sender(first.url + "/wechat", first.settings).text(herdsman, NEED, number=77)
    with Product(tmp_path) as second:
        again = Sender(second.url + "/wechat", second.settings)
        assert again.text(herdsman, NEED, number=77) == reply
        assert "一共 1 件" in (again.text(herdsman, "我的") or "")


def test_a_draft_submits_itself_when_the_clock_moves(product: Product) -> None:
    phone = phone_of(product, "secretary")

    async def talk() -> None:
        await product.demo.platform.say(phone.openid, "报需求")
        await product.demo.platform.say(phone.openid, "那个东西又不行了，能不能想想办法")

    product.run(talk())
    drafts = product.rows("SELECT number FROM cases WHERE state = 'draft'")
    product.run(product.demo.platform.pass_time(timedelta(minutes=11)))
    for (number,) in drafts:
        assert product.rows("SELECT state FROM cases WHERE number = ?", number) == [("submitted",)]
    assert product.rows("SELECT COUNT(*) FROM cases WHERE state = 'draft'") == [(0,)]


def test_nothing_personal_lies_in_the_open_in_the_file(product: Product, sender: Sender) -> None:
    sender.text("oFresh", "绑定 欧阳无忌 13912340000")
    connection = sqlite3.connect(product.database)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    connection.close()
    raw = product.database.read_bytes()
    wal = product.database.with_name(product.database.name + "-wal")
    raw += wal.read_bytes() if wal.exists() else b""
    for secret in ("13912340000", "欧阳无忌", "13800073101"):
        assert secret.encode() not in raw
