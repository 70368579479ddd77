"""Types of facts, ladders, views, reports and commands of plugins: the sample plugin, and a careless one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from loyalty_ledger.cli import main

SAMPLE = Path(__file__).parent.parent / "sample_plugin" / "loyalty_weekend.py"
WEEKEND = """
programme = "Weekend"
zone = "UTC"
currency = "USD"
[rules.points_per_spend]
[rules.weekend_bonus]
"""
CARELESS = '''
from loyalty_ledger.rules import Accrue, Ladder, Move, PurchaseRecorded, Report, Rule, View, hookimpl, on


class Climb(Rule):
    """Moves to a rung there is not, for a dear order."""

    name = "climb"

    @on(PurchaseRecorded)
    def climb(self, purchase, member):
        yield Accrue(points=purchase.data.amount_minor, reason="spent")
        rung = "roof" if purchase.data.amount_minor > 500 else "low"
        yield Move(ladder="stairs", rung=rung, reason="bought")


class Halves(View):
    """Fails on odd points, and once tells a float."""

    name = "halves"
    columns = {"half": int}

    def rows(self, entry):
        if entry.points % 2:
            raise ArithmeticError("odd")
        yield {"half": entry.points / 2 if entry.points == 8 else entry.points // 2}


class Broken(Report):
    """Fails."""

    name = "broken"

    def table(self, connection, choices):
        return ("a", "b"), [(1,)]


@hookimpl
def loyalty_rules():
    return [Climb]


@hookimpl
def loyalty_ladders():
    return [Ladder("stairs", ("low", "high"), "Stairs.")]


@hookimpl
def loyalty_views():
    return [Halves]


@hookimpl
def loyalty_reports():
    return [Broken]
'''
Run = Callable[..., Result]


@pytest.fixture(params=["sqlite", "postgresql"])
def run(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command on an empty database, with a folder for rules."""
    url = (
        f"sqlite:///{tmp_path / 'l.db'}"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgres_url"))
    )
    (tmp_path / "rules").mkdir()
    monkeypatch.setenv("LOYALTY_RULES_DIR", str(tmp_path / "rules"))
    monkeypatch.chdir(tmp_path)

    def typed(line: str, *, exit_code: int = 0) -> Result:
        done = CliRunner().invoke(main, [*line.split(), "--db", url], catch_exceptions=False)
        assert done.exit_code == exit_code, done.stderr
        return done

    return typed


def bought(run: Run, member: str, amount: str, at: str) -> None:
    run(f"record purchase.recorded {member} --set amount={amount} --set currency=USD --at {at}T12:00:00Z")


@pytest.fixture
def weekend(run: Run, tmp_path: Path) -> Run:
    """Ann bought for $31 on a Saturday, and was at the market on three days."""
    shutil.copy(SAMPLE, tmp_path / "rules" / "weekend.py")
    (tmp_path / "w.toml").write_text(WEEKEND)
    run("init --programme w.toml --trust weekend")
    bought(run, "ann", "31.00", "2026-03-07")
    for day in (1, 2, 3):
        run(f"record market.visited ann --set market=Riverside --at 2026-05-0{day}T10:00:00Z")
    run("project run")
    return run


def test_a_view_of_a_plugin_is_rebuilt_and_checked_like_all_others(weekend: Run) -> None:
    """31 × 50 % = 15, fraction dropped; then 5 a visit."""
    rows = json.loads(weekend("report weekend_points --json").stdout)["rows"]
    assert [(row["day"], row["points"]) for row in rows] == [
        ("2026-03-07", 15), ("2026-05-01", 5), ("2026-05-02", 5), ("2026-05-03", 5),
    ]  # fmt: skip

    digests = weekend("project status --digests --json").stdout
    weekend("project rebuild --processes 2")
    weekend("project rebuild --from-journal")
    again = json.loads(weekend("project status --digests --json").stdout)
    assert again["digests"] == json.loads(digests)["digests"]
    assert "all is well" in weekend("check").stdout


def test_a_report_and_a_command_of_a_plugin_have_the_options_of_ours(weekend: Run) -> None:
    assert weekend("report weekend_months --csv").stdout == "month,points\n2026-03,15\n2026-05,15\n"
    since = weekend("report weekend_months --json --set since=2026-04").stdout
    assert json.loads(since)["rows"] == [{"month": "2026-05", "points": 15}]
    assert json.loads(weekend("weekend-days --member ann --json").stdout) == {"member": "ann", "days": 4}


def test_a_ladder_of_a_plugin_is_climbed(weekend: Run) -> None:
    assert "weekender  regular since 2026-05-03" in weekend("member show ann").stdout


def test_a_plugin_nobody_trusts_offers_no_command(run: Run, tmp_path: Path) -> None:
    shutil.copy(SAMPLE, tmp_path / "rules" / "weekend.py")
    (tmp_path / "w.toml").write_text(WEEKEND.replace("[rules.weekend_bonus]", ""))
    run("init --programme w.toml")

    assert "no such command 'weekend-days'" in run("weekend-days --member ann", exit_code=2).stderr
    assert "no such command 'weekend_points'" in run("report weekend_points", exit_code=2).stderr


@pytest.fixture
def careless(run: Run, tmp_path: Path) -> Run:
    """Ann spends an odd sum, bob 8 cents, cid an even one, dan too much for the stairs."""
    (tmp_path / "rules" / "careless.py").write_text(CARELESS)
    (tmp_path / "c.toml").write_text(WEEKEND.split("[rules", maxsplit=1)[0] + "[rules.climb]\n")
    run("init --programme c.toml --trust careless")
    for member, amount in (("ann", "0.07"), ("bob", "0.08"), ("cid", "0.10"), ("dan", "6.00")):
        bought(run, member, amount, "2026-03-07")
    run("project run", exit_code=4)
    return run


def test_a_view_that_fails_says_so_in_a_row_and_harms_no_other(careless: Run) -> None:
    rows = json.loads(careless("report halves --json").stdout)["rows"]

    assert rows == [
        {"member": "ann", "entry": 1, "half": None, "error": "ArithmeticError: odd"},
        {"member": "bob", "entry": 1, "half": None, "error": "ValueError: column 'half' is 4.0, no int"},
        {"member": "cid", "entry": 1, "half": 5, "error": None},
    ]


FAULTS = """
from loyalty_ledger.rules import View, hookimpl


class Mute(Exception):
    def __str__(self):
        raise ValueError("nothing to say")


class Faults(View):
    name = "faults"
    columns = {"points": int}

    def rows(self, entry):
        match entry.points:
            case 1:
                raise SystemExit(3)
            case 2:
                raise Mute
            case 3:
                raise ValueError("a lone surrogate \\ud800")
            case 4:
                raise ValueError(object())
            case 5:
                return [{"points": 2**63}]
            case 6:
                return [{"points": object()}]


@hookimpl
def loyalty_views():
    return [Faults]
"""


def test_however_a_view_fails_its_row_says_so_in_words_that_are_the_same_everywhere(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "rules" / "faults.py").write_text(FAULTS)
    (tmp_path / "f.toml").write_text(WEEKEND.replace("[rules.weekend_bonus]", ""))
    run("init --programme f.toml --trust faults")
    for points in range(1, 7):
        bought(run, "ann", f"{points}.00", f"2026-03-0{points}")
    run("project run")

    rows = json.loads(run("report faults --json").stdout)["rows"]

    assert [row["error"] for row in rows] == [
        "SystemExit: 3",
        "Mute: no message",
        "ValueError: a lone surrogate ?",
        "ValueError: <object object at ?>",
        "ValueError: column 'points' is past 2^63",
        "ValueError: column 'points' is of object, no int",
    ]
    assert "all is well" in run("check").stdout


def test_a_retry_keeps_what_views_of_plugins_say_of_those_set_aside(careless: Run) -> None:
    """Eva's first order has a row; the second sets her aside."""
    bought(careless, "eva", "0.10", "2026-03-08")
    bought(careless, "eva", "6.00", "2026-03-09")
    careless("project run", exit_code=4)
    before = careless("report halves --json").stdout

    careless("quarantine retry", exit_code=4)

    assert careless("report halves --json").stdout == before
    assert "eva" in before


def test_an_operator_may_set_aside_whom_a_rule_did_from_the_same_position(careless: Run) -> None:
    """The facts are init's two and four orders: dan's is at position 6, where his rule failed."""
    careless("record member.set_aside dan --set rule=climb@1 --set since=6 --set reason=known")
    careless("project run", exit_code=4)

    careless("project rebuild", exit_code=4)


def test_views_that_have_read_nothing_are_no_finding(run: Run, tmp_path: Path) -> None:
    """A first run that is stopped leaves views at position 0, which no rules have built."""
    (tmp_path / "rules" / "stops.py").write_text(
        CARELESS.replace("yield Accrue", "raise MemoryError; yield Accrue")
    )
    (tmp_path / "c.toml").write_text(WEEKEND.split("[rules", maxsplit=1)[0] + "[rules.climb]\n")
    run("init --programme c.toml --trust stops")
    bought(run, "ann", "1.00", "2026-03-07")
    run("project run", exit_code=4)

    assert "all is well" in run("check").stdout


def test_a_move_to_a_rung_the_ladder_does_not_have_sets_the_member_aside(careless: Run) -> None:
    (row,) = json.loads(careless("quarantine list --json").stdout)

    assert row["member"] == "dan"
    assert "answered Move.rung 'roof', which the ladder 'stairs' does not have" in row["error"]


def test_a_report_that_fails_names_its_plugin(careless: Run) -> None:
    done = careless("report broken", exit_code=5)

    assert "report 'broken' of plugin 'careless' failed: ValueError: a row has not 2 values" in done.stderr


def test_a_view_that_is_altered_asks_for_a_rebuild(careless: Run, tmp_path: Path) -> None:
    """Its code is part of what the views are built from."""
    (tmp_path / "rules" / "careless.py").write_text(CARELESS.replace("// 2}", "// 2 + 1}"))
    careless("rules trust careless")
    bought(careless, "cid", "0.12", "2026-03-08")

    assert "were altered since generation 1" in careless("project run", exit_code=5).stderr
    accept = careless("project rebuild", exit_code=6).stderr.split("--accept ")[1].split()[0]
    careless(f"project rebuild --accept {accept}", exit_code=4)
    rows = json.loads(careless("report halves --json --set member=cid").stdout)["rows"]
    assert [row["half"] for row in rows] == [6, 7]  # 10 // 2 + 1, 12 // 2 + 1
