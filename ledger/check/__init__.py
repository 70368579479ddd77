"""Checks: what must hold in the log, the journal and the views, each one query on the database itself.

A check looks for its exceptions and returns all of them as data. The tree's hashes are not among them:
``store.verify`` computes those.
"""

from .finding import Check, Finding, Findings, Result, check_fields, check_lines
from .running import CHECKS, run_checks

__all__ = ["CHECKS", "Check", "Finding", "Findings", "Result", "check_fields", "check_lines", "run_checks"]
