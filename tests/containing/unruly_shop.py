"""A ledger whose programme has a rule that misbehaves as the channel of a purchase says."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import text

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.exchange.recording import record_fact
from loyalty_ledger.ledger.projection import Runner, digest_of_views
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.rules.catalogue import Catalogue, installed
from loyalty_ledger.rules.governing import create_ledger
from loyalty_ledger.rules.projecting import FoldedAgain, Projected, rebuild_views, retry_members, run_views
from loyalty_ledger.rules.trusting import catalogue_for

PLUGIN = "stranger_unruly"
PROGRAMME = """
programme = "Unruly"
zone = "UTC"
currency = "EUR"
[rules.unruly]
[rules.writer]
names = {x = 0}
table = {numbers = []}
[rules.referral_bonus]
referrer_points = 10
[rules.redemption]
[rules.clawback]
"""
SECOND_US = 1_000_000
_numbers = itertools.count(1)


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> dict[str, Any]:
        """The error it told as JSON."""
        return dict(json.loads(self.err))


class Shop:
    """The ledger, its plugin in a folder of its own, and ways to run commands on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.rules = url, folder / "rules"
        self.rules.mkdir()
        shutil.copy(Path(__file__).parent / f"{PLUGIN}.py", self.rules)
        made = create_ledger(
            url,
            installed(folder=self.rules),
            PROGRAMME,
            at="programme",
            ledger_id="unruly",
            now_us=0,
            trusting=(PLUGIN,),
        )
        assert made.is_new

    @property
    def catalogue(self) -> Catalogue:
        """The plugins the ledger trusts."""
        with self.opened() as database:
            return catalogue_for(database.database, self.rules)

    def opened(self) -> Opened:
        """Return the database to be used for a while."""
        return Opened(self.url)

    def record(self, member: str, topic: str = "purchase.recorded", **data: Any) -> int:
        """Record a fact, a purchase of five euros when nothing else is said, and return its position."""
        number = next(_numbers)
        if topic == "purchase.recorded":
            data = {"currency": "EUR", "amount": "5.00", **data}
        catalogue = self.catalogue
        with self.opened() as opened:
            return record_fact(
                opened.database, catalogue.registry, topic=topic, subject=member or None, data=data,
                occurred_us=number * SECOND_US * 10, event_id=str(number), source="till",
                now_us=10**9 * SECOND_US,
            ).position  # fmt: skip

    def advance(self) -> int:
        """Let time pass beyond every fact."""
        return self.record("", "clock.advanced", to=rfc3339(10**8 * SECOND_US))

    def loyalty(self, *words: str, seconds: float = 0.3, memory_mb: int = 1_000) -> Said:
        """Run a command in a process of its own."""
        done = subprocess.run(
            [Path(sys.executable).with_name("loyalty"), *words, "--json"],
            capture_output=True, text=True, check=False, timeout=60, cwd=self.rules.parent,
            env={
                **os.environ, "LOYALTY_DB": self.url, "LOYALTY_RULES_DIR": str(self.rules),
                "LOYALTY_RULE_SECONDS": str(seconds), "LOYALTY_RULE_MEMORY_MB": str(memory_mb),
            },
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def run(self, batch_facts: int = 1_000) -> Projected:
        """Project in this process, where nobody watches."""
        with self.opened() as opened:
            return run_views(
                opened.database, runner=_me(), clock=lambda: 0, batch_facts=batch_facts,
                progress=_unheard, folder=self.rules,
            )  # fmt: skip

    def rebuild(self, processes: int = 1) -> Projected:
        """Rebuild in this process, where nobody watches."""
        with self.opened() as opened:
            return rebuild_views(
                opened.database, runner=_me(), clock=lambda: 0, processes=processes, is_from_journal=False,
                accept=None, progress=_unheard, folder=self.rules,
            )  # fmt: skip

    def retry(self, *members: str) -> FoldedAgain:
        """Fold members again who are set aside."""
        with self.opened() as opened:
            return retry_members(
                opened.database, members, runner=_me(), clock=lambda: 0, progress=_unheard, folder=self.rules
            )

    def quarantine(self) -> dict[str, tuple[int, str]]:
        """Return who is set aside: from where, and why, the method left out."""
        rows = self.rows("SELECT member, position, error FROM quarantine")
        return {member: (position, re.sub(r" in \w+\(\)", "", error)) for member, position, error in rows}

    def digests(self) -> dict[str, str]:
        """Return what the views hash to."""
        with self.opened() as opened, opened.database.reading() as connection:
            return digest_of_views(connection)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.opened() as opened, opened.database.reading() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]


class Opened:
    """A database that is closed at the end of the block."""

    def __init__(self, url: str) -> None:
        self.database: Database = open_database(url)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()


def _me() -> Runner:
    return Runner("here", os.getpid(), f"test-{next(_numbers)}")


def _unheard(_done: int, _total: int | None) -> None:
    pass
