"""The installed plugins and rules as ``rules list`` shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from .catalogue import Catalogue, Offer
from .rule import listeners


def listing_fields(catalogue: Catalogue) -> dict[str, Any]:
    """Return plugins and rules for programs."""
    return {
        "plugins": [plugin._asdict() for plugin in catalogue.plugins.values()],
        "rules": [_rule(offer) for _, offer in sorted(catalogue.offers.items())],
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
        lines += [f"  {p['name']:<11} {p['type']}{p['default']}" for p in rule["params"]]
        lines.append("")
    for plugin in catalogue.plugins.values():
        if plugin.error:
            lines.append(f"plugin {plugin.name} cannot be imported: {plugin.error}")
    return lines


def _rule(offer: Offer) -> dict[str, Any]:
    rule, plugin = offer
    fields = msgspec.structs.fields(rule.Params)
    return {
        "rule": rule.name, "version": rule.version, "stage": rule.stage, "priority": rule.priority,
        "about": (rule.__doc__ or "").strip().splitlines()[0] if rule.__doc__ else "",
        "plugin": plugin.name, "plugin_version": plugin.version, "fingerprint": plugin.fingerprint,
        "listens_to": sorted(str(getattr(kind, "topic", "every new lot")) for kind in listeners(rule)),
        "params": [
            {"name": field.name, "type": _type(field.type), "default": _default(field)} for field in fields
        ],
    }  # fmt: skip


def _type(kind: Any) -> str:
    text = getattr(kind, "__name__", None) or str(kind)
    for noise in ("typing.", "decimal.", "loyalty_ledger.plugins."):
        text = text.replace(noise, "")
    return text if len(text) < 60 else text[:59] + "…"


def _default(field: msgspec.structs.FieldInfo) -> str:
    return "" if field.required else f", default {msgspec.to_builtins(field.default)!r}"
