"""Expiry, tiers and returns over a year of a real grocer, against a computation that shares no code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from loyalty_ledger.cli import main
from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.store.database import open_database

from .standing_oracle import ADVANCE_US, Event, Expected, Move, events, expected

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def loyalty(url: str, *words: str) -> Any:
    """Type a command and return its JSON answer."""
    result = CliRunner().invoke(main, [*words, "--db", url, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def written(stream: Iterable[Event], path: Path) -> Path:
    """Write the stream as CloudEvents, in its order."""
    with path.open("w", encoding="utf-8") as file:
        for event in stream:
            data: dict[str, Any] = {"order": event.basket_id}
            if event.kind == "purchase":
                data |= {"currency": "USD", "amount_minor": event.cents}
            topic = "purchase.recorded" if event.kind == "purchase" else "purchase.returned"
            fact = {
                "specversion": "1.0", "id": f"{event.kind}/{event.basket_id}", "source": "grocer",
                "type": topic, "subject": event.member, "time": rfc3339(event.time_us), "data": data,
            }  # fmt: skip
            file.write(json.dumps(fact) + "\n")
    return path


def found(url: str) -> dict[str, Expected]:
    """Return what the views say of every member."""
    database = open_database(url)
    try:
        with database.reading() as connection:
            members = connection.execute(text(
                "SELECT p.member, coalesce(b.points, 0), -coalesce(b.expired, 0), -coalesce(b.reversed, 0), "
                "coalesce(l.rung, 'Basic') FROM purchases p LEFT JOIN balances b ON b.member = p.member "
                "LEFT JOIN ladders l ON l.member = p.member AND l.ladder = 'tier'"
            )).all()  # fmt: skip
            moves: dict[str, list[Move]] = {}
            for member, at_us, old, rung in connection.execute(
                text("SELECT member, booked_us, old, rung FROM moves ORDER BY member, number")
            ):
                moves.setdefault(member, []).append(Move(at_us, old or "Basic", rung))
    finally:
        database.close()
    return {
        member: Expected(points, expired, taken_back, tier, tuple(moves.get(member, ())))
        for member, points, expired, taken_back, tier in members
    }


@pytest.mark.slow
def test_points_and_tiers_of_every_household_are_those_worked_out_apart(
    sqlite_url: str, postgres_url: str, tmp_path: Path
) -> None:
    file = written(events(until_us=ADVANCE_US), tmp_path / "grocer.jsonl")
    digests = set()
    Path(sqlite_url.removeprefix("sqlite:///")).unlink(missing_ok=True)
    for url in (sqlite_url, postgres_url):
        loyalty(url, "init", "--programme", str(EXAMPLES / "standing.toml"))
        loyalty(url, "import", str(file))
        loyalty(url, "advance", "--to", rfc3339(ADVANCE_US))
        loyalty(url, "project", "run")

        assert found(url) == expected(until_us=ADVANCE_US)
        loyalty(url, "check")
        digests.add(loyalty(url, "project", "status", "--digests")["digest"])

    rebuilt = loyalty(sqlite_url, "project", "rebuild", "--processes", "2")
    assert rebuilt["difference"] is None
    assert len(digests) == 1
