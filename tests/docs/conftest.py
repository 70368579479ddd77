"""The flag that rewrites the reference."""

from errors.golden import pytest_addoption

__all__ = ["pytest_addoption"]
