"""Going back to a programme that another took the place of, from the same day on."""

from __future__ import annotations

from loyalty_ledger.ledger.calendar import instant_us
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.governing import Recorded, apply_programme, create_ledger

NOW_US = instant_us("2026-11-22T00:00:00Z")
FROM_US = instant_us("2026-12-01T00:00:00Z")


def text(name: str) -> str:
    return f'programme = "{name}"\nzone = "UTC"\ncurrency = "USD"\n[rules.points_per_spend]\n'


def test_a_programme_is_in_force_again_when_it_is_applied_again(sqlite_url: str) -> None:
    catalogue = installed()
    create_ledger(sqlite_url, catalogue, text("A"), at="A", ledger_id="shop", now_us=NOW_US)
    database = open_database(sqlite_url)

    def applied(name: str) -> Recorded:
        return apply_programme(database, catalogue, text(name), at=name, now_us=NOW_US, effective_us=FROM_US)

    done = [applied(name) for name in ("A", "A", "B", "B", "A", "A", "B", "A", "A")]
    database.close()

    assert [(row.position, row.is_new) for row in done] == [
        (2, True), (2, False), (3, True), (3, False), (4, True), (4, False), (5, True), (6, True), (6, False),
    ]  # fmt: skip
