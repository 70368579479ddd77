"""Contacts in both directions, interests and preferences, and recommended actions that were done."""

from __future__ import annotations

from typing import Literal

from .types import Count, FactType, Name


class ContactRecorded(FactType, frozen=True, kw_only=True):
    """Somebody spoke, wrote or met."""

    topic = "contact.recorded"
    direction: Literal["inbound", "outbound"]
    channel: Name
    purpose: Name | None = None
    contact_topic: Name | None = None
    staff: Name | None = None
    duration_s: Count | None = None


class InterestDeclared(FactType, frozen=True, kw_only=True):
    """A member is interested in a topic or a category."""

    topic = "interest.declared"
    interest: Name
    is_detected: bool = False


class PreferenceStated(FactType, frozen=True, kw_only=True):
    """How a member wants to be reached, or not at all."""

    topic = "preference.stated"
    channels: tuple[Name, ...] = ()
    do_not_contact: bool = False
    language: Name | None = None


class ActionDone(FactType, frozen=True, kw_only=True):
    """A recommended action was carried out."""

    topic = "action.done"
    action: Name
    outcome: Name | None = None
    staff: Name | None = None


TYPES: tuple[type[FactType], ...] = (ContactRecorded, InterestDeclared, PreferenceStated, ActionDone)
