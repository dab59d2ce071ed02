"""How the files are: short, in the right room, and without what belongs elsewhere."""

from __future__ import annotations

import ast
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.store import metadata

from .source import HAN, ROOT, called, files, nodes, place, strings

LONGEST = 400
GENERATED = ROOT / "models" / "migrations" / "versions"
"""Written by alembic; a migration is one piece however many tables it makes."""
MOST_HAN = 5
"""More Han characters in one string than this are taken for a sentence, and a sentence belongs to the texts."""
VOCABULARY = {"bot/kit/words.py", "bot/kit/moments.py", "bot/kit/recurring.py"}
"""What members say, not what is said to them."""


@pytest.mark.parametrize("room", ["bot", "handlers", "models", "tests"])
def test_no_file_is_longer_than_one_can_hold_in_mind(room: str) -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files(room)
        if GENERATED not in path.parents
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_no_module_is_named_after_nothing() -> None:
    nothing = {
        "util",
        "utils",
        "helper",
        "helpers",
        "service",
        "services",
        "manager",
        "managers",
        "common",
        "misc",
    }
    assert [path.name for path in files("bot", "handlers", "models", "tests") if path.stem in nothing] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in files("bot", "handlers", "models", "tests")
        if GENERATED not in path.parents
        and path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent


def test_models_and_handlers_never_look_at_a_clock() -> None:
    """Now is handed in, so that every rule can be tried at any time."""
    found = []
    for path in files("models", "handlers"):
        for node, _ in nodes(path):
            if called(node) in ("now", "utcnow", "today", "time", "monotonic") and isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name.split(".")[0] in ("datetime", "date", "time", "func"):
                    found.append(f"{place(path, node)}: {name}")
    assert not found


def test_columns_are_assigned_in_models_only() -> None:
    """Elsewhere an entity is changed by its verbs, which know the rules."""
    importlib.import_module("models.store")
    columns = {column.name for table in metadata.tables.values() for column in table.columns}
    found = []
    for path in files("handlers", "bot"):
        for node, _ in nodes(path):
            targets: list[ast.expr] = []
            if isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AugAssign | ast.AnnAssign):
                targets = [node.target]
            found += [
                f"{place(path, node)}: {ast.unparse(each)}"
                for target in targets
                for each in ast.walk(target)
                if isinstance(each, ast.Attribute)
                and isinstance(each.ctx, ast.Store)
                and each.attr in columns
                and ast.unparse(each.value) in ENTITIES
            ]
    assert not found


ENTITIES = {
    "case", "other", "draft", "identity", "member", "organisation", "supply", "rule", "suggestion", "row",
    "letter", "appeal", "request", "asked", "term", "seat", "post", "consortium", "found", "entity",
}  # fmt: skip
"""What entities are called where they are used."""


@pytest.mark.parametrize(
    "room", ["handlers", "bot/engine", "bot/kit", "bot/work", "bot/pulse.py", "bot/feed"]
)
def test_sentences_for_members_stand_with_the_texts(room: str) -> None:
    """A string with more than a few Han characters is a sentence, unless it is a pattern or a word to be typed."""
    found = []
    for path in files(room):
        if str(path.relative_to(ROOT)) in VOCABULARY:
            continue
        for node, above in strings(path):
            if len(HAN.findall(str(node.value))) <= MOST_HAN:
                continue
            if any(_is_pattern(each) or _is_claim(each, path) for each in above):
                continue
            found.append(f"{place(path, node)}: {node.value}")
    assert not found


def _is_pattern(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.")


def _is_claim(node: ast.AST, path: Path) -> bool:
    """``@on.command("我要报需求")``."""
    return (
        path.parent.name == "handlers"
        and isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith("on.")
    )


def test_nothing_is_printed_but_by_commands() -> None:
    speaking = [
        place(path, node)
        for path in files("bot", "handlers", "models")
        if "commands" not in path.parts and path.name != "__main__.py"
        for node, _ in nodes(path)
        if called(node) == "print"
    ]
    assert not speaking


@pytest.mark.slow
def test_imports_run_one_way() -> None:
    checker = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which(
        "lint-imports"
    )
    if checker is None:
        pytest.skip("import-linter is not installed: pip install -e '.[check]'")
    done = subprocess.run(
        [checker, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
