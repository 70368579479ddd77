"""The README of this folder: every case as a reader meets it."""

from __future__ import annotations

from pathlib import Path

from errors.script import Case, read_case

_ROOMS = {
    "files": "Files that cannot be read",
    "rows": "Rows that become no facts",
    "mappings": "Mappings",
    "database": "Databases",
    "programme": "Programmes",
    "plugins": "Plugins",
    "commands": "Commands that are refused",
    "no_error": "No errors",
}
_HEAD = """\
# What the program says when something is wrong

Made from the cases in this folder; do not edit it. A case is a text file: what is there, what is typed, what
is answered, what is left in the database. `script.py` says how it is written, `surroundings.py` has the words
a case may be given. Every case is run by `pytest tests/errors`; `pytest tests/errors --update-golden` writes
what the program says now into the cases and into this page: read the difference before you commit it.

Unless a case says otherwise it starts with the ledger of a small shop (one fact: its programme), at {now}.

| exit code | means |
|---|---|
| 0 | fine |
| 1 | another expected error |
| 2 | usage: an option, an argument, a programme or a mapping is wrong |
| 3 | a fact, a file or the database cannot be read |
| 4 | a rule failed |
| 5 | plugins clash, are missing, altered or cannot be imported |
| 6 | findings: a check found something |
| 7 | done, but with rejects |

The shop's programme, `shop.toml`, and the mapping of its till, `till.toml`:

```toml
{shop}```

```toml
{till}```
"""


def gallery(folder: Path) -> str:
    """Return the page."""
    shop, till = ((folder / "shop" / f"{name}.toml").read_text("utf-8") for name in ("shop", "till"))
    parts = [_HEAD.format(now="noon of 1 June 2026, UTC", shop=shop, till=till)]
    for room, title in _ROOMS.items():
        parts.append(f"\n## {title}\n")
        parts += [
            _shown(read_case(path), f"{room}/{path.name}") for path in sorted((folder / room).glob("*.case"))
        ]
    return "".join(parts)


def _shown(case: Case, name: str) -> str:
    lines = [f"\n### {case.title}\n", case.why and f"{case.why}", f"`{name}`"]
    given = [line if not line.startswith("loyalty ") else f"`{line}`" for line in case.given]
    if given:
        lines.append("  \nGiven: " + "; ".join(given) + ".")
    lines.append("\n\n")
    for file, content in case.files.items():
        lines.append(f"`{file}`\n\n```\n{_escaped(content)}```\n\n")
    lines.append("```console\n")
    for typed in case.typed:
        lines.append(f"$ {typed.command}\n{_escaped(typed.stdout)}{_escaped(typed.stderr)}")
        lines.append(f"[exit {typed.exit_code}]\n" if typed.exit_code else "")
    return "".join(lines) + f"```\n\nLeft: {case.left}.\n"


def _escaped(text: str) -> str:
    return text.replace("```", "'''")
