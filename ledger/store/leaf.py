"""What is hashed of a fact: its stored bytes and its place, framed so that no two facts look alike.

The layout is fixed for ever. Every text is preceded by its length, so no byte can move from one field to the
next; RFC 6962, section 2.1, sets leaves (0x00) apart from nodes (0x01).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

_LEAF = b"\x00"
_VERSION = b"loyalty-ledger/leaf/v1\n"
# Two fields to come, empty so far: the digest of the request, the commitment to personal data.
_RESERVED = bytes(16)

# position, stream, version, topic, state, occurred_us, actor, source, event_id
Hasher = Callable[[int, str, int, str, bytes, int, str | None, str, str], bytes]


class _Frames(dict[str, bytes]):
    """Texts behind their lengths; those of one append repeat, so each is framed once."""

    def __missing__(self, text: str) -> bytes:
        content = text.encode()
        framed = self[text] = struct.pack(">Q", len(content)) + content
        return framed


def hasher(ledger_id: str, recorded_us: int) -> Hasher:
    """Return the function that hashes the facts of one append.

    Args:
        ledger_id: So that a fact cannot be passed off as another ledger's.
        recorded_us: When they entered the ledger, microseconds since 1970.
    """
    sha256, join = hashlib.sha256, b"".join
    one, times = struct.Struct(">Q").pack, struct.Struct(">qq").pack
    framed = _Frames()
    framed_ledger = framed[ledger_id]
    before = _LEAF + _VERSION

    def leaf(  # noqa: PLR0917 - called once a fact
        position: int, stream: str, version: int, topic: str, state: bytes, occurred_us: int,
        actor: str | None, source: str, event_id: str,
    ) -> bytes:  # fmt: skip
        name = event_id.encode()
        return sha256(join((
            before, one(position), framed_ledger, framed[stream], one(version), framed[topic],
            one(len(state)), state, times(occurred_us, recorded_us), framed[actor or ""], framed[source],
            one(len(name)), name, _RESERVED,
        ))).digest()  # fmt: skip

    return leaf


def leaf_hash(
    *, position: int, ledger_id: str, stream: str, version: int, topic: str, state: bytes, occurred_us: int,
    recorded_us: int, actor: str | None, source: str, event_id: str,
) -> bytes:  # fmt: skip
    """Return the RFC 6962 leaf hash of one fact, 32 bytes.

    Args:
        position: Place in the log, from 1.
        ledger_id: The ledger's own.
        stream: Its stream.
        version: Place in the stream.
        topic: Its type.
        state: The stored bytes, never written anew.
        occurred_us: When it happened, microseconds since 1970.
        recorded_us: When it entered the ledger, microseconds since 1970.
        actor: Who recorded it, if known.
        source: CloudEvents ``source``.
        event_id: CloudEvents ``id``.
    """
    leaf = hasher(ledger_id, recorded_us)
    return leaf(position, stream, version, topic, state, occurred_us, actor, source, event_id)
