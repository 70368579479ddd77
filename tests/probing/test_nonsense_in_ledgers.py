"""Nonsense in a real ledger: it sets aside whom the rule was asked about, and everybody else goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.facts import Draft, FactType, draft
from loyalty_ledger.ledger.projection import Recipe
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules import ReferralMade
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.programme import activation
from probing.nonsense import SENSE
from probing.strange import CATALOGUE, PROGRAMME, PURCHASE, RULES, Asked, asked_of, asked_to_return
from projection.ledgers import FAR_US, digests, rebuild_all, rows, run_all


@pytest.fixture(autouse=True)
def _nothing_asked() -> Iterator[None]:
    yield
    for rule in RULES:
        rule.asked.clear()


def _history(asked: list[Asked]) -> list[Draft]:
    """Return purchases of a member for each case, the second answered with nonsense; and of a bystander."""
    drafts: list[Draft] = []

    def tell(subject: str | None, data: FactType, day: int) -> None:
        number = str(len(drafts))
        drafts.append(
            draft(
                CATALOGUE.registry, event_id=number, source="test", topic=data.topic, subject=subject,
                occurred_us=day * DAY_US, data=data,
            )
        )  # fmt: skip

    tell(None, activation(PROGRAMME, CATALOGUE, at="test"), 0)
    for one in asked:
        member = one.case.name
        if one.has_other:
            tell(member, ReferralMade(referred=f"{member}'s other"), 1)
        tell(member, PURCHASE, 2)
    for one in asked:
        tell(one.case.name, one.fact, 3)
        tell(one.case.name, PURCHASE, 4)
    for day in range(5):
        tell("bystander", PURCHASE, day)
    return drafts


def test_each_is_set_aside_by_name_and_everybody_else_goes_on(ledger_database: Database) -> None:
    """Some of each kind, in a real ledger; what is said of them is the same when all is rebuilt."""
    asked = [one for kind in SENSE for one in asked_of(kind)[::9]] + asked_to_return()[::5]
    for one in asked:
        one.rule.asked[one.case.name] = one.case
    drafts = _history(asked)
    with ledger_database.writing() as connection:
        Log(ledger_database).append(connection, drafts, now_us=FAR_US)
    recipe = Recipe(lambda facts: Engine(facts, CATALOGUE), lambda: CATALOGUE.registry, zone="UTC")

    run_all(ledger_database, recipe)

    said = {member: (rule, error) for member, rule, error in rows(ledger_database, _SET_ASIDE)}
    assert [
        one.case.name for one in asked
        if said[one.case.name][0] != f"{one.rule.name}@1" or one.case.path not in said[one.case.name][1]
    ] == []  # fmt: skip
    assert {member for member in said if not member.endswith("'s other")} == {one.case.name for one in asked}
    # 10 for each purchase; of the first 2 are held and 8 have expired.
    assert rows(ledger_database, "SELECT points FROM balances WHERE member = 'bystander'") == [(40,)]
    assert rows(ledger_database, "SELECT points FROM balances WHERE member = 'Flag.flag 6'") == [(0,)]
    before = digests(ledger_database)
    rebuild_all(ledger_database, recipe)
    assert digests(ledger_database) == before


_SET_ASIDE = "SELECT member, rule, error FROM quarantine"
