"""The benchmarks: what is measured, beside what, in which turns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from . import bare, commands, floor, grocer, library, linked, ours
from .grocer import Growth
from .measuring import Reading, in_process, measured, median_of, paired
from .rows import Finding, Row

FACTS_EACH = (10, 1_000, 10_000)
_LIBRARY_FACTS = 5_000
_SAMPLES = 15


class Bench(NamedTuple):
    """Where and how much is measured.

    Attributes:
        folder: For databases and files; its disk is what "durable" means here.
        postgres: Makes a new database and returns its URL.
        facts: Baskets of the small history; the large one has ten times as many.
        repeat: Turns; what is printed are medians.
        say: Told what is being measured.
    """

    folder: Path
    postgres: Callable[[], str]
    facts: int
    repeat: int
    say: Callable[[str], None]

    def turns(self, what: str) -> Iterator[int]:
        """Yield the numbers of the turns."""
        for turn in range(self.repeat):
            self.say(f"{what}: turn {turn + 1} of {self.repeat}")
            yield turn

    @contextmanager
    def file(self) -> Iterator[Path]:
        """Yield the path of a new SQLite file that is removed afterwards."""
        path = self.folder / f"{next(_numbers)}.db"
        try:
            yield path
        finally:
            for left in self.folder.glob(f"{path.name}*"):
                left.unlink()

    def parquet(self, baskets: int, copies: int = 1, growth: Growth = "members") -> Path:
        """Return a file of so many baskets, so many times over; made when it is asked for first."""
        path = self.folder / f"{baskets}-{copies}-{growth}.parquet"
        if not path.exists():
            self.say(f"writing {path.name}")
            in_process(grocer.write_parquet, path=str(path), baskets=baskets, copies=copies, growth=growth)
        return path


class Turns:
    """What was measured in turns, by name."""

    def __init__(self) -> None:
        self._turns: dict[str, list[tuple[Reading, Reading]]] = {}

    def add(self, name: str, ours_: Reading, beside: Reading) -> None:
        """Keep what one turn told."""
        self._turns.setdefault(name, []).append((ours_, beside))

    def row(self, name: str, what: str, *, is_served: bool = False, goal: str = "") -> Row:
        """Return the medians. What a server does (*is_served*) is no time of our process."""
        pair = paired(self._turns[name])
        cpu_ratio = None if is_served else pair.cpu_ratio
        mine, theirs = pair.ours, pair.beside
        return Row(what, "/s", mine.per_s, theirs.per_s, pair.ratio, cpu_ratio, mine.peak_mib, goal)


_numbers = count()


def imports(bench: Bench) -> Finding:
    """Import into a new database, beside the bare loop."""
    path = str(bench.parquet(bench.facts))
    turns = Turns()
    for _ in bench.turns("import"):
        with bench.file() as mine, bench.file() as theirs:
            found = measured(ours.import_file, url=_sqlite(mine), path=path)
            turns.add("sqlite", found, measured(bare.import_sqlite, path=path, file=str(theirs)))
        found = measured(ours.import_file, url=bench.postgres(), path=path)
        turns.add("postgres", found, measured(bare.import_postgres, path=path, url=bench.postgres()))
    rows = [
        turns.row("sqlite", "import, SQLite, 1 process", goal=">= 0.50"),
        turns.row("postgres", "import, PostgreSQL, 1 process", is_served=True),
    ]
    return Finding(f"import of {bench.facts:,} baskets", rows, [
        "beside: a bare loop that reads the Parquet file, groups, encodes the same JSON bytes, hashes them"
        " and inserts them (PostgreSQL: binary COPY) into a table with the same columns and indexes, with "
        "the same pragmas and the same batches of 5,000.",
        "not equal work: the bare loop checks no field, looks for no duplicate, keeps no tree of hashes, no "
        "counters and no rejects.",
    ])  # fmt: skip


def rebuilds(bench: Bench) -> Finding:
    """Rebuild all views, beside the floor."""
    path, turns = str(bench.parquet(bench.facts)), Turns()
    with bench.file() as logged, bench.file() as live, bench.file() as standing:
        measured(ours.import_file, url=_sqlite(logged), path=path)
        measured(ours.import_file, url=_sqlite(standing), path=path, programme=str(ours.STANDING))
        served = bench.postgres()
        measured(ours.import_file, url=served, path=path)
        shutil.copyfile(logged, live)
        for url in (_sqlite(live), served):
            measured(ours.rebuild, url=url, processes=1)
        for _ in bench.turns("rebuild"):
            with bench.file() as fresh:
                shutil.copyfile(logged, fresh)
                found = measured(ours.rebuild, url=_sqlite(fresh), processes=1)
            turns.add("first", found, measured(floor.floor, url=_sqlite(live)))
            turns.add("anew", found, measured(floor.floor, url=_sqlite(live), is_made_anew=True))
            with bench.file() as fresh:
                shutil.copyfile(standing, fresh)
                turns.add("standing", measured(ours.rebuild, url=_sqlite(fresh), processes=1), found)
            with bench.file() as fresh:
                shutil.copyfile(logged, fresh)
                found = measured(ours.run, url=_sqlite(fresh))
            turns.add("run", found, measured(floor.floor, url=_sqlite(live)))
            one = measured(ours.rebuild, url=_sqlite(live), processes=1)
            turns.add("one", one, measured(floor.floor, url=_sqlite(live)))
            two = measured(ours.rebuild, url=_sqlite(live), processes=2)
            turns.add("two", two, measured(floor.floor, url=_sqlite(live)))
            turns.add("beside one", two, one)
            found = measured(ours.rebuild, url=served, processes=1)
            turns.add("served", found, measured(floor.floor, url=served))
        view_rows = in_process(floor.rows_of_views, url=_sqlite(live))
    rows = [
        turns.row("first", "fold and write, nothing live to compare with", goal=">= 0.15"),
        turns.row("anew", "  beside a floor that makes each row anew"),
        turns.row("standing", "the first, with every rule of standing on", goal=">= 0.80"),
        turns.row("one", "fold, write, compare with live, swap", goal=">= 0.15"),
        turns.row("two", "the same in 2 processes"),
        turns.row("beside one", "  beside 1 process"),
        turns.row("run", "the first `project run`"),
        turns.row("served", "PostgreSQL: fold, write, compare, swap", is_served=True),
    ]
    return Finding(f"rebuild of {bench.facts:,} facts, all views", rows, [
        "beside: the floor, the database's own C code alone: it scans the columns a fold needs of every "
        f"fact and copies the {view_rows:,} rows of all views into the empty tables of the other slot "
        "(INSERT ... SELECT), committed durably. It decodes nothing, sorts nothing and folds nothing. "
        "SQLite copies such rows as they are; made anew, each is taken apart and put together, as rows "
        "that somebody computed must be.",
        "every rule of standing (benchmarks/standing.toml) beside points and redemption alone: returns, "
        "tiers with a multiplier, stages, referrals, complaints, recommendations, rewards, adjustments.",
        "the comparison with the live rows, which the fourth row has and the first has not, is no part of "
        "the floor.",
        "2 processes: their start is inside; on SQLite each writes a file that the first merges.",
    ])  # fmt: skip


def libraries(bench: Bench) -> Finding:
    """Our rebuild beside the library's projection."""
    facts, turns = min(_LIBRARY_FACTS, bench.facts), Turns()
    with bench.file() as logged:
        measured(ours.import_file, url=_sqlite(logged), path=str(bench.parquet(facts)))
        measured(ours.rebuild, url=_sqlite(logged), processes=1)
        for _ in bench.turns("library"):
            with bench.file() as file:
                theirs = measured(library.project, url=_sqlite(logged), file=str(file))
            turns.add("library", measured(ours.rebuild, url=_sqlite(logged), processes=1), theirs)
    row = turns.row("library", "all views / the library's one table")
    return Finding(f"eventsourcing's projection, {facts:,} events", [row], [
        "beside: the projection of one table of balances that eventsourcing's documentation shows, on its "
        "own SQLite recorders, pulled page by page because these have no subscriptions.",
        "not equal work, either way: the library commits every event durably with its position, ours "
        "commits by the ten thousand; the library adds up one table, ours decodes whole baskets and writes"
        " journal, lots, balances, purchases, daily figures and states, and compares them with the live "
        "ones.",
    ])  # fmt: skip


def latencies(bench: Bench) -> Finding:
    """Redemptions beside a bare commit."""
    sizes = list(dict.fromkeys(min(facts, bench.facts) for facts in FACTS_EACH))
    samples = _SAMPLES * bench.repeat
    with bench.file() as folded, bench.file() as projected:
        places = {
            "SQLite": (_sqlite(folded), _sqlite(projected)),
            "PostgreSQL": (bench.postgres(), bench.postgres()),
        }
        rows = []
        for where, (folded_url, projected_url) in places.items():
            bench.say(f"command: {where}")
            took: dict[str, float] = in_process(
                commands.latencies, folded_url=folded_url, projected_url=projected_url, facts_each=sizes,
                samples=samples,
            )  # fmt: skip
            commit = took.pop("commit")
            rows += [Row(f"{where}, {name}", "ms", ms, commit, ms / commit) for name, ms in took.items()]
    return Finding("redeem: decide and append durably", rows, [
        "beside: a commit of one row on the raw driver of the same database, SQLite with synchronous FULL."
        " Times, so a ratio of 2 means twice as long.",
        "full fold: a new desk, no views; from the kept state: a new desk on an open database, views at most "
        f"{2 * samples} facts behind; same desk again: its programme is compiled already.",
    ])  # fmt: skip


def memories(bench: Bench) -> Finding:
    """Peak memory and speed at ten times the facts."""
    small = _imported_and_rebuilt(bench, bench.parquet(bench.facts), bench.repeat)
    rows = []
    for growth, how in _GROWTHS.items():
        large = _imported_and_rebuilt(bench, bench.parquet(bench.facts, 10, growth), 1)
        for name, one, ten in zip(("import", "rebuild"), small, large, strict=True):
            peak, speed = ten.peak_mib / one.peak_mib, ten.per_s / one.per_s
            cpu_speed = ten.per_cpu_s / one.per_cpu_s
            rows += [
                Row(f"{name}, peak, {how}", "MiB", ten.peak_mib, one.peak_mib, peak, goal="<= 1.10"),
                Row(f"{name}, speed, {how}", "/s", ten.per_s, one.per_s, speed, cpu_speed),
            ]
    return Finding(f"{bench.facts * 10:,} facts beside {bench.facts:,}", rows, [
        "ours: the large history, measured once; beside: the small one. SQLite, 1 process; a rebuild with "
        "nothing live to compare with. A peak is the resident set of one process (getrusage): interpreter,"
        " libraries and SQLite's cache included.",
    ])  # fmt: skip


def groups(bench: Bench) -> Finding:
    """Rebuild a chain of members who referred each other, and a member with many facts; ten times as long."""
    rows = []
    for history, size in (
        ("chain", max(bench.facts // 15, 10)),
        ("one member", max(bench.facts * 2 // 3, 10)),
    ):
        long, short = (_grouped(bench, history, number) for number in (size, size // 10))
        peak, speed = long.peak_mib / short.peak_mib, long.per_s / short.per_s
        cpu_speed = long.per_cpu_s / short.per_cpu_s
        name = f"{history}, {size:,}"
        rows += [
            Row(f"{name}: rebuild, peak", "MiB", long.peak_mib, short.peak_mib, peak, goal="<= 128"),
            Row(f"{name}: rebuild, speed", "/s", long.per_s, short.per_s, speed, cpu_speed),
        ]
    return Finding("long histories with every rule of standing", rows, [
        "chain: so many members, each referred by the one before, one group, four facts each. One member: so "
        "many purchases, one an hour, and a hundredth of them returned.",
        "beside: a tenth of it. SQLite, 1 process, nothing live to compare with, each measured once. The "
        "goal is that of a rebuild, in MiB.",
    ])  # fmt: skip


def _grouped(bench: Bench, history: str, size: int) -> Reading:
    bench.say(f"groups: {history} of {size}")
    with bench.file() as file:
        path = str(file.with_suffix(".jsonl"))
        measured(linked.import_history, url=_sqlite(file), path=path, history=history, size=size)
        Path(path).unlink()
        return measured(ours.rebuild, url=_sqlite(file), processes=1)


def _imported_and_rebuilt(bench: Bench, path: Path, repeat: int) -> tuple[Reading, Reading]:
    imported, rebuilt = [], []
    for _ in range(repeat):
        with bench.file() as file:
            bench.say(f"memory: import and rebuild of {path.name}")
            imported.append(measured(ours.import_file, url=_sqlite(file), path=str(path)))
            rebuilt.append(measured(ours.rebuild, url=_sqlite(file), processes=1))
    return median_of(imported), median_of(rebuilt)


_GROWTHS: dict[Growth, str] = {"members": "10x members", "facts": "10x facts a member"}
BENCHES: dict[str, Callable[[Bench], Finding]] = {
    "import": imports, "rebuild": rebuilds, "library": libraries, "command": latencies, "memory": memories,
    "groups": groups,
}  # fmt: skip


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path}"
