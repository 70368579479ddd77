"""One measurement is one fresh process: nothing warm, nothing left over, and a peak of memory of its own."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import click

ROOT = Path(__file__).parents[1]
_PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


class Reading(NamedTuple):
    """What was measured.

    Attributes:
        facts: How many facts, or what else the work was done on.
        wall_s: Seconds by the clock on the wall.
        cpu_s: Seconds of the processor, of this process and of those it started and waited for.
        peak_mib: The most memory that was resident, of whichever process had most.
    """

    facts: int
    wall_s: float
    cpu_s: float
    peak_mib: float

    @property
    def per_s(self) -> float:
        """How much was done a second."""
        return self.facts / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """How much was done a second of the processor."""
        return self.facts / self.cpu_s


class Watch:
    """Times a block, in the process that does the work."""

    def __enter__(self) -> Self:
        self._cpu_s, self._wall_s = _cpu_s(), time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall_s, self.cpu_s = time.perf_counter() - self._wall_s, _cpu_s() - self._cpu_s

    def reading(self, facts: int) -> Reading:
        """Return what the block took; the peak is that of the process so far."""
        mine, started = (resource.getrusage(who).ru_maxrss for who in _PROCESSES)
        unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
        return Reading(facts, self.wall_s, self.cpu_s, max(mine, started) / unit)


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in _PROCESSES]
    return sum(each.ru_utime + each.ru_stime for each in used)


def in_process(task: Callable[..., Any], **arguments: Any) -> Any:
    """Run a task of a module's own level in a process of its own and return its answer.

    Args:
        task: Takes and returns what JSON can hold; a :class:`Reading` becomes a list on the way.
        arguments: Its arguments.

    Raises:
        click.ClickException: it failed; its traceback went to stderr.
    """
    call = json.dumps([task.__module__, task.__name__, arguments])
    # The child's peak begins at the parent's size: this process imports nothing big.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.child", call],
        cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode:
        raise click.ClickException(f"{task.__name__} failed with {arguments}")
    return json.loads(done.stdout)


def _environment() -> dict[str, str]:
    # A rebuild in two processes starts two: they find their modules compiled, as anybody's would be.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "loyalty-benchmark-bytecode"), **kept}


def measured(task: Callable[..., Reading], **arguments: Any) -> Reading:
    """Run a task that returns a reading, in a process of its own."""
    return Reading(*in_process(task, **arguments))


class Pair(NamedTuple):
    """Ours and what stands beside it, measured in turns."""

    ours: Reading
    beside: Reading
    ratio: float
    """Median over the turns of our speed by theirs."""
    cpu_ratio: float


def paired(turns: Sequence[tuple[Reading, Reading]]) -> Pair:
    """Return medians; a ratio is taken inside each turn, so that what else the machine does hits both."""
    return Pair(
        median_of([ours for ours, _ in turns]),
        median_of([beside for _, beside in turns]),
        statistics.median(ours.per_s / beside.per_s for ours, beside in turns),
        statistics.median(ours.per_cpu_s / beside.per_cpu_s for ours, beside in turns),
    )


def median_of(readings: Sequence[Reading]) -> Reading:
    """Return the median of each column; of the peak, the highest."""
    return Reading(
        readings[0].facts,
        statistics.median(reading.wall_s for reading in readings),
        statistics.median(reading.cpu_s for reading in readings),
        max(reading.peak_mib for reading in readings),
    )
