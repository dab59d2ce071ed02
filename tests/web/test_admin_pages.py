"""What the pages of the web admin say: posters, accounts, the audit, today's figures, and what broke."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError

from bot.admin import render, today
from bot.admin.poster import SCENE, drawn
from bot.admin.router import Table
from bot.admin.site import PAGES
from bot.wechat.client import Client
from models.remit import account_rules
from tests.web.backstage import PASSWORD, Backstage, Caller
from tests.web.product import phone_of


def code_of(backstage: Backstage, code: str) -> str:
    """What the platform says the QR code of an organisation is."""

    async def ask() -> str:
        async with Client(backstage.product.settings) as client:
            return (await client.create_qr(f"{SCENE}{code}")).content

    return backstage.product.run(ask())


def test_a_poster_bears_the_code_that_the_platform_gives(backstage: Backstage, boss: Caller) -> None:
    page = boss.get(f"/admin/organisations/{backstage.organisation('LX051')}/poster").text
    assert str(drawn(code_of(backstage, "LX051"))) in page
    assert "林西县官地镇朝阳沟村党支部" in page
    for number in ("110", "119", "120", "12345"):
        assert number in page
    batch = boss.get("/admin/organisations/posters", q="LX05").text
    for code in ("LX050", "LX051", "LX052", "LX053", "LX054"):
        assert str(drawn(code_of(backstage, code))) in batch


def test_whoever_scans_a_poster_arrives_at_its_branch(backstage: Backstage) -> None:
    newcomer = phone_of(backstage.product, "newcomer")

    async def scan() -> str:
        platform = backstage.product.demo.platform
        await platform.follow(newcomer.openid, f"{SCENE}LX051")
        return str(platform.phones[newcomer.openid].lines[-1])

    assert "朝阳沟" in backstage.product.run(scan())


def test_every_figure_of_today_leads_to_its_list(boss: Caller) -> None:
    page = boss.get("/admin/today").text
    anchors = re.findall(r'<a href="#([a-z]+)"><b>\d+</b>', page)
    assert len(anchors) == 4
    for anchor in anchors:
        section = page[page.index(f'<section id="{anchor}">') :].partition("</section>")[0]
        assert 'class="help"' in section, "and says what was counted"
    assert today.MOST < 20


def test_the_system_says_what_doctor_says(boss: Caller) -> None:
    page = boss.get("/admin/system").text
    for name in ("配置", "数据库", "数据库结构", "名册和清单", "积压", "工作日历", "微信接口", "时钟"):
        assert f"<b>{name}</b>" in page
    assert "令牌能取到" in page


def test_a_password_that_was_forgotten_is_reset_and_the_waiting_ends(
    backstage: Backstage, boss: Caller
) -> None:
    number = backstage.account("forgetful", ("rules", ""))
    path = f"/admin/accounts/{number}"
    for _ in range(account_rules()["tries"]["per_name"]):
        backstage.caller().sign_in("forgetful", PASSWORD)
    assert backstage.caller().sign_in("forgetful", PASSWORD).status == 429
    assert boss.post(f"{path}/unlock").location == f"{path}?done=unlocked"
    assert backstage.caller().sign_in("forgetful", PASSWORD).status == 422
    page = boss.post(f"{path}/reset")
    found = re.search(r'aria-label="一次性密码">([^<]+)<', page.text)
    assert found is not None
    caller = backstage.caller()
    assert caller.sign_in("forgetful", found[1]).status == 303
    assert caller.get("/admin").location == "/admin/password"
    assert found[1] not in boss.get(path).text, "shown once"
    backstage.calm()


def test_an_account_is_taken_away_and_given_back(backstage: Backstage, boss: Caller) -> None:
    number = backstage.account("coming-and-going", ("auditor", ""))
    path, theirs = f"/admin/accounts/{number}", backstage.as_account(number)
    assert theirs.get("/admin/audit").status == 200
    assert boss.post(f"{path}/disable").status == 303
    assert theirs.get("/admin/audit").status == 303
    assert "停用" in boss.get(path).text
    assert boss.post(f"{path}/enable").status == 303
    assert backstage.as_account(number).get("/admin/audit").status == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "x"}, "name"),
        ({"name": "wang"}, "name"),
        ({"role": "king"}, "role"),
        ({"role": "area", "scope": "nowhere"}, "scope"),
        ({"role": "city", "scope": "LX050"}, "scope"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"phone": "12345"}, "phone"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(
    fields: dict[str, str], field: str, backstage: Backstage, boss: Caller
) -> None:
    before = backstage.product.rows("SELECT count(*) FROM accounts")
    answer = boss.post("/admin/accounts/new", {"name": "newcomer", "role": "city"} | fields)
    assert answer.status == 422
    wrong = answer.text[answer.text.index("field wrong") :].partition("</div>")[0]
    assert f'name="{field}"' in wrong
    assert 'role="alert"' in wrong
    for name, value in fields.items():
        if name != "role":
            assert f'name="{name}" ' in answer.text
            assert f'value="{value}"' in answer.text
    assert backstage.product.rows("SELECT count(*) FROM accounts") == before


def test_the_audit_is_searched_by_who_what_and_when(backstage: Backstage, boss: Caller) -> None:
    organisation = backstage.organisation("LX052")
    member = backstage.member_of(organisation)[0]
    boss.post(f"/admin/organisations/{organisation}/members/{member}", {"reason": "核对名册"})
    assert "核对名册" in boss.get("/admin/audit", action="member_seen", actor="WANG").text
    assert "核对名册" in boss.get("/admin/audit", subject="member", id=str(member)).text
    assert "核对名册" not in boss.get("/admin/audit", action="sign_in").text
    assert "核对名册" not in boss.get("/admin/audit", until="2020-01-01").text
    assert "没有这样的记录" in boss.get("/admin/audit", actor="nobody").text


def test_a_page_that_breaks_says_so_with_a_number_and_nothing_else(
    boss: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("a secret of the machine")

    monkeypatch.setattr("models.overview.Overview.overdue", broken)
    answer = boss.get("/admin/today")
    assert answer.status == 500
    assert re.search(r"E\d{6}", answer.said)
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_template_that_breaks_says_so_too(boss: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = render.render
    monkeypatch.setattr(
        render,
        "render",
        lambda name, facts: rendered(name, {} if name == "today.html" else facts),
    )
    answer = boss.get("/admin/today")
    assert answer.status == 500
    assert re.search(r"E\d{6}", answer.said)


def test_a_database_that_does_not_answer_is_a_sentence(boss: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT secret", {}, Exception())

    monkeypatch.setattr("models.overview.Overview.overdue", away)
    answer = boss.get("/admin/today")
    assert answer.status == 503
    assert "数据库" in answer.said
    assert "secret" not in answer.text


def test_the_table_finds_pages_by_their_whole_address() -> None:
    table = Table(page.on for page in PAGES)
    assert table.find("GET", "/admin/organisations/7")[1] == {"organisation": 7}  # type: ignore[index]
    for path in (
        "/admin/organisations/7x",
        "/admin/organisations/07",
        "/admin/organisations/7/",
        "/ADMIN/today",
    ):
        assert table.find("GET", path) is None
