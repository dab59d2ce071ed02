"""The source as the house's rules look at it: files, trees, and strings that are not docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
HAN = re.compile(r"[\u3400-\u9fff]")


def files(*rooms: str) -> list[Path]:
    """Every Python file of these rooms (folders or files below the root)."""
    found: list[Path] = []
    for room in rooms:
        path = ROOT / room
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    assert found, rooms
    return found


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(path: Path, node: ast.AST) -> str:
    """Where a node stands, to click on."""
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def nodes(path: Path) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node of a file with all that it stands in, the outermost first."""
    waiting: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(tree(path), ())]
    while waiting:
        node, above = waiting.pop()
        yield node, above
        waiting += [(child, (*above, node)) for child in ast.iter_child_nodes(node)]


def strings(path: Path) -> Iterator[tuple[ast.Constant, tuple[ast.AST, ...]]]:
    """Every string constant that is not a docstring (or a remark behind a field)."""
    for node, above in nodes(path):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and not isinstance(above[-1], ast.Expr)
        ):
            yield node, above


def called(node: ast.AST) -> str:
    """The last name of what a call calls; empty where it is not a call of a name."""
    if not isinstance(node, ast.Call):
        return ""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
