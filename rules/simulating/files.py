"""A simulation as files: the sums, everybody, and a picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from ...ledger.errors import LoyaltyError
from ...ledger.whole_file import whole_file
from .chart import svg
from .comparing import SIDES, Compared, Measure
from .gathering import Gathered
from .simulation import MEASURES, ROWS, Simulation, figures, member_fields

NAMES = ("summary.json", "members.csv", "members.json", "distribution.svg")
_STANDING = ("balance", "points", "pending", "held")


def check_folder(folder: Path, *, is_overwriting: bool) -> None:
    """Refuse a folder that cannot take the files, before any fact is folded.

    Raises:
        LoyaltyError: it is none, or some of the files are there and shall not be replaced.
    """
    if folder.exists() and not folder.is_dir():
        raise LoyaltyError(f"no folder: {str(folder)!r}", at="--out", hint="name a folder")
    there = [name for name in NAMES if (folder / name).exists()]
    if there and not is_overwriting:
        raise LoyaltyError(
            f"folder holds {there[0]!r} already",
            at=str(folder),
            hint="name another folder, or say --overwrite",
        )


def write_files(folder: Path, found: Simulation, gathered: Gathered, *, is_overwriting: bool) -> list[Path]:
    """Write every file, each whole or not at all; return where they are.

    Raises:
        LoyaltyError: one cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"folder cannot be made: {error.strerror or error}"
        raise LoyaltyError(what, at=str(folder), hint="name another place") from error
    contents = (_summary(found), _csv(gathered), _json(gathered), iter([_picture(found)]))
    paths = [folder / name for name in NAMES]
    for path, parts in zip(paths, contents, strict=True):
        with whole_file(path, is_overwriting=is_overwriting) as file:
            for part in parts:
                file.write(part.encode())
    return paths


def _summary(found: Simulation) -> Iterator[str]:
    yield json.dumps(found.fields(), ensure_ascii=False, indent=1) + "\n"


def _json(gathered: Gathered) -> Iterator[str]:
    lead = "[\n"
    for row in gathered.members():
        yield lead + json.dumps(member_fields(row, gathered.by), ensure_ascii=False)
        lead = ",\n"
    yield "\n]\n" if lead == ",\n" else "[]\n"


def _csv(gathered: Gathered) -> Iterator[str]:
    names = [*_STANDING, *ROWS, "entries", "moves", "actions"]
    paired = [f"{name}_{side}" for name in names for side in SIDES]
    yield _line(["member", "kind", "change", *paired, "ladders_recorded", "ladders_candidate", "set_aside"])
    for row in gathered.members():
        yield _line(_cells(row, gathered.by))


def _cells(row: Compared, by: Measure) -> list[object]:
    sides = row.recorded, row.candidate
    cells: list[object] = [row.member, row.kind(by), row.change(by)]
    for name in _STANDING:
        cells += [getattr(side, name) for side in sides]
    for name in ROWS:
        cells += [figures(side)[name] for side in sides]
    for name in ("entries", "moves", "actions"):
        cells += [getattr(side, name) for side in sides]
    for side in sides:
        cells.append("; ".join(f"{ladder}={rung}" for ladder, rung in sorted(side.rungs.items())))
    cells.append("; ".join(f"{a.side} at {a.position}: {a.error}" for a in row.asides))
    return cells


def _line(cells: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _picture(found: Simulation) -> str:
    name = "earned" if found.by == "earned" else "outstanding"
    change = found.totals.points[name]
    return svg(
        found.bins, title=f"{found.candidate}: what changes for {found.members:,} members",
        subtitle=f"{name} points {change[0]:,} recorded, {change[1]:,} under the candidate",
        axis=f"{MEASURES[found.by]}, candidate less recorded",
    )  # fmt: skip
