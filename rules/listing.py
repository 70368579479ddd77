"""The installed plugins and rules as ``rules list`` shows them."""

from __future__ import annotations

import typing
from decimal import Decimal
from types import UnionType
from typing import Any

import msgspec
from msgspec import Struct

from .catalogue import Catalogue, Offer
from .effects import Changed, NewLot
from .rule import listeners

_HAPPENINGS: dict[type, str] = {NewLot: "every new lot", Changed: "changed sums"}


def listing_fields(catalogue: Catalogue) -> dict[str, Any]:
    """Return plugins and rules for programs."""
    return {
        "plugins": [
            {**plugin._asdict(), "files": len(plugin.files)} for plugin in catalogue.plugins.values()
        ],
        "rules": [_rule(offer) for _, offer in sorted(catalogue.offers.items())],
        "offers": [
            {"kind": kind, "name": name, "plugin": p} for (kind, name), p in sorted(catalogue.origins.items())
        ],
    }


def listing_lines(catalogue: Catalogue) -> list[str]:
    """Return plugins and rules for people."""
    lines = []
    for _, offer in sorted(catalogue.offers.items()):
        rule = _rule(offer)
        lines.append(f"{rule['rule']} version {rule['version']}, stage {rule['stage']}")
        lines.append(f"  {rule['about']}")
        lines.append(f"  plugin      {rule['plugin']} {rule['plugin_version']}, {rule['fingerprint'][:12]}…")
        lines.append(f"  listens to  {', '.join(rule['listens_to'])}")
        width = max([11, *(len(p["name"]) for p in rule["params"])])
        lines += [f"  {p['name']:<{width}} {p['type']}{p['default']}" for p in rule["params"]]
        lines.append("")
    lines += [f"{kind} {name}, plugin {plugin}" for (kind, name), plugin in sorted(catalogue.origins.items())]
    for plugin in catalogue.plugins.values():
        if not plugin.is_trusted:
            lines.append(
                f"plugin {plugin.name} {plugin.version}, {plugin.fingerprint[:12]}…, is not trusted, so it "
                f"was not imported: loyalty rules trust {plugin.name}"
            )
        elif plugin.error:
            lines.append(f"plugin {plugin.name} cannot be imported: {plugin.error}")
    return lines


def _rule(offer: Offer) -> dict[str, Any]:
    rule, plugin = offer
    fields = msgspec.structs.fields(rule.Params)
    return {
        "rule": rule.name, "version": rule.version, "stage": rule.stage, "priority": rule.priority,
        "about": (rule.__doc__ or "").strip().splitlines()[0] if rule.__doc__ else "",
        "plugin": plugin.name, "plugin_version": plugin.version, "fingerprint": plugin.fingerprint,
        "listens_to": sorted(_HAPPENINGS.get(kind) or _topic(kind) for kind in listeners(rule)),
        "params": [
            {"name": field.name, "type": _type(field.type), "default": _default(field)} for field in fields
        ],
    }  # fmt: skip


def _topic(kind: Any) -> str:
    return str(kind.topic)


_PLAIN: dict[Any, str] = {
    int: "whole number", str: "text", bool: "true or false", Decimal: "number", tuple: "list", dict: "table",
}  # fmt: skip


def _type(kind: Any) -> str:
    """Return a parameter's type as TOML's words have it."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin is typing.Literal:
        return " or ".join(f'"{choice}"' for choice in inner)
    if origin in {typing.Union, UnionType}:
        return " or ".join(_type(option) for option in inner if option is not type(None))
    if isinstance(kind, type) and issubclass(kind, Struct):
        return "table"
    return _PLAIN.get(origin or kind) or str(getattr(kind, "__name__", kind))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return f", default {msgspec.to_builtins(default)!r}"
