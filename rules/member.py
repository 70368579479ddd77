"""What a rule may know of a member: read-only, and only what was booked before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from ..ledger.calendar import Zone
from . import sums, tracing
from .lineage import Keeps, remembered
from .state import MemberState
from .sums import Sums
from .tracing import PURCHASE, Traced

if TYPE_CHECKING:
    from .cause import Cause

_NOTHING = Keeps("")


class OpenLot(NamedTuple):
    """An open lot as rules see it.

    Attributes:
        lot: Its number within the member's lots.
        fact: Position of the fact that opened it.
        points: What is left of it to spend.
        pending: What is left of it and not usable yet.
        booked_us: When it was opened.
        usable_us: From when it can be spent.
        expires_us: When it expires, ``FOREVER_US`` when it never does.
    """

    lot: int
    fact: int
    points: int
    pending: int
    booked_us: int
    usable_us: int
    expires_us: int


class OpenHold(NamedTuple):
    """An open hold as rules see it.

    Attributes:
        hold: Its name.
        fact: Position of the fact that placed it.
        points: What it holds.
        order: What it is for, '' if that was not said.
    """

    hold: str
    fact: int
    points: int
    order: str


class Award(NamedTuple):
    """Points a rule gives for the fact at hand, not booked yet.

    Attributes:
        rule: The rule as entries cite it, label@version.
        label: Its label alone.
        points: How many.
        reason: Why, in words.
        usable_us: From when they can be spent, if the rule says so.
        expires_us: When they expire, if the rule says so.
        account: The programme's account that gives them.
        lines: What each line of the order counts for, if the rule says so.
    """

    rule: str
    label: str
    points: int
    reason: str
    usable_us: int | None
    expires_us: int | None
    account: str = "issued"
    lines: tuple[int, ...] | None = None


class Member:
    """One member of the group, as it stands before the fact and with what earlier stages did.

    Attributes:
        id: The member's id.
        zone: The programme's zone: ``zone.local_date(fact.occurred_us)``.
        currency: The programme's currency.
        rule: Label of the rule that is asked.
        note: ``note("{} × {}", a, b)``: a step of the arithmetic, kept only when explaining; so a value may
            be a function, which is called only then.
    """

    # The state has a name of its own in this class: a rule that finds and alters it means to.
    __slots__ = (
        "__state", "_awards", "_cause", "_grants", "_keeps", "_others", "_seen", "currency", "id", "note",
        "rule", "zone",
    )  # fmt: skip

    def __init__(  # noqa: PLR0917 - made by the engine alone
        self,
        member: str,
        state: MemberState,
        zone: Zone,
        currency: str,
        others: Callable[[str], Member | None],
        cause: Cause | None = None,
    ) -> None:
        self.id = member
        self.zone = zone
        self.currency = currency
        self._awards: list[Award] = []
        self._grants: Mapping[str, int | str] = {}
        self.rule, self._keeps = "", _NOTHING
        self.note: Callable[..., None] = _no_note
        self.__state = state
        self._others = others
        self._cause = cause
        self._seen: Member | None = None
        """The member as strangers' rules see it, made when the first of them asks."""

    def _step(self) -> int:
        """Return the position of the fact or advance that is being folded."""
        cause = self._cause
        return self.__state.position if cause is None else cause.step or cause.position

    @property
    def granted(self) -> int:
        """How much of the rule's shared budget the fact at hand was granted (``Rule.claim``).

        Raises:
            ValueError: the rule could not say what the fact claims.
        """
        found = self._grants.get(self.rule, 0)
        if isinstance(found, str):
            raise ValueError(f"the claim failed: {found}")
        return found

    @property
    def balance_points(self) -> int:
        """Points that can be spent now; negative is debt."""
        return self.__state.points

    @property
    def pending_points(self) -> int:
        """Points earned and not usable yet."""
        return self.__state.pending

    @property
    def held_points(self) -> int:
        """Points set apart by holds."""
        return self.__state.held

    @property
    def expired_points(self) -> int:
        """Points that have expired and were neither given anew nor taken back since."""
        return max(self.__state.gone_points, 0)

    def hold(self, name: str) -> OpenHold | None:
        """Return an open hold by its name."""
        held = self.__state.holds.get(name)
        return OpenHold(name, held.fact, sum(x.points for x in held.pieces), held.order) if held else None

    @property
    def clock_us(self) -> int:
        """The latest instant booked for this member."""
        return self.__state.clock_us

    @property
    def lots(self) -> tuple[OpenLot, ...]:
        """Open lots in burn order."""
        return tuple(
            OpenLot(x.lot, x.fact, x.points, x.pending, x.booked_us, x.usable_us, x.expires_us)
            for x in self.__state.lots
        )

    @property
    def awards(self) -> tuple[Award, ...]:
        """What this fact has earned so far, in the order it was given."""
        return tuple(self._awards)

    @property
    def earned_points(self) -> int:
        """Points this fact has earned so far."""
        return sum(award.points for award in self._awards)

    def counter(self, name: str) -> int:
        """Return the rule's own named counter, 0 at first."""
        found = self.kept(name)
        return found if isinstance(found, int) else 0

    def kept(self, key: str) -> int | str | None:
        """Return what the rule itself keeps under a name, None at first."""
        memory = remembered(self.__state.memory, self._keeps)
        return memory.get(key) if memory else None

    def rung(self, ladder: str | None = None) -> str | None:
        """Return where the member stands on a ladder (None: the one of the rule's own label), if anywhere."""
        found = self.__state.rungs.get(self.rule if ladder is None else ladder)
        return found.rung if found else None

    @property
    def total(self) -> Sums:
        """Sums of the member's whole life."""
        return sums.total(self.__state)

    def sums(self, since: date, until: date) -> Sums:
        """Return the sums of local days, both included; days are kept as long as ``Rule.sums_days`` asks."""
        return sums.between(self.__state, since, until)

    @property
    def days(self) -> Iterator[tuple[date, Sums]]:
        """The days that are kept and on which something counts, the earliest first."""
        return sums.by_day(self.__state)

    @property
    def last_visit(self) -> date | None:
        """The latest day with a visit, among the days that are kept."""
        return sums.last_visit(self.__state)

    def order(self, order: str) -> Traced | None:
        """Return the latest purchase of an order that has not come back, or else the latest remembered."""
        return self.traced(PURCHASE, order)

    def orders(self, order: str) -> list[Traced]:
        """Return all remembered purchases of an order, the earliest first."""
        return [tracing.shown(trace) for trace in tracing.about(self.__state, PURCHASE, order)]

    def timer(self, key: str) -> int | None:
        """Return when the rule's own timer of this key is due, None if none is set."""
        found = (alarm.due_us for alarm in self.__state.alarms if (alarm.key, alarm.rule) == (key, self.rule))
        return next(found, None)

    def traced(self, topic: str, key: str) -> Traced | None:
        """Return the latest remembered fact about an order or a reward, of those that stand if any does."""
        found = tracing.latest(self.__state, topic, key)
        return tracing.shown(found) if found else None

    def traced_at(self, position: int) -> Traced | None:
        """Return the remembered fact at a position."""
        found = tracing.at(self.__state, position)
        return tracing.shown(found) if found else None

    def local_date(self, instant_us: int) -> date:
        """Return the day of an instant in the programme's zone."""
        return self.zone.local_date(instant_us)

    def other(self, member: str) -> Member | None:
        """Return another member of the group, or who has absorbed it; None when it is not in the group."""
        return self._others(member)


def _no_note(_template: str, *_values: Any) -> None:
    """Notes are dropped unless somebody asked for an explanation."""
