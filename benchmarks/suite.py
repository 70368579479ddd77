"""The benchmarks: what is measured, beside what, in which turns."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

from . import bare, commands, floor, grocer, library, ours
from .grocer import Growth
from .measuring import Pair, Reading, in_process, measured, median_of, paired
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


_numbers = count()


def imports(bench: Bench) -> Finding:
    """Import into a new database, beside the bare loop."""
    path = str(bench.parquet(bench.facts))
    on_sqlite, on_postgres = [], []
    for _ in bench.turns("import"):
        with bench.file() as mine, bench.file() as theirs:
            ours_ = measured(ours.import_file, url=_sqlite(mine), path=path)
            on_sqlite.append((ours_, measured(bare.import_sqlite, path=path, file=str(theirs))))
        ours_ = measured(ours.import_file, url=bench.postgres(), path=path)
        on_postgres.append((ours_, measured(bare.import_postgres, path=path, url=bench.postgres())))
    rows = [
        _speed("import, SQLite, 1 process", paired(on_sqlite), goal=">= 0.50"),
        _speed("import, PostgreSQL, 1 process", paired(on_postgres), is_served=True),
    ]
    return Finding(f"import of {bench.facts:,} baskets", rows, [
        "beside: a bare loop that reads the Parquet file, groups, encodes the same JSON bytes, hashes them and "
        "inserts them (PostgreSQL: binary COPY) into a table with the same columns and indexes, with the same "
        "pragmas and the same batches of 5,000.",
        "not equal work: the bare loop checks no field, looks for no duplicate, keeps no tree of hashes, no counters "
        "and no rejects.",
    ])  # fmt: skip


def rebuilds(bench: Bench) -> Finding:
    """Rebuild all views, beside the floor."""
    with bench.file() as logged, bench.file() as live:
        measured(ours.import_file, url=_sqlite(logged), path=str(bench.parquet(bench.facts)))
        shutil.copyfile(logged, live)
        measured(ours.rebuild, url=_sqlite(live), processes=1)
        served = bench.postgres()
        measured(ours.import_file, url=served, path=str(bench.parquet(bench.facts)))
        measured(ours.rebuild, url=served, processes=1)
        turns: dict[str, list[tuple[Reading, Reading]]] = {}
        for _ in bench.turns("rebuild"):
            for name in ("first", "run"):
                with bench.file() as fresh:
                    shutil.copyfile(logged, fresh)
                    found = (
                        measured(ours.rebuild, url=_sqlite(fresh), processes=1)
                        if name == "first"
                        else measured(ours.run, url=_sqlite(fresh))
                    )
                turns.setdefault(name, []).append((found, measured(floor.floor, url=_sqlite(live))))
                if name == "first":
                    anew = measured(floor.floor, url=_sqlite(live), is_made_anew=True)
                    turns.setdefault("anew", []).append((found, anew))
            for name, url, processes in (("1", _sqlite(live), 1), ("2", _sqlite(live), 2), ("served", served, 1)):
                found = measured(ours.rebuild, url=url, processes=processes)
                turns.setdefault(name, []).append((found, measured(floor.floor, url=url)))
        view_rows = in_process(floor.rows_of_views, url=_sqlite(live))
    first, beside_live, two = paired(turns["first"]), paired(turns["1"]), paired(turns["2"])
    rows = [
        _speed("fold and write, nothing live to compare with", first, goal=">= 0.15"),
        _speed("  beside a floor that makes each row anew", paired(turns["anew"])),
        _speed("fold, write, compare with live, swap", beside_live, goal=">= 0.15"),
        _speed("the same in 2 processes", two),
        Row(
            "2 processes beside 1", "/s", two.ours.per_s, beside_live.ours.per_s,
            two.ours.per_s / beside_live.ours.per_s,
        ),
        _speed("the first `project run`", paired(turns["run"])),
        _speed("PostgreSQL: fold, write, compare, swap", paired(turns["served"]), is_served=True),
    ]  # fmt: skip
    return Finding(f"rebuild of {bench.facts:,} facts, all views", rows, [
        "beside: the floor, the database's own C code alone: it scans the columns a fold needs of every fact and "
        f"copies the {view_rows:,} rows of all views into the empty tables of the other slot (INSERT ... SELECT), "
        "committed durably. It decodes nothing, sorts nothing and folds nothing.",
        "2 processes: their start and their imports are inside; on SQLite their files are merged by one of them.",
    ])  # fmt: skip


def libraries(bench: Bench) -> Finding:
    """Our rebuild beside the library's projection."""
    facts = min(_LIBRARY_FACTS, bench.facts)
    turns = []
    with bench.file() as logged:
        measured(ours.import_file, url=_sqlite(logged), path=str(bench.parquet(facts)))
        measured(ours.rebuild, url=_sqlite(logged), processes=1)
        for _ in bench.turns("library"):
            with bench.file() as theirs:
                beside = measured(library.project, url=_sqlite(logged), file=str(theirs))
            turns.append((measured(ours.rebuild, url=_sqlite(logged), processes=1), beside))
    row = _speed("rebuild of all views / the library's projection", paired(turns))
    return Finding(f"eventsourcing's projection, {facts:,} events", [row], [
        "beside: the projection of one table of balances that eventsourcing's documentation shows, on its own SQLite "
        "recorders, pulled page by page because these have no subscriptions.",
        "not equal work, either way: the library commits every event durably with its position, ours commits by the "
        "ten thousand; the library adds up one table, ours decodes whole baskets and writes journal, lots, balances, "
        "purchases, daily figures and states, and compares them with the live ones.",
    ])  # fmt: skip


def latencies(bench: Bench) -> Finding:
    """Redemptions beside a bare commit."""
    sizes = [min(facts, bench.facts) for facts in FACTS_EACH]
    found: dict[str, dict[str, float]] = {}
    bench.say("command: SQLite")
    with bench.file() as folded, bench.file() as projected:
        urls = {"folded_url": _sqlite(folded), "projected_url": _sqlite(projected)}
        found["SQLite"] = in_process(
            commands.latencies, facts_each=sizes, samples=_SAMPLES * bench.repeat, **urls
        )
    bench.say("command: PostgreSQL")
    urls = {"folded_url": bench.postgres(), "projected_url": bench.postgres()}
    found["PostgreSQL"] = in_process(commands.latencies, facts_each=sizes, samples=_SAMPLES * bench.repeat, **urls)
    ways = {"kept": "from the kept state", "again": "same desk again", "full": "full fold"}
    rows = [
        Row(f"{where}, {facts:,} facts, {how}", "ms", took[f"{way} {facts}"], took["commit"],
            took[f"{way} {facts}"] / took["commit"])
        for where, took in found.items() for way, how in ways.items() for facts in dict.fromkeys(sizes)
    ]  # fmt: skip
    return Finding("redeem: decide and append durably", rows, [
        "beside: a commit of one row on the raw driver of the same database, SQLite with synchronous FULL. Times, so "
        "a ratio of 2 means twice as long.",
        "kept state: a new desk on an open database, views at most as many facts behind as there were samples; full "
        "fold: a new desk, no views; same desk again: the programme is compiled already.",
    ])  # fmt: skip


def memories(bench: Bench) -> Finding:
    """Peak memory and speed at ten times the facts."""
    rows = []
    small = _imported_and_rebuilt(bench, bench.parquet(bench.facts), bench.repeat)
    grown: tuple[tuple[Growth, str], ...] = (
        ("members", "10x members"), ("facts", "10x facts a member"),
    )  # fmt: skip
    for growth, how in grown:
        large = _imported_and_rebuilt(bench, bench.parquet(bench.facts, 10, growth), 1)
        for name, one, ten in zip(("import", "rebuild"), small, large, strict=True):
            peaks = ten.peak_mib, one.peak_mib
            rows.append(Row(f"{name}, peak memory, {how}", "MiB", *peaks, peaks[0] / peaks[1], goal="<= 1.10"))
            rows.append(Row(
                f"{name}, speed, {how}", "/s", ten.per_s, one.per_s, ten.per_s / one.per_s,
                ten.per_cpu_s / one.per_cpu_s,
            ))  # fmt: skip
    return Finding(f"{bench.facts * 10:,} facts beside {bench.facts:,}", rows, [
        "ours: the large history, measured once; beside: the small one. SQLite, 1 process; a rebuild with nothing "
        "live to compare with. A peak is the resident set of one process (getrusage), interpreter, libraries and "
        "SQLite's cache included.",
    ])  # fmt: skip


def _imported_and_rebuilt(bench: Bench, path: Path, repeat: int) -> tuple[Reading, Reading]:
    imported, rebuilt = [], []
    for _ in range(repeat):
        with bench.file() as file:
            bench.say(f"memory: import of {path.name}")
            imported.append(measured(ours.import_file, url=_sqlite(file), path=str(path)))
            bench.say(f"memory: rebuild of {path.name}")
            rebuilt.append(measured(ours.rebuild, url=_sqlite(file), processes=1))
    return median_of(imported), median_of(rebuilt)


BENCHES: dict[str, Callable[[Bench], Finding]] = {
    "import": imports, "rebuild": rebuilds, "library": libraries, "command": latencies, "memory": memories,
}  # fmt: skip


def _speed(what: str, pair: Pair, *, is_served: bool = False, goal: str = "") -> Row:
    # What a server does is no time of this process.
    cpu_ratio = None if is_served else pair.cpu_ratio
    return Row(what, "/s", pair.ours.per_s, pair.beside.per_s, pair.ratio, cpu_ratio, pair.ours.peak_mib, goal)


def _sqlite(path: Path) -> str:
    return f"sqlite:///{path}"
