"""Following the log: a subscription that asks again after a short while, on every database."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from threading import Event

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

from ..errors import LoyaltyError

_PAGE = 500
_SHORTEST_S, _LONGEST_S = 0.005, 0.25
# A server may be started anew meanwhile.
_PATIENCE_S = 60.0


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Yields notifications in order, waiting at the end of the log until stopped.

    Positions have no gaps and rise in the order of commits, so nothing is ever missed. A fault of the
    database is outlived for a minute, then raised.
    """

    def __init__(
        self, recorder: ApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._ready: deque[Notification] = deque()
        self._stopping = Event()

    def stop(self) -> None:
        """End the iteration, also of a thread that waits in it."""
        super().stop()
        self._stopping.set()

    def __next__(self) -> Notification:
        pause_s, faulty_s = _SHORTEST_S, 0.0
        while not self._stopping.is_set():
            if self._ready:
                return self._ready.popleft()
            try:
                self._fill()
                faulty_s = 0.0
            except LoyaltyError:
                faulty_s += pause_s
                if faulty_s > _PATIENCE_S:
                    raise
            if not self._ready:
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_S)
        raise StopIteration

    def _fill(self) -> None:
        found = self._recorder.select_notifications(
            self._last_notification_id or 0, _PAGE, topics=self._topics, inclusive_of_start=False
        )
        if found:
            self._ready.extend(found)
            self._last_notification_id = found[-1].id
