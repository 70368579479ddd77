"""Facts: the envelope, and one file for each family of the catalogue."""

from .envelope import Draft, Fact, convert, draft, member_of, read_event, stream_of
from .registry import CATALOGUE, Registry
from .types import FactType, Part

__all__ = [
    "CATALOGUE", "Draft", "Fact", "FactType", "Part", "Registry", "convert", "draft", "member_of",
    "read_event", "stream_of",
]  # fmt: skip
