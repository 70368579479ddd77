"""Groups against a naive search."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from loyalty_ledger.ledger.facts import Draft
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.groups import groups_of, linked_members
from loyalty_ledger.ledger.store.log import Log

Make = Callable[..., Draft]


def naive_groups(links: list[tuple[str, ...]], members: set[str]) -> dict[str, tuple[str, ...]]:
    """Merge sets until nothing changes."""
    groups = [{member} for member in members]
    for link in links:
        touched = [group for group in groups if group & set(link)]
        groups = [group for group in groups if not group & set(link)] + [set(link).union(*touched)]
    return {member: tuple(sorted(group)) for group in groups for member in group}


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_the_members_connected_by_facts(
    ledger_database: Database, purchase: Make, referral: Make, seed: int
) -> None:
    chance = random.Random(seed)
    members = [str(number) for number in range(40)]
    drafts = [purchase(f"p{member}", member) for member in members]
    drafts += [referral(f"r{number}", *chance.sample(members, 2)) for number in range(25)]
    chance.shuffle(drafts)
    with ledger_database.writing() as connection:
        Log(ledger_database).append(connection, drafts, now_us=0)

    for upto in (0, 20, 45, 65):
        links = [(made.stream[7:], *made.members) for made in drafts[:upto] if made.members]
        expected = naive_groups(links, set(members))
        asked = [*chance.sample(members, 12), "nobody"]
        with ledger_database.reading() as connection:
            assert linked_members(connection, upto) == {
                member: group for member, group in expected.items() if len(group) > 1
            }
            assert groups_of(connection, asked, upto) == {
                member: expected.get(member, (member,)) for member in asked
            }


def test_a_long_chain_is_one_group(ledger_database: Database, referral: Make) -> None:
    chain = [str(number) for number in range(1000, 1400)]
    drafts = [referral(f"r{one}", one, other) for one, other in pairwise(chain)]
    with ledger_database.writing() as connection:
        Log(ledger_database).append(connection, drafts, now_us=0)

        assert linked_members(connection, 10**9)["1399"] == tuple(chain)
        assert groups_of(connection, ["1000"], 10**9) == {"1000": tuple(chain)}


def test_a_fact_about_nobody_links_all_it_names(ledger_database: Database, purchase: Make) -> None:
    """A plugin's fact may be about the programme or a staff member, and name members."""
    named = purchase("a")._replace(stream="programme", members=("x", "y", "z"))
    alone = purchase("b")._replace(stream="staff/7", members=("w",))
    with ledger_database.writing() as connection:
        Log(ledger_database).append(connection, [named, alone], now_us=0)

        assert linked_members(connection, 9) == dict.fromkeys(("x", "y", "z"), ("x", "y", "z"))
        assert groups_of(connection, ["z", "w"], 9) == {"z": ("x", "y", "z"), "w": ("w",)}
