"""A list of texts as one parameter, so that a query is the same text however many it asks for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection


def listed(connection: Connection, name: str) -> str:
    """Return SQL for a table of one column, ``value``, of the texts in the parameter of that name."""
    if connection.dialect.name == "sqlite":
        return f"(SELECT value FROM json_each(:{name}))"  # noqa: S608 - a parameter's name
    return f"(SELECT unnest(CAST(:{name} AS text[])) AS value)"


def among(connection: Connection, name: str) -> str:
    """Return the SQL that follows a column which must be among the texts in the parameter of that name."""
    if connection.dialect.name == "sqlite":
        return f"IN {listed(connection, name)}"
    return f"= ANY (CAST(:{name} AS text[]))"  # searches an index for each, which IN of a SELECT may not


def as_list(connection: Connection, values: Iterable[str]) -> str | list[str]:
    """Return the parameter that ``listed`` and ``among`` read."""
    if connection.dialect.name == "sqlite":
        return msgspec.json.encode(list(values)).decode()
    return list(values)
