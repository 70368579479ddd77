"""Which rule a process is asking just now, in a small file of shared memory.

The watch makes a folder and names it in the environment, which is all that a spawned process of a rebuild
inherits; every process that folds keeps one file in it, named by its number. A file holds whole numbers in
the machine's own order: the number of the question being asked, or 0 between two questions; the length of a
text; then the text, position, rule and member, each on its line.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = "LOYALTY_RULES_WATCHED_IN"
"""The environment variable with the folder; only the watch sets it."""
_BYTES = 4096
_HEAD = struct.Struct("=QQ")


class Beat(NamedTuple):
    """What a process is asking.

    Attributes:
        pid: Number of the process.
        question: Rises with every question; 0 between two of them.
        position: Of the fact or advance that is being folded.
        rule: Label@version.
        member: Whom the rule is asked about.
    """

    pid: int
    question: int
    position: int
    rule: str
    member: str


class Heart:
    """The file of this process."""

    def __init__(self, folder: Path) -> None:
        path = folder / str(os.getpid())
        path.write_bytes(bytes(_BYTES))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _BYTES)
        self._questions = 0

    def ask(self, position: int, rule: str, member: str) -> None:
        """Say that a rule is being asked, until :meth:`rest`."""
        self._questions += 1
        self.tell(position, rule, member)

    def tell(self, position: int, rule: str, member: str) -> None:
        """Say which rule is being asked as part of the question."""
        text = f"{position}\n{rule}\n{member}".encode()[: _BYTES - _HEAD.size]
        shared = self._shared
        shared[_HEAD.size : _HEAD.size + len(text)] = text
        _HEAD.pack_into(shared, 0, self._questions, len(text))

    def rest(self) -> None:
        """Say that no rule is being asked."""
        _HEAD.pack_into(self._shared, 0, 0, 0)


def heart() -> Heart | None:
    """Return this process's, made when it is first asked for; None when nobody watches."""
    folder = os.environ.get(FOLDER)  # spawned processes inherit nothing else
    if folder is None:
        return None
    pid = os.getpid()
    if _hearts.get(pid) is None:
        from .limits import take_limits

        _hearts[pid] = Heart(Path(folder))
        take_limits()
    return _hearts[pid]


_hearts: dict[int, Heart] = {}
"""By process: what a fork has copied is another's."""


def beats(folder: Path) -> Iterator[Beat]:
    """Yield what every process asks that has a file."""
    for path in folder.iterdir():
        content = path.read_bytes()
        if len(content) < _HEAD.size:
            continue
        question, length = _HEAD.unpack_from(content)
        lines = content[_HEAD.size : _HEAD.size + length].decode(errors="replace").split("\n")
        if question and len(lines) == 3 and lines[0].isdigit():
            yield Beat(int(path.name), question, int(lines[0]), lines[1], lines[2])
        else:
            yield Beat(int(path.name), 0, 0, "", "")
