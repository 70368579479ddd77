"""A history told from the views holds everything the ledger knows of a member, once, in any portion."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from command_line.test_gallery import STORIES, told
from errors.fixtures import Play
from errors.script import read_case
from errors.stage import typed
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.explain.story import told as folded


@pytest.fixture(params=STORIES, ids=lambda path: path.stem)
def members(request: pytest.FixtureRequest, play: Play, folder: Path) -> list[str]:
    """The members of a story, its ledger in the current folder."""
    case = read_case(request.param)
    case.typed = []
    told(case, play, folder)
    rows = asked("member", "list")["members"]
    return [row["member"] for row in rows]


def asked(*words: str) -> Any:
    """Return what a command answers to programs."""
    answer = typed([*words, "--json"])
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.stdout)


def count(sql: str, member: str) -> int:
    with closing(sqlite3.connect("loyalty.db")) as connection:
        return int(connection.execute(sql, {"member": member}).fetchone()[0])


def test_every_entry_move_flag_and_action_is_told_once(members: list[str]) -> None:
    for member in members:
        steps = asked("member", "history", member)
        told_of = {kind: sum(step["kind"] == kind for step in steps) for kind in ("entry", "move", "flag")}
        assert told_of == {
            "entry": count("SELECT count(*) FROM journal WHERE member = :member", member),
            "move": count("SELECT count(*) FROM moves WHERE member = :member", member),
            "flag": count("SELECT count(*) FROM flags WHERE member = :member", member),
        }
        own = [step for step in steps if step["kind"] == "fact" and step["subject"] == member]
        stream = "SELECT count(*) FROM facts WHERE stream = 'member/' || :member"
        assert len(own) == count(stream, member)
        assert (steps[-1]["balance"] if steps else 0) == asked("member", "show", member)["points"]


def test_what_is_told_as_late_was_late_to_the_fold(members: list[str]) -> None:
    database = open_database("sqlite:///loyalty.db")
    try:
        for member in members:
            with database.reading() as connection:
                facts = folded(connection, installed(), member).facts
            late = {at for at, fact in facts.items() if fact.is_late and fact.subject == member}
            steps = asked("member", "history", member)
            assert {s["position"] for s in steps if s["kind"] == "fact" and s["is_late"]} == late
    finally:
        database.close()


def test_a_portion_is_the_end_of_the_whole(members: list[str]) -> None:
    for member in members:
        whole = asked("member", "history", member)
        facts = sum(step["kind"] == "fact" for step in whole)
        for limit in range(1, facts + 2):
            part = asked("member", "history", member, "--limit", str(limit))
            assert part == whole[len(whole) - len(part) :]
            assert sum(step["kind"] == "fact" for step in part) == min(limit, facts)
        booked = [step["booked"] for step in whole if "booked" in step]
        for day in sorted({at[:10] for at in booked}):
            part = asked("member", "history", member, "--since", day)
            assert part == whole[len(whole) - len(part) :]


def test_an_explanation_is_as_recorded_and_its_moves_are_those_of_the_history(members: list[str]) -> None:
    for member in members:
        page = asked("explain", member)
        assert page["is_as_recorded"]
        moves = [step for step in asked("member", "history", member) if step["kind"] == "move"]
        known = {(move["ladder"], move["number"]): move["evidence"] for move in page["moves"]}
        assert known == {(move["ladder"], move["number"]): move["evidence"] for move in moves}


def test_what_returns_took_sums_to_what_the_entries_say(members: list[str]) -> None:
    """Each award taken back: by its entries, by what had expired, never more than the award."""
    for member in members:
        entries = asked("explain", member)["entries"]
        contra = {entry["entry"]: entry["contra"] for entry in entries}
        for entry in entries:
            if entry["account"] == "reversed":
                taken = entry["reversal"]
                assert entry["entry"] in taken["by_entries"]
                assert (
                    sum(contra[number] for number in taken["by_entries"])
                    == taken["taken_now"] - taken["expired"]
                )
                assert taken["taken_before"] + taken["taken_now"] <= taken["award"]
