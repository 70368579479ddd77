"""The probe "inputs": what a rule reaches for beside its arguments, named while it happens.

A detector, no sandbox: plugins are trusted code. What would leave the process is stopped all the same.
"""

from __future__ import annotations

import builtins
import importlib
import io
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

Tell = Callable[[str, str], None]
"""Told what was reached for, and what to try instead."""

_FACT = "take what happened from the fact, and days from member.local_date"
_NONE = "a rule reads its arguments and self.params, nothing else"
_BESIDE = (
    "see that its fingerprint covers the file: that of a package does, that of a single .py file does not"
)
_KEEP = "remember things with Keep and Count: they are kept with the member"
_FILES = "files"
_WIRES: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("os", ("urandom", "getrandom"), "random numbers", _NONE),
    ("os", ("getpid", "getppid", "getlogin", "uname", "cpu_count", "getloadavg", "times", "getuid",
            "sched_getaffinity", "umask", "get_terminal_size"), "the machine", _NONE),
    ("os", ("getcwd", "getcwdb", "stat", "lstat", "access", "readlink", "statvfs"), _FILES, _NONE),
    ("locale", ("localeconv", "getlocale", "setlocale", "nl_langinfo", "getpreferredencoding",
                "getdefaultlocale", "strcoll", "strxfrm"), "the locale", _NONE),
    ("platform", ("node", "system", "release", "version", "machine", "processor", "platform", "uname",
                  "python_version", "python_implementation"), "the machine", _NONE),
    ("_thread", ("start_new_thread", "start_joinable_thread", "get_ident", "get_native_id"),
     "threads", _NONE),
    ("threading", ("get_ident", "get_native_id", "active_count", "enumerate", "_start_new_thread",
                   "_start_joinable_thread"), "threads", _NONE),
    ("signal", ("signal", "alarm", "setitimer", "getsignal"), "signals", _NONE),
    ("sys", ("getrefcount", "getsizeof", "getallocatedblocks", "_current_frames"), "the interpreter", _NONE),
    ("gc", ("collect", "get_count", "get_stats", "disable", "enable"), "the interpreter", _NONE),
    ("resource", ("getrusage", "getrlimit"), "the machine", _NONE),
    ("atexit", ("register",), "the end of the process", _NONE),
)  # fmt: skip
_FREE = frozenset({
    "object.__getattr__", "object.__setattr__", "object.__delattr__", "compile", "exec", "code.__new__",
    "function.__new__", "sys._getframemodulename", "builtins.id", "pickle.find_class", "array.__new__",
    "marshal.loads", "marshal.load", "marshal.dumps", "sys.unraisablehook", "sys.excepthook",
    "cpython.PyInterpreterState_New", "import",
})  # fmt: skip
_STOPPED = (
    "os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.remove", "os.rename", "os.rmdir",
    "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink", "os.kill", "signal.",
    "shutil.",
    "subprocess.", "pty.", "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "ftplib.",
    "http.", "smtplib.", "urllib.", "webbrowser.", "sqlite3.connect", "poplib.", "imaplib.",
)  # fmt: skip
# Parts of the standard library that read the clock, the locale or files for their own sake.
_INNOCENT = frozenset(
    {"_strptime", "logging", "linecache", "warnings", "traceback", "calendar", "enum", "tokenize"}
)
_STDLIB = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))


class Tripwires:
    """Tells what is reached for while *is_armed* says that a rule is at work.

    Attributes:
        files: The plugin's own files.
        prefix: Its topmost module.
        is_lenient: Others are at work, too: only what the plugin's own code reaches for counts.
    """

    def __init__(self, is_armed: Callable[[], bool], tell: Tell) -> None:
        self._is_armed, self._tell = is_armed, tell
        self._is_telling = False
        self.files: frozenset[str] = frozenset()
        self.prefix = ""
        self.is_lenient = False

    @contextmanager
    def leniently(self) -> Iterator[None]:
        """Count only what the plugin's own code reaches for, while others are at work, too."""
        self.is_lenient = True
        try:
            yield
        finally:
            self.is_lenient = False

    def trip(self, what: str, hint: str, depth: int = 2) -> None:
        """Tell that something was reached for by the code that has called *depth* frames above."""
        if self._is_telling or not self._is_armed():
            return
        self._is_telling = True
        try:
            frame = sys._getframe(depth)
            if not self._is_innocent(frame):
                self._tell(what, hint)
        finally:
            self._is_telling = False

    def clock(self, what: str) -> None:
        """Tell that the clock was read."""
        self.trip(f"reads the clock: {what}", _FACT, depth=3)

    def _is_innocent(self, frame: FrameType) -> bool:
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if module in _INNOCENT or self._is_under_import(frame):
            return True
        return self.is_lenient and not self._is_own(frame)

    def _is_under_import(self, frame: FrameType | None) -> bool:
        """Return whether a module is just being imported between here and the plugin's own code."""
        while frame is not None and frame.f_code.co_filename not in self.files:
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                return True
            frame = frame.f_back
        return False

    def _is_beside(self, path: Any) -> bool:
        """Return whether a file lies where the plugin's own files are."""
        if not isinstance(path, (str, bytes)):
            return False
        place = os.path.dirname(os.path.abspath(os.fsdecode(path)))
        return any(place == os.path.dirname(file) for file in self.files)

    def _is_own(self, frame: FrameType | None) -> bool:
        """Return whether the plugin's own code is the first outside the standard library to have called."""
        while frame is not None:
            file = frame.f_code.co_filename
            if not file.startswith(("<frozen", *_STDLIB)) or "site-packages" in file:
                return file in self.files
            frame = frame.f_back
        return False

    def install(self) -> None:
        """Watch everything that can be watched in this process."""
        for module, names, what, hint in _WIRES:
            self._wire(importlib.import_module(module), names, what, hint)
        random = importlib.import_module("random")
        drawn = [name for name in random.__all__ if name[0].islower()]
        self._wire(random, drawn, "random numbers", "take what must vary from the fact: its position, its id")
        self._wire_environment()
        self._wire_id()
        sys.argv, sys.orig_argv = _Words(self, sys.argv), _Words(self, sys.orig_argv)
        sys.stdout, sys.stderr = _Mouth(self, "stdout"), _Mouth(self, "stderr")
        sys.meta_path.insert(0, self)
        sys.addaudithook(self._hear)

    def _wire(self, module: Any, names: Iterable[str], what: str, hint: str) -> None:
        for name in names:
            real = getattr(module, name, None)
            if real is not None:
                setattr(module, name, self._wired(real, f"reads {what}: {module.__name__}.{name}()", hint))

    def _wired(self, real: Callable[..., Any], what: str, hint: str) -> Callable[..., Any]:
        def answer(*args: Any, **options: Any) -> Any:
            # A module may look where it is itself.
            if not (self.is_lenient and what.startswith(f"reads {_FILES}")):
                self.trip(what, hint)
            return real(*args, **options)

        return answer

    def _wire_environment(self) -> None:
        tripped, kind = self.trip, type(os.environ)

        class Watched(kind):  # type: ignore[valid-type, misc]
            """The environment, telling when it is read."""

            def __getitem__(self, key: Any) -> Any:
                tripped(f"reads the environment: {key}", "make it a parameter", 2)
                return super().__getitem__(key)

            def __iter__(self) -> Any:
                tripped("reads the environment", "make it a parameter", 2)
                return super().__iter__()

            def __contains__(self, key: object) -> bool:
                tripped(f"reads the environment: {key}", "make it a parameter", 2)
                return bool(super().__contains__(key))

            def __setitem__(self, key: Any, value: Any) -> None:
                tripped(f"changes the environment: {key}", _KEEP, 2)
                super().__setitem__(key, value)

        for environment in (os.environ, os.environb):
            environment.__class__ = Watched

    def _wire_id(self) -> None:
        real = builtins.id

        def identity(thing: object, /) -> int:
            frame = sys._getframe(1)
            if frame.f_code.co_filename in self.files:
                self.trip("reads where things are in memory: id()", _NONE)
            return real(thing)

        builtins.id = identity

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self._is_telling or event in _FREE or not self._is_armed():
            return
        self._is_telling = True
        try:
            is_heard = self._heard(event, args, sys._getframe(1))
        finally:
            self._is_telling = False
        if is_heard and event.startswith(_STOPPED):
            raise PermissionError(f"stopped by loyalty rules check: {event}")

    def _is_looking_up(self, frame: FrameType) -> bool:
        """Return whether it is the plugin that asks who has called it; the standard library often does."""
        module = str(frame.f_globals.get("__name__", ""))
        return frame.f_code.co_filename in self.files or module == "inspect"

    def _heard(self, event: str, args: tuple[Any, ...], frame: FrameType) -> bool:
        if self._is_innocent(frame) or (event == "sys._getframe" and not self._is_looking_up(frame)):
            return False
        if self.is_lenient and event == "open" and self._is_beside(args[0]):
            name = Path(os.fsdecode(args[0])).name
            self._tell(f"reads {name} beside it while it is made", _BESIDE)
            return False
        shown = next((str(part) for part in args[:2] if isinstance(part, (str, bytes, Path))), "")
        self._tell(f"reaches outside: {event}{' ' if shown else ''}{shown[:80]}", _NONE)
        return True

    def find_spec(self, name: str, *_: Any) -> None:
        """Tell, as a finder that finds nothing, of a module that is imported for the first time."""
        top = name.partition(".")[0]
        is_known = top in sys.stdlib_module_names or top in {self.prefix, "loyalty_ledger"}
        if self.is_lenient or is_known or not self._is_armed():
            return
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if not self._is_under_import(frame):
            self._tell(f"imports {name} when it is asked", "import at the top of the module")


class _Words(list[str]):
    """The command line, telling when it is read."""

    def __init__(self, wires: Tripwires, words: Iterable[str]) -> None:
        super().__init__(words)
        self._wires = wires

    def _trip(self) -> None:
        self._wires.trip("reads the command line", "make it a parameter", 3)

    def __getitem__(self, index: Any) -> Any:
        self._trip()
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[str]:
        self._trip()
        return super().__iter__()

    def __contains__(self, word: object) -> bool:
        self._trip()
        return super().__contains__(word)

    def __len__(self) -> int:
        self._trip()
        return super().__len__()


class _Mouth(io.TextIOBase):
    """A stream that tells when a rule writes to it, and swallows what it writes."""

    def __init__(self, wires: Tripwires, name: str) -> None:
        super().__init__()
        self._wires, self._name = wires, name

    def write(self, text: str) -> int:
        """Swallow a text."""
        self._wires.trip(f"writes to {self._name}", "explain with member.note", 2)
        return len(text)
