"""``sample``: a consortium with two years of invented work, for trying the ledgers and for showing what they look like."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

from bot.app import open_store
from bot.commands import importing
from bot.commands.demo import demo_config
from bot.config import find
from bot.kit.clock import real_clock
from bot.sim import years
from bot.sim.years.crew import CONSORTIUM
from bot.sim.years.script import MOST_YEARS
from bot.work.duties import DUTIES
from models import schema
from models.moment import SHANGHAI, local
from models.store import Store, Unit

_FIRST_WEEK: Final = timedelta(days=5)
"""Nothing begins in the first days of a year: the offices are closed."""


class Refused(Exception):
    """The sample does not go into this database; the text says why."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand behind ``sample``."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--data", type=Path, metavar="DIR", help="放进演示的数据文件夹（没有就新建），demo --data 用的就是它"
    )
    where.add_argument(
        "--config", type=Path, metavar="config.toml", help="放进设置里的数据库；默认是当前目录的 config.toml"
    )
    parser.add_argument("--years", type=_years, default=MOST_YEARS, metavar="N", help="几年，1 或 2，默认 2")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="同一个种子，同样的两年，默认 1")


def _years(written: str) -> int:
    if written not in map(str, range(1, MOST_YEARS + 1)):
        raise ArgumentTypeError(f"“{written}”不行，只能是 1 到 {MOST_YEARS}")
    return int(written)


def run(args: Namespace) -> int:
    """Loads the sample; the exit code."""
    store = open_store(demo_config(0, args.data) if args.data else find(args.config))
    try:
        if args.data:
            schema.upgrade(store)
        elif schema.current(store) != schema.HEAD:
            print("数据库还不是这一版的结构，请先运行 python -m bot migrate。", file=sys.stderr)
            return 2
        begun = real_clock()
        print("正在一天一天地过，要十来秒……", flush=True)
        start, end = load(store, real_clock(), years=args.years, seed=args.seed)
        with store.reading() as unit:
            counts = unit.counts()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    finally:
        store.close()
    took = (real_clock() - begun).total_seconds()
    print(
        f"已装入 {CONSORTIUM}，从 {start} 到 {local(end).date()}：{counts['cases']} 件事，用了 {took:.0f} 秒。"
    )
    if start > _wanted(local(begun).date(), args.years):
        print(f"{start.year} 年以前的工作日历没有登记，只能从这一天开始。")
    print("看台账：")
    if args.data:
        print(f"  export BOT_DATABASE__URL=sqlite:///{args.data / 'demo.db'}")
        print(f"  export BOT_PRIVACY__DATA_KEY=$(cat {args.data / 'demo.key'})")
    print(f"  python -m bot export all 台账.xlsx --consortium {CONSORTIUM}")
    return 0


def load(store: Store, now: datetime, *, years: int = MOST_YEARS, seed: int = 1) -> tuple[date, datetime]:
    """Loads the sample in one transaction: all of it or nothing. Gives its first day and its last moment.

    It begins so many years before ``now``, but not before the working days of a year are on file.

    Raises:
        Refused: there are cases in the database, or no calendar for any of those years.
    """
    with store.unit() as unit:
        if unit.counts()["cases"]:
            raise Refused(
                "这个数据库里已经有需求、问题了，示例只装进没有的：换一个 --data 文件夹，或换一个数据库。"
            )
        if unit.consortia.by_code(CONSORTIUM) is not None:
            raise Refused(f"这个数据库里已经有编号是 {CONSORTIUM} 的融合体，示例装不进去：换一个数据库。")
        start, end = span(unit, now, years)
        _live(unit, start, end, seed)
    store.directory.forget()
    return start, end


def span(unit: Unit, now: datetime, years: int) -> tuple[date, datetime]:
    """The years as far as their working days are on file.

    Raises:
        Refused: for none of them they are.
    """
    calendar, today = unit.workdays.calendar, local(now).date()
    wanted = _wanted(today, years)
    known = [year for year in calendar.years() if wanted.year <= year <= today.year]
    if not known:
        raise Refused(
            "这几年的工作日历都没有登记，算不出时限，请先导入：python -m bot import calendar 文件。"
        )
    start = max(wanted, date(known[0], 1, 1) + _FIRST_WEEK)
    last = calendar.until(start)
    if last is None or start >= today:
        raise Refused(
            "这几年的工作日历都没有登记，算不出时限，请先导入：python -m bot import calendar 文件。"
        )
    return start, min(now, datetime.combine(last, time(18, 0), SHANGHAI))


def _wanted(today: date, years: int) -> date:
    """So many years ago; every month has 28 days."""
    return date(today.year - years, today.month, min(today.day, 28))


def _live(unit: Unit, start: date, end: datetime, seed: int) -> None:
    begun = datetime.combine(start, time(6, 0), SHANGHAI)
    importing.load_tables(unit, years.FOLDER, begun, years.TABLES)
    unit.directory.forget()
    years.live(unit, start=start, end=end, seed=seed, daily=_duties)


def _duties(unit: Unit, now: datetime) -> None:
    for duty in DUTIES:
        while duty.calls(unit, now) and duty.do(unit, now):
            pass
