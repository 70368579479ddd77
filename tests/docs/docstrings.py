"""What code says of itself, as Markdown: fields with their types, signatures, first sentences."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

COMMON = {"reason": "Why, in words."}


def described(kind: type, *, but: str = "") -> Iterator[str]:
    """Yield what a class says of itself, and each of its fields with its type."""
    yield words(kind).split("\nAttributes:")[0].rstrip() + "\n"
    types = {
        name: hint for base in reversed(kind.__mro__) for name, hint in inspect.get_annotations(base).items()
    }
    for name, told in fields_of(kind).items():
        if name != but:
            yield f"- `{name}{_hint(types.get(name))}` – {lowered(told)}"


def _hint(found: Any) -> str:
    text = str(getattr(found, "__forward_arg__", found or ""))
    text = re.sub(r"^ClassVar\[(.*)\]$", r"\1", text)
    return f": {text}" if text and not text.endswith("_co") else ""


def fields_of(kind: type) -> dict[str, str]:
    """Return the words of every field.

    Raises:
        AssertionError: a field has none, or what is described is no field.
    """
    told: dict[str, str] = {}
    for base in _own(kind):
        told |= _attributes(base.__doc__ or "")
    names = _fields(kind)
    silent = [name for name in names if not told.get(name, COMMON.get(name))]
    assert not silent, f"{kind.__name__}: no words for {silent}"
    assert set(told) <= set(names), f"{kind.__name__}: no such fields: {set(told) - set(names)}"
    return {name: told.get(name) or COMMON[name] for name in names}


def _own(kind: type) -> list[type]:
    return [base for base in reversed(kind.__mro__) if base.__module__.startswith("loyalty_ledger")]


def _fields(kind: type) -> list[str]:
    """Return the fields of a struct or a tuple, the public slots, or the annotated names of a class."""
    named = getattr(kind, "__struct_fields__", None) or getattr(kind, "_fields", None)
    if named is None:
        named = getattr(kind, "__slots__", None) or inspect.get_annotations(kind)
    return [name for name in named if not name.startswith("_")]


def _attributes(doc: str) -> dict[str, str]:
    """Return the section "Attributes" of a docstring."""
    section = inspect.cleandoc(doc).partition("\nAttributes:\n")[2].split("\n\n")[0]
    found: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if named := re.match(r"    (\w+): (.*)", line):
            name = named[1]
            found[name] = named[2]
        elif line.strip():
            found[name] += " " + line.strip()
    return {name: marked(text) for name, text in found.items()}


def methods(kind: type) -> list[str]:
    """Return the public methods and properties of a class, in the order of the source."""
    return [
        name for base in _own(kind) for name, found in vars(base).items()
        if not name.startswith("_") and (inspect.isfunction(found) or isinstance(found, property))
    ]  # fmt: skip


def listed(name: str, found: Any) -> str:
    """Return a function, method or property with its signature, and what it is or does."""
    if isinstance(found, property):
        assert found.fget
        return f"- `{name}: {inspect.signature(found.fget).return_annotation}` – {lowered(first(found))}"
    return f"- `{name}{signature(found)}` – {lowered(first(found))}"


def told(name: str, found: Any) -> str:
    """Return a method as ``listed`` does, with all it says and not only the first paragraph."""
    parts = [part for part in words(found).split("\n\n")[1:] if not part.startswith("Raises:")]
    named = [re.sub(r"^    (\w+):", r"`\1`:", part.removeprefix("Args:\n"), flags=re.M) for part in parts]
    return " ".join([listed(name, found), *(" ".join(part.split()) for part in named)])


def signature(found: Any) -> str:
    """Return a signature without *self*, quotes and a None that is returned."""
    known = inspect.signature(found)
    parameters = [parameter for parameter in known.parameters.values() if parameter.name != "self"]
    shown = str(known.replace(parameters=parameters)).replace("'", "").replace(" -> None", "")
    return re.sub(r" -> Callable.*", "", shown)


def first(found: Any) -> str:
    """Return the first paragraph of what something says of itself, as one line, without "Return"."""
    text = " ".join(words(found).split("\n\n")[0].split())
    return re.sub(r"^Return (?=\w)", "", text)


def words(found: Any) -> str:
    """Return what something says of itself.

    Raises:
        AssertionError: nothing.
    """
    doc = inspect.getdoc(found)
    assert doc, f"{found} says nothing of itself"
    doc = re.sub(r"\n(Returns|Raises):\n\s+", r"\n\1: ", doc.split("\n>>>")[0])
    return marked(doc)


def marked(text: str) -> str:
    """Return a docstring's marks as Markdown has them."""
    text = re.sub(r":\w+:`~?\.?([\w.]+)`", r"`\1`", text).replace("``", "`").replace("\n\n::\n", "\n")
    return re.sub(r"(?<![\w*`])\*(\w+)\*(?![\w*])", r"`\1`", text)


def lowered(text: str) -> str:
    """Return words that stand behind a dash."""
    return text if re.match(r"`|None\b", text) else text[:1].lower() + text[1:]
