"""``admin``: accounts of the web admin, made and mended at the server itself."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import datetime

import handlers
from bot.config import ConfigError
from bot.kit.clock import real_clock
from models import schema
from models.account import Account
from models.accounts import AccountLine
from models.audit import Actor
from models.base import DomainError
from models.moment import local
from models.password import check_password, hash_password
from models.remit import account_roles
from models.store import Store, Unit

OPERATOR = Actor(None, "命令行")
"""Who acts here: somebody who may log in to the server."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = command.add_subparsers(dest="what", required=True, metavar="WHAT")
    roles = "，".join(f"{role.name} {role.label}" for role in account_roles().values())
    add = what.add_parser("add", help="新建账号；密码另外问，或从标准输入读一行")
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--role", required=True, choices=list(account_roles()), metavar="ROLE", help=f"职责：{roles}"
    )
    add.add_argument("--scope", default="", metavar="CODE", help="职责的范围：党组织或融合体的编号")
    change = what.add_parser("passwd", help="重设密码，已登录的全部退出")
    change.add_argument("name", metavar="NAME")
    for command in (add, change):
        command.add_argument("--hand-over", action="store_true", help="密码要交给别人：第一次登录时必须改掉")
    grant = what.add_parser("grant", help="再给一种职责")
    grant.add_argument("name", metavar="NAME")
    grant.add_argument("--role", required=True, choices=list(account_roles()), metavar="ROLE")
    grant.add_argument("--scope", default="", metavar="CODE")
    what.add_parser("list", help="有哪些账号")
    for name, about in (("disable", "停用，已登录的全部退出"), ("enable", "重新启用")):
        what.add_parser(name, help=about).add_argument("name", metavar="NAME")


def run(args: argparse.Namespace, store: Store) -> int:
    """Does it; 1 with the reason where a rule says no."""
    _ready(store)
    try:
        return _do(args, store, real_clock())
    except DomainError as error:
        print(handlers.texts().refuse(error), file=sys.stderr)
        return 1


def _ready(store: Store) -> None:
    """An empty database gets its tables, so that the first account can be made first; an old one is not touched."""
    version = schema.current(store)
    if version is None:
        schema.upgrade(store)
    elif version != schema.HEAD:
        raise ConfigError(f"数据库结构不是最新的（现在 {version}），请先运行：python -m bot migrate")


def _do(args: argparse.Namespace, store: Store, now: datetime) -> int:
    match args.what:
        case "add":
            return _add(args, store, now)
        case "passwd":
            with store.reading() as unit:
                name = unit.accounts.named(args.name).name
            kept = _ask(name)
            with store.unit() as unit:
                account = unit.accounts.named(name)
                unit.accounts.reset_password(account, kept, must_change=args.hand_over, by=OPERATOR, now=now)
            print(f"{name} 的密码改好了，原来登录着的都已退出")
        case "grant":
            with store.unit() as unit:
                account = unit.accounts.named(args.name)
                unit.accounts.give(account, args.role, args.scope, until=None, by=OPERATOR, now=now)
                print(f"{account.name} 现在也是{account_roles()[args.role].label}")
        case "list":
            with store.reading() as unit:
                accounts, _ = unit.accounts.listed(local(now).date(), limit=10_000)
            for line in accounts:
                print(_line(line))
            if not accounts:
                print("还没有账号。新建：python -m bot admin add 名字 --role city")
        case _:
            with store.unit() as unit:
                print(_switch(unit, unit.accounts.named(args.name), args.what, now))
    return 0


def _add(args: argparse.Namespace, store: Store, now: datetime) -> int:
    def make(unit: Unit, kept: str) -> Account:
        account = unit.accounts.open(args.name, kept, must_change=args.hand_over, by=OPERATOR, now=now)
        unit.accounts.give(account, args.role, args.scope, until=None, by=OPERATOR, now=now)
        return account

    with store.reading() as unit:
        name = make(unit, "").name  # what is refused is refused before anybody types a password
    kept = _ask(name)
    with store.unit() as unit:
        account = make(unit, kept)
        print(f"账号 {account.name} 建好了，职责：{account_roles()[args.role].label}")
    return 0


def _ask(name: str) -> str:
    """A password, typed twice without being shown, or the first line of the standard input; hashed."""
    if sys.stdin.isatty():
        password = getpass.getpass("密码（看不见是正常的）：")
        check_password(password, name)
        if getpass.getpass("再输一遍：") != password:
            raise ConfigError("两遍不一样，没有改动")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
        check_password(password, name)
    return hash_password(password)


def _switch(unit: Unit, account: Account, what: str, now: datetime) -> str:
    if what == "disable":
        unit.accounts.disable(account, by=OPERATOR, now=now)
        return f"{account.name} 已停用"
    unit.accounts.enable(account, by=OPERATOR, now=now)
    return f"{account.name} 可以登录了"


def _line(line: AccountLine) -> str:
    roles = "，".join(f"{grant.label} {grant.scope}".strip() for grant in line.grants if grant.held)
    last = f"最近登录 {local(line.last_in):%Y-%m-%d %H:%M}" if line.last_in else "还没登录过"
    state = "停用" if line.account.disabled_at else last
    return f"{line.account.name}  {roles or '没有职责'}  {state}"
