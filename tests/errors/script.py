"""A case: a text file that says what is there, what is typed, what is answered and what is left.

::

    A title, one line.
    Why it is as it is.

    == given                         lines: commands run beforehand, or words of surroundings.py
    loyalty project run
    == sales.csv                     a file of the folder; changed on its way if words follow
    == sales.csv | latin-1 | first 40 bytes
    == $ loyalty import sales.csv    a command, and what it prints on stdout
    == stderr                        what it prints on stderr
    == exit 7                        its exit code; 0 when left out
    == left                          what the database holds in the end

What was said is written back by ``--update-golden``; everything else is written by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_SECTION = re.compile(r"^== (.*)$", re.MULTILINE)


@dataclass
class Typed:
    """A command, and what it answered."""

    command: str
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


@dataclass
class Case:
    """One case as read, or as it went."""

    path: Path
    title: str
    why: str
    given: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    typed: list[Typed] = field(default_factory=list)
    left: str = ""

    def text(self) -> str:
        """Return the case as its file says it."""
        parts = [f"{self.title}\n{self.why}"]
        if self.given:
            parts.append("== given\n" + "".join(f"{line}\n" for line in self.given))
        parts += [f"== {name}\n{content}" for name, content in self.files.items()]
        for typed in self.typed:
            parts.append(f"== $ {typed.command}\n{typed.stdout}")
            parts += [f"== stderr\n{typed.stderr}"] if typed.stderr else []
            parts += [f"== exit {typed.exit_code}\n"] if typed.exit_code else []
        return "".join(parts) + f"== left\n{self.left}\n"


def read_case(path: Path) -> Case:
    """Return the case a file describes."""
    head, *sections = _SECTION.split(path.read_text("utf-8"))
    title, _, why = head.strip("\n").partition("\n")
    case = Case(path, title, why.strip("\n") + "\n" if why.strip("\n") else "")
    for name, body in zip(sections[::2], sections[1::2], strict=True):
        _add(case, name, body.removeprefix("\n"))
    return case


def _add(case: Case, name: str, body: str) -> None:
    if name == "given":
        case.given = body.splitlines()
    elif name.startswith("$ "):
        case.typed.append(Typed(name[2:], stdout=body))
    elif name == "stderr":
        case.typed[-1].stderr = body
    elif name.startswith("exit "):
        case.typed[-1].exit_code = int(name[5:])
    elif name == "left":
        case.left = body.strip()
    else:
        case.files[name] = body
