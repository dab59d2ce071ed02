"""``audit verify``: whether the audit still says what was written into it."""

from __future__ import annotations

import argparse
import sys

from models.store import Store

HOW = {
    "changed": "内容被改过",
    "missing": "前面少了",
    "moved": "和前一条接不上，顺序被动过",
    "forged": "封印不对，不是本系统写的",
    "end": "末尾的记录少了",
    "noted": "找不到您记下的那个校验值",
}
"""What can be wrong with a row."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = command.add_subparsers(dest="what", required=True, metavar="WHAT")
    verify = what.add_parser("verify", help="从头核对审计记录：改过、少了、换过顺序都能发现")
    verify.add_argument("--noted", default="", metavar="HASH", help="以前记下的校验值，核对它还在不在")


def run(args: argparse.Namespace, store: Store) -> int:
    """Looks at the whole chain; 1 where it does not hold."""
    with store.reading() as unit:
        verdict = unit.audit.verify(args.noted)
    if verdict.broken is not None:
        print(
            f"第 {verdict.broken.number} 条：{HOW[verdict.broken.how]}；前面 {verdict.count} 条没有问题",
            file=sys.stderr,
        )
        return 1
    print(f"{verdict.count} 条审计记录都对得上")
    if verdict.unknown_key:
        print(f"其中 {verdict.unknown_key} 条是用早先的密钥封的，只核对了先后和内容")
    if verdict.count:
        print(f"最后一条的校验值（请另外记一份）：{verdict.hash}")
    return 0
