"""Between the library's stored events and facts: the state is the fact's canonical JSON, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from ..facts import Draft, Fact, Registry


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fact to save: ``application.save(Proposal(draft, version))``.

    Attributes:
        draft: The checked fact.
        originator_version: Its place in its stream, one more than the last.
    """

    draft: Draft
    originator_version: int

    @property
    def originator_id(self) -> str:
        """Return the fact's stream."""
        return self.draft.stream


@dataclass(frozen=True, slots=True)
class RecordedFact:
    """A fact read back by its stream and version."""

    originator_id: str
    originator_version: int
    fact: Fact[Any]


@dataclass(frozen=True)
class DraftedEvent(StoredEvent):
    """A stored event that knows the fact it was made of."""

    draft: Draft


class FactMapper(Mapper[str]):
    """Turns proposals into stored events and stored events into facts."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(JSONTranscoder())
        self._decoders = registry.fact_decoders()

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Return the event to store.

        Raises:
            TypeError: *domain_event* is no proposal.
        """
        if not isinstance(domain_event, Proposal):
            raise TypeError(f"only a Proposal can be saved, not {type(domain_event).__name__}")
        draft = domain_event.draft
        return DraftedEvent(draft.stream, domain_event.originator_version, draft.topic, draft.state, draft)

    def to_domain_event(self, stored_event: StoredEvent) -> RecordedFact:
        """Return the fact, checked against its type."""
        fact = self._decoders[stored_event.topic](stored_event.state)
        return RecordedFact(str(stored_event.originator_id), stored_event.originator_version, fact)


def draft_of(event: StoredEvent, recorded_us: int) -> Draft:
    """Return the fact an event holds; one of the library's own kind is named by its stream and version.

    Args:
        event: To store.
        recorded_us: When, microseconds since 1970; an event that is no fact occurred then.
    """
    if isinstance(event, DraftedEvent):
        return event.draft
    stream = str(event.originator_id)
    name = f"{stream}/{event.originator_version}"
    return Draft(name, "eventsourcing", event.topic, stream, recorded_us, None, (), event.state)
