"""Loyalty Ledger: purchases and complaints in as facts, points and standing out, every number explained.

Rule authors import from :mod:`loyalty_ledger.rules`. This module loads nothing at run time, so that importing
the package never registers a stored topic twice.
"""

__version__ = "0.1.0"
