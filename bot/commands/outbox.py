"""``outbox``: what waits to be sent and why, what died, and stopping and starting the sending."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from bot.kit.clock import real_clock
from bot.log import shade
from models.moment import local
from models.outbox import State
from models.pause import EVERYTHING
from models.store import Store, Unit
from models.told import Standing

SHOWN = ("dead", "call", "waiting", "pending", "dropped", "sent", "delivered")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    does = parser.add_subparsers(dest="does", required=True, metavar="list|retry|pause|resume")
    shown = does.add_parser("list", help="列出待发消息和原因；正文不显示")
    shown.add_argument("--state", choices=SHOWN, help="只看一种；不给就先看各有多少，再列没发成的")
    shown.add_argument("--last", type=int, default=50, metavar="N", help="最多多少条（默认 50）")
    retry = does.add_parser("retry", help="没发成的重新发")
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("id", type=int, nargs="?", help="list 里的编号")
    which.add_argument("--dead", action="store_true", help="所有没发成的")
    pause = does.add_parser("pause", help="停发：所有进程都停，重启以后也停")
    pause.add_argument("reason", help="为什么停，别人会看到")
    pause.add_argument("--minutes", type=int, metavar="N", help="停多少分钟；不给就一直停到 resume")
    pause.add_argument("--channel", default=EVERYTHING, help="只停一条路：custom、template、subscription")
    resume = does.add_parser("resume", help="接着发；换好了的模板也要这样恢复")
    resume.add_argument("channel", nargs="?", default=EVERYTHING, help="list 里停着的名字；不给就全部恢复")


def run(args: argparse.Namespace, store: Store) -> int:
    """Does what was asked. 0 done, 1 nothing was found to do it to."""
    match args.does:
        case "list":
            with store.reading() as unit:
                return _list(unit, args.state, args.last)
        case "retry":
            with store.unit() as unit:
                count = unit.outbox.retry(real_clock(), None if args.dead else args.id)
            print(f"重新发 {count} 条")
            return 0 if count else 1
        case "pause":
            return _pause(store, args)
    with store.unit() as unit:
        count = unit.pauses.resume(args.channel)
    print(f"恢复 {count} 处")
    return 0 if count else 1


def _pause(store: Store, args: argparse.Namespace) -> int:
    if args.minutes is not None and args.minutes <= 0:
        print("分钟数要大于 0", file=sys.stderr)
        return 2
    until = None if args.minutes is None else real_clock() + timedelta(minutes=args.minutes)
    with store.unit() as unit:
        unit.pauses.pause(args.channel, until=until, reason=args.reason)
    print("停了。恢复：python -m bot outbox resume")
    return 0


def _list(unit: Unit, state: str | None, last: int) -> int:
    for name, pause in sorted(unit.pauses.current(real_clock()).items()):
        until = "直到恢复" if pause.until is None else f"到 {local(pause.until):%m-%d %H:%M}"
        print(f"停发\t{name}\t{until}\t{pause.reason}")
    if state is None:
        print("\t".join(f"{name} {count}" for name, count in unit.outbox.counts().items()))
        print(f"不知是否送达 {unit.outbox.uncertain()}\t没有回执 {unit.outbox.unconfirmed(real_clock())}")
    for letter in unit.outbox.standing(State(state or State.DEAD), last):
        print(_line(letter))
    return 0


def _line(letter: Standing) -> str:
    """One letter; whom it is for only as far as an operator can find them elsewhere."""
    whom = (
        f"党员 {letter.member_id}" if letter.member_id is not None else f"微信 {shade(letter.openid or '')}"
    )
    facts = (
        str(letter.id),
        letter.kind,
        whom,
        f"{local(letter.due_at):%m-%d %H:%M}",
        f"试过 {letter.attempts} 次",
        letter.channel or "-",
        letter.reason or "-",
    )
    return "\t".join(facts)
