"""Every known type of fact by its stored topic: the catalogue, and what plugins add."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ..errors import FactError, PluginError
from . import (
    activity,
    complaint,
    contact,
    correction,
    feedback,
    membership,
    points,
    programme,
    promise,
    purchase,
    referral,
    reward,
)
from .types import FactType

CATALOGUE: tuple[type[FactType], ...] = (
    *membership.TYPES, *purchase.TYPES, *points.TYPES, *reward.TYPES, *referral.TYPES, *complaint.TYPES,
    *feedback.TYPES, *contact.TYPES, *activity.TYPES, *promise.TYPES, *programme.TYPES, *correction.TYPES,
)  # fmt: skip


class Registry:
    """The types of facts by topic. A topic has one type, for ever."""

    def __init__(self, added: Iterable[type[FactType]] = ()) -> None:
        self._types: dict[str, type[FactType]] = {}
        for kind in (*CATALOGUE, *added):
            if not isinstance(kind.__dict__.get("topic"), str):
                raise PluginError(f"fact type {kind.__name__} has no topic of its own")
            if kind.topic in self._types:
                raise PluginError(f"two fact types have the topic {kind.topic!r}")
            self._types[kind.topic] = kind
        self._decoders = {topic: msgspec.json.Decoder(kind) for topic, kind in self._types.items()}

    def topics(self) -> list[str]:
        """Return every topic in order."""
        return sorted(self._types)

    def type_of(self, topic: str) -> type[FactType]:
        """Return the type stored under *topic*.

        Raises:
            FactError: no such type.
        """
        kind = self._types.get(topic)
        if kind is None:
            near = difflib.get_close_matches(topic, self._types, 1)
            raise FactError(
                f"unknown type {topic!r}",
                code="unknown-type",
                hint=f"did you mean {near[0]}?" if near else "loyalty schema lists every type",
            )
        return kind

    def decode_data(self, topic: str, raw: bytes | msgspec.Raw) -> FactType:
        """Return the typed data of a JSON text of the given topic."""
        return self._decoders[topic].decode(raw)

    def fact_decoders(self) -> dict[str, Callable[[bytes], Any]]:
        """Return, by topic, the function that decodes stored bytes into a ``Fact``."""
        from .envelope import Fact

        return {
            topic: msgspec.json.Decoder(Fact[kind]).decode  # type: ignore[valid-type]
            for topic, kind in self._types.items()
        }
