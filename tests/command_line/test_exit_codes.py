"""Every exit code is reached by something a person would type."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from errors.stage import SHOP, typed

SALES = "receipt,member,sold,paid\nR-1,ann,2026-05-02 10:00:00,40.00\n"
BAD = SALES + "R-2,bob,2026-05-02,four\n"
RULE = """
from loyalty_ledger.rules import PurchaseRecorded, Rule, hookimpl, on


class Careless(Rule):
    \"\"\"A rule that divides by nothing.\"\"\"

    name, version, stage = "careless", 1, "earn"

    @on(PurchaseRecorded)
    def earn(self, purchase, member):
        return 1 // 0


@hookimpl
def loyalty_rules():
    return [Careless]
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    for path in SHOP.iterdir():
        shutil.copy(path, folder)
    (folder / "sales.csv").write_text(SALES)
    (folder / "bad.csv").write_text(BAD)
    return folder


def said(line: str) -> int:
    return typed(shlex.split(line)[1:]).exit_code


INIT = "loyalty init --programme shop.toml"
IMPORT = "loyalty import sales.csv --map till.toml"
RUN = "loyalty project run"


@pytest.mark.parametrize(
    ("code", "before", "line"),
    [
        (0, [], "loyalty --version"),
        (0, [], INIT),
        (0, [INIT, IMPORT, RUN], "loyalty check"),
        (1, [INIT], "loyalty redeem ann 10"),
        (1, [INIT], INIT),
        (2, [], "loyalty bring"),
        (2, [], "loyalty init --programme none.toml"),
        (3, [], RUN),
        (3, [INIT], "loyalty import none.csv --map till.toml"),
        (5, [INIT], "loyalty rules trust nobody"),
        (7, [INIT], "loyalty import bad.csv --map till.toml"),
        (7, [INIT], "loyalty import bad.csv --map till.toml --strict"),
        (7, [INIT], "loyalty import bad.csv --map till.toml --dry-run"),
        (7, [INIT, "loyalty import bad.csv --map till.toml"], "loyalty rejects retry"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_exit_code_says_how_it_went(code: int, before: list[str], line: str) -> None:
    for earlier in before:
        said(earlier)

    assert said(line) == code


def test_a_failed_rule_is_4_and_findings_are_6(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "stranger_careless.py").write_text(RULE)
    made = shop / "stranger_careless-1.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-careless\nVersion: 1\n")
    (made / "entry_points.txt").write_text("[loyalty_ledger]\ncareless = stranger_careless\n")
    monkeypatch.syspath_prepend(str(shop))
    (shop / "careless.toml").write_text(
        'programme = "Careless"\nzone = "UTC"\ncurrency = "EUR"\n[rules.careless]\n[rules.redemption]\n'
    )
    said("loyalty init --programme careless.toml --trust careless")
    said(IMPORT)

    assert said("loyalty redeem ann 10") == 1, "a refusal"
    assert said(RUN) == 4, "ann is set aside, everybody else is projected"
    assert said("loyalty check") == 6


@pytest.mark.parametrize(
    ("code", "line"),
    [(0, "--help"), (2, "bring"), (3, "member show ann"), (2, "member show ann --db nonsense")],
)
def test_a_process_ends_with_the_code_and_without_a_traceback(code: int, line: str, folder: Path) -> None:
    command = Path(sys.executable).with_name("loyalty")

    done = subprocess.run([command, *line.split()], capture_output=True, text=True, check=False, cwd=folder)

    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert bool(done.stderr) == bool(code)
    assert list(folder.iterdir()) == [], "a command that only reads makes no file"
