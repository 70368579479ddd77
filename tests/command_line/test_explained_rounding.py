"""What explain shows of a return adds up to what was taken."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from loyalty_ledger.cli import main

PROGRAMME = """
programme = "Lines"
zone = "UTC"
currency = "USD"
[rules.points_per_spend]
[rules.clawback]
"""


def test_parts_of_many_lines_are_shown_exactly_and_rounded_in_their_sum(tmp_path: Path) -> None:
    def loyalty(*words: str) -> str:
        given = [*words, "--db", f"sqlite:///{tmp_path}/lines.db"]
        result = CliRunner().invoke(main, given, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    (tmp_path / "lines.toml").write_text(PROGRAMME, encoding="utf-8")
    loyalty("init", "--programme", str(tmp_path / "lines.toml"))
    lines = json.dumps([{"amount": "1.00"}] * 3)
    for topic, fields in (
        ("purchase.recorded", ["order=O", "currency=USD", "amount=3.00", f"lines={lines}"]),
        ("purchase.returned", ["order=O", "share_bps=5000"]),
    ):
        loyalty("record", topic, "ann", *(word for field in fields for word in ("--set", field)),
                "--at", "2026-03-01T10:00:00Z")  # fmt: skip
    loyalty("project", "run")

    said = loyalty("explain", "ann", "--fact", "3")

    # A point a line, half of each is back: 3 × 1/2 = 3/2, half up 2.
    assert said.count("= 1/2") == 3
    assert "together 3/2 = 2, half-up" in said
    assert "due       2 in all - 0 taken before = 2 now" in said
