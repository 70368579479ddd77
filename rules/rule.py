"""What a rule is: a named, versioned, pure function of a fact and of what is known of the member."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import Struct

from ..ledger.errors import PluginError
from ..ledger.facts import FactType
from .answers import said
from .effects import Changed, Effect, NewLot

STAGES = ("earn", "multiply", "cap", "standing", "react")
Answer = Effect | Iterable[Effect] | None
_Method = TypeVar("_Method", bound=Callable[..., Any])
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


_HAPPENINGS = (NewLot, Changed)


def on(*kinds: type[FactType] | type[NewLot] | type[Changed]) -> Callable[[_Method], _Method]:
    """Mark a method of a rule as the one that answers facts of these types, new lots or changed sums."""

    def mark(method: _Method) -> _Method:
        method.__listens__ = kinds  # type: ignore[attr-defined]
        return method

    return mark


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a rule: typed, with defaults, unknown ones refused."""


class Rule:
    """Base class of every rule.

    A rule is pure: it reads its arguments and ``self.params``, nothing else; no clock, file, network, random
    number, float or module state. To change a released rule, publish it with ``version + 1`` and keep the old
    one.

    Attributes:
        name: How a programme asks for it; unique with the version across all plugins.
        version: From 1. A released version never changes what it answers.
        stage: When it runs on a fact: earn, multiply, cap, standing, react. Later stages see what earlier
            ones did.
        priority: Order within a stage, lower first; a programme can set another. Ties go by label.
        is_alone: A programme takes it once: two of them would do the same thing twice.
        Params: Its parameters, a subclass of :class:`Params`: ``self.params`` is one of them.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    stage: ClassVar[str] = "react"
    priority: ClassVar[int] = 100
    is_alone: ClassVar[bool] = False
    Params: ClassVar[type[Struct]] = Params

    def __init__(self, params: Any) -> None:
        self.params = params

    def fits(self, currency: str) -> None:
        """Refuse parameters that a programme in this currency cannot use. The default refuses nothing.

        Raises:
            ValueError: saying which, when the programme is applied.
        """

    def orders_days(self) -> int | None:
        """Return for how many days what facts earned and burned must be remembered; None: not at all.

        What ``Member.order``, ``traced`` and ``traced_at`` return, and what ``Reverse``, ``Restore`` and
        ``Undo`` need, is remembered as long as the rule of the programme that asks for most.
        """
        return None

    def spending_days(self) -> int | None:
        """Return for how many days what facts burned must be remembered; None: not at all.

        It is what ``Restore`` needs, and less than ``orders_days`` asks for.
        """
        return None

    def sums_days(self) -> int | None:
        """Return for how many days sums must be kept by day, 0 for totals only; None: no sums.

        ``Member.total``, ``sums``, ``days`` and ``last_visit`` read them, ``@on(Changed)`` hears of them.
        What comes back counts on the day of its purchase.
        """
        return None

    def budget(self) -> int | None:
        """Return how much there is for all members together, a parameter; None: the rule has no budget."""
        return None

    def claim(self, fact: Any, currency: str) -> int:  # noqa: ARG002 - for rules to override
        """Return how much of the budget a fact claims, 0 or more, from the fact and the parameters alone.

        Facts are granted in the order of the log what is left; the rule reads it as ``Member.granted``.
        Asked of every type of fact the rule listens to, if it has a budget.

        Args:
            fact: The fact.
            currency: The programme's.
        """
        return 0

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:  # noqa: ARG002
        """Return what this version makes of what an older one has kept of a member; None: it starts afresh.

        Asked when a programme has put this version in the place of *version*, under the same label. Timers
        that are set and the rung the member stands on stay in any case.

        Args:
            kept: By name, the numbers (counters, too) and texts the older version keeps; a copy.
            version: The older version.
        """
        return None

    def on_timer(self, timer: Any, member: Any) -> Answer:  # noqa: ARG002 - for rules to override
        """Answer a :class:`Timer` this rule has set with ``SetTimer``. The default answers nothing."""
        return None


def listeners(rule: type[Rule]) -> dict[type, str]:
    """Return the name of the method that answers each type the rule listens to.

    Raises:
        PluginError: two methods answer the same type, or one answers what is no type of fact.
    """
    found: dict[type, str] = {}
    for name in sorted(dir(rule)):
        for kind in getattr(getattr(rule, name, None), "__listens__", ()):
            if kind not in _HAPPENINGS and not is_fact_type(kind):
                raise PluginError(
                    f"rule {rule.name!r} listens to {getattr(kind, '__name__', kind)} in {name}",
                    hint="listen to types of facts with a topic, to NewLot or to Changed",
                )
            if kind in found:
                raise PluginError(
                    f"rule {rule.name!r} answers {kind.__name__} twice: {found[kind]} and {name}"
                )
            found[kind] = name
    return found


def is_fact_type(kind: object) -> bool:
    """Return whether this is a type of fact with a topic."""
    topic = getattr(kind, "topic", None)
    return isinstance(kind, type) and issubclass(kind, FactType) and isinstance(topic, str)


def check_rule(rule: Any) -> None:
    """Refuse what is no usable rule.

    Raises:
        PluginError: naming what is wrong.
    """
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        raise PluginError(f"loyalty_rules() must return rule classes, got {rule!r}")
    name = getattr(rule, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(
            f"rule {rule.__name__} has the name {name!r}", hint="use lower-case letters, digits and _"
        )
    if type(rule.version) is not int or not 1 <= rule.version < 2**31:
        raise PluginError(f"rule {name!r} has the version {rule.version!r}", hint="versions are 1, 2, 3 …")
    if rule.stage not in STAGES:
        raise PluginError(
            f"rule {name!r} has the stage {rule.stage!r}", hint=f"stages are {', '.join(STAGES)}"
        )
    if type(rule.priority) is not int:
        raise PluginError(f"rule {name!r} has the priority {rule.priority!r}", hint="use a whole number")
    if not (isinstance(rule.Params, type) and issubclass(rule.Params, Struct)):
        raise PluginError(f"the Params of rule {name!r} is no msgspec Struct")
    _check_params(name, rule.Params)
    listeners(rule)


def _check_params(name: str, params: type[Struct]) -> None:
    try:
        msgspec.convert({}, params)
    except msgspec.ValidationError:
        return  # something is required: that is for programmes to set
    except Exception as error:
        raise PluginError(
            f"no programme can set the parameters of rule {name!r}: {said(error)}",
            hint="Meta(ge=…) is for int and float; check other types in __post_init__",
        ) from error
