"""What a rule's own code speaks of: the names and numbers worth trying on it.

A rule that acts on ``line.category == "wine"`` does nothing in a history without wine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_WORD = re.compile(r"[^\x00-\x1f\x7f-\x9f{}%]{1,40}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOST_NUMBERS = 40


class Vocabulary:
    """Names by the field they are compared with, names of no known field, numbers and days."""

    def __init__(self) -> None:
        self.of_field: dict[str, list[str]] = {}
        self.names: list[str] = []
        self.numbers: list[int] = []
        self.days: list[str] = []

    def add(self, value: Any, field: str = "") -> None:
        """Add what a rule or a parameter holds: names, numbers, or containers of them."""
        if isinstance(value, bool) or value is None:
            return
        if isinstance(value, int):
            if 1 < value <= 10**12 and len(self.numbers) < _MOST_NUMBERS and value not in self.numbers:
                self.numbers.append(value)
        elif isinstance(value, str):
            self._add_word(value, field)
        elif isinstance(value, dict):
            for key, item in value.items():
                self.add(item, key if isinstance(key, str) else field)
        elif isinstance(value, (tuple, list, set, frozenset)):
            for item in value:
                self.add(item, field)

    def _add_word(self, word: str, field: str) -> None:
        if _DAY.match(word) and word[:10] not in self.days:
            self.days.append(word[:10])
        elif _WORD.fullmatch(word):
            known = self.of_field.setdefault(singular(field), []) if field else self.names
            if word not in known:
                known.append(word)

    def words(self, field: str) -> list[str]:
        """Return the names known for a field, and those of no known field."""
        return [*self.of_field.get(field, ()), *self.names]


def singular(field: str) -> str:
    """Return the name of one of what a field holds.

    >>> singular("categories"), singular("brands"), singular("class"), singular("store")
    ('category', 'brand', 'class', 'store')
    """
    if field.endswith("ies"):
        return f"{field[:-3]}y"
    return field[:-1] if field.endswith("s") and not field.endswith("ss") else field


def read_files(files: Iterable[Path]) -> Vocabulary:
    """Return the vocabulary of these Python files."""
    found = Vocabulary()
    for file in files:
        for field, value in _constants(ast.parse(file.read_bytes())):
            found.add(value, field)
    return found


def _constants(tree: ast.AST) -> Iterator[tuple[str, Any]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            field = next((name for side in sides if (name := _field(side))), "")
            yield from ((field, value) for side in sides for value in _literals(side))
        elif isinstance(node, ast.MatchValue):
            yield from (("", value) for value in _literals(node.value))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            name = target.id if isinstance(target, ast.Name) else ""
            yield from ((name.lower().strip("_"), value) for value in _literals(node.value))
            yield from (("", value) for value in _literals(node.value))
        elif isinstance(node, (ast.BinOp, ast.Subscript)):
            yield from (("", value) for side in ast.iter_child_nodes(node) for value in _literals(side))
        elif isinstance(node, ast.Call):
            field = _field(node.func)
            is_asking = field in {"get", "rung", "kept", "counter", "startswith", "endswith"}
            yield from (("", value) for side in node.args for value in _literals(side) if is_asking)


def _field(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _field(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def _literals(node: ast.AST) -> Iterator[Any]:
    """Yield the constants of an expression: itself, or what a literal container holds."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        for part in node.elts:
            yield from _literals(part)
    elif isinstance(node, ast.Dict):
        for inner in (*node.keys, *node.values):
            if inner is not None:
                yield from _literals(inner)
    elif isinstance(node, ast.Call):
        for part in node.args:
            yield from _literals(part)
    elif isinstance(node, ast.Subscript):
        yield from _literals(node.slice)
