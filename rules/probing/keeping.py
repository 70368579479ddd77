"""What outlives a call: whether a plugin keeps something, and whether it leaves the process changed.

A memo fills up and is then what it was: the same histories told once more leave it alone. What goes on
changing is state.
"""

from __future__ import annotations

import builtins
import decimal
import itertools
import locale
import os
import random
import re
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from ..rule import Rule

_identity = builtins.id
_MOST_DEPTH, _MOST_ITEMS = 6, 20_000
_ADDRESS = re.compile(r"0x[0-9a-f]+")


def kept(modules: list[types.ModuleType], rules: list[Any]) -> dict[str, str]:
    """Return what a plugin's modules, classes, functions and rules hold, by name, as text."""
    found: dict[str, str] = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            if not (name.startswith("__") or isinstance(value, types.ModuleType)):
                _add(found, f"{module.__name__}.{name}", value, module.__name__)
    for rule in rules:
        for name, value in list(getattr(rule, "__dict__", {}).items()):
            if name != "params":
                found[f"{type(rule).__name__} instance's {name}"] = _text(value)
        for kind in type(rule).__mro__:
            if kind not in {Rule, object}:
                _add_class(found, kind.__name__, kind)
    return found


def _add(found: dict[str, str], name: str, value: Any, module: str) -> None:
    if isinstance(value, type):
        if value.__module__ == module:
            _add_class(found, name, value)
    elif isinstance(value, types.FunctionType):
        if value.__module__ == module:
            _add_function(found, name, value)
    else:
        found[name] = _text(value)


def _add_class(found: dict[str, str], name: str, kind: type) -> None:
    for attribute, value in list(vars(kind).items()):
        plain = getattr(value, "__func__", value)
        if isinstance(plain, types.FunctionType):
            _add_function(found, f"{name}.{attribute}", plain)
        elif not attribute.startswith("__") and not callable(value):
            found[f"{name}.{attribute}"] = _text(value)


def _add_function(found: dict[str, str], name: str, function: types.FunctionType) -> None:
    for cell in function.__closure__ or ():
        try:
            found[f"{name}'s closure"] = found.get(f"{name}'s closure", "") + _text(cell.cell_contents)
        except ValueError:  # empty yet
            continue
    if function.__defaults__ or function.__kwdefaults__:
        found[f"{name}'s default arguments"] = _text((function.__defaults__, function.__kwdefaults__))
    if function.__dict__:
        found[f"{name}'s attributes"] = _text({k: v for k, v in vars(function).items() if k != "__wrapped__"})


def _text(value: Any, depth: int = 0) -> str:
    """Return a value as text that changes when what it holds does."""
    if depth > _MOST_DEPTH:
        return "…"
    if isinstance(value, dict):
        items = itertools.islice(value.items(), _MOST_ITEMS)
        inner = [f"{_text(key, depth + 1)}:{_text(item, depth + 1)}" for key, item in items]
        return f"{type(value).__name__}({len(value)}) {','.join(inner)}"
    if isinstance(value, (set, frozenset)):
        return f"set({len(value)}) {','.join(sorted(_text(item, depth + 1) for item in value))}"
    if isinstance(value, (list, tuple)) or type(value).__name__ == "deque":
        inner = [_text(item, depth + 1) for item in itertools.islice(value, _MOST_ITEMS)]
        return f"{type(value).__name__}({len(value)}) {','.join(inner)}"
    return _thing(value, depth)


def _thing(value: Any, depth: int) -> str:
    if isinstance(value, random.Random):
        return "random" if isinstance(value, random.SystemRandom) else str(hash(value.getstate()))
    if isinstance(value, ContextVar):
        return _text(value.get(None), depth + 1)
    held = getattr(value, "__dict__", None)
    if isinstance(held, dict) and not isinstance(value, (type, types.FunctionType, types.ModuleType)):
        return f"{type(value).__name__} {_text(dict(held), depth + 1)}"
    try:
        return _ADDRESS.sub("", repr(value))[:4000]
    except Exception:  # noqa: BLE001 - a stranger's repr
        return type(value).__name__


def surroundings() -> dict[str, str]:
    """Return what all code of the process shares and no rule may change."""
    return {
        "the decimal context": repr(_context()),
        "the locale": str(locale.setlocale(locale.LC_ALL)),
        "the working directory": os.getcwd(),
        "the environment": repr(sorted(os.environ.items())),
        "the recursion limit": str(sys.getrecursionlimit()),
        "the shared random numbers": str(hash(random.getstate())),
        "the number of threads": str(threading.active_count()),
        "the warning filters": repr(warnings.filters),
        "the path of imports": repr(sys.path),
        "the built-in names": str(
            hash(tuple((name, _identity(thing)) for name, thing in vars(builtins).items()))
        ),
        "the tracing of code": repr((sys.gettrace(), sys.getprofile())),
        "the engine's own code": str(hash(tuple(_engine()))),
    }


def _context() -> tuple[Any, ...]:
    found = decimal.getcontext()
    return found.prec, found.rounding, found.Emin, found.Emax, found.capitals, found.clamp, repr(found.traps)


def _engine() -> Iterator[tuple[str, str, int]]:
    for name, module in sorted(sys.modules.items()):
        if not name.startswith("loyalty_ledger.") or name.startswith("loyalty_ledger.plugins"):
            continue
        for attribute, value in list(vars(module).items()):
            yield name, attribute, _identity(value)
            if isinstance(value, type) and value.__module__ == name:
                for own, part in list(vars(value).items()):
                    if not own.startswith("__"):
                        yield name, f"{attribute}.{own}", _identity(part)
