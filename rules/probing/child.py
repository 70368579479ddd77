"""One process of a check: it loads the plugin in its own surroundings, does one part, and leaves a file.

Run as ``python -m loyalty_ledger.rules.probing.child PART FOLDER CLOCK_US DEPTH WORDS…``: the words are what
the process takes for its own command line.
"""

from __future__ import annotations

import mmap
import os
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from ...ledger.errors import LoyaltyError
from . import keeping
from .clock import Clock
from .declared import default_values
from .plan import Result, Task, cut_of, read_plan, read_result, write
from .planning import make_plan
from .subject import Loaded, find, load_alone
from .sweeping import Sweeper
from .tripwires import Tripwires
from .watching import BEAT_BYTES, Watch

_MEMORY_BYTES = 3 * 2**30
_STACK_BYTES = 64 * 2**20


class Part:
    """What every part of a check needs: the plugin, loaded under watch."""

    def __init__(self, folder: Path, starts_us: int, name: str) -> None:
        self.folder, self.name = folder, name
        self.task = msgspec.msgpack.decode((folder / "task").read_bytes(), type=Task)
        with (folder / f"{name}.beat").open("r+b") as file:
            self.watch = Watch(mmap.mmap(file.fileno(), BEAT_BYTES))
        self.wires = Tripwires(self.watch.is_asking, self.watch.tell)
        Clock(starts_us, self.wires.clock).install()
        self.wires.install()
        self.loaded = self._load()
        self.result = Result()

    def _load(self) -> Loaded:
        task, found = self.task, find(self.task.target)
        places = [path.resolve() for path in found.places.values()]
        self.wires.files = frozenset(map(str, places))
        with self.wires.leniently():
            loaded: Loaded = self.watch.alone(
                task.target.name, "importing it",
                lambda: load_alone(found, with_installed=task.programme is not None),
            )  # fmt: skip
        self.wires.files, self.wires.prefix = frozenset(map(str, loaded.files)), loaded.prefix
        return loaded

    def plan(self) -> None:
        """Make the plan."""
        with self.wires.leniently():
            plan = self.watch.alone(
                self.task.target.name, "making it with parameters", lambda: make_plan(self.task, self.loaded)
            )
        plan.findings += self.watch.findings()
        write(plan, self.folder / "plan")

    def sweeper(self) -> Sweeper:
        """Return what folds the plan."""
        return Sweeper(read_plan(self.folder / "plan"), self.loaded.catalogue, self.watch, self.wires)

    def home(self) -> None:
        """Tell everything twice, keeping states half-way; then some again, comparing what is left behind."""
        sweeper, result = self.sweeper(), self.result
        for number, setting in enumerate(sweeper.plan.settings):
            before = keeping.surroundings()
            engine = sweeper.engine(setting)
            rules = self.watch.rules_of(setting)
            given = [repr(rule.params) for rule in rules]
            for place, history in sweeper.histories(setting):
                stop = cut_of(number, place, len(history.facts))
                key = f"{number}/{place}"
                result.traces[key], result.states[key] = sweeper.fold(engine, setting, history, stop)
            after_once = keeping.kept(list(self.loaded.modules), rules)
            for place, history in sweeper.histories(setting):
                result.again[f"{number}/{place}"], _ = sweeper.fold(engine, setting, history)
            self._find_kept(after_once, keeping.kept(list(self.loaded.modules), rules))
            self.watch.is_comparing = True
            for _, history in list(sweeper.histories(setting))[number % 2 :: 2]:
                sweeper.fold(engine, setting, history)
            self.watch.is_comparing = False
            self._find_changed(before, keeping.surroundings())
            if given != [repr(rule.params) for rule in rules]:
                self.watch.find("untouched", "changes its own parameters", "they are the programme's", None)

    def _find_kept(self, once: dict[str, str], twice: dict[str, str]) -> None:
        for name, value in twice.items():
            if once.get(name) != value:
                self.watch.find(
                    "untouched", f"goes on changing {name}",
                    "remember things with Keep and Count: they are kept with the member", None,
                )  # fmt: skip

    def _find_changed(self, before: dict[str, str], after: dict[str, str]) -> None:
        for name, value in after.items():
            if before[name] != value:
                self.watch.find("untouched", f"leaves {name} changed", "leave the process as it is", None)

    def elsewhere(self) -> None:
        """Tell everything once, wherever and whenever this process is."""
        sweeper = self.sweeper()
        for number, setting in enumerate(sweeper.plan.settings):
            engine = sweeper.engine(setting)
            for place, history in sweeper.histories(setting):
                self.result.traces[f"{number}/{place}"], _ = sweeper.fold(engine, setting, history)

    def order(self) -> None:
        """Tell the last member's history first and explain nothing; then all of them at once."""
        sweeper = self.sweeper()
        for number, setting in enumerate(sweeper.plan.settings):
            engine = sweeper.engine(setting, is_explaining=False)
            for place, history in reversed(list(sweeper.histories(setting))):
                self.result.traces[f"{number}/{place}"], _ = sweeper.fold(engine, setting, history)
            for place, trace in sweeper.together(sweeper.engine(setting), setting).items():
                self.result.again[f"{number}/{place}"] = trace

    def resumed(self) -> None:
        """Go on where the first process had stopped, from what is kept alone."""
        sweeper, states = self.sweeper(), read_result(self.folder / "home").states
        for number, setting in enumerate(sweeper.plan.settings):
            engine = sweeper.engine(setting)
            for place, history in sweeper.histories(setting):
                stop = cut_of(number, place, len(history.facts))
                found = states[f"{number}/{place}"]
                self.result.traces[f"{number}/{place}"] = sweeper.resume(
                    engine, setting, history, stop, found
                )

    def finish(self) -> None:
        """Leave what was found."""
        self.result.findings += self.watch.findings()
        for (name, version), offer in self.loaded.catalogue.offers.items():
            if offer.plugin.name == self.task.target.name:
                self.result.defaults[f"{name}@{version}"] = default_values(offer.rule)
        write(self.result, self.folder / self.name)


_PARTS: dict[str, Callable[[Part], None]] = {
    "plan": Part.plan, "home": Part.home, "past": Part.elsewhere, "future": Part.elsewhere,
    "order": Part.order, "resumed": Part.resumed,
}  # fmt: skip


def run(name: str, folder: Path, starts_us: int) -> None:
    """Do one part of a check."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    try:
        part = Part(folder, starts_us, name)
        _PARTS[name.partition("-")[0]](part)
        if name != "plan":
            part.finish()
    except LoyaltyError as error:
        said: dict[str, Any] = {
            "what": error.what,
            "at": error.at,
            "hint": error.hint,
            "code": error.exit_code,
        }
        (folder / f"{name}.error").write_bytes(msgspec.json.encode(said))
    except BaseException:
        # What a rule may have left in sys.stderr hears nothing.
        sys.__stderr__.write(traceback.format_exc())  # type: ignore[union-attr]
        raise


def _run_deep(depth: int, name: str, folder: Path, starts_us: int) -> None:
    if depth:
        _run_deep(depth - 1, name, folder, starts_us)
    else:
        run(name, folder, starts_us)


def main() -> None:
    """Do the part that the command line names, in a thread of its own, and end whatever goes on then."""
    name, folder, starts_us, depth = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    sys.argv[:] = sys.argv[5:]
    sys.orig_argv[:] = sys.argv
    threading.stack_size(_STACK_BYTES)
    worker = threading.Thread(target=_run_deep, args=(depth, name, folder, starts_us), name=name)
    worker.start()
    worker.join()
    os._exit(0)


if __name__ == "__main__":
    main()
