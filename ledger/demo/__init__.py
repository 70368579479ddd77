"""A small shop, from its files to an explained balance: what ``loyalty demo`` runs.

The shop is invented; its files are in this folder, and the demo runs the commands anyone would type.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import LoyaltyError

FOLDER = Path(__file__).parent
DATABASE = Path("loyalty-demo.db")
STEPS = (
    ("The shop's programme: which rules are in force.", "init --programme {demo}/shop.toml"),
    ("A year of the till's receipts: rows with the same receipt are one purchase.",
     "import {demo}/purchases.csv --map {demo}/purchases.toml"),
    ("What is no purchase comes as CloudEvents.", "import {demo}/others.jsonl"),
    ("Again: nothing is counted twice.", "import {demo}/others.jsonl"),
    ("Fold the facts by the rules into the views.", "project run"),
    ("What one member has.", "member show M-101"),
    ("How it came about.", "member history M-101"),
    ("Why: from the number to fact, rule, parameters and arithmetic.", "explain M-101 --entry 1"),
    ("Spend points, decided on everything recorded.",
     "redeem M-104 60 --order R-0023 --at 2026-03-14T10:00:00Z"),
    ("Time passes: points nobody used expire.", "advance --to 2026-10-01T00:00:00Z"),
    ("Bring the views up to date.", "project run"),
    ("What expired.", "member history M-102"),
    ("Every invariant, checked in SQL.", "check"),
)  # fmt: skip


def run_demo(
    run: Callable[[Sequence[str]], object], say: Callable[[str], object], *, is_keeping: bool = False
) -> None:
    """Run the steps in the current folder and leave ``loyalty-demo.db`` behind.

    Args:
        run: Runs one command, given its words.
        say: Prints one line.
        is_keeping: Refuse when the database is there already, instead of replacing it.

    Raises:
        LoyaltyError: the database is there and shall be kept.
    """
    if DATABASE.exists() and is_keeping:
        raise LoyaltyError(f"{str(DATABASE)!r} exists", hint="loyalty demo without --keep replaces it")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{DATABASE}{suffix}").unlink(missing_ok=True)
    os.environ["LOYALTY_DB"] = f"sqlite:///{DATABASE}"
    say(f"$ export LOYALTY_DB=sqlite:///{DATABASE}")
    for why, words in STEPS:
        say(f"\n# {why}\n$ loyalty {words.format(demo='…/demo')}")
        run([word.format(demo=FOLDER) for word in shlex.split(words)])
    say(
        "\nThis was loyalty-demo.db; the next demo makes it anew. Type next\n"
        "(in a clone: uv run loyalty …):\n"
        f"  export LOYALTY_DB=sqlite:///{DATABASE}\n"
        "  loyalty member show M-105              someone else\n"
        "  loyalty explain M-103 --fact 26        why a complaint earned nothing\n"
        "  loyalty schema purchase.recorded       what a purchase may say\n"
        f"  loyalty --help                         everything else; the files are in {FOLDER}"
    )
