"""``export``: the ledgers (台账) of a day or a span of days, as files that can be handed in."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import date
from pathlib import Path

from bot.commands.intake.plan import Progress
from bot.kit.clock import real_clock
from bot.ledger.export import SUFFIXES, Written, write
from bot.ledger.layout import ALL, Layout, find, layouts
from bot.ledger.workbook import TooLong
from models import schema
from models.asof import Period, Scope, steady
from models.ledgers import Ask
from models.moment import local
from models.store import Store, Unit

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class WrongUse(Exception):
    """The words behind ``export`` make no sense; the text says why and what would."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand behind ``export``."""
    kinds = "、".join(f"{layout.title} {layout.key}" for layout in layouts().values())
    parser.add_argument("kind", metavar="KIND", help=f"{kinds}；全部 {ALL}")
    parser.add_argument("file", type=Path, metavar="FILE", help=".xlsx 或 .csv（.csv 一次一张表）")
    parser.add_argument(
        "--since", type=_day, metavar="D", help="从哪天起（含当天），如 2026-06-01；不写就从头算起"
    )
    parser.add_argument("--until", type=_day, metavar="D", help="截至哪天（含当天）；不写就是今天")
    parser.add_argument("--consortium", metavar="CODE", help="只看一个融合体（含下级），写它的编号")
    parser.add_argument("--area", metavar="NAME", help="只看一个地区，如 林西县")
    parser.add_argument("--unmask", action="store_true", help="不脱敏：文件里会有姓名等个人信息")


def _day(written: str) -> date:
    found = _DAY.fullmatch(written.strip())
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(written)
    except ValueError:
        raise ArgumentTypeError(f"“{written}”不是日期，请写成 2026-06-30 这样") from None


def run(args: Namespace, store: Store) -> int:
    """Exports; the exit code."""
    now = real_clock()
    try:
        wanted = _wanted(args)
        period = Period(args.until or local(now).date(), args.since)
        if period.since is not None and period.since > period.until:
            raise WrongUse(f"起始日期 {period.since} 在截止日期 {period.until} 之后。")
        if schema.current(store) != schema.HEAD:
            raise WrongUse("数据库还不是这一版的结构，请先运行 python -m bot migrate。")
    except WrongUse as wrong:
        print(wrong, file=sys.stderr)
        return 2
    progress = Progress()
    try:
        with store.reading() as unit:
            steady(unit)
            scope = _scope(args, unit)
            ask = Ask(unit, period, scope, masked=not args.unmask)
            written = write(args.file, wanted, ask, now, progress)
    except WrongUse as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except TooLong as long:
        progress.done()
        print(
            f"超过了一张工作表的 {long} 行，请用 --since、--until 分段导出，或者导出 .csv。",
            file=sys.stderr,
        )
        return 1
    except OSError as error:
        progress.done()
        print(f"写不进 {args.file}：{error.strerror or error}", file=sys.stderr)
        return 1
    progress.done()
    _say(args, written)
    return 0


def _wanted(args: Namespace) -> list[Layout]:
    wanted = find(args.kind)
    if not wanted:
        known = "、".join(f"{layout.title}（{layout.key}）" for layout in layouts().values())
        raise WrongUse(f"没有“{args.kind}”这种台账。可以导出：{known}、全部（{ALL}）。")
    suffix = args.file.suffix.lower()
    if suffix not in SUFFIXES:
        raise WrongUse(f"文件名要以 .xlsx 或 .csv 结尾，不能是 {args.file.name}。")
    if suffix == ".csv" and len(wanted) > 1:
        raise WrongUse("一个 .csv 只能放一张表，全部导出请用 .xlsx。")
    if args.consortium and args.area:
        raise WrongUse("--consortium 和 --area 只能写一个。")
    return wanted


def _scope(args: Namespace, unit: Unit) -> Scope:
    if args.area:
        return Scope.of_area(args.area)
    if not args.consortium:
        return Scope()
    scope = Scope.of_consortium(unit, args.consortium)
    if scope is None:
        raise WrongUse(f"没有编号是“{args.consortium}”的融合体。")
    return scope


def _say(args: Namespace, written: list[Written]) -> None:
    for each in written:
        print(f"{each.title}：{each.rows} 行，校验码 {each.code}")
    print(f"已写入 {args.file}")
    if args.unmask:
        print("注意：文件里有没有脱敏的个人信息，请妥善保管，不要在微信、QQ 里转发。", file=sys.stderr)
