"""``bench``: the project's own benchmarks, which live beside the product in ``benchmarks/``."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the benchmarks take; see CONTRIBUTING."""
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…")


def run(args: argparse.Namespace) -> int:
    """Runs the benchmarks in a process of their own; 2 where the product is installed without them."""
    root = Path(__file__).parents[2]
    if importlib.util.find_spec("benchmarks") is None and not (root / "benchmarks").is_dir():
        print("性能测试在源码目录里，请在源码目录里运行。", file=sys.stderr)
        return 2
    return subprocess.run(  # noqa: S603 - our own interpreter, our own module
        [sys.executable, "-m", "benchmarks", *args.arguments], cwd=root, check=False
    ).returncode
