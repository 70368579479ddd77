"""The pytest plugin as a stranger meets it: golden histories, a ledger to type at, no cost else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.pytest_plugin import Typed
from loyalty_ledger.rules.testing.golden import difference, journal_of, write_journal

PROGRAMME = """
programme = "Shop"
zone = "America/New_York"
currency = "USD"
[rules.points_per_spend]
[rules.rolling_expiry]
months = 12
"""
HISTORY = """\
# A purchase late in the evening, and a year without another.
programme ../shop.toml

2026-03-07 22:30  purchase.recorded  ann  amount=31.00 order="A 1"
2027-03-09        time passes
"""
JOURNAL = """\
# year.history: times of America/New_York. Written by pytest --update.

2026-03-07 22:30  ann bought for $31.00, order A 1
                    ann accrued 31 by points_per_spend, expires 2027-03-07 22:30: 1 point per $1.00 spent
2027-03-07 22:30    ann expired 31 by rolling_expiry: points expire
2027-03-09 00:00  time passed

in the end
                  ann balance 0
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    (tmp_path / "histories").mkdir()
    (tmp_path / "shop.toml").write_text(PROGRAMME, encoding="utf-8")
    file = tmp_path / "histories" / "year.history"
    file.write_text(HISTORY, encoding="utf-8")
    return file


def told(history: Path, *lines: str) -> Path:
    history.write_text("\n".join(lines), encoding="utf-8")
    return history


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run pytest in a folder as a stranger would, every warning an error."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "LOYALTY"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *words],
        cwd=folder, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_journal_is_written_kept_and_compared(history: Path) -> None:
    folder = history.parent.parent
    (folder / "pytest.ini").write_text("[pytest]", encoding="utf-8")
    code, said = run(folder)
    assert code == 1
    assert (
        "year.journal is missing\n  try  read the difference; if it should be so: pytest histories/year"
        in said
    )

    assert run(folder, "--update")[0] == 0
    assert journal_of(history).read_text(encoding="utf-8") == JOURNAL

    history.write_text(HISTORY.replace("31.00", "30.00"), encoding="utf-8")
    code, said = run(folder)
    assert code == 1
    assert "_ history year _" in said
    assert "\n-2027-03-07 22:30    ann expired 31 by rolling_expiry: points expire\n" in said
    assert "\n+2027-03-07 22:30    ann expired 30 by rolling_expiry: points expire\n" in said
    assert "year.journal is not what the rules answer now" in said


def test_a_journal_that_agrees_is_left_alone(history: Path) -> None:
    write_journal(history)
    journal_of(history).touch()
    before = os.stat(journal_of(history)).st_mtime_ns

    write_journal(history)

    assert difference(history) == ""
    assert os.stat(journal_of(history)).st_mtime_ns == before


def test_another_programme_and_facts_about_the_programme_are_lines_too(history: Path) -> None:
    (history.parent.parent / "double.toml").write_text(
        PROGRAMME.replace("[rules.points_per_spend]", "[rules.points_per_spend]\npoints = 2"),
        encoding="utf-8",
    )
    told(
        history,
        "programme ../shop.toml",
        "2026-03-07 point_value.set points=100 value=1.00",
        "2026-03-08 programme ../double.toml",
        "2026-03-08 00:00 purchase.recorded ann amount=7",
    )
    write_journal(history)

    assert "ann accrued 14 by points_per_spend" in journal_of(history).read_text(encoding="utf-8")  # 7 × 2


@pytest.mark.parametrize(
    ("lines", "fault", "line"),
    [
        ([], "a history begins with its programme", 1),
        (["2026-03-07 purchase.recorded ann amount=7"], "a history begins with its programme", 1),
        (["programme ../other.toml"], "no programme '../other.toml'", 1),
        (["programme ../shop.toml", "", "2026-03-07"], "nothing happens at '2026-03-07'", 3),
        (["programme ../shop.toml", "monday time passes"], "no day and no time: 'monday'", 2),
        (
            ["programme ../shop.toml", "2026-03-07 purchase.recorded ann amount"],
            "'amount' is no FIELD=VALUE",
            2,
        ),
        (["programme ../shop.toml", "2026-03-07 purchase.recorded ann"], "missing required field", 2),
        (["programme ../shop.toml", "2026-03-07 purchase.recorded"], "missing required field", 2),
        (["programme ../shop.toml", "2026-03-07 purchase.recorderd ann"], "purchase.recorderd", 2),
        (["programme ../shop.toml", '2026-03-07 purchase.recorded "ann'], "No closing quotation", 2),
    ],
)
def test_a_line_that_cannot_be_read_is_named(history: Path, lines: list[str], fault: str, line: int) -> None:
    with pytest.raises(LoyaltyError) as caught:
        difference(told(history, *lines))

    assert fault in caught.value.what
    assert caught.value.at == f"{history}:{line}"


def test_a_fault_is_shown_in_three_lines(history: Path) -> None:
    told(history, "programme ../shop.toml", "2026-03-07 purchase.recorded ann")
    code, said = run(history.parent.parent)

    assert code == 1
    assert f"missing required field 'currency'\n  at   {history}:2\n  try  " in said
    assert "Traceback" not in said


def test_histories_elsewhere_and_other_files_are_nobodys(tmp_path: Path) -> None:
    (tmp_path / "shell.history").write_text("ls", encoding="utf-8")
    (tmp_path / "histories").mkdir()
    (tmp_path / "histories" / "notes.txt").write_text("nothing", encoding="utf-8")

    assert run(tmp_path)[0] == 5  # no tests collected


def test_an_unrelated_run_imports_nothing_and_keeps_its_own_options(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'def pytest_addoption(parser):\n    parser.addoption("--update", help="theirs")\n', encoding="utf-8"
    )
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\n"
        "def test_theirs(request):\n"
        '    assert request.config.getoption("update") == "it"\n'
        '    ours = {name for name in sys.modules if name.startswith("loyalty_ledger")}\n'
        '    assert ours == {"loyalty_ledger", "loyalty_ledger.pytest_plugin"}\n'
        '    assert not {"sqlalchemy", "msgspec", "click"} & set(sys.modules)\n',
        encoding="utf-8",
    )

    code, said = run(tmp_path, "--update", "it")
    assert code == 0, said


def test_commands_are_typed_at_a_ledger_of_the_tests_own(loyalty: Typed, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(PROGRAMME, encoding="utf-8")

    loyalty("init", "--programme", file)
    loyalty("record", "purchase.recorded", "ann", "--set", "amount=7.90", "--set", "currency=USD")
    loyalty("project", "run")

    assert loyalty.json("member", "show", "ann")["points"] == 7
    with pytest.raises(AssertionError, match=r"loyalty member show bob ended with 1\n.*'bob'"):
        loyalty("member", "show", "bob")
