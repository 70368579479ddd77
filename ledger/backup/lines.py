"""The lines of a backup: gzip'd JSON, one object a line.

::

    {"format":"loyalty-ledger/backup/1","ledger_id":…,"facts":…,"root":…,"recorded_us":…,"schema":…}
    {"kind":"fact",…}      every fact, by position
    {"kind":"member",…}    every member a fact names beside its subject
    {"kind":"import",…}    every import, by id
    {"kind":"reject",…}    every rejected row, by id
    {"kind":"end","facts":…,"members":…,"imports":…,"rejects":…,"sha256":…}

Columns are as in the tables. Bytes are text where they are UTF-8, else base64 under a key of their own;
hashes are hexadecimal. *sha256* is that of every byte above its line.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

FORMAT = "loyalty-ledger/backup/1"

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _Line(Struct, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True, gc=False):
    pass


class FormatLine(Struct, forbid_unknown_fields=True, gc=False):
    """The first line: which ledger, and what the log must come to."""

    format: str
    ledger_id: str
    facts: Count
    root: Sha256
    recorded_us: Int64
    schema: str


class FactLine(_Line, tag="fact"):
    """A row of ``facts``."""

    position: Count
    stream: str
    version: Int64
    topic: str
    source: str | None
    event_id: str | None
    occurred_us: Int64 | None
    recorded_us: Int64
    leaf_hash: Sha256
    state: str | UnsetType = UNSET
    state_base64: bytes | UnsetType = UNSET
    import_id: Int64 | None = None
    metadata_base64: bytes | UnsetType = UNSET


class MemberLine(_Line, tag="member"):
    """A row of ``fact_members``."""

    member: str
    position: Count
    subject: str


class ImportLine(_Line, tag="import"):
    """A row of ``imports``."""

    id: Int64
    file: str
    format: str
    mapping: str | None
    started_us: Int64
    finished_us: Int64 | None
    imported: Int64
    duplicates: Int64
    conflicts: Int64
    rejected: Int64


class RejectLine(_Line, tag="reject"):
    """A row of ``rejects``."""

    id: Int64
    import_id: Int64
    digest: str
    file: str
    line: Int64
    column: str | None
    code: str
    reason: str
    member: str | None
    rejected_us: Int64
    retried_us: Int64 | None
    content: str | UnsetType = UNSET
    content_base64: bytes | UnsetType = UNSET


class EndLine(_Line, tag="end"):
    """The last line: how many there are of each, and the hash of the lines above."""

    facts: Count
    members: Count
    imports: Count
    rejects: Count
    sha256: Sha256


Line = FactLine | MemberLine | ImportLine | RejectLine | EndLine
encode = msgspec.json.Encoder().encode
decode_format = msgspec.json.Decoder(FormatLine).decode
decode_line = msgspec.json.Decoder(Line).decode


def fact_line(row: tuple[Any, ...]) -> FactLine:
    """Return the line of a row in the columns of ``facts``."""
    position, stream, version, topic, state, source, event_id, occurred_us, recorded_us, *rest = row
    import_id, kept, leaf = rest
    text, raw = _texted(state)
    return FactLine(
        position, stream, version, topic, source, event_id, occurred_us, recorded_us, leaf.hex(), text, raw,
        import_id, UNSET if kept is None else kept,
    )  # fmt: skip


def fact_row(line: FactLine) -> tuple[Any, ...]:
    """Return the row in the columns of ``facts``."""
    kept = None if line.metadata_base64 is UNSET else line.metadata_base64
    return (
        line.position, line.stream, line.version, line.topic, _untexted(line.state, line.state_base64),
        line.source, line.event_id, line.occurred_us, line.recorded_us, line.import_id, kept,
        bytes.fromhex(line.leaf_hash),
    )  # fmt: skip


def reject_line(row: tuple[Any, ...]) -> RejectLine:
    """Return the line of a row in the columns of ``rejects``."""
    number, import_id, digest, file, line, column, code, reason, member, content, rejected_us, retried_us = (
        row
    )
    return RejectLine(
        number, import_id, digest, file, line, column, code, reason, member, rejected_us, retried_us,
        *_texted(content),
    )  # fmt: skip


def reject_row(line: RejectLine) -> tuple[Any, ...]:
    """Return the row in the columns of ``rejects``."""
    return (
        line.id, line.import_id, line.digest, line.file, line.line, line.column, line.code, line.reason,
        line.member, _untexted(line.content, line.content_base64), line.rejected_us, line.retried_us,
    )  # fmt: skip


def _texted(content: bytes) -> tuple[str | UnsetType, bytes | UnsetType]:
    try:
        return content.decode(), UNSET
    except UnicodeDecodeError:
        return UNSET, content


def _untexted(text: str | UnsetType, raw: bytes | UnsetType) -> bytes:
    if isinstance(text, str):
        return text.encode()
    return b"" if isinstance(raw, UnsetType) else raw
