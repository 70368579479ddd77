"""Running a check: its processes, each in surroundings of its own, and the one who waits for them."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event
from typing import NamedTuple

import msgspec

from ...ledger.calendar import instant_us
from ...ledger.errors import LoyaltyError, PluginError
from .comparing import Comparison, failures
from .plan import Finding, Plan, Result, Target, Task, World, read_plan, read_result, write
from .verdict import PROBES, Verdict
from .watching import BEAT_BYTES

CALL_S = 5.0
"""How long a rule may take for one answer, in seconds."""
_MAKING_S, _IDLE_S = 30.0, 120.0
_POLL_S = 0.05
_MOST_STOPPED = 8
Progress = Callable[[int, int], None]


class _Surroundings(NamedTuple):
    """What a process finds around it.

    Attributes:
        clock: Where its clock begins.
        words: Its command line.
        depth: How deep in calls a rule is asked.
    """

    clock: str
    hash_seed: str
    zone: str
    language: str
    user: str
    words: tuple[str, ...]
    depth: int


_HOME = _Surroundings(
    "2026-06-15T12:00:00Z", "0", "UTC0", "C.UTF-8", "auditor", ("loyalty", "project", "run"), 0
)
_AROUND = {
    # Both lie further off than anything in the histories, or set by a rule that looks decades ahead.
    "past": _Surroundings("1981-12-31T23:58:00Z", "1", "AAA-14", "de_DE.UTF-8", "anna", ("loyalty",), 7),
    "future": _Surroundings(
        "2093-02-28T03:07:11Z",
        "4242",
        "BBB+11",
        "C",
        "zoe",
        ("pytest", "-v", "--db", "sqlite:///other.db", "--json"),
        60,
    ),
}


class _StoppedError(LoyaltyError):
    """A process had to be stopped, or died, while it asked a rule."""

    def __init__(self, rule: str, where: str, what: str) -> None:
        super().__init__(what)
        self.rule, self.where = rule, where


class _HaltedError(LoyaltyError):
    """A process was stopped because another part of the check had failed."""


def check_plugin(
    target: Target, *, programme: str | None = None, programme_at: str = "", recorded: World | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Verdict:  # fmt: skip
    """Put the rules of a plugin to every probe.

    Args:
        target: The plugin, see :func:`.subject.find_target`.
        programme: TOML text of a programme to check them under; None: one made up for each.
        programme_at: Where that is from.
        recorded: Histories of a ledger to tell beside the generated ones.
        progress: Told how many of how many parts are done.

    Raises:
        PluginError: the plugin cannot be imported. LoyaltyError: the programme cannot be used.
    """
    stopped: list[Finding] = []
    unfinished: dict[str, set[str]] = {}
    with tempfile.TemporaryDirectory(prefix="loyalty-check-") as name:
        folder, file = Path(name), None
        if recorded is not None:
            file = folder / "recorded"
            write(recorded, file)
        while True:
            task = Task(
                target=target, programme=programme, programme_at=programme_at,
                leave_out=tuple(sorted(unfinished)), recorded=str(file) if file else None,
            )  # fmt: skip
            try:
                return _verdict(target, _checked(task, folder, progress), stopped, unfinished)
            except _StoppedError as error:
                stopped.append(Finding(
                    probe="bounds", rule=error.rule or target.name, what=error.what, at=error.where or None,
                    hint=f"answer within {CALL_S:.0f} seconds, and within memory",
                ))  # fmt: skip
                unfinished[error.rule] = set(PROBES)
                if not error.rule or error.rule == target.name or len(stopped) > _MOST_STOPPED:
                    return _verdict(target, None, stopped, unfinished)


def _verdict(
    target: Target, checked: tuple[Plan, list[Finding], int] | None, stopped: list[Finding],
    unfinished: dict[str, set[str]],
) -> Verdict:  # fmt: skip
    plan, found, calls = checked or (Plan([], [], [], []), [], 0)
    order = list(PROBES)
    findings = sorted([*stopped, *found], key=lambda f: (f.is_remark, f.rule, order.index(f.probe), f.what))
    rules = [*plan.rules, *(rule for rule in unfinished if rule and rule != target.name)]
    return Verdict(
        plugin=target.name, rules=rules, findings=findings, unfinished=unfinished,
        facts=sum(len(h.facts) for world in plan.worlds for h in world.histories),
        histories=sum(len(world.histories) for world in plan.worlds), settings=len(plan.settings),
        calls=calls,
    )  # fmt: skip


def _checked(task: Task, folder: Path, progress: Progress) -> tuple[Plan, list[Finding], int]:
    write(task, folder / "task")
    parts = ["home", "past", "future", "order"]
    done, total = 0, len(parts) + 2

    def tick(more: int = 1) -> None:
        nonlocal done
        done += more
        progress(done, total)

    tick(0)
    _run("plan", _HOME, folder, Event())
    tick()
    plan = read_plan(folder / "plan")
    if not plan.settings:
        return plan, plan.findings, 0
    halt = Event()
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1)) as pool:
        running = [pool.submit(_run, part, _AROUND.get(part, _HOME), folder, halt) for part in parts]
        for future in as_completed(running):
            if future.exception():
                halt.set()
            tick()
    for future in running:
        if not isinstance(future.exception(), _HaltedError):
            future.result()
    _run("resumed", _HOME, folder, halt)
    tick()
    results = {part: read_result(folder / part) for part in [*parts, "resumed"]}
    home = results["home"]
    calls = sum(len(trace.calls) for trace in home.traces.values())
    return plan, _findings(plan, results), calls


def _findings(plan: Plan, results: dict[str, Result]) -> list[Finding]:
    home = results["home"]
    comparison = Comparison(plan, home)
    comparison.compare("twice", "twice", home.again)
    comparison.compare("elsewhere", "past", results["past"].traces)
    comparison.compare("elsewhere", "future", results["future"].traces)
    comparison.compare("order", "order", results["order"].traces)
    comparison.compare("order", "together", results["order"].again)
    comparison.compare("resumed", "resumed", results["resumed"].traces)
    seen: dict[tuple[str, str, str], Finding] = {}
    for finding in _all_found(plan, results.values()):
        seen.setdefault((finding.probe, finding.rule, finding.what), finding)
    return [*seen.values(), *comparison.findings(), *failures(plan, home), *_defaults(results)]


def _all_found(plan: Plan, results: Iterable[Result]) -> Iterable[Finding]:
    yield from plan.findings
    for result in results:
        yield from result.findings


def _defaults(results: dict[str, Result]) -> Iterable[Finding]:
    """Find defaults of parameters that depend on where or when they are made."""
    home = results["home"].defaults
    for part in ("past", "future"):
        for rule, defaults in results[part].defaults.items():
            for name, value in defaults.items():
                if home[rule][name] != value:
                    yield Finding(
                        probe="elsewhere", rule=rule, what=f"has another default for {name} elsewhere",
                        here=home[rule][name], there=value, hint="write the default out, or make it required",
                    )  # fmt: skip
                    return


def _run(part: str, around: _Surroundings, folder: Path, halt: Event) -> None:
    """Run one part in a process and wait for it.

    Raises:
        _StoppedError: a rule did not come to an end, or the process died of it.
        _HaltedError: another part has failed meanwhile.
    """
    place = folder / f"of-{around.user}"
    place.mkdir(exist_ok=True)
    beat_file = folder / f"{part}.beat"
    beat_file.write_bytes(b"\0" * BEAT_BYTES)
    for left in (folder / part, folder / f"{part}.error"):
        left.unlink(missing_ok=True)
    environment = {
        "PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": around.hash_seed, "PYTHONDONTWRITEBYTECODE": "1", "TZ": around.zone,
        "LANG": around.language, "LC_ALL": around.language, "HOME": str(place), "USER": around.user,
        "LOGNAME": around.user,
    }  # fmt: skip
    command = [
        sys.executable, "-P", "-m", f"{__package__}.child", part, str(folder), str(instant_us(around.clock)),
        str(around.depth), *around.words,
    ]  # fmt: skip
    with beat_file.open("r+b") as file, mmap.mmap(file.fileno(), BEAT_BYTES) as beat:
        with (folder / f"{part}.said").open("wb") as said:
            process = subprocess.Popen(  # noqa: S603 - this program itself
                command, env=environment, cwd=place, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=said,
            )  # fmt: skip
            try:
                _wait(process, beat, halt)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        _judge_end(part, folder, process.returncode, beat)


def _wait(process: subprocess.Popen[bytes], beat: mmap.mmap, halt: Event) -> None:
    last, since = b"", time.monotonic()
    while process.poll() is None:
        time.sleep(_POLL_S)
        if halt.is_set():
            raise _HaltedError("another part of the check has failed")
        now = bytes(beat[:64])
        if now != last:
            last, since = now, time.monotonic()
        rule, where = _asked(beat)
        waited_s = time.monotonic() - since
        limit_s = _MAKING_S if where.startswith(("importing", "making")) else CALL_S
        if rule and waited_s > limit_s:
            raise _StoppedError(rule, where, f"did not answer within {limit_s:.0f} seconds")
        if waited_s > _IDLE_S:
            raise LoyaltyError(
                f"a process of the check has not moved for {_IDLE_S:.0f} seconds", hint="run it again"
            )


def _asked(beat: mmap.mmap) -> tuple[str, str]:
    """Return which rule is being asked right now, and about what."""
    text = bytes(beat[:BEAT_BYTES]).decode(errors="replace").split("\x1e")
    rule, _, where = (text[1] if len(text) > 1 else "").partition("\x1f")
    return rule, where


def _judge_end(part: str, folder: Path, code: int, beat: mmap.mmap) -> None:
    error_file = folder / f"{part}.error"
    if error_file.exists():
        said = msgspec.json.decode(error_file.read_bytes())
        kind = PluginError if said["code"] == PluginError.exit_code else LoyaltyError
        error = kind(said["what"], at=said["at"], hint=said["hint"])
        error.exit_code = said["code"]
        raise error
    if (folder / part).exists():
        return
    rule, where = _asked(beat)
    if rule:
        raise _StoppedError(rule, where, f"ends the process it runs in (exit code {code})")
    text = (folder / f"{part}.said").read_text(errors="replace").strip().splitlines()
    raise LoyaltyError(
        f"a process of the check has died: {text[-1] if text else f'exit code {code}'}", at=f"part {part}",
        hint="run it again; if it dies again, tell us",
    )  # fmt: skip
