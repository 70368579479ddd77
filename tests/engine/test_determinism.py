"""The same facts give the same bytes: in another process, hash seed, zone, folder or decimal context."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from decimal import ROUND_UP, localcontext
from pathlib import Path

import pytest

from loyalty_ledger.ledger.errors import FactError
from loyalty_ledger.ledger.facts.types import FactType
from loyalty_ledger.ledger.units import minor_units
from loyalty_ledger.rules import Accrue, Fact, PurchaseRecorded, Rule, on
from loyalty_ledger.rules.testing import Story

from .extra_rules import catalogue_of

SCRIPT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from loyalty_ledger.rules.testing import Story
story = Story('''
programme = "Determined"
zone = "Europe/Berlin"
currency = "USD"
[rules.points_per_spend]
per = 0.7
rounding = "half-up"
multipliers = [{brands = ["a"], factor = 1.3}, {labels = ["x", "y"], factor = 0.9}]
[rules.rolling_expiry]
months = 1
end_of = "month"
[rules.redemption]
''')
for day in range(1, 28):
    first = {"amount": f"{day}.{day:02}", "brand": "ab"[day % 2], "labels": ["y", "x"][: day % 3]}
    lines = [first, {"amount": "3.33"}]
    amount = f"{day + 3}.{day + 33:02}"
    story.purchase("ann", amount, at=f"2026-01-{day:02}T22:30:00Z", lines=lines)
    story.redeem("ann", day, at=f"2026-01-{28 - day:02}")
story.advance("2026-03-01")
group = story.folded()
print(hashlib.sha256(repr((group.entries, group.flags, group.states(), group.timers())).encode()).hexdigest())
"""


def test_hash_seed_zone_and_folder_change_nothing(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2] / ".src")
    digests = set()
    for seed, zone, folder in (("1", "UTC", "/"), ("4711", "Pacific/Auckland", str(tmp_path))):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        digests.add(
            subprocess.check_output([sys.executable, "-c", SCRIPT, root], cwd=folder, env=environment)
        )

    assert len(digests) == 1


PROGRAMME = """
    programme = "P"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    per = 0.33
    round = "points"
    minimum_order = 12.34
    [[rules.points_per_spend.multipliers]]
    skus = ["1"]
    factor = 1.23456789
"""


def test_a_stranger_s_decimal_context_does_not_move_points() -> None:
    """A plugin may have set the context of the thread: rates are exact all the same."""
    story = Story(PROGRAMME)
    story.purchase("ann", "123456.78", at="2026-01-01", lines=[{"sku": "1", "amount": "123456.78"}])
    expected = story.entries()
    assert expected[0].points == 461_865  # 123456.78 * 1.23456789 / 0.33 = 461865.989...

    with localcontext() as context:
        context.prec, context.rounding = 2, ROUND_UP
        assert story.entries() == expected


def test_a_stranger_s_decimal_context_does_not_move_money() -> None:
    with localcontext() as context:
        context.prec = 2
        assert minor_units("123456.78", "USD") == 12_345_678


def test_decimals_beyond_the_currency_s_are_refused_however_many_there_are() -> None:
    """Thirty-one decimals are more than a context of twenty-eight digits can hold."""
    with pytest.raises(FactError, match="USD has 2 decimals"):
        minor_units("1." + "0" * 30 + "1", "USD")


class Coached(FactType, frozen=True, kw_only=True):
    """A person of the staff coached a member."""

    topic = "staff.coached"
    about = "staff"
    member: str

    def members(self) -> tuple[str, ...]:
        return (self.member,)


def test_a_fact_about_the_staff_is_not_taken_for_one_of_a_member_with_that_id() -> None:
    class Coach(Rule):
        name, stage = "coach", "earn"

        @on(Coached, PurchaseRecorded)
        def give(self, fact: Fact[FactType], member: object) -> Accrue:
            return Accrue(points=1, reason="x")

    story = Story(PROGRAMME + "    [rules.coach]\n", catalogue=catalogue_of(Coach))
    story.purchase("7", "0.00", at="2026-01-01")
    programme, (bought,) = story.split()
    told: Fact[FactType] = Fact(
        data=Coached(member="7"), id="1", source="s", subject="7", topic="staff.coached"
    )
    told.position, told.occurred_us = 9, bought.occurred_us
    from loyalty_ledger.rules.engine import Engine

    group = Engine(programme, story.catalogue).group(("7",), {})
    group.apply(bought)
    group.apply(told)

    assert [entry.points for entry in group.entries] == [1]


@pytest.mark.parametrize("change", [dict.fromkeys, sorted, reversed])
def test_the_order_of_tables_in_the_file_changes_nothing(change: Callable[[list[str]], object]) -> None:
    tables = ["[rules.points_per_spend]", "[rules.redemption]", "[rules.rolling_expiry]\ndays = 9"]
    head = 'programme = "P"\nzone = "UTC"\ncurrency = "USD"\n'

    def told(order: list[str]) -> list[tuple[object, ...]]:
        story = Story(head + "\n".join(order))
        story.purchase("ann", "9.00", at="2026-01-01")
        story.redeem("ann", 5, at="2026-01-02")
        story.advance("2026-02-01")
        return [tuple(entry) for entry in story.entries()]

    assert told(list(change(tables))) == told(tables)  # type: ignore[call-overload]
