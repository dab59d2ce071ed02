"""``python -m benchmarks [pipeline|openloop|startup|importing|generating|draining|all] [--quick] [--json FILE]``: the tables of docs/performance.md.

``make bench`` installs what the baselines need and runs it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from benchmarks import draining, generating, importing, makers, openloop, pipeline, startup
from benchmarks.report import machine

MEASURES = {
    "pipeline": pipeline.measure,
    "openloop": openloop.measure,
    "startup": startup.measure,
    "importing": importing.measure,
    "generating": generating.measure,
    "draining": draining.measure,
}


def main() -> int:
    """Measures and prints; 1 when a server could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="side-by-side measurements")
    parser.add_argument("what", nargs="?", default="all", choices=[*MEASURES, "all"])
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter rounds: about four minutes for all"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure of every run")
    parser.add_argument("--count", type=int, help="draining: so many letters instead of 80,000")
    parser.add_argument(
        "--postgresql", action="store_true", help="draining alone: on PostgreSQL too; with `all` it always is"
    )
    args = parser.parse_args()
    if not sys.platform.startswith("linux"):
        print("The benchmarks read CPU and memory from /proc: Linux only.", file=sys.stderr)
        return 1
    about = machine()
    print(f"{about}\n", flush=True)
    if args.what != "draining":
        print("making the database, if it is not there yet", file=sys.stderr, flush=True)
        makers.database()
    kept = {}
    try:
        for name, measure in MEASURES.items():
            if args.what in (name, "all"):
                tables = (
                    draining.measure(
                        args.quick, args.count, on_postgresql=args.postgresql or args.what == "all"
                    )
                    if name == "draining"
                    else measure(args.quick)
                )
                kept[name] = tables
                print("\n".join(str(table) for table in tables), flush=True)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode({"machine": about, "tables": kept})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
