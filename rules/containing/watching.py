"""The watch: the command goes on in a child, and its parent ends it when a rule does not come to an end.

Only so a loop in C code ends, or one that swallows every error. It is for Linux, and for a process of our own
whose streams are real ones; elsewhere rules run without limits, and ``loyalty doctor`` says so.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ...ledger.errors import HaltError
from .halting import halted
from .heartbeat import FOLDER, Beat, beats, heart
from .limits import die_with_parent

_POLL_S = 0.1
_PASSED_ON = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
_KILLED = (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL)


class Limits(NamedTuple):
    """What a stranger's rule may take.

    Attributes:
        seconds: The longest that one question may last, answer and effects included; 0: for ever.
        memory_mb: The address space of each process that folds, in MiB; 0: as much as the system gives.
    """

    seconds: float = 10
    memory_mb: int = 4096


def go_on_watched(limits: Limits) -> int | None:
    """Fork; return None in the child, which goes on, and in the parent, when that has ended, its exit code.

    Nothing may be open yet that a process cannot share, such as a database. A child that was killed by a
    signal takes this process with it.

    Raises:
        HaltError: in the parent: a rule did not come to an end, or took its process with it.
    """
    if FOLDER in os.environ:
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"loyalty-watch-{os.getpid()}-", dir=_memory_folder()))
    parent = os.getpid()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *_PASSED_ON})
    child = os.fork()
    if child == 0:
        _begin_child(folder, parent, limits)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return None
    try:
        return _Watch(child, folder, limits).until_it_ends()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _memory_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - mkdtemp makes its own in it


def _begin_child(folder: Path, parent: int, limits: Limits) -> None:
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)
    os.environ[FOLDER] = str(folder)
    # A spawned process that tidies up behind those that were ended says so at length.
    given = [words for words in (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker") if words]
    os.environ["PYTHONWARNINGS"] = ",".join(given)
    if limits.memory_mb:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = limits.memory_mb << 20
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    heart()


class _Watch:
    """Looks every tenth of a second which rules are being asked, and since when."""

    def __init__(self, child: int, folder: Path, limits: Limits) -> None:
        self._child, self._folder, self._limits = child, folder, limits
        self._seen: dict[int, tuple[int, float]] = {}
        """By process: the question it was asking, and for how many seconds this has watched it."""

    def until_it_ends(self) -> int:
        """Wait for the child; pass signals on to it.

        Raises:
            HaltError: a rule had to be stopped.
        """
        while True:
            told = signal.sigtimedwait({signal.SIGCHLD, *_PASSED_ON}, _POLL_S)
            if told is not None and told.si_signo != signal.SIGCHLD:
                os.kill(self._child, told.si_signo)
            pid, status = os.waitpid(self._child, os.WNOHANG)
            if pid:
                return self._ended(status)
            # Only a look that found nothing to do counts: a machine that sleeps does not look.
            if told is None:
                self._look()

    def _look(self) -> None:
        found = list(beats(self._folder))
        for beat in found:
            question, seconds = self._seen.get(beat.pid, (0, 0.0))
            seconds = seconds + _POLL_S if beat.question == question else 0.0
            self._seen[beat.pid] = beat.question, seconds
            if not beat.question:
                continue
            if self._limits.seconds and seconds >= self._limits.seconds:
                self._end_all(found)
                raise _halt(beat, f"did not come to an end in {self._limits.seconds:g} s and was stopped")
            if beat.pid != self._child and not _is_alive(beat.pid):
                self._end_all(found)
                raise _halt(beat, "ended the process it was asked in")

    def _end_all(self, found: list[Beat]) -> None:
        """Kill the child and the processes it folds in, and nobody else."""
        for beat in found:
            if beat.pid == self._child or _parent_of(beat.pid) == self._child:
                with suppress(ProcessLookupError):
                    os.kill(beat.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._child, 0)

    def _ended(self, status: int) -> int:
        asking = next(
            (beat for beat in beats(self._folder) if beat.pid == self._child and beat.question), None
        )
        if os.WIFEXITED(status):
            if asking is not None:
                raise _halt(asking, f"ended the process with exit code {os.WEXITSTATUS(status)}")
            return os.WEXITSTATUS(status)
        number = os.WTERMSIG(status)
        if asking is not None and number in _KILLED:
            raise _halt(asking, f"ended the process: {signal.Signals(number).name}")
        shutil.rmtree(self._folder, ignore_errors=True)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
        return 128 + number


def _halt(beat: Beat, what: str) -> HaltError:
    return halted(beat.rule, what, member=beat.member, position=beat.position)


def _is_alive(pid: int) -> bool:
    return _state_of(pid)[0] not in {"", "Z", "X"}


def _parent_of(pid: int) -> int:
    return _state_of(pid)[1]


def _state_of(pid: int) -> tuple[str, int]:
    """Return the state of a process and its parent; '' and 0 when there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return words[0], int(words[1])
