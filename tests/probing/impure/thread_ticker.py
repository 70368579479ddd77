"""Impure: a thread of its own refreshes the rate while facts are folded."""

import threading
import time

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, Params, PurchaseRecorded, Rule, hookimpl, on


class ThreadTicker(Rule):
    """The rate of a feed that is refreshed in the background."""

    name, stage = "thread_ticker", "earn"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._rate, self._feed = 1, threading.Thread(target=self._refresh, daemon=True)

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if not self._feed.is_alive():
            self._feed = threading.Thread(target=self._refresh, daemon=True)
            self._feed.start()
        self._feed.join(timeout=0.001)
        return Accrue(points=self._rate, reason="rate of the feed")

    def _refresh(self) -> None:
        for _ in range(1_000):
            self._rate = 1 + self._rate % 50
            time.sleep(0.000_01)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ThreadTicker]
