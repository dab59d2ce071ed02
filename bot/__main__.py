"""The commands: ``python -m bot …``, the same as ``shouqianshou …``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot import log
from bot.config import ConfigError, find


def parser() -> argparse.ArgumentParser:
    """The command line."""
    from bot.commands import bench, chat, importing, match, understand

    top = argparse.ArgumentParser(prog="shouqianshou", description="手牵手")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, about: str, *, config: bool = False) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        if config:
            command.add_argument(
                "--config", type=Path, metavar="config.toml", help="设置文件，默认是当前目录的 config.toml"
            )
        return command

    demo = add("demo", "整个产品在这台机器上演示，不需要公众号")
    demo.add_argument("--port", type=int, default=8080)
    demo.add_argument("--data", type=Path, default=Path("data"), metavar="DIR")
    add("serve", "正式运行：收消息、发消息", config=True)
    add("migrate", "把数据库结构升到最新", config=True)
    add("doctor", "检查配置、数据库、微信接口", config=True)
    importing.add_arguments(add("import", "导入党组织、党员、清单等表格", config=True))
    understand.add_arguments(add("understand", "看机器怎么理解一句话"))
    match.add_arguments(add("match", "看清单上有什么合适", config=True))
    chat.add_arguments(add("chat", "在终端里和机器人说话"))
    add("routes", "每句话由谁来答")
    add("key", "生成一把数据密钥")
    bench.add_arguments(add("bench", "性能测试"))
    return top


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; the exit code: 0 done, 1 refused or failed, 2 wrong use or wrong configuration."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")  # whatever the machine's locale is
    args = parser().parse_args(arguments)
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
        case "doctor":
            from bot.commands import doctor

            return doctor.run(config)
    raise AssertionError(args.command)


if __name__ == "__main__":
    sys.exit(main())
