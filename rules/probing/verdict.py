"""What a check has come to: a table of rules and probes, and every finding with what to try."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import msgspec

from .plan import Finding

PROBES = {
    "twice": "told twice in one process",
    "elsewhere": "told in other processes: another time, zone, folder, environment, order of sets",
    "order": "told in another order of members",
    "resumed": "stopped half-way and resumed in a new process",
    "untouched": "what it is given, and what all rules share, stays as it was",
    "inputs": "reads nothing but its arguments and its parameters",
    "types": "methods, parameters and defaults fit",
    "bounds": "answers every fact, in time and within limits",
}

_MOST_SHOWN = 4
"""So many findings of one probe are shown of a rule."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found.

    Attributes:
        rules: Every rule checked.
        findings: In the order of the probes.
        unfinished: By rule, the probes that could not be run to their end.
        facts: How many facts the histories have.
        histories: How many histories.
        settings: How many sets of parameters.
        calls: How often a rule was asked, in one telling.
    """

    plugin: str
    rules: list[str]
    findings: list[Finding]
    unfinished: dict[str, set[str]]
    facts: int
    histories: int
    settings: int
    calls: int

    def faults(self) -> list[Finding]:
        """Return the findings that are no remarks."""
        return [finding for finding in self.findings if not finding.is_remark]

    def _mark(self, rule: str, probe: str) -> str:
        mine = [f for f in self.faults() if f.probe == probe and rule in f.rule.split(", ")]
        if mine:
            return "fail"
        return "unfinished" if probe in self.unfinished.get(rule, ()) else "ok"

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "plugin": self.plugin,
            "is_fine": not self.faults(),
            "rules": [
                {"rule": rule, "probes": {probe: self._mark(rule, probe) for probe in PROBES}}
                for rule in self._rows()
            ],
            "findings": [msgspec.to_builtins(finding) for finding in self.findings],
            "histories": self.histories, "facts": self.facts, "parameters": self.settings,
            "calls": self.calls,
        }  # fmt: skip

    def _rows(self) -> list[str]:
        """Return every rule, and the plugin itself where something was found of it."""
        others = [f.rule for f in self.findings if f.rule == self.plugin]
        return [*self.rules, *dict.fromkeys(others)]

    def lines(self) -> list[str]:
        """Return it for people."""
        rows, seen = self._rows(), Counter[tuple[str, str]]()
        width = max(map(len, [*rows, "rule"]))
        lines = [f"{'rule':<{width}}  " + "  ".join(PROBES)]
        signs = {"ok": "✓", "fail": "✗", "unfinished": "?"}
        for rule in rows:
            marks = "  ".join(f"{signs[self._mark(rule, probe)]:^{len(probe)}}" for probe in PROBES)
            lines.append(f"{rule:<{width}}  {marks}".rstrip())
        for finding in self.findings:
            seen[finding.rule, finding.probe] += 1
            if seen[finding.rule, finding.probe] <= _MOST_SHOWN:
                lines += ["", *_lines(finding)]
        hidden = sum(max(0, count - _MOST_SHOWN) for count in seen.values())
        if hidden:
            lines += ["", f"and {hidden} more: --json shows them all"]
        faults = len(self.faults())
        verdict = _counted(faults, "finding") if faults else "nothing found"
        if len(self.findings) > faults:
            verdict += f", {_counted(len(self.findings) - faults, 'remark')}"
        lines += ["", (
            f"{verdict}: {self.histories:,} histories of {self.facts:,} facts,"
            f" {_counted(self.settings, 'set')} of parameters, {self.calls:,} answers in each telling"
        )]  # fmt: skip
        return lines


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _lines(finding: Finding) -> list[str]:
    sign = "remark" if finding.is_remark else "✗"
    times = f" ({finding.times:,} times)" if finding.times > 1 else ""
    lines = [f"{sign} {finding.probe}  {finding.rule} {finding.what}{times}"]
    for name, text in (
        ("at", finding.at),
        ("here", finding.here),
        ("there", finding.there),
        ("try", finding.hint),
    ):
        if text is not None:
            lines.append(f"    {name:<7}{text}")
    return lines
