"""A small roastery's two years, from its files to explained numbers: what ``loyalty demo`` runs.

The shop and its members are invented; their files are in this folder, and the demo runs the commands anyone
would type. ``tests/command_line/test_demo_stories.py`` tells the story of each member with its arithmetic.
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
    ("Lighthouse Coffee: two cafés, a web shop, and the rules of its programme.",
     "init --programme {demo}/shop.toml"),
    ("What web shop, app and service desk sent until March 2026: CloudEvents.",
     "import {demo}/events-to-march.jsonl"),
    ("The tills' receipts: rows with the same receipt are one purchase.",
     "import {demo}/till-to-march.csv --map {demo}/till.toml"),
    ("It is 1 April: points have expired, tiers are reviewed, deadlines missed.",
     "advance --to 2026-04-01T00:00:00+02:00"),
    ("The rules fold the facts into views.", "project run"),
    ("Who is waiting for us? Elena complained a month ago, and nobody answered.", "actions list"),
    ("Maria writes to her now.",
     'actions done elena "acknowledge complaint C-2" --staff maria --at 2026-04-01T10:00:00+02:00'),
    ("Weeks late, the harbour café's till sends 2 to 8 March,",
     "import {demo}/harbour-week-10.csv --map {demo}/till.toml"),
    ("and sends it again: nothing is counted twice.",
     "import {demo}/harbour-week-10.csv --map {demo}/till.toml"),
    ("What came late is booked now, and judged by when it happened.", "project run"),
    ("On 4 March Viktor seemed to have lapsed. He had been there the day before.", "member history viktor"),
    ("At the desk: Noah spends points,", "redeem noah 100 --order W-2001 --at 2026-04-01T11:00:00+02:00"),
    ("and changes his mind: they go back to the lots they came from.",
     "cancel noah W-2001 --at 2026-04-01T11:20:00+02:00"),
    ("Quinn's coffee tasting was called off: points to make up for it, approved.",
     'adjust quinn 40 --reason "tasting called off" --approver maria --at 2026-04-01T12:00:00+02:00'),
    ("Rosa's purchase was rung up twice: one of the two is taken back, not erased.",
     'retract 304 --reason "rung up twice" --approver maria --at 2026-04-01T12:30:00+02:00'),
    ("Half a year goes by,", "import {demo}/events-to-october.jsonl"),
    ("at the tills, too,", "import {demo}/till-to-october.csv --map {demo}/till.toml"),
    ("and it is 1 November.", "advance --to 2026-11-01T00:00:00+01:00"),
    ("From where they were, the views go on.", "project run"),
    ("Everybody: points, tier and stage.", "member list"),
    ("One of them, from her first day on.", "member history amelie"),
    ("Bruno sent back a grinder when its points were spent. Where did they go?",
     "explain bruno --fact 28"),
    ("Still to be done.", "actions list"),
    ("Every invariant of log, journal and views, checked in SQL.", "check"),
)  # fmt: skip
NEXT = (
    ("loyalty member history bruno", "his debt, and the purchases that paid it"),
    ("loyalty member history rosa", "a purchase taken back; its fact stays"),
    ("loyalty explain jonas --rule tier", "a tier won, and lost a year later"),
    ("loyalty explain stefan --entry 1", "points that came from a stamp card"),
    ("loyalty project rebuild", "the views once more, from facts alone"),
    ("loyalty --help", "everything else"),
)
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_WIDTH = 76


def run_demo(
    run: Callable[[Sequence[str]], object], say: Callable[[str], object], *, is_keeping: bool = False
) -> None:
    """Run the steps in the current folder and leave ``loyalty-demo.db`` behind.

    Args:
        run: Runs one command, given its words.
        say: Prints lines; commands are in bold, for whatever shows that.
        is_keeping: Refuse when the database is there already, instead of replacing it.

    Raises:
        LoyaltyError: the database is there and shall be kept.
    """
    if DATABASE.exists() and is_keeping:
        raise LoyaltyError(f"{str(DATABASE)!r} exists", hint="loyalty demo without --keep replaces it")
    for suffix in ("", "-wal", "-shm"):
        Path(f"{DATABASE}{suffix}").unlink(missing_ok=True)
    url = f"sqlite:///{DATABASE}"
    os.environ["LOYALTY_DB"] = url
    say(_typed(f"export LOYALTY_DB={url}"))
    for why, words in STEPS:
        say(f"\n# {why}\n{_typed('loyalty ' + words.format(demo='…/demo'))}")
        run([word.format(demo=FOLDER) for word in shlex.split(words)])
    say(f"\n# All this is in {DATABASE}; the next demo makes it anew. Type next:\n")
    say(f"  export LOYALTY_DB={url}")
    say("\n".join(f"  {command:<34} {what}" for command, what in NEXT))
    say(
        "\nFrom the top, page by page: loyalty demo | less. In a clone, uv run loyalty.\n"
        f"The shop's files are in {FOLDER}"
    )


def _typed(command: str) -> str:
    """Return a command as a person types it, a long one on two lines: no option parts from its value."""
    lines = [""]
    for words in command.split(" --"):
        part = words if not lines[0] else f" --{words}"
        if len(lines[-1] + part) > _WIDTH:
            lines.append("   ")
        lines[-1] += part
    return f"{_BOLD}$ " + " \\\n".join(lines) + _PLAIN
