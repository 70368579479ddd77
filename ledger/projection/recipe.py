"""What a projection needs to be told: how to fold, who runs, what time it is, whom to tell."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ..calendar import Zone
from ..facts import Fact, FactType, Registry
from ..fold import Fold
from ..views.plugged import View

MakeFold = Callable[[Sequence[Fact[FactType]]], Fold]
Clock = Callable[[], int]
"""Returns the time in microseconds since 1970."""
Progress = Callable[[int, int], None]
"""Told how many facts are done, and how many there are."""

BATCH_FACTS = 20_000
_CALM = 100_000


class Recipe(NamedTuple):
    """How facts become rows. It is pickled for other processes: both callables stand at a module's own level.

    Attributes:
        make_fold: Opens the fold under the facts of the stream ``programme`` up to a position.
        make_registry: Makes the registry of fact types, those of plugins included.
        zone: Name of the zone whose days the view *daily* counts. Another zone is another programme.
        make_views: Makes the views of plugins.
        views: Fingerprint of those, '' if there are none.
    """

    make_fold: MakeFold
    make_registry: Callable[[], Registry] = Registry
    zone: str = "UTC"
    make_views: Callable[[], Sequence[View]] = tuple
    views: str = ""

    def days(self) -> Zone:
        """Return the zone."""
        return Zone(self.zone)


class Runner(NamedTuple):
    """Who projects.

    Attributes:
        host: Name of the machine.
        pid: Number of the process on it.
        token: What sets this run apart from every other.
    """

    host: str
    pid: int
    token: str


def unheard(done: int, total: int) -> None:
    """Tell nobody."""


@contextmanager
def calm_collector() -> Iterator[None]:
    """Let the garbage collector look rarely: rows are kept by the ten thousand, and none is in a cycle."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_CALM, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
