"""What holds in a process that is watched while a stranger's rule is asked.

It is a detector, not a sandbox: plugins are trusted code.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from typing import Any

from ...ledger.errors import HaltError

_FORBIDDEN = {
    "os.fork": "fork the process", "os.forkpty": "fork the process", "pty.spawn": "start a process",
    "os.posix_spawn": "start a process", "os.spawn": "start a process", "os.exec": "become another program",
    "os.system": "start a process", "subprocess.Popen": "start a process",
    "_thread.start_new_thread": "start a thread", "os.kill": "send a signal", "os.killpg": "send a signal",
    "resource.setrlimit": "change its limits", "resource.prlimit": "change its limits",
}  # fmt: skip
"""Audit events, and what a rule has tried."""
_DIE_WITH_PARENT = 1
_ONCE_S = 0.5


class _Asked:
    """What the audit hook knows of the question being asked."""

    is_asking = False
    tried: str | None = None
    """What the rule has tried that it must not, even if it swallowed the error."""
    interrupted_s: float | None = None
    """When the user interrupted last, in seconds of the system's own clock; None: not at all."""
    is_limited = False
    """The limits hold in this process."""


asked = _Asked()


def take_limits() -> None:
    """Let the limits hold in this process, to its end."""
    asked.is_limited = True
    sys.addaudithook(_audit)
    die_with_parent()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _interrupted)


def die_with_parent() -> None:
    """Let the system end this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _audit(event: str, _: Any) -> None:
    if event in _FORBIDDEN and asked.is_asking:
        asked.tried = _FORBIDDEN[event]
        raise HaltError(f"a rule tried to {asked.tried}")


def _interrupted(number: int, frame: Any) -> None:
    # The terminal tells every process of the group, and the watch tells this one once more.
    now_s = time.monotonic()
    if asked.interrupted_s is None or now_s - asked.interrupted_s > _ONCE_S:
        asked.interrupted_s = now_s
        signal.default_int_handler(number, frame)
