"""The till of the tests: its mapping, some of its rows, and what the fixtures can do."""

from __future__ import annotations

from typing import Any, Protocol

from loyalty_ledger.ledger.calendar import instant_us
from loyalty_ledger.ledger.exchange.summary import Summary

NOW_US = instant_us("2026-06-01T12:00:00Z")
TILL = """
source = "till"
type = "purchase.recorded"
format = "csv"
zone = "UTC"
id = "receipt"
group = "receipt"
subject = "customer"
time = "sold"
total = "amount"

[fields]
order = "receipt"

[constants]
currency = "EUR"

[lines]
sku = "article"
quantity = "pieces"
amount = "paid"
"""
HEADER = "receipt,customer,sold,article,pieces,paid\n"
GOOD = (
    "r1,ann,2026-01-02T10:00:00,apple,2,1.50\n"
    "r1,ann,2026-01-02T10:00:00,pear,1,0.75\n"
    "r2,bob,2026-01-03T11:30:00,apple,1,0.75\n"
)


class Importing(Protocol):
    def __call__(self, content: str | bytes, mapping: str | None = TILL, **options: Any) -> Summary: ...
