"""Reading the rows of many keys in one statement, on either database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from ..store.bulk import execute, fetch_rows

_json = msgspec.json.Encoder().encode


def rows_of_members(connection: Connection, table: str, members: Iterable[str]) -> list[tuple[Any, ...]]:
    """Return the rows of *table* whose column *member* is one of *members*."""
    return rows_of_texts(connection, table, "member", members)


def rows_of_texts(
    connection: Connection, table: str, column: str, texts: Iterable[str]
) -> list[tuple[Any, ...]]:
    """Return the rows of *table* whose text *column* is one of *texts*."""
    where, wanted = _among(connection, column, texts)
    return fetch_rows(connection, f"SELECT * FROM {table} WHERE {where}", {"wanted": wanted})  # noqa: S608


def delete_of_members(connection: Connection, table: str, members: Iterable[str]) -> None:
    """Delete the rows of *table* whose column *member* is one of *members*."""
    where, wanted = _among(connection, "member", members)
    execute(connection, f"DELETE FROM {table} WHERE {where}", {"wanted": wanted})  # noqa: S608


def rows_of_keys(
    connection: Connection, table: str, column: str, keys: Collection[tuple[str, int] | tuple[str, str]]
) -> list[tuple[Any, ...]]:
    """Return the rows of *table* whose (member, *column*) is one of *keys*: all numbers, or all texts."""
    if connection.dialect.name == "sqlite":
        sql = (
            f"SELECT t.* FROM json_each(:wanted) AS k CROSS JOIN {table} AS t"  # noqa: S608 - our own names
            f" ON t.member = json_extract(k.value, '$[0]') AND t.{column} = json_extract(k.value, '$[1]')"
        )
        return fetch_rows(connection, sql, {"wanted": _json(list(keys)).decode()})
    members, seconds = [key[0] for key in keys], [key[1] for key in keys]
    kind = "text" if isinstance(seconds[0], str) else "bigint"
    sql = (
        f"SELECT t.* FROM unnest(:members::text[], :seconds::{kind}[]) AS k(member, second)"  # noqa: S608
        f" JOIN {table} AS t ON t.member = k.member AND t.{column} = k.second"
    )
    return fetch_rows(connection, sql, {"members": members, "seconds": seconds})


def _among(connection: Connection, column: str, texts: Iterable[str]) -> tuple[str, object]:
    if connection.dialect.name == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(:wanted))", _json(list(texts)).decode()  # noqa: S608
    return f"{column} = ANY(:wanted::text[])", list(texts)
