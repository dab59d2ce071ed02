"""The ledgers as they come out of a printer: ``python -m benchmarks.ledgerpictures`` loads the sample and pictures its ledgers.

It wants LibreOffice, poppler's pdftoppm and a Chinese font. ``--all DIR`` puts every page of every ledger into a
folder, to be looked through before a release; without it the pictures of the documents are taken anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from bot.commands import sample
from bot.kit.clock import real_clock
from bot.ledger.export import write
from bot.ledger.layout import Layout, layouts
from bot.sim.years import CONSORTIUM
from models import schema
from models.asof import Period, Scope
from models.ledgers import Ask
from models.store import Store
from models.vault import Vault, new_key

IMAGES = Path(__file__).parents[1] / "docs" / "images"
PICTURED = {"problems": 0.62, "projects": 0.5, "overview": 0.72}
"""Ledgers that stand in the documents, and how much of the height of their first page."""
DPI = 100
PAPER = (11.69, 8.27)
"""A4 on its side, in inches."""
MARGIN = 0.35
"""Inches of white paper that are cut off at each side."""
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include>
<match target="pattern"><test name="family"><string>宋体</string></test>
<edit name="family" mode="assign" binding="strong"><string>Noto Serif CJK SC</string></edit></match></fontconfig>
"""
"""The ledgers are set in 宋体, which only Windows has; a free serif of the same widths stands in for it."""


class NoPictureError(Exception):
    """The pictures cannot be taken; the text says why."""


@contextmanager
def lived(folder: Path) -> Iterator[tuple[Store, date]]:
    """A database with the sample in it, and the last day of the sample."""
    store = Store(f"sqlite:///{folder / 'sample.db'}", Vault(new_key()))
    try:
        schema.upgrade(store)
        _, end = sample.load(store, real_clock())
        yield store, end.date()
    finally:
        store.close()


def printed(folder: Path, store: Store, day: date, wanted: Sequence[Layout]) -> dict[str, Path]:
    """Each ledger as a PDF, by its key."""
    (folder / "fonts.conf").write_text(FONTS, encoding="utf-8")
    found = {}
    for layout in wanted:
        with store.reading() as unit:
            ask = Ask(unit, Period(day), Scope.of_consortium(unit, CONSORTIUM))
            write(folder / f"{layout.key}.xlsx", [layout], ask, real_clock(), lambda title, count: None)
        _run(
            "soffice", f"-env:UserInstallation={(folder / 'office').as_uri()}", "--headless",
            "--convert-to", "pdf", "--outdir", str(folder), str(folder / f"{layout.key}.xlsx"),
            FONTCONFIG_FILE=str(folder / "fonts.conf"),
        )  # fmt: skip
        found[layout.key] = folder / f"{layout.key}.pdf"
    return found


def picture(pdf: Path, where: Path, *options: str) -> None:
    """Pages of a PDF as grey pictures ``where``.png; more than one get numbers."""
    _run("pdftoppm", "-png", "-gray", "-r", str(DPI), *options, str(pdf), str(where))


def _cut(share: float) -> tuple[str, ...]:
    """The options that leave so much of a page's height, from the top, without the paper's white edge."""
    edge, width, height = (
        round(inches * DPI) for inches in (MARGIN, PAPER[0] - 2 * MARGIN, PAPER[1] * share)
    )
    return ("-x", str(edge), "-y", str(edge), "-W", str(width), "-H", str(height))


def _equipped() -> None:
    for program in ("soffice", "pdftoppm"):
        if shutil.which(program) is None:
            raise NoPictureError(
                f"there is no {program}. On Debian: apt-get install libreoffice-calc poppler-utils fonts-noto-cjk"
            )


def _run(program: str, *arguments: str, **settings: str) -> None:
    done = subprocess.run(
        [program, *arguments],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode:
        raise NoPictureError(f"{program}: {done.stderr.strip() or done.returncode}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes the pictures; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--all", type=Path, metavar="DIR", help="every page of every ledger, into this folder"
    )
    args = parser.parse_args(arguments)
    wanted = list(layouts().values()) if args.all else [layouts()[key] for key in PICTURED]
    out: Path = args.all or IMAGES
    try:
        _equipped()
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as name, lived(Path(name)) as (store, day):
            for key, pdf in printed(Path(name), store, day, wanted).items():
                first = () if args.all else ("-f", "1", "-l", "1", "-singlefile", *_cut(PICTURED[key]))
                picture(pdf, out / f"ledger-{key}", *first)
                print(out / f"ledger-{key}.png" if first else f"{out}/ledger-{key}-*.png")
    except NoPictureError as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
