"""A rule that loops, eats memory or starts a process halts the run, and is named; facts are not affected."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from containing.unruly_shop import Shop
from loyalty_ledger.ledger.reports.quarantine import quarantined
from loyalty_ledger.rules.containing.heartbeat import beats

ENDLESS = "rule unruly@1 did not come to an end in 0.3 s and was stopped"
HALTS = {
    "sum": ENDLESS, "regex": ENDLESS, "swallow": ENDLESS,
    "cleaning_up": ENDLESS,
    "memory": "rule unruly@1 ran out of memory",
    "quiet_fork": "rule unruly@1 tried to fork the process, which stops the run",
    "quiet_subprocess": "rule unruly@1 tried to start a process, which stops the run",
    "kill": "rule unruly@1 tried to send a signal, which stops the run",
    "exit": "rule unruly@1 ended the process with exit code 0",
    "abort": "rule unruly@1 ended the process: SIGABRT",
}  # fmt: skip


@pytest.mark.parametrize("deed", HALTS)
def test_what_no_rule_may_do_halts_the_run_and_is_named(shop: Shop, deed: str) -> None:
    position = shop.record("bob", channel=deed)
    shop.record("cay")

    said = shop.loyalty("project", "run")

    assert said.code == 4
    assert said.out == ""
    assert said.error["error"] == HALTS[deed]
    assert said.error["at"] == f"member 'bob', position {position}"
    assert f"member.set_aside bob --set rule=unruly@1 --set since={position}" in said.error["try"]
    assert shop.rows("SELECT count(*) FROM facts") == [(5,)]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_rebuild_halts_in_whatever_process_the_rule_is_asked(shop: Shop, processes: str) -> None:
    shop.run()
    position = shop.record("bob", channel="swallow")
    shop.record("bob", "member.set_aside", rule="unruly@1", reason="once", since=position)
    shop.run()
    views = shop.digests()
    shop.record("bob", "fact.retracted", retracted=position + 1, reason="again")

    said = shop.loyalty("project", "rebuild", "--processes", processes)

    assert (said.code, said.error["error"]) == (4, ENDLESS)
    assert said.error["at"] == f"member 'bob', position {position}"
    assert shop.digests() == views


def test_a_process_of_a_rebuild_that_a_rule_ends_is_named(shop: Shop) -> None:
    position = shop.record("bob", channel="exit")

    said = shop.loyalty("project", "rebuild", "--processes", "2")

    assert (said.code, said.error["error"]) == (4, "rule unruly@1 ended the process it was asked in")
    assert said.error["at"] == f"member 'bob', position {position}"


def test_a_timer_that_does_not_end_is_named_by_the_advance(shop: Shop) -> None:
    shop.record("bob", channel="timer")
    position = shop.advance()

    said = shop.loyalty("project", "run")

    assert (said.code, said.error["at"]) == (4, f"member 'bob', position {position}")


def test_a_command_halts_and_records_nothing(either_shop: Shop) -> None:
    shop = either_shop
    position = shop.record("ann", channel="swallow")

    said = shop.loyalty("redeem", "ann", "1")

    assert (said.code, said.error["error"]) == (4, ENDLESS)
    assert said.error["at"] == f"member 'ann', position {position}"
    assert shop.loyalty("audit", "verify").code == 0
    assert shop.rows("SELECT max(position) FROM facts") == [(position,)]


def test_a_halted_run_goes_on_where_the_operator_has_set_the_member_aside(either_shop: Shop) -> None:
    shop = either_shop
    position = shop.record("bob", channel="swallow")
    shop.record("cay")
    assert shop.loyalty("project", "run").code == 4

    since = ("--set", "rule=unruly@1", "--set", f"since={position}", "--set", "reason=it loops")
    assert shop.loyalty("record", "member.set_aside", "bob", *since).code == 0
    went_on = shop.loyalty("project", "run")

    assert (went_on.code, json.loads(went_on.out)["quarantined"]) == (4, 1), "a member is set aside"
    with shop.opened() as opened, opened.database.reading() as connection:
        listed = [row.fields() for row in quarantined(connection)]
    assert listed == [
        {
            "member": "bob", "position": position, "rule": "unruly@1",
            "error": f"an operator set 'bob' aside at position {position + 2}: it loops", "by": "operator",
            "topic": "purchase.recorded", "waiting_facts": 2, "set_aside": position + 2,
        }
    ]  # fmt: skip
    assert shop.rows("SELECT member, points FROM balances ORDER BY member") == [("ann", 1), ("cay", 1)]
    views = shop.digests()
    assert shop.rebuild().quarantined == 1
    assert shop.digests() == views


def asking(shop: Shop) -> subprocess.Popen[str]:
    """Return a run, once a rule in it that never ends is being asked."""
    shop.record("bob", channel="loop")
    at_work = subprocess.Popen(
        [Path(sys.executable).with_name("loyalty"), "project", "run"], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "LOYALTY_DB": shop.url, "LOYALTY_RULES_DIR": str(shop.rules)},
    )  # fmt: skip
    while not any(beat.question for folder in folders(at_work) for beat in beats(folder)):
        assert at_work.poll() is None
        time.sleep(0.05)
    return at_work


def folders(at_work: subprocess.Popen[str]) -> list[Path]:
    return list(Path("/dev/shm").glob(f"loyalty-watch-{at_work.pid}-*"))


def test_an_interrupt_and_its_exit_code_pass_through(shop: Shop) -> None:
    at_work = asking(shop)

    at_work.send_signal(signal.SIGINT)
    _, told = at_work.communicate(timeout=20)

    assert at_work.returncode == 130
    assert told == "loyalty: interrupted; nothing is half-written, the same command goes on\n"
    assert not folders(at_work)


def test_who_ends_the_command_ends_all_of_it(shop: Shop) -> None:
    at_work = asking(shop)
    (folder,) = folders(at_work)
    (child,) = (int(path.name) for path in folder.iterdir())

    at_work.terminate()
    at_work.communicate(timeout=20)

    assert at_work.returncode == -signal.SIGTERM
    assert not Path(f"/proc/{child}").exists()
    assert not folders(at_work)


def test_a_killed_watch_takes_its_child_with_it(shop: Shop) -> None:
    at_work = asking(shop)
    (folder,) = folders(at_work)
    (child,) = (int(path.name) for path in folder.iterdir())

    at_work.kill()
    at_work.communicate(timeout=20)

    until_s = time.monotonic() + 10
    while is_running(child) and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not is_running(child)
    shutil.rmtree(folder)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False
