"""The bot's sentences: read from the texts' folder, said with their blanks filled."""

from __future__ import annotations

import tomllib
from pathlib import Path

from models.base import DomainError


class Texts:
    """Every Chinese sentence by its key, ``file.key``."""

    def __init__(self, sentences: dict[str, str]) -> None:
        self.sentences = sentences

    @classmethod
    def load(cls, folder: Path) -> Texts:
        """All sentences of a folder: each file a table, each key a sentence."""
        sentences = {}
        for path in sorted(folder.glob("*.toml")):
            for key, sentence in tomllib.loads(path.read_text(encoding="utf-8")).items():
                sentences[f"{path.stem}.{key}"] = sentence
        return cls(sentences)

    def say(self, key: str, **facts: object) -> str:
        """The sentence with its blanks filled. A missing key or blank is a mistake in the program: KeyError."""
        return self.sentences[key].format_map(facts)

    def refuse(self, error: DomainError) -> str:
        """The sentence for a rule that said no."""
        return self.say(f"refusal.{error.code}", **error.facts)
