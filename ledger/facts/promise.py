"""Promises with a date, and that they were kept."""

from __future__ import annotations

from .types import FactType, Name, Time


class PromiseMade(FactType, frozen=True, kw_only=True):
    """Something was promised to a member by an instant."""

    topic = "promise.made"
    promise: Name
    due: Time
    kind: Name | None = None
    order: Name | None = None
    staff: Name | None = None


class PromiseKept(FactType, frozen=True, kw_only=True):
    """A promise was kept."""

    topic = "promise.kept"
    promise: Name


TYPES: tuple[type[FactType], ...] = (PromiseMade, PromiseKept)
