"""Facts to append."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loyalty_ledger.ledger.facts import Draft, Registry, draft

Make = Callable[..., Draft]
_registry = Registry()


@pytest.fixture
def purchase() -> Make:
    def make(
        event_id: str, member: str = "1", *, amount_minor: int = 100, at_us: int = 0, source: str = "shop",
        lines: tuple[int, ...] = (), actor: str | None = None,
    ) -> Draft:  # fmt: skip
        fields = {
            "order": event_id, "amount_minor": amount_minor, "currency": "USD",
            "lines": [{"amount_minor": line} for line in lines],
        }  # fmt: skip
        return draft(
            _registry, event_id=event_id, source=source, topic="purchase.recorded", subject=member,
            occurred_us=at_us, data=fields, actor=actor,
        )  # fmt: skip

    return make


@pytest.fixture
def referral() -> Make:
    def make(event_id: str, member: str, referred: str) -> Draft:
        return draft(
            _registry, event_id=event_id, source="shop", topic="referral.made", subject=member, occurred_us=0,
            data={"referred": referred},
        )  # fmt: skip

    return make


@pytest.fixture
def enrolment() -> Make:
    def make(event_id: str, member: str) -> Draft:
        return draft(
            _registry, event_id=event_id, source="shop", topic="member.enrolled", subject=member,
            occurred_us=0, data={},
        )  # fmt: skip

    return make


@pytest.fixture
def advance() -> Make:
    def make(event_id: str, to: str) -> Draft:
        return draft(
            _registry, event_id=event_id, source="shop", topic="clock.advanced", subject=None, occurred_us=0,
            data={"to": to},
        )  # fmt: skip

    return make
