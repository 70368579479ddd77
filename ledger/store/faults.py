"""What a database driver reports, said as a user can act on it."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ..errors import HistoryError, LoyaltyError

_AGAIN = "run the command again: nothing is half-written"
_LOCKED = (LoyaltyError, "database is locked by another program", f"wait for it to end, then {_AGAIN}")
_CLOSED = "database cannot be opened"

# By the start of SQLite's error name: kind of error, what, hint.
_SQLITE: dict[str, tuple[type[LoyaltyError], str, str]] = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_READONLY": (LoyaltyError, "database is read-only", "make the file and its folder writable"),
    "SQLITE_FULL": (LoyaltyError, "disk is full", f"make room, then {_AGAIN}"),
    "SQLITE_IOERR": (LoyaltyError, "disk cannot be read or written", f"check the disk, then {_AGAIN}"),
    "SQLITE_CANTOPEN": (HistoryError, _CLOSED, "check that the folder exists, and its permissions"),
    "SQLITE_PERM": (HistoryError, _CLOSED, "check the permissions of the file"),
    "SQLITE_NOTADB": (HistoryError, "file is no database", "name a SQLite file made by loyalty init"),
    "SQLITE_CORRUPT": (HistoryError, "database is damaged", "restore a backup with loyalty restore"),
}  # fmt: skip

# By the start of PostgreSQL's SQLSTATE (PostgreSQL documentation, appendix A).
_POSTGRES: dict[str, tuple[type[LoyaltyError], str, str]] = {
    "08": (HistoryError, "database server does not answer", f"start it, then {_AGAIN}"),
    "57P": (HistoryError, "database server ended the connection", f"start it, then {_AGAIN}"),
    "3D000": (HistoryError, "no such database on the server", "create it with createdb, then loyalty init"),
    "28": (HistoryError, "database server refuses the user or password", "check both in the database's URL"),
    "42501": (LoyaltyError, "database user lacks a permission", "grant it, or name another user in the URL"),
    "25006": (LoyaltyError, "database is read-only", "name a user or a server that may write"),
    "53100": (LoyaltyError, "disk of the database server is full", f"make room, then {_AGAIN}"),
    "53300": (LoyaltyError, "database server has no connection left", f"wait, then {_AGAIN}"),
    "55P03": _LOCKED,
    "40": _LOCKED,
    "57014": (LoyaltyError, "database server cancelled the statement", _AGAIN),
    "XX001": (HistoryError, "database is damaged", "restore a backup with loyalty restore"),
}  # fmt: skip


def explained(error: Exception, where: str) -> LoyaltyError | None:
    """Return the error a user can act on, or None if this one is a fault of the program.

    Args:
        error: What SQLAlchemy or the driver raised.
        where: The database, without password.
    """
    if isinstance(error, NoConnectionFree):
        return LoyaltyError("no database connection became free", at=where, hint=_AGAIN)
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        found = _starting(_SQLITE, getattr(cause, "sqlite_errorname", ""))
    elif cause is not None and type(cause).__module__.startswith("psycopg"):
        found = _starting(_POSTGRES, getattr(cause, "sqlstate", None) or _guessed(cause))
    else:
        return None
    if found is None:
        return None
    kind, what, hint = found
    return kind(what, at=where, hint=hint)


def _guessed(cause: BaseException) -> str:
    """Return a SQLSTATE for a connection that never came about or broke: libpq gives none, only a text."""
    if type(cause).__name__ not in ("OperationalError", "ConnectionTimeout"):
        return ""
    if "does not exist" in str(cause) and "database" in str(cause):
        return "3D000"
    return "28000" if "authentication failed" in str(cause) else "08000"


def _starting(
    known: dict[str, tuple[type[LoyaltyError], str, str]], code: str
) -> tuple[type[LoyaltyError], str, str] | None:
    for length in range(len(code), 1, -1):
        if code[:length] in known:
            return known[code[:length]]
    return None
