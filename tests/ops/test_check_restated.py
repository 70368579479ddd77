"""A programme that restates governs facts in front of it: its entries cite what was recorded behind them."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from loyalty_ledger.cli import main

SHOP = 'programme = "Shop"\nzone = "UTC"\ncurrency = "USD"\n[rules.points_per_spend]\n'


def test_a_restated_past_is_no_finding(database_url: str, tmp_path: Path) -> None:
    def run(*words: str, exit_code: int = 0) -> str:
        done = CliRunner().invoke(main, [*words, "--db", database_url])
        assert done.exit_code == exit_code, done.output
        return done.output

    (tmp_path / "shop.toml").write_text(SHOP)
    (tmp_path / "double.toml").write_text(SHOP + "points = 2\n")
    run("init", "--programme", str(tmp_path / "shop.toml"))
    run(
        "record", "purchase.recorded", "ann", "--set", "amount=5.00", "--set", "currency=USD",
        "--at", "2026-03-01T00:00:00Z",
    )  # fmt: skip
    run("project", "run")
    run(
        "programme", "apply", str(tmp_path / "double.toml"), "--from", "2026-02-01", "--restate",
        "--approver", "eve",
    )  # fmt: skip
    refused = run("project", "rebuild", exit_code=6)
    run("project", "rebuild", "--accept", refused.split("--accept ")[1].split()[0])

    assert "10 points" in run("member", "show", "ann")
    assert "all is well" in run("check")
