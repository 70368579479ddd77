"""Commands are typed in an empty folder, at a fixed time."""

from errors.fixtures import folder, play, shop_ledger
from errors.golden import pytest_addoption

__all__ = ["folder", "play", "pytest_addoption", "shop_ledger"]
