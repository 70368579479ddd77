"""Checks: what must hold in the log, the journal and the views.

A check looks for its exceptions and returns all of them as data. Most are one query on the database itself;
for what no query sees, the facts are folded once more and the views compared with that, row by row. The
tree's hashes are not among them: ``store.verify`` computes those.
"""

from .finding import Cell, Check, Finding, Findings, Result, check_fields, check_lines
from .refolding import CHECKS as REFOLD_CHECKS
from .running import CHECKS, check_ledger, run_checks

__all__ = [
    "CHECKS", "REFOLD_CHECKS", "Cell", "Check", "Finding", "Findings", "Result", "check_fields",
    "check_ledger", "check_lines", "run_checks",
]  # fmt: skip
