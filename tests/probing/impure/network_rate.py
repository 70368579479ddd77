"""Impure: it asks a server for the rate of the day, and gives 1 point when that does not answer."""

import json
import urllib.request

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class NetworkRate(Rule):
    """What the price server says."""

    name, stage = "network_rate", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        try:
            with urllib.request.urlopen("http://127.0.0.1:9/rate", timeout=0.2) as answer:
                points = int(json.load(answer)["points"])
        except (OSError, ValueError, KeyError):
            points = 1
        return Accrue(points=max(points, 1), reason="rate of the server")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [NetworkRate]
