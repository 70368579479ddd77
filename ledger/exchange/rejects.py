"""Rows that did not become facts: kept as they were, listed, and tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from ..errors import FactError, HistoryError
from ..facts import Draft, Registry
from ..store.bulk import insert_rows
from ..store.database import Database
from ..store.log import Admission, Log, Outcome
from ..tables import imports, rejects
from .chunk import Fault, Item, digest_of
from .mapping import Mapping
from .occurrences import Naming
from .opening import read_again

MAX_KEPT = 4 << 20
RETRY_BATCH = 200
_KNOWN_AT_ONCE = 500
_OPEN = Admission()


class Rejected(NamedTuple):
    """A row, or the rows of a basket, on the way to the rejects."""

    digest: str
    line: int
    fault: Fault
    member: str | None
    content: bytes

    @classmethod
    def of(cls, item: Item, fault: Fault, naming: Naming) -> Rejected:
        """Return the rejected rows of an item; equal rows of one file are told apart by *naming*."""
        content = item.content()[:MAX_KEPT]
        digest = item.digest
        if not digest:
            digest = naming.name(digest_of(b"reject", content))
        member = item.member
        if item.draft is not None and item.draft.stream.startswith("member/"):
            member = item.draft.stream[7:]
        return cls(digest, item.line, fault, member, content)


class Reject(NamedTuple):
    """A row, or the rows of a basket, that did not become a fact.

    Attributes:
        id: Its number.
        import_id: The import it came with.
        digest: SHA-256 of what it says and of its occurrence number.
        file: The file it came from.
        line: The line with the fault, from 1; of a Parquet file the row.
        column: The column with the fault, or None.
        code: The stable name of the fault.
        reason: What is wrong, in words.
        member: The member it is about, as far as that could be read.
        content: The bytes as they were; rows of a Parquet file as JSON Lines.
        rejected_us: When, microseconds since 1970.
        retried_us: When it became a fact after all, or None.
    """

    id: int
    import_id: int
    digest: str
    file: str
    line: int
    column: str | None
    code: str
    reason: str
    member: str | None
    content: bytes
    rejected_us: int
    retried_us: int | None


class Retried(NamedTuple):
    """What a retry did, in rejects."""

    tried: int = 0
    passed: int = 0
    still: int = 0


def fault_of(outcome: Outcome) -> Fault | None:
    """Return why a fact was not stored; None where it was, or had been before."""
    if outcome.status == "refused":
        return Fault(outcome.error or FactError("fact was refused"))
    if outcome.status != "conflict":
        return None
    where = f"the fact at position {outcome.position}" if outcome.position else "an earlier fact of the file"
    differing = f" in {', '.join(outcome.fields[:10])}" if outcome.fields else ""
    return Fault(FactError(f"same source and id as {where}, but it differs{differing}", code="conflict"))


def keep(
    connection: Connection, rejected: Sequence[Rejected], *, import_id: int, file: str, now_us: int
) -> None:
    """Store rejected rows that are not there yet, in the caller's transaction, which holds the head row."""
    fresh = {one.digest: one for one in rejected}
    for start in range(0, len(rejected), _KNOWN_AT_ONCE):
        asked = [one.digest for one in rejected[start : start + _KNOWN_AT_ONCE]]
        for (digest,) in connection.execute(select(rejects.c.digest).where(rejects.c.digest.in_(asked))):
            fresh.pop(digest, None)
    if not fresh:
        return
    last: int = connection.execute(select(func.max(rejects.c.id))).scalar() or 0
    insert_rows(connection, rejects, [
        (
            last + number, import_id, one.digest, file, one.line, one.fault.column, one.fault.error.code,
            _one_line(one.fault.error), _plain(one.member), one.content, now_us, None,
        )
        for number, one in enumerate(fresh.values(), 1)
    ])  # fmt: skip


def _one_line(error: FactError) -> str:
    return (_plain(error.what) or "").splitlines()[0][:500] if error.what else ""


def _plain(text: str | None) -> str | None:
    """Return a text that every database takes: no NUL, no half of a surrogate pair."""
    if text is None:
        return None
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def list_rejects(
    connection: Connection, *, is_all: bool = False, import_id: int | None = None, after: int = 0,
    limit: int = 1_000,
) -> list[Reject]:  # fmt: skip
    """Return rejects in the order they were kept.

    Args:
        connection: Of a reading.
        is_all: Those that became facts later, too.
        import_id: Only those of this import.
        after: Only those with a higher number.
        limit: At most so many.
    """
    query = select(rejects).where(rejects.c.id > after).order_by(rejects.c.id).limit(limit)
    if not is_all:
        query = query.where(rejects.c.retried_us.is_(None))
    if import_id is not None:
        query = query.where(rejects.c.import_id == import_id)
    return [Reject(*row) for row in connection.execute(query)]


def retry_rejects(
    database: Database, registry: Registry, *, now_us: Callable[[], int], admission: Admission = _OPEN,
    mapping: Mapping | None = None, import_id: int | None = None,
) -> Retried:  # fmt: skip
    """Read every open reject again; those that now pass become facts.

    Args:
        database: Where they are kept.
        registry: The known types of facts.
        now_us: The clock, microseconds since 1970.
        admission: The programme's policies about what may enter.
        mapping: Use this instead of the one they were imported with.
        import_id: Only those of this import.

    Raises:
        UsageError: the mapping does not fit.
    """
    log = Log(database)
    after = tried = passed = 0
    while True:
        with database.writing() as connection:
            log.lock(connection)
            batch = list_rejects(connection, import_id=import_id, after=after, limit=RETRY_BATCH)
            if not batch:
                return Retried(tried, passed, tried - passed)
            for reject in batch:
                drafts, fault = _read(connection, registry, reject, mapping)
                if fault is None:
                    outcomes = log.append(
                        connection, drafts, now_us=now_us(), import_id=reject.import_id, admission=admission
                    )
                    fault = next(filter(None, map(fault_of, outcomes)), None)
                _mark(connection, reject, fault, now_us())
                passed += fault is None
            tried += len(batch)
            after = batch[-1].id


def _read(
    connection: Connection, registry: Registry, reject: Reject, mapping: Mapping | None
) -> tuple[list[Draft], Fault | None]:
    kept = connection.execute(select(imports.c.mapping).where(imports.c.id == reject.import_id)).scalar()
    try:
        items = read_again(reject.content, kept, registry, mapping=mapping, digest=reject.digest)
    except HistoryError as error:
        return [], Fault(FactError(error.what, code="kept"))
    faults = [item.fault for item in items if item.fault is not None]
    return [item.draft for item in items if item.draft is not None], faults[0] if faults else None


def _mark(connection: Connection, reject: Reject, fault: Fault | None, now_us: int) -> None:
    values: dict[str, object] = {"retried_us": now_us}
    if fault is not None:
        values = {"column": fault.column, "code": fault.error.code, "reason": _one_line(fault.error)}
    connection.execute(update(rejects).where(rejects.c.id == reject.id).values(values))
