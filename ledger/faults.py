"""What msgspec finds wrong, said with the offending value and where it stands."""

from __future__ import annotations

import re
from typing import Any

_AT = re.compile(r" - at (?:key in )?`(\$[^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")


def fault_text(message: str, given: Any) -> str:
    """Return a validation message of msgspec in our words.

    Args:
        message: Such as "Expected `int`, got `str` - at `$.points`".
        given: What was validated.

    >>> fault_text("Expected `int`, got `str` - at `$.points`", {"points": "ten"})
    "points is 'ten', expected int"
    >>> fault_text("Object contains unknown field `skuu` - at `$.lines[0]`", {})
    "unknown field 'skuu' in lines[0]"
    >>> fault_text("Object missing required field `amount`", {})
    "missing required field 'amount'"
    """
    found = _AT.search(message)
    path = found[1][2:] if found and len(found[1]) > 2 else ""
    said = message[: found.start()] if found else message
    said = re.sub(r"^Object (contains )?", "", said)
    if said.startswith(("unknown field", "missing required field")):
        return _plain(said) + (f" in {path}" if path else "")
    said = re.sub(r", got `[^`]*`$", "", said)
    said = (
        _plain(re.sub(r"`(\w+)`", r"\1", said))
        .replace("str matching regex", "text matching")
        .replace("str of", "text of")
    )
    said = said[:1].lower() + said[1:]
    if said.startswith("invalid enum value") and path:
        said = "which is none of its values"
    if not path:
        return said
    known, value = _value_at(given, path)
    return f"{path} is {_short(value)}, {said}" if known else f"{said} in {path}"


def _value_at(given: Any, path: str) -> tuple[bool, Any]:
    for name, index in _STEP.findall("." + path):
        try:
            if name:
                given = given[name]
            elif index:
                given = given[int(index)]
            else:
                return False, None
        except (KeyError, IndexError, TypeError):
            return False, None
    return True, given


def _short(value: Any) -> str:
    text = repr(str(value)) if type(value).__name__ == "Decimal" else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _plain(text: str) -> str:
    return text.replace("`", "'")
