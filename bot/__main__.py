"""The commands: ``python -m bot …``, the same as ``shouqianshou …``."""

from __future__ import annotations

import argparse
import gc
import importlib
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot import log
from bot.config import ConfigError, find

ABOUT = {
    "demo": "整个产品在这台机器上演示，不需要公众号",
    "sample": "装入一个融合体两年的示例工作，看台账用",
    "serve": "正式运行：收消息、发消息",
    "migrate": "把数据库结构升到最新",
    "doctor": "检查配置、数据库、微信接口",
    "import": "导入党组织、党员、清单等表格",
    "export": "导出台账，.xlsx 或 .csv",
    "outbox": "看待发的消息，重发，停发，接着发",
    "understand": "看机器怎么理解一句话",
    "match": "看清单上有什么合适",
    "replay": "用现在的理解重读存下的消息，看哪些会不一样",
    "chat": "在终端里和机器人说话",
    "admin": "网页后台的账号",
    "audit": "核对审计记录",
    "routes": "每句话由谁来答",
    "key": "生成一把数据密钥",
    "bench": "性能测试",
}
CONFIGURED = ("serve", "migrate", "doctor", "import", "export", "outbox", "match", "replay", "admin", "audit")
"""Commands that read the settings."""
MODULES = {
    "sample": "sample",
    "import": "importing",
    "export": "export",
    "outbox": "outbox",
    "understand": "understand",
    "match": "match",
    "replay": "replay",
    "chat": "chat",
    "admin": "accounts",
    "audit": "auditing",
    "bench": "bench",
}
"""Commands with arguments of their own, and where those are declared."""


def parser(wanted: str | None) -> argparse.ArgumentParser:
    """The command line; only the ``wanted`` command's module is loaded, since some bring half the product along."""
    top = argparse.ArgumentParser(prog="shouqianshou", description="手牵手")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, about in ABOUT.items():
        command = commands.add_parser(name, help=about, description=about)
        if name in CONFIGURED:
            command.add_argument(
                "--config", type=Path, metavar="config.toml", help="设置文件，默认是当前目录的 config.toml"
            )
        if name == "demo":
            command.add_argument("--port", type=int, default=8080)
            command.add_argument("--data", type=Path, default=Path("data"), metavar="DIR")
        if name == wanted and name in MODULES:
            importlib.import_module(f"bot.commands.{MODULES[name]}").add_arguments(command)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit code: 0 done, 1 refused or failed, 2 wrong use or wrong configuration."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # whatever the machine's locale is
    words = sys.argv[1:] if arguments is None else arguments
    args = parser(words[0] if words else None).parse_args(words)
    try:
        return run(args)
    except ConfigError as error:
        print(f"配置有误：{error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except DBAPIError as error:
        print(f"数据库用不了：{error.orig}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or '系统'}：{error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(args: argparse.Namespace) -> int:
    """The command that was asked for."""
    if args.command == "serve":
        gc.disable()  # what is loaded from here on stays: the product switches the collector on when it runs
    from bot.commands import serving

    match args.command:
        case "demo":
            log.set_up("WARNING")
            return serving.demo(args)
        case "routes":
            return serving.routes()
        case "key":
            return serving.key()
        case "understand":
            from bot.commands import understand

            return understand.run(args)
        case "chat":
            from bot.commands import chat

            log.set_up("ERROR")
            return chat.run(args)
        case "bench":
            from bot.commands import bench

            return bench.run(args)
        case "sample":
            from bot.commands import sample

            log.set_up("WARNING")
            return sample.run(args)
        case "match":
            from bot.commands import match, serving

            return match.run(args, serving.offers)
    config = find(args.config)
    log.set_up(config.log.level, config.log.format)
    match args.command:
        case "serve":
            return serving.serve(config)
        case "migrate":
            return serving.migrate(config)
        case "import":
            return serving.import_file(args, config)
        case "export":
            from bot.commands import export

            return serving.with_store(config, lambda store: export.run(args, store))
        case "outbox":
            from bot.commands import outbox

            return serving.with_store(config, lambda store: outbox.run(args, store))
        case "doctor":
            from bot.commands import doctor

            return doctor.run(config)
        case "admin":
            from bot.commands import accounts

            return serving.with_store(config, lambda store: accounts.run(args, store))
        case "audit":
            from bot.commands import auditing

            return serving.with_store(config, lambda store: auditing.run(args, store))
        case "replay":
            from bot.commands import replay

            return serving.with_store(config, lambda store: replay.run(args, store))
    raise AssertionError(args.command)


if __name__ == "__main__":
    sys.exit(main())
