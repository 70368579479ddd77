"""What stands around the views of strangers: they are watched and limited as rules are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import islice

from ...ledger.journal import Entry
from ...ledger.views.plugged import MOST_ROWS, View
from .guarding import DEPTH, depth
from .halting import halted
from .heartbeat import heart
from .limits import asked


class WatchedView(View):
    """A view that is stopped, and named, when it does not come to an end.

    Args:
        view: A stranger's.
    """

    def __init__(self, view: View) -> None:
        self.name, self.columns = view.name, view.columns  # type: ignore[misc]
        self._view = view

    def rows(self, entry: Entry) -> Iterator[Mapping[str, int | str | None]]:
        """Yield what the view adds for an entry.

        Raises:
            HaltError: it has run out of memory, or tried what no rule may do.
        """
        beating, limit = heart(), sys.getrecursionlimit()
        if beating is not None:
            beating.ask(entry.position, self.name, entry.member)
            asked.is_asking = True
        sys.setrecursionlimit(depth() + DEPTH)
        try:
            found = list(islice(self._view.rows(entry), MOST_ROWS + 1))
        except MemoryError:
            raise halted(
                self.name, "ran out of memory", member=entry.member, position=entry.position
            ) from None
        finally:
            sys.setrecursionlimit(limit)
            if beating is not None:
                asked.is_asking = False
                beating.rest()
        yield from found
