"""A decision folds what the views have not read yet, and comes to what a fold of everything comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errors.stage import SHOP, typed
from loyalty_ledger.ledger.store import reading
from loyalty_ledger.rules.deciding import standing

SALES = "receipt,member,sold,paid\n" + "".join(f"R-{n},ann,2026-05-02 10:00:00,4.00\n" for n in range(50))


@pytest.fixture
def folded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many facts each decision folded."""
    (folder / "sales.csv").write_text(SALES)
    counts: list[int] = []
    facts_of = reading.facts_of

    def counted(*words: Any, **options: Any) -> Iterator[Any]:
        rows = list(facts_of(*words, **options))
        counts.append(len(rows))
        return iter(rows)

    monkeypatch.setattr(standing, "facts_of", counted)
    for line in (
        ["init", "--programme", str(SHOP / "shop.toml")],
        ["import", "sales.csv", "--map", str(SHOP / "till.toml")],
    ):
        assert typed(line).exit_code == 0
    return counts


def balance_after_redeeming(points: int) -> int:
    answer = typed(["redeem", "ann", str(points), "--json"])
    assert answer.exit_code == 0, answer.stderr
    balance: int = json.loads(answer.stdout)["balance"]
    return balance


def test_a_decision_goes_on_from_the_views(folded: list[int]) -> None:
    # Fifty purchases of 4 EUR are 200 points.
    assert balance_after_redeeming(20) == 180
    typed(["project", "run"])
    assert balance_after_redeeming(30) == 150
    assert balance_after_redeeming(50) == 100

    assert folded == [50, 0, 1], "everything without views; then what came after them"


def test_a_new_programme_makes_it_fold_everything_again(folded: list[int]) -> None:
    typed(["project", "run"])
    typed(["programme", "apply", str(SHOP / "shop.toml")])
    assert balance_after_redeeming(20) == 180

    assert folded == [50]
