"""The RFC 6962 Merkle tree, kept as its frontier: the roots of the full subtrees, largest first.

A tree of *size* leaves has one full subtree for each bit set in *size*, so its frontier is 32 bytes times
that number: enough to add leaves and to tell the root.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

NODE = b"\x01"
_WIDTH = 32


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, section 2.1)."""
    return hashlib.sha256(NODE + left + right).digest()


def frontier_append(frontier: bytes, size: int, leaf: bytes) -> bytes:
    """Return the frontier after one more leaf.

    Args:
        frontier: Of the tree so far.
        size: Leaves so far.
        leaf: The leaf's hash.
    """
    return frontier_extend(frontier, size, (leaf,))


def frontier_extend(frontier: bytes, size: int, leaves: Iterable[bytes]) -> bytes:
    """Return the frontier after more leaves, given by their hashes."""
    sha256 = hashlib.sha256
    peaks = [frontier[at : at + _WIDTH] for at in range(0, len(frontier), _WIDTH)]
    for leaf in leaves:
        top, full = leaf, size
        while full & 1:
            top = sha256(NODE + peaks.pop() + top).digest()
            full >>= 1
        peaks.append(top)
        size += 1
    return b"".join(peaks)


def root_of(frontier: bytes, size: int) -> bytes:
    """Return the root of the tree, 32 bytes; of the empty tree, the hash of nothing.

    Raises:
        ValueError: *frontier* is none of a tree of *size* leaves.
    """
    if len(frontier) != _WIDTH * size.bit_count():
        raise ValueError(f"frontier of {len(frontier)} bytes does not fit {size} leaves")
    if not size:
        return hashlib.sha256().digest()
    peaks = [frontier[at : at + _WIDTH] for at in range(0, len(frontier), _WIDTH)]
    root = peaks.pop()
    while peaks:
        root = node_hash(peaks.pop(), root)
    return root
