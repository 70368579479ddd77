"""Facts about the programme itself, its clock, its plugins, its periods and its staff."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from .types import Currency, Day, FactType, Minor, Name, Part, Points, Text, Time

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal")]


class PinnedRule(Part, frozen=True, kw_only=True):
    """A rule as the programme uses it: its label, version, plugin, place among others, and its parameters."""

    label: Name
    rule: Name
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    plugin: Name
    priority: int = 100
    params: dict[str, Any] = {}
    group: Name | None = None
    stacks: Literal["all", "stop", "alone"] = "all"


class PinnedPlugin(Part, frozen=True, kw_only=True):
    """The code of a plugin, by the hash of its files; *files* tells each by itself."""

    plugin: Name
    version: Name
    fingerprint: Sha256
    files: dict[Annotated[str, Meta(min_length=1, max_length=1000)], Sha256] = {}


class ProgrammeActivated(FactType, frozen=True, kw_only=True):
    """A programme is in force from an instant on. *effective* absent: from the beginning of time.

    It governs facts recorded after it, unless it *restates*: then those recorded before it, too.
    """

    topic = "programme.activated"
    about = "programme"
    programme: Name
    text: Annotated[str, Meta(min_length=1, max_length=1_000_000)]
    rules: tuple[PinnedRule, ...]
    plugins: tuple[PinnedPlugin, ...]
    tzdata: Name
    effective: Time | None = None
    approver: Name | None = None
    restates: bool = False


class ClockAdvanced(FactType, frozen=True, kw_only=True):
    """Time passed: timers due up to *to* fire."""

    topic = "clock.advanced"
    about = "programme"
    to: Time


class PluginsTrusted(FactType, frozen=True, kw_only=True):
    """An operator accepts the code of these plugins for the history recorded so far and from now on."""

    topic = "plugins.trusted"
    about = "programme"
    plugins: tuple[PinnedPlugin, ...]
    reason: Text | None = None
    approver: Name | None = None


class PeriodClosed(FactType, frozen=True, kw_only=True):
    """An accounting period is closed."""

    topic = "period.closed"
    about = "programme"
    period: Name
    last_day: Day
    approver: Name | None = None


class PointValueSet(FactType, frozen=True, kw_only=True):
    """What a point is worth: *points* points are worth *value_minor*."""

    topic = "point_value.set"
    about = "programme"
    points: Points
    value_minor: Minor
    currency: Currency


class QualityIncidentRecorded(FactType, frozen=True, kw_only=True):
    """A product had a fault that many members may have met."""

    topic = "quality_incident.recorded"
    about = "programme"
    incident: Name
    product: Name | None = None
    began: Time | None = None
    ended: Time | None = None


class StaffJoined(FactType, frozen=True, kw_only=True):
    """A person started to work here."""

    topic = "staff.joined"
    about = "staff"
    role: Name | None = None
    store: Name | None = None


class StaffLeft(FactType, frozen=True, kw_only=True):
    """A person stopped working here."""

    topic = "staff.left"
    about = "staff"
    reason: Name | None = None


TYPES: tuple[type[FactType], ...] = (
    ProgrammeActivated, ClockAdvanced, PluginsTrusted, PeriodClosed, PointValueSet, QualityIncidentRecorded,
    StaffJoined, StaffLeft,
)  # fmt: skip
