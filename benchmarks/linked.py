"""Long histories of one group: a chain of members who referred each other, a member with many facts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loyalty_ledger.ledger.calendar import DAY_US, HOUR_US, instant_us, rfc3339
from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.governing import create_ledger, current_admission

from .measuring import Reading, Watch
from .ours import STANDING, now_us

_START_US = instant_us("2014-01-01T09:00:00Z")
_EXPIRY = "\n[rules.rolling_expiry]\ndays = 90\n"


def chain(members: int) -> Iterator[dict[str, Any]]:
    """Yield the facts of members of whom each was referred by the one before, and bought three times."""
    for number in range(members):
        at_us = _START_US + number * HOUR_US
        name = f"m{number:06}"
        referrer = {"referrer": f"m{number - 1:06}"} if number else {}
        yield _fact(f"{name}/0", "member.enrolled", name, at_us, referrer)
        for visit in range(3):
            yield _purchase(f"{name}/{visit + 1}", name, at_us + visit)


def one_member(facts: int) -> Iterator[dict[str, Any]]:
    """Yield the purchases of one member, one an hour, every hundredth returned a day later."""
    for number in range(facts):
        at_us = _START_US + number * HOUR_US
        yield _purchase(str(number), "busy", at_us)
        if number >= 100 and number % 100 == 0:
            order = {"order": str(number - 24)}
            yield _fact(f"r{number}", "purchase.returned", "busy", at_us, order)


HISTORIES = {"chain": chain, "one member": one_member}


def import_history(*, url: str, path: str, history: str, size: int) -> Reading:
    """Write a history to *path* and import it into a new ledger with every rule of standing, and expiry."""
    with Path(path).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(fact) + "\n" for fact in HISTORIES[history](size))
    text = STANDING.read_text(encoding="utf-8") + _EXPIRY
    create_ledger(url, installed(), text, at="benchmark", ledger_id="benchmark", now_us=now_us())
    database = open_database(url)
    with database.reading() as connection:
        admission = current_admission(connection, installed())
    with Watch() as watch:
        summary = run_import(
            database, installed().registry, Path(path), mapping=None, now_us=now_us, admission=admission
        )
    database.close()
    assert summary.is_clean, summary
    return watch.reading(summary.imported)


def _purchase(name: str, member: str, at_us: int) -> dict[str, Any]:
    data = {"order": name, "currency": "USD", "amount_minor": 1000 + at_us // DAY_US % 2000}
    return _fact(name, "purchase.recorded", member, at_us, data)


def _fact(name: str, topic: str, member: str, at_us: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": name, "source": "benchmark", "type": topic, "subject": member,
        "time": rfc3339(at_us), "data": data,
    }  # fmt: skip
