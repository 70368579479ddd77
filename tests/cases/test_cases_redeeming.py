"""CASES.md, section 3: what commands answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loyalty_ledger.cli import main

PROGRAMME = """
programme = "Case"
zone = "UTC"
currency = "EUR"
[rules.points_per_spend]
[rules.redemption]
on_short = "{on_short}"
"""


def loyalty(url: str, *words: str, exit_code: int = 0) -> Any:
    result = CliRunner().invoke(main, [*words, "--db", url, "--json"], catch_exceptions=False)
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout) if exit_code == 0 else result.stderr


def earned(url: str, folder: Path, amount: str, on_short: str = "refuse") -> None:
    programme = folder / "case.toml"
    programme.write_text(PROGRAMME.format(on_short=on_short), encoding="utf-8")
    loyalty(url, "init", "--programme", str(programme))
    loyalty(
        url, "record", "purchase.recorded", "ann", "--set", f"amount={amount}", "--set", "currency=EUR",
        "--at", "2026-03-01T10:00:00Z",
    )  # fmt: skip


def test_ac_59_redeeming_twice_for_an_order_is_once_and_rolling_back_restores(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Setono, RedemptionLedgerTest.php: redeem 300 of 1,000; repeated; rolled back."""
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    earned(sqlite_url, tmp_path, "1000.00")

    first = loyalty(sqlite_url, "redeem", "ann", "300", "--order", "7")
    again = loyalty(sqlite_url, "redeem", "ann", "300", "--order", "7")
    rolled_back = loyalty(sqlite_url, "cancel", "ann", "7")

    assert (first["status"], first["balance"]) == ("created", 700)  # 1000 - 300
    assert (again["status"], again["balance"]) == ("duplicate", 700)
    assert rolled_back["balance"] == 1000  # 700 + 300


@pytest.mark.parametrize("on_short", ["refuse", "clamp"])
def test_ac_59_redeeming_500_of_200(sqlite_url: str, tmp_path: Path, on_short: str) -> None:
    """Setono: 200 are taken and 0 left is the policy *clamp*; the default refuses."""
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    earned(sqlite_url, tmp_path, "200.00", on_short)

    if on_short == "refuse":
        said = loyalty(sqlite_url, "redeem", "ann", "500", exit_code=1)
        assert "500 points exceed the balance of 200" in said
        return
    taken = loyalty(sqlite_url, "redeem", "ann", "500")
    assert (taken["points"], taken["balance"]) == (200, 0)
