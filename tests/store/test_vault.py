"""The vault and the roster: what is sealed stays sealed, and is found all the same."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from models.member import Member, NameUnusable, PhoneUnusable, clean_name, clean_phone
from models.organisation import Organisation
from models.store import Store
from models.vault import CannotOpen, Vault, mask_name, mask_phone, new_key
from tests.store.conftest import Village, matter, settle


def test_what_is_sealed_opens_again_and_never_looks_the_same() -> None:
    vault = Vault(new_key())
    first, second = (vault.seal("张建国", "member.name") for _ in range(2))
    assert first != second
    assert vault.open(first, "member.name") == vault.open(second, "member.name") == "张建国"
    assert "张建国".encode() not in first


def test_another_purpose_another_key_or_one_changed_byte_does_not_open() -> None:
    vault = Vault(new_key())
    sealed = vault.seal("13800001111", "member.phone")
    with pytest.raises(CannotOpen):
        vault.open(sealed, "member.name")
    with pytest.raises(CannotOpen):
        Vault(new_key()).open(sealed, "member.phone")
    for at in range(len(sealed)):
        tampered = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CannotOpen):
            vault.open(tampered, "member.phone")
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            vault.open(sealed[:length], "member.phone")


def test_keys_rotate_and_the_previous_one_is_still_read() -> None:
    old, new = new_key(), new_key()
    before, after = Vault(old), Vault(new, old)
    sealed = before.seal("王海", "member.name")
    assert after.open(sealed, "member.name") == "王海"
    assert before.mark("王海", "member.name") in after.marks("王海", "member.name")
    assert after.marks("王海", "member.name")[0] == after.mark("王海", "member.name")
    with pytest.raises(CannotOpen):
        before.open(after.seal("王海", "member.name"), "member.name")


def test_a_mark_tells_purposes_and_keys_apart() -> None:
    vault = Vault(new_key())
    assert vault.mark("13800001111", "a") == vault.mark("13800001111", "a")
    assert vault.mark("13800001111", "a") != vault.mark("13800001111", "b")
    assert vault.mark("13800001111", "a") != Vault(new_key()).mark("13800001111", "a")


@pytest.mark.parametrize(
    "written",
    [
        "13800001111",
        "１３８００００１１１１",
        " 138 0000 1111 ",
        "138-0000-1111",
        "+8613800001111",
        "+86 138 0000 1111",
        "8613800001111",
        "(138)00001111",
        "138\u3000\u300000001111",
    ],
)
def test_phones_as_people_write_them(written: str) -> None:
    assert clean_phone(written) == "13800001111"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1380000111",
        "138000011112",
        "12800001111",
        "0476-8221234",
        "1380000l111",
        "110",
        "一三八",
        "1380000111X",
    ],
)
def test_what_is_no_mobile_number(written: str) -> None:
    with pytest.raises(PhoneUnusable):
        clean_phone(written)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("张建国", "张建国"),
        (" 张 建 国 ", "张建国"),
        ("王\u3000海", "王海"),
        ("宝音•朝克图", "宝音·朝克图"),
        ("宝音.朝克图", "宝音·朝克图"),
        ("宝音・朝克图", "宝音·朝克图"),
        ("㛃㛃", "㛃㛃"),
        ("𠮷田", "𠮷田"),
    ],
)
def test_names_as_people_write_them(written: str, name: str) -> None:
    assert clean_name(written) == name


@pytest.mark.parametrize("written", ["", "张", "Zhang", "张三1", "张" * 21, "13800001111", "张三，李四"])
def test_what_is_no_name(written: str) -> None:
    with pytest.raises(NameUnusable):
        clean_name(written)


def test_masks() -> None:
    assert (mask_name("张建国"), mask_name("王"), mask_name("")) == ("张**", "王*", "")
    assert (mask_phone("13800001111"), mask_phone("110")) == ("138****1111", "***")


def test_a_member_is_found_by_phone_and_name(store: Store, village: Village) -> None:
    with store.reading() as unit:
        found = unit.members.with_phone("+86 138-0000-1111")
        assert found is not None
        assert found.id == village.zhang.member_id
        assert found.name(unit.vault) == "张建国"
        assert found.phone(unit.vault) == "13800001111"
        assert found.is_called("张 建国", unit.vault)
        assert not found.is_called("张建军", unit.vault)
        assert unit.members.with_phone("13900000000") is None
        assert [each.id for each in unit.members.named("宝音•朝克图", village.far)] == [village.bao.member_id]
        assert unit.members.named("宝音•朝克图", village.east) == []


def test_a_member_is_found_after_the_key_was_changed(sqlite_url: str, now: datetime) -> None:
    old, new = new_key(), new_key()
    store = Store(sqlite_url, Vault(old))
    with store.unit() as unit:
        branch = unit.organisations.add(
            Organisation.found(code="A", name="甲", kind="党支部", region="", parent_id=None, now=now)
        )
        unit.members.add(
            Member.enrol(
                name="张建国", phone="13800001111", organisation_id=branch.id, vault=unit.vault, now=now
            )
        )
    store.close()
    store = Store(sqlite_url, Vault(new, old))
    with store.reading() as unit:
        found = unit.members.with_phone("13800001111")
        assert found is not None
        assert found.name(unit.vault) == "张建国"
        assert unit.members.named("张建国", found.organisation_id) == [found]
    store.close()


def test_one_phone_is_one_member(store: Store, village: Village, now: datetime) -> None:
    twin = Member.enrol(
        name="张建军", phone="13800001111", organisation_id=village.west, vault=store.vault, now=now
    )
    with pytest.raises(IntegrityError), store.unit() as unit:
        unit.members.add(twin)


def test_no_name_and_no_phone_stands_anywhere_in_the_clear(
    sqlite_store: Store, sqlite_url: str, now: datetime
) -> None:
    village = settle(sqlite_store, now)
    with sqlite_store.unit() as unit:
        unit.inbox.greet("o1", wrote=True, gesture=False, now=now)
        unit.inbox.stand("o1", step="phone", facts='{"name":"张建国","phone":"13800001111"}', expires_at=now)
        unit.cases.file(matter(village.zhang, now), by=village.zhang)
        unit.outbox.post(
            key="k",
            kind="case_filed",
            text="张建国（13800001111）报来需求",
            fields={"who": "张建国"},
            member_id=village.li.member_id,
            now=now,
        )
    sqlite_store.close()
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    for path in folder.glob("test.db*"):
        written = path.read_bytes()
        for clear in ("张建国", "李春梅", "王海", "朝克图", "13800001111", "13800002222"):
            assert clear.encode() not in written, path.name
            assert clear.encode("utf-16-le") not in written, path.name
