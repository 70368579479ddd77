"""What a check says when it folds the facts once more, and what it says when it cannot."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from loyalty_ledger.cli import main
from loyalty_ledger.ledger.check import (
    CHECKS,
    REFOLD_CHECKS,
    Findings,
    check_fields,
    check_ledger,
    check_lines,
    scratch,
)
from loyalty_ledger.ledger.errors import HistoryError, LoyaltyError, PluginError
from loyalty_ledger.ledger.projection import Recipe
from loyalty_ledger.ledger.store.bulk import execute
from loyalty_ledger.ledger.store.database import Database, open_database
from ops.logs import Fresh
from ops.views import forge, project
from projection.ledgers import rebuild_all
from projection.toy_fold import RECIPE, recipe_with

ALL = len(CHECKS) + len(REFOLD_CHECKS)


@pytest.fixture
def url(fresh: Fresh) -> str:
    made = fresh()
    project(made)
    return made


def checked(url: str, make_recipe: Callable[[], Recipe] | None = lambda: RECIPE) -> Findings:
    with closing(open_database(url)) as database:
        return check_ledger(database, make_recipe)


def only(url: str) -> str:
    """Return the one line that is found."""
    found = checked(url)
    assert len(found) == 1, found
    return found[0].line()


def test_a_sound_ledger_has_no_findings_whichever_slot_is_live(url: str) -> None:
    assert check_lines(checked(url)) == [f"{ALL} checks: all is well"]
    with closing(open_database(url)) as database:
        rebuild_all(database)
    assert check_lines(checked(url)) == [f"{ALL} checks: all is well"]


def test_without_a_fold_only_sql_is_asked(url: str) -> None:
    forge(url, ["UPDATE journal__a SET reason = 'a gift' WHERE member = 'm1' AND entry = 2"])

    assert check_lines(checked(url, None)) == [f"{len(CHECKS)} checks: all is well"]
    assert len(checked(url)) == 1


def test_a_cell_is_named_with_what_stands_there_and_what_should(url: str) -> None:
    forge(url, ["UPDATE journal__a SET reason = 'a gift' WHERE member = 'm1' AND entry = 2"])
    (found,) = checked(url)
    cell = json.loads(json.dumps(check_fields(checked(url))))["findings"][0]["cell"]

    assert (found.check, found.member) == ("journal-refolded", "m1")
    assert found.what == f"reason is 'a gift', the facts give {cell['expected']!r}"
    assert found.at == "journal entry 2"
    assert cell == {
        "table": "journal", "key": {"entry": 2}, "column": "reason", "stored": "a gift",
        "expected": cell["expected"],
    }  # fmt: skip


def test_every_cell_of_a_row_is_a_finding(url: str) -> None:
    forge(url, ["UPDATE journal__a SET reason = 'a', is_late = TRUE WHERE member = 'm1' AND entry = 2"])

    assert [finding.cell.column for finding in checked(url) if finding.cell] == ["reason", "is_late"]
    assert "is_late is true, the facts give false" in checked(url)[1].line()


def test_a_row_too_many_is_told_whole(url: str) -> None:
    forge(url, ["INSERT INTO flags__a VALUES ('m9', 3, 'r@1', 'angry', 'shouted')"])

    assert only(url) == (
        "member 'm9', flags position 3 rule 'r@1' flag 'angry': row is one too many, the facts give none:"
        " reason 'shouted'"
    )


def test_a_row_that_is_missing_is_told_whole(url: str) -> None:
    forge(url, ["DELETE FROM member_states__a WHERE member = 'm1'"])

    line = only(url)
    assert line.startswith("member 'm1', member_states, position ")
    assert ": row is missing, the facts give position " in line


def test_a_long_text_is_cut(url: str) -> None:
    forge(url, [f"UPDATE journal__a SET reason = '{'x' * 99}' WHERE member = 'm1' AND entry = 2"])

    assert f": reason is {'x' * 60!r}…, the facts give " in only(url)


def test_altered_rules_are_a_finding_and_what_members_have_is_compared_all_the_same(url: str) -> None:
    found = checked(url, lambda: recipe_with(rate=2))

    assert found[0].check == "facts-refold"
    assert found[0].what.endswith("loyalty project rebuild")
    names = {finding.check for finding in found}
    assert {"journal-refolded", "balances-refolded"} <= names
    assert "member_states-refolded" not in names


def refuse() -> Recipe:
    raise PluginError("no installed plugin offers rule 'toy'", hint="loyalty rules list")


def test_facts_that_cannot_be_folded_are_a_finding(url: str) -> None:
    (found,) = checked(url, refuse)

    assert found.check == "facts-refold"
    assert found.what == "cannot be computed: no installed plugin offers rule 'toy' (loyalty rules list)"


def test_a_fact_that_is_no_fact_is_a_finding(url: str) -> None:
    forge(url, ["UPDATE facts SET state = state || state WHERE position = 3"])

    assert "cannot be computed: stored fact cannot be read" in only(url)


def test_a_view_that_shows_something_else_is_compared_as_it_is_read(url: str) -> None:
    forge(url, ["DROP VIEW flags", "CREATE VIEW flags AS SELECT * FROM flags__a UNION ALL"
                " SELECT 'm1', 3, 'r@1', 'angry', 'shouted' /* flags__a */"])  # fmt: skip

    assert [finding.check for finding in checked(url)] == ["flags-refolded"]


def test_a_view_that_is_missing_hides_no_other(url: str) -> None:
    forge(url, ["DROP VIEW timers", "UPDATE journal__a SET reason = '' WHERE member = 'm1' AND entry = 2"])
    found = {finding.check: finding.what for finding in checked(url)}

    assert "cannot be computed" in found["timers-refolded"]
    assert "journal-refolded" in found


def test_a_ledger_without_views_is_sound(ledger_database: Database) -> None:
    assert check_ledger(ledger_database, lambda: RECIPE) == []


def test_a_database_without_a_ledger_is_no_finding_but_an_error(database: Database) -> None:
    with pytest.raises(HistoryError, match="holds no ledger"):
        check_ledger(database, lambda: RECIPE)


@pytest.fixture
def sqlite(fresh_sqlite: Fresh) -> str:
    made = fresh_sqlite()
    project(made)
    return made


def test_a_key_of_another_kind_is_a_row_too_many_beside_one_that_is_missing(sqlite: str) -> None:
    forge(sqlite, ["UPDATE journal__a SET entry = 'two' WHERE member = 'm1' AND entry = 2"])
    cells = [one.cell for one in checked(sqlite) if one.cell and one.cell.table == "journal"]

    assert [(cell.key["entry"], cell.stored is None) for cell in cells] == [(2, True), ("two", False)]


def test_text_that_is_not_utf_8_is_a_finding(sqlite: str) -> None:
    forge(sqlite, ["UPDATE journal__a SET reason = CAST(x'ff' AS TEXT) WHERE member = 'm1' AND entry = 2"])

    assert only(sqlite).startswith("database: cannot be computed: Could not decode to UTF-8 column 'reason'")


def test_of_a_long_value_the_place_is_shown_where_it_begins_to_differ(sqlite: str) -> None:
    forge(sqlite, ["UPDATE member_states__a SET state = CAST(state || '!' AS BLOB) WHERE member = 'm1'"])
    (found,) = checked(sqlite)
    (stored, expected) = (found.cell.stored, found.cell.expected) if found.cell else ("", "")

    # "!" is 0x21.
    assert stored == f"{expected}21"
    assert found.what == f"state is …{str(stored)[-14:]}, the facts give …{str(expected)[-12:]}"


def test_no_room_for_a_second_set_of_views_is_an_error(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def small() -> sqlite3.Connection:
        connection = sqlite3.connect("")
        connection.execute("PRAGMA max_page_count = 20").close()
        return connection

    monkeypatch.setattr(scratch, "_temporary", small)

    with pytest.raises(LoyaltyError, match="no room to fold the facts once more: disk is full") as caught:
        checked(sqlite)
    assert caught.value.hint == "set TMPDIR to a folder with room, or loyalty check --fast"


def test_progress_ends_where_the_views_are(sqlite: str) -> None:
    heard: list[tuple[int, int]] = []
    with closing(open_database(sqlite)) as database:
        check_ledger(database, lambda: RECIPE, progress=lambda *now: heard.append(now))
        with database.reading() as connection:
            (head,) = connection.exec_driver_sql("SELECT position FROM head").one()

    assert heard
    assert {total for _, total in heard} == {head}
    assert all(done <= head for done, _ in heard)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    (tmp_path / "shop.toml").write_text(
        'programme = "Shop"\nzone = "UTC"\ncurrency = "EUR"\n[rules.points_per_spend]\n'
    )
    url = f"sqlite:///{tmp_path}/shop.db"
    loyalty(url, "init", "--programme", str(tmp_path / "shop.toml"))
    loyalty(url, "record", "purchase.recorded", "ann", "--set", "amount=9.00", "--set", "currency=EUR")
    loyalty(url, "project", "run")
    return url


def loyalty(url: str, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*words, "--db", url], catch_exceptions=False)
    return done.exit_code, done.stdout


def test_the_command_folds_once_more_unless_it_shall_be_fast(shop: str) -> None:
    assert loyalty(shop, "check") == (0, f"{ALL} checks: all is well\n")
    with closing(open_database(shop)) as database, database.writing() as connection:
        execute(connection, "UPDATE journal__a SET reason = 'a gift'")

    assert loyalty(shop, "check", "--fast") == (0, f"{len(CHECKS)} checks: all is well\n")
    assert loyalty(shop, "check") == (6, (
        "found: journal-refolded (1) - Every row of the view journal is what the facts give.\n"
        "  member 'ann', journal entry 1, position 2: reason is 'a gift', the facts give"
        " '1 point per EUR 1.00 spent'\n"
        f"{ALL} checks: 1 found something\n"
    ))  # fmt: skip
    assert json.loads(loyalty(shop, "check", "--json")[1])["findings"][0]["cell"]["column"] == "reason"
