"""Which members belong together: those connected by facts that name several of them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from .bulk import fetch_rows, stream_rows
from .lists import among, as_list


def linked_members(connection: Connection, upto: int) -> dict[str, tuple[str, ...]]:
    """Return, for every member of a group of two or more, its group in code-point order.

    Args:
        connection: Of a reading or a writing.
        upto: Only links made by facts up to this position.
    """
    parents: dict[str, str] = {}

    def root(member: str) -> str:
        while (parent := parents.setdefault(member, member)) != member:
            parents[member] = member = parents[parent]
        return member

    sql = "SELECT member, subject FROM fact_members WHERE position <= :upto AND member <> subject"
    for member, subject in stream_rows(connection, sql, {"upto": upto}):
        parents[root(member)] = root(subject)
    groups: dict[str, list[str]] = {}
    for member in sorted(parents):
        groups.setdefault(root(member), []).append(member)
    return {member: group for group in map(tuple, groups.values()) for member in group}


def groups_of(connection: Connection, members: Iterable[str], upto: int) -> dict[str, tuple[str, ...]]:
    """Return the group of each member asked for, in code-point order; often just the member itself.

    Args:
        connection: Of a reading or a writing.
        members: Whose groups.
        upto: Only links made by facts up to this position.
    """
    asked = list(dict.fromkeys(members))
    neighbours: dict[str, set[str]] = {member: set() for member in asked}
    reached = asked
    while reached:
        links = _links(connection, reached, upto)
        for member, subject in links:
            neighbours.setdefault(member, set()).add(subject)
            neighbours.setdefault(subject, set()).add(member)
        reached = list({end for link in links for end in link}.difference(asked))
        asked = [*asked, *reached]
    found: dict[str, tuple[str, ...]] = {}
    for member in dict.fromkeys(members):
        if member not in found:
            group = _connected(member, neighbours)
            found.update(dict.fromkeys(group, group))
    return {member: found[member] for member in members}


def _links(connection: Connection, members: list[str], upto: int) -> list[tuple[str, str]]:
    asked = among(connection, "members")
    sql = (
        "SELECT member, subject FROM fact_members WHERE position <= :upto AND member <> subject"  # noqa: S608
        f" AND member {asked} UNION SELECT member, subject FROM fact_members"
        f" WHERE position <= :upto AND member <> subject AND subject {asked}"
    )
    params = {"upto": upto, "members": as_list(connection, members)}
    return [(member, subject) for member, subject in fetch_rows(connection, sql, params)]


def _connected(start: str, neighbours: dict[str, set[str]]) -> tuple[str, ...]:
    reached, todo = {start}, [start]
    while todo:
        for member in neighbours.get(todo.pop(), ()):
            if member not in reached:
                reached.add(member)
                todo.append(member)
    return tuple(sorted(reached))
