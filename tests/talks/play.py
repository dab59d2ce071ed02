"""Prints what a script's people would hear, to write new scripts by: ``python -m tests.talks.play FILE``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bot import log
from bot.language import Language
from models.store import Store
from models.vault import Vault
from tests.conftest import KEY
from tests.talks.stage import Cue, Stage, read
from tests.talks.test_talks import CAST


class Rehearsal(Stage):
    """A stage that writes down instead of comparing."""

    def _compare(self, path: Path, cues: list[Cue], position: int, heard: list[tuple[str, str]]) -> int:
        before = cues[position - 1]
        print(f"{before.who}：{before.words}")
        for who, text in heard:
            print(f"{who}：" + text.replace("\n", "\n　　"))
        while position < len(cues) and (
            cues[position].who == "机器人" or cues[position].who.startswith("推送给")
        ):
            position += 1
        return position


def main(path: Path) -> None:
    """Rehearses one script; what it expects is ignored."""
    log.set_up("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/talk.db", Vault(KEY))
        stage = Rehearsal(store, Language())
        stage.prepare()
        stage.bind(*CAST)
        asyncio.run(stage._play(path, read(path)))
        store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
