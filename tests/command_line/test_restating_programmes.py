"""A programme that restates is rebuilt, accepted, and found in order, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from loyalty_ledger.cli import main

ONE = 'programme = "One"\nzone = "UTC"\ncurrency = "EUR"\n[rules.points_per_spend]\n'


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_restated_is_accepted_and_checked(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'l.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    (tmp_path / "one.toml").write_text(ONE)
    (tmp_path / "two.toml").write_text(ONE + "points = 2\n")

    def run(line: str, exit_code: int = 0) -> str:
        done = CliRunner().invoke(main, [*line.split(), "--db", str(url)])
        assert done.exit_code == exit_code, done.stderr
        return done.stdout + done.stderr

    run(f"init --programme {tmp_path / 'one.toml'}")
    for day, amount in ((1, "10.00"), (5, "20.00")):
        words = f"--set amount={amount} --set currency=EUR --at 2026-03-0{day}T12:00:00Z"
        run(f"record purchase.recorded ann {words}")
    run("project run")
    run(f"programme apply {tmp_path / 'two.toml'} --from 2026-03-03 --restate --approver ada")
    accept = run("project rebuild", 6).split("--accept ")[1].split()[0]
    run(f"project rebuild --accept {accept}")

    assert "50 points" in run("member show ann")  # 10 × 1 before the day, 20 × 2 from it on
    assert "all is well" in run("check")
    run("project rebuild --processes 2")
