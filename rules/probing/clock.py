"""A clock that says what it is told, for everything in this process that asks, in C or not."""

from __future__ import annotations

import ctypes
import datetime
import gc
import time
from collections.abc import Callable
from typing import Any

Tell = Callable[[str], None]
_UPTIMES = ("monotonic", "perf_counter", "process_time", "thread_time")


class Clock:
    """Shifts every way to read the time, and tells whenever it is read.

    ``datetime`` and ``date`` stay the types they are: only their ways to read the clock are replaced, so that
    nothing can tell its dates from those of others.
    """

    def __init__(self, starts_us: int, tell: Tell) -> None:
        self._tell = tell
        self._real_ns = time.time_ns
        self._shift_ns = starts_us * 1000 - time.time_ns()

    def install(self) -> None:
        """Replace every way to read the clock in this process."""
        self._replace_time()
        self._replace_broken_down()
        self._replace_dates()

    def _now_ns(self) -> int:
        return self._real_ns() + self._shift_ns

    def _replace_time(self) -> None:
        now_ns, tell = self._now_ns, self._tell

        def watched(name: str, read: Callable[..., Any]) -> None:
            def answer(*args: Any) -> Any:
                tell(f"time.{name}()")
                return read(*args)

            setattr(time, name, answer)

        watched("time", lambda: now_ns() / 1e9)
        watched("time_ns", now_ns)
        clock_gettime, clock_gettime_ns = time.clock_gettime, time.clock_gettime_ns
        watched("clock_gettime", lambda k: now_ns() / 1e9 if k == 0 else clock_gettime(k))
        watched("clock_gettime_ns", lambda k: now_ns() if k == 0 else clock_gettime_ns(k))
        for name in _UPTIMES:
            watched(name, getattr(time, name))
            watched(f"{name}_ns", getattr(time, f"{name}_ns"))

    def _replace_broken_down(self) -> None:
        """Replace what reads the clock only when it is given no time."""
        now_ns, tell = self._now_ns, self._tell

        def optional(name: str) -> None:
            real = getattr(time, name)

            def answer(seconds: float | None = None, /) -> Any:
                if seconds is None:
                    tell(f"time.{name}()")
                    seconds = now_ns() / 1e9
                return real(seconds)

            setattr(time, name, answer)

        local = time.localtime
        for name in ("localtime", "gmtime", "ctime"):
            optional(name)

        def of_parts(name: str, leading: int) -> None:
            real = getattr(time, name)

            def answer(*args: Any) -> Any:
                if len(args) == leading:
                    tell(f"time.{name}()")
                    args = (*args, local(now_ns() / 1e9))
                return real(*args)

            setattr(time, name, answer)

        of_parts("strftime", 1)
        of_parts("asctime", 0)

    def _replace_dates(self) -> None:
        now_ns, tell, utc = self._now_ns, self._tell, datetime.UTC

        def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
            tell("datetime.now()")
            return cls.fromtimestamp(now_ns() / 1e9, tz)

        def today(cls: type[datetime.date]) -> datetime.date:
            tell("date.today()")
            return cls.fromtimestamp(now_ns() / 1e9)

        def utcnow(cls: type[datetime.datetime]) -> datetime.datetime:
            tell("datetime.utcnow()")
            return cls.fromtimestamp(now_ns() / 1e9, utc).replace(tzinfo=None)

        _put(datetime.datetime, "now", classmethod(now))
        _put(datetime.datetime, "utcnow", classmethod(utcnow))
        _put(datetime.datetime, "today", classmethod(today))
        _put(datetime.date, "today", classmethod(today))


def _put(kind: type, name: str, method: Any) -> None:
    """Replace a method of a type written in C."""
    (names,) = gc.get_referents(kind.__dict__)
    names[name] = method
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
