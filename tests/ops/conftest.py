"""As many fresh databases as a test wants."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ops.logs import Fresh

_numbers = itertools.count(1)


@pytest.fixture
def fresh_sqlite(_sqlite_template: Path, tmp_path: Path) -> Fresh:
    def fresh() -> str:
        path = tmp_path / f"fresh-{next(_numbers)}.db"
        shutil.copyfile(_sqlite_template, path)
        return f"sqlite:///{path}"

    return fresh


@pytest.fixture
def fresh_postgres(_postgres_template: str) -> Iterator[Fresh]:
    made: list[str] = []

    def fresh() -> str:
        made.append(f"fresh_{next(_numbers)}")
        execute(f"CREATE DATABASE {made[-1]} TEMPLATE template_ledger")
        return _postgres_template.replace("/postgres?", f"/{made[-1]}?")

    def execute(statement: str) -> None:
        with psycopg.connect(_postgres_template, autocommit=True) as connection:
            connection.execute(statement.encode())

    yield fresh
    for name in made:
        execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def fresh(request: pytest.FixtureRequest, database_url: str) -> Fresh:
    """Of the kind that ``database_url`` is."""
    kind = "fresh_sqlite" if database_url.startswith("sqlite") else "fresh_postgres"
    made: Fresh = request.getfixturevalue(kind)
    return made
