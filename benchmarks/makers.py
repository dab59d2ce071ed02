"""Makes the database of the benchmarks: a city's members, their WeChat, the list, the office's rules.

80,000 members in 4,000 branches, every one of them bound, as far as WeChat goes, to the sender of the same number;
3,000 entries of the list, made of the sample world's by changing places and goods; about 50 keyword rules. What was
made is kept in ``build/bench`` under a hash of everything that it was made from.
"""

from __future__ import annotations

import csv
import hashlib
import os
import random
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.account import DATA_KEY, openid
from models import revision, schema
from models.consortium import Consortium
from models.identity import CONSENT_VERSION, Identity
from models.member import Member
from models.moment import local
from models.organisation import Organisation, Post, PostKind
from models.rule import KeywordRule, RuleMatch
from models.seat import Seat
from models.store import Store, Unit
from models.supply import Side, Supply
from models.term import Term
from models.vault import Vault

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "bench"
WORLD = ROOT / "bot" / "sim" / "world"

MEMBERS, BRANCHES, CONSORTIA, SUPPLIES, RULES = 80_000, 4_000, 400, 3_000, 50

_COUNTIES = [
    "林西县",
    "巴林左旗",
    "巴林右旗",
    "翁牛特旗",
    "敖汉旗",
    "宁城县",
    "喀喇沁旗",
    "克什克腾旗",
    "松山区",
    "红山区",
    "元宝山区",
    "阿鲁科尔沁旗",
]
_HEADS, _TAILS = "东西南北上下前后新老大小", "沟营河井梁湾甸窝铺店坡泉"
_SURNAMES, _GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "建国春梅志强秀兰海涛玉华文斌晓燕永福桂芳宝音其木格",
)
_GOODS = [
    "土豆",
    "谷子",
    "杂粮",
    "红干椒",
    "沙果",
    "苹果",
    "葵花籽",
    "羊肉",
    "牛肉",
    "鸡蛋",
    "羊绒",
    "粉条",
    "玉米",
    "荞麦",
    "蜂蜜",
]


def database(counts: tuple[int, int] = (MEMBERS, SUPPLIES)) -> Path:
    """The database, made now if it is not there yet. It is a master: measure on a ``copy``."""
    members, supplies = counts
    path = BUILD / f"world-{members}-{supplies}-{_fingerprint()}.db"
    if not path.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        for old in BUILD.glob(f"world-{members}-{supplies}-*.db"):
            old.unlink()
        draft = path.with_suffix(".draft")
        for left in (draft, Path(f"{draft}-wal"), Path(f"{draft}-shm")):
            left.unlink(missing_ok=True)
        _make(draft, members, supplies)
        with sqlite3.connect(draft) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("ANALYZE")
        connection.close()
        os.replace(draft, path)
    return path


def copy(target: Path) -> Path:
    """A fresh copy of the database, to be written to."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
        left.unlink(missing_ok=True)
    shutil.copyfile(database(), target)
    return target


def senders(branches: int = BRANCHES) -> range:
    """The senders who are members of the first so many branches."""
    return range(branches * (MEMBERS // BRANCHES))


def first_of_branches(branches: int) -> range:
    """One sender of each of the first so many branches: whoever warms a server up begins with them."""
    size = MEMBERS // BRANCHES
    return range(2, branches * size, size)


def _fingerprint() -> str:
    sources = [
        Path(__file__),
        Path(__file__).with_name("account.py"),
        *sorted((ROOT / "models").rglob("*.py")),
    ]
    sources += [WORLD / "supplies.csv", WORLD / "rules.csv"]
    digest = hashlib.sha256(str(local(datetime.now(UTC)).date()).encode())  # the terms of office begin today
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _make(path: Path, members: int, supplies: int) -> None:
    store = Store(f"sqlite:///{path}", Vault(DATA_KEY))
    fill(store, members, supplies)
    store.close()


def fill(store: Store, members: int = MEMBERS, supplies: int = SUPPLIES) -> None:
    """Puts the city on file in an empty database of any kind."""
    draw, now = random.Random(1), datetime.now(UTC)
    schema.upgrade(store)
    with store.unit() as unit:
        names = _found(unit, draw, now)
        _enrol(unit, draw, now, members, names)
        _unite(unit, now)
        _list(unit, draw, now, supplies, names)
        _rule(unit, now)
        for name in (revision.SUPPLIES, revision.RULES, revision.ROLL):
            unit.revisions.bump(name)


def _found(unit: Unit, draw: random.Random, now: datetime) -> list[str]:
    """The branches, under a committee for each county; their names by id - 1."""
    found = [
        Organisation.found(
            code=f"C{i:03}", name=f"中共{name}委员会", kind="党委", region=name, parent_id=None, now=now
        )
        for i, name in enumerate(_COUNTIES)
    ]
    parents = unit.organisations.add_all(found)
    branches = []
    for number in range(BRANCHES):
        at = number % len(_COUNTIES)
        town = f"{_HEADS[number // 12 % 12]}{_TAILS[number // 144 % 12]}镇"
        village = f"{draw.choice(_HEADS)}{draw.choice(_TAILS)}{number % 97 + 1}村"
        branches.append(
            Organisation.found(
                code=f"B{number:05}",
                name=f"{town}{village}党支部",
                kind="党支部",
                region=f"{_COUNTIES[at]}{town}{village}",
                parent_id=parents[at],
                now=now,
            )
        )
    first = unit.organisations.add_all(branches)[0]
    return [*(each.name for each in found), *(each.name for each in branches)] if first else []


def _enrol(unit: Unit, draw: random.Random, now: datetime, members: int, names: list[str]) -> None:
    """Members, each bound to the sender of their number; the first two of a branch act for it."""
    offset = len(names) - BRANCHES + 1
    size = members // BRANCHES
    people = [
        Member.enrol(
            name=draw.choice(_SURNAMES) + "".join(draw.choices(_GIVEN, k=2)),
            phone=str(13_000_000_000 + number * 37),
            organisation_id=offset + number // size,
            vault=unit.vault,
            now=now,
        )
        for number in range(members)
    ]
    ids = unit.members.add_all(people)
    posts = [
        Post.appoint(
            member_id=ids[number],
            organisation_id=offset + number // size,
            kind=PostKind.SECRETARY if number % size else PostKind.LIAISON,
            since=date(2026, 1, 1),
        )
        for number in range(members)
        if number % size < 2
    ]
    unit.organisations.appoint_all(posts)
    _insert(
        unit,
        Identity,
        (
            {
                "openid": openid(number),
                "member_id": member_id,
                "subscribed": True,
                "scene": "",
                "consent": CONSENT_VERSION,
                "consent_at": now,
                "bound_at": now,
                "first_seen_at": now,
                "last_message_at": None,
                "last_gesture_at": None,
                "sends_left": 0,
            }
            for number, member_id in enumerate(ids)
        ),
    )


def _unite(unit: Unit, now: datetime) -> None:
    """Consortia of ten neighbouring branches, each with somebody in the chair today and in the months around."""
    offset, size = len(_COUNTIES) + 1, BRANCHES // CONSORTIA
    unit.session.add_all(
        Consortium.found(
            code=f"RH{number:04}",
            name=f"第{number + 1}联合党委",
            kind="联合党委",
            modes="跨领域、跨行业",
            lead_id=offset + number * size,
            parent_id=None,
        )
        for number in range(CONSORTIA)
    )
    unit.session.flush()
    seats = (
        {
            "consortium_id": n // size + 1,
            "organisation_id": offset + n,
            "since": date(2026, 1, 1),
            "until": None,
        }
        for n in range(BRANCHES)
    )
    _insert(unit, Seat, seats)
    start = local(now).date() - timedelta(days=45)
    terms = (
        {
            "consortium_id": number + 1,
            "sequence": turn + 1,
            "organisation_id": offset + number * size + turn,
            "starts_on": start + timedelta(days=30 * turn),
            "ends_on": start + timedelta(days=30 * turn + 29),
        }
        for number in range(CONSORTIA)
        for turn in range(size)
    )
    _insert(unit, Term, terms)


def _list(unit: Unit, draw: random.Random, now: datetime, supplies: int, names: list[str]) -> None:
    """The sample world's list, again and again in other places and with other goods."""
    rows = _rows("supplies.csv")
    goods = re.compile("|".join(_GOODS))
    for number in range(supplies):
        row, again = rows[number % len(rows)], number >= len(rows)
        area, title, detail = row["地区"], row["标题"], row["内容"]
        owner = draw.randrange(len(_COUNTIES), len(names))
        if again:
            area = area if area == "全市" else "、".join(draw.sample(_COUNTIES, area.count("、") + 1))
            instead = draw.choice(_GOODS)
            title, detail = goods.sub(instead, title), goods.sub(instead, detail)
            detail += f"。每{draw.choice('周月季年')}{draw.randint(1, 9)}次，每次{draw.randint(10, 900)}份"
        unit.supplies.add(
            Supply.offer(
                code=f"{row['编号'][0]}{number + 1:04}",
                side=Side(row["清单"]),
                title=title,
                detail=detail,
                category=row["类别"],
                organisation_id=owner + 1,
                unit_name=names[owner] if again else row["单位"],
                area=area,
                quantity=row["数量"],
                valid_from=None,
                valid_until=None,
                contact=row["联系人"],
                vault=unit.vault,
                now=now,
            )
        )


def rules() -> list[tuple[str, list[str], str, int]]:
    """The office's rules: name, keywords, reply, priority."""
    known = [
        (row["规则名"], row["关键词"].split("、"), row["回复"].split("||")[0].strip(), int(row["优先级"]))
        for row in _rows("rules.csv")
        if row["匹配方式"] == "包含"
    ]
    invented = (
        (
            f"第{n}号办事指南",
            [f"第{n}号指南", f"指南{n}号", f"办事指南{n}"],
            f"请看公众号菜单里的第{n}号办事指南。",
            10,
        )
        for n in range(1, RULES + 1 - len(known))
    )
    return [*known, *invented]


def _rule(unit: Unit, now: datetime) -> None:
    for name, keywords, reply, priority in rules():
        unit.rules.add(
            KeywordRule.write(
                name=name,
                keywords=keywords,
                match=RuleMatch.CONTAIN,
                replies=[reply],
                priority=priority,
                enabled=True,
                now=now,
            )
        )


def _rows(name: str) -> list[dict[str, str]]:
    with (WORLD / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _insert(unit: Unit, entity: Any, rows: Iterable[dict[str, Any]]) -> None:
    for some in _chunks(rows):
        unit.connection.execute(insert(entity.__table__), some)


def _chunks(rows: Iterable[dict[str, Any]], size: int = 5_000) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
