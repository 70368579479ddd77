"""The flag that rewrites golden files, and what is needed to play a case."""

from errors.fixtures import folder, play, shop_ledger
from errors.golden import pytest_addoption

__all__ = ["folder", "play", "pytest_addoption", "shop_ledger"]
