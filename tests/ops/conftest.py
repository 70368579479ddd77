"""As many fresh databases as a test wants."""

from __future__ import annotations

import pytest

from ops.logs import Fresh


@pytest.fixture
def fresh(request: pytest.FixtureRequest, database_url: str) -> Fresh:
    """Of the kind that ``database_url`` is."""
    kind = "fresh_sqlite" if database_url.startswith("sqlite") else "fresh_postgres"
    made: Fresh = request.getfixturevalue(kind)
    return made
