"""The probe "types": what can be seen of a rule without asking it about any fact."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import NODEFAULT
from msgspec.inspect import FloatType

from ...ledger.errors import LoyaltyError
from ...ledger.facts import Registry
from ..answers import said
from ..effects import Changed, NewLot
from ..rule import Rule, listeners
from .plan import Finding
from .values import described

PROBE = "types"


def declared_findings(rule: type[Rule], cited: str, registry: Registry) -> list[Finding]:
    """Return what is wrong with a rule's methods and parameters."""
    said_of = [*_of_methods(rule, registry), *_of_params(rule)]
    return [Finding(probe=PROBE, rule=cited, what=what, hint=hint) for what, hint in said_of]


def _of_methods(rule: type[Rule], registry: Registry) -> Iterator[tuple[str, str]]:
    heard = listeners(rule)
    if not heard and rule.on_timer is Rule.on_timer:
        yield "it listens to nothing", "mark a method with @on(PurchaseRecorded)"
    for kind, method in heard.items():
        yield from _of_call(rule, method)
        if kind in {NewLot, Changed}:
            continue
        topic = kind.topic  # type: ignore[attr-defined]
        if topic not in registry.topics() or registry.type_of(topic) is not kind:
            yield (
                f"{method} listens to {topic}, a type nobody offers",
                "offer the type through the hook loyalty_fact_types",
            )
        elif kind.about != "member":
            yield (
                f"{method} listens to {topic}, which is no fact about a member: it is never asked",
                "listen to a type whose facts have a member as their subject",
            )
    yield from _of_call(rule, "on_timer")


def _of_call(rule: type[Rule], method: str) -> Iterator[tuple[str, str]]:
    try:
        inspect.signature(getattr(rule, method)).bind(None, None, None)
    except (TypeError, ValueError) as error:
        yield (
            f"{method} cannot be called with what happened and the member: {error}",
            "write (self, fact, member)",
        )


def _of_params(rule: type[Rule]) -> Iterator[tuple[str, str]]:
    for field in described(rule.Params).fields:
        if isinstance(field.type, FloatType):
            yield f"parameter {field.name} is a float", "use int, or Decimal for a rate"
    try:
        defaults = rule.Params()
    except (TypeError, ValueError, LoyaltyError, ArithmeticError):  # some parameter must be given
        return
    try:
        again = msgspec.convert(msgspec.to_builtins(defaults, str_keys=True), rule.Params)
    except (msgspec.ValidationError, LoyaltyError, ValueError, TypeError, NotImplementedError) as error:
        yield f"its own defaults are no valid parameters: {said(error)}", "mend the defaults or their types"
        return
    if again != defaults:
        yield "its parameters do not come back from a programme as they were", "use plain types"


def float_findings(files: tuple[Path, ...], plugin: str) -> list[Finding]:
    """Return where the plugin's code makes a float: no float comes near points or money."""
    found = []
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes())):
            is_float = isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))
            is_call = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
            )
            if is_float or is_call:
                shown = ast.unparse(node)
                found.append(Finding(
                    probe=PROBE, rule=plugin, what=f"makes a float: {shown}",
                    at=f"{file.name}:{node.lineno}",  # type: ignore[attr-defined]
                    hint="use whole numbers, or Decimal for a rate",
                ))  # fmt: skip
    return found


def default_values(rule: type[Rule]) -> dict[str, Any]:
    """Return the default of every parameter that has one, as text: they must not differ between processes."""
    found = {}
    for field in described(rule.Params).fields:
        default = field.default
        if field.default_factory is not NODEFAULT:
            default = field.default_factory()
        if default is not NODEFAULT:
            found[field.name] = repr(msgspec.to_builtins(default, str_keys=True))
    return found
