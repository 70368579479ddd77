"""A page of documentation as somebody who follows it: its files are written, its commands typed in one shell.

A block ``console`` has commands behind ``$ `` with what they print below; ``…`` stands for anything, a line
of its own for any lines. A block after ``<!-- file: NAME -->`` is written to a file, one after
``<!-- append: NAME -->`` added to it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"(?:<!-- (file|append): (\S+) -->\n)?```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "=-=-= step"


@dataclass
class Step:
    """A command of the page, or a file that is written before the next one.

    Attributes:
        shell: What is typed.
        shown: The lines the page shows, None of a file.
        printed: What was printed on stdout.
        exit_code: How it ended; None: it was not reached.
    """

    shell: str
    shown: list[str] | None = None
    printed: str = ""
    exit_code: int | None = field(default=None)

    def is_shown(self) -> bool:
        """Return whether it printed what the page shows; where the page shows nothing, anything is."""
        if not self.shown:
            return True
        parts = [
            r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"[ ]*\n"
            for line in self.shown
        ]
        return re.fullmatch("".join(parts), self.printed) is not None


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of a page in their order."""
    for way, name, language, text in _BLOCK.findall(page):
        if way:
            arrow = ">" if way == "file" else ">>"
            yield Step(f"cat {arrow} {name} <<'END-OF-BLOCK'\n{text}END-OF-BLOCK")
        elif language == "console":
            yield from _typed(text)


def _typed(text: str) -> Iterator[Step]:
    step: Step | None = None
    for line in text.splitlines():
        if line.startswith("$ "):
            if step:
                yield step
            step = Step(line[2:], [])
        elif step and step.shown is not None:
            step.shown.append(line)
    if step:
        yield step


def play(page: list[Step], folder: Path, env: Mapping[str, str]) -> str:
    """Type the steps in a folder, note what each did, and return what was said on stderr."""
    script = "".join(
        f"echo '{_MARK} {number}'\n{step.shell}\ncode=$?; echo; echo \"{_MARK} end $code\"\n"
        for number, step in enumerate(page)
    )
    done = subprocess.run(
        ["bash", "--noprofile", "--norc"], input=script, cwd=folder, env=dict(env), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    found = re.findall(rf"^{_MARK} (\d+)\n(.*?)\n{_MARK} end (\d+)$", done.stdout, re.DOTALL | re.MULTILINE)
    for number, printed, code in found:
        page[int(number)].printed = printed.rstrip("\n") + "\n" * bool(printed.strip())
        page[int(number)].exit_code = int(code)
    return done.stderr
