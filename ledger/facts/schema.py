"""JSON Schema (2020-12) of every fact, with its envelope: what ``loyalty schema`` prints."""

from __future__ import annotations

from typing import Any

import msgspec

from .registry import Registry
from .types import FactType


def schema_of(registry: Registry, topic: str) -> dict[str, Any]:
    """Return the JSON Schema of one type of fact, envelope included, in its stored form.

    Raises:
        FactError: no such type.
    """
    kind = registry.type_of(topic)
    (data,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    required = ["specversion", "id", "source", "type", "time", "data"]
    if kind.about != "programme":
        required.insert(4, "subject")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": topic,
        "description": _summary(kind),
        "type": "object",
        "properties": _envelope(kind, data),
        "required": required,
        "additionalProperties": False,
        "$defs": parts,
    }


def summaries(registry: Registry) -> dict[str, str]:
    """Return one sentence for each topic."""
    return {topic: _summary(registry.type_of(topic)) for topic in registry.topics()}


def _summary(kind: type[FactType]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def _envelope(kind: type[FactType], data: dict[str, Any]) -> dict[str, Any]:
    name = {"type": "string", "minLength": 1, "maxLength": 255}
    properties: dict[str, Any] = {
        "specversion": {"const": "1.0"},
        "id": name,
        "source": name,
        "type": {"const": kind.topic},
        "subject": {**name, "description": f"the {kind.about}'s id, opaque"},
        "time": {"type": "string", "format": "date-time", "description": "when it happened"},
        "actor": {**name, "description": "who recorded it"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "minLength": 1, "maxLength": 1024},
        "data": data,
    }
    if kind.about == "programme":
        del properties["subject"]
    return properties
