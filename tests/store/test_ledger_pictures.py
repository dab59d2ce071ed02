"""The maker of the ledgers' pictures, with an empty ledger; the sample's are looked at by people."""

from __future__ import annotations

import shutil
import struct
from datetime import date
from pathlib import Path

import pytest

from benchmarks import ledgerpictures
from bot.ledger.layout import layouts
from models.store import Store


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftoppm")), reason="no LibreOffice or pdftoppm here"
)
def test_a_printed_ledger_is_pictured(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgerpictures, "CONSORTIUM", "")
    wanted = [layouts()["overview"]]
    printed = ledgerpictures.printed(tmp_path, sqlite_store, date(2026, 6, 30), wanted)
    ledgerpictures.picture(printed["overview"], tmp_path / "page", "-f", "1", "-l", "1", "-singlefile")
    head = (tmp_path / "page.png").read_bytes()[:24]
    width, height = struct.unpack(">II", head[16:24])
    assert width > height, "A4 on its side"


def test_a_machine_without_the_programs_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert ledgerpictures.main([]) == 1
    assert "apt-get install" in capsys.readouterr().err
