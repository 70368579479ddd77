"""From recorded activations to tables of bound methods: done once, so that no fact asks a plugin manager."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from ..ledger.calendar import DAY_US, FOREVER_US, Zone, instant_us, tzdata_version
from ..ledger.errors import PluginError
from ..ledger.facts import Fact, FactType
from ..ledger.facts.programme import ClockAdvanced, PinnedRule, PluginsTrusted, ProgrammeActivated
from .answers import said, shown
from .catalogue import Catalogue, Plugin
from .containing.guarding import Guard
from .effects import Changed, NewLot
from .granting import budget_of, claimants
from .lineage import Keeps, Lineage
from .programme import Policy, read_programme
from .rule import STAGES, Rule, is_fact_type, listeners

ENGINE = 4
"""Version of what the engine itself does; a change that could move a number raises it."""

_CAP = STAGES.index("cap")
_MOST_DAYS = 1_000_000
Method = Callable[[Any, Any], Any]


class Handler(NamedTuple):
    """A rule's method, bound to its parameters, under its label."""

    call: Method
    label: str
    rule: str
    """label@version, as entries cite it."""
    stage: int
    keeps: Keeps
    """Where the rule's memory stands."""
    group: str = ""
    stacks: str = "all"
    method: str = "on_timer"
    """The method's name, for whoever has to mend it."""


class Programme:
    """One activation, ready to run.

    Attributes:
        position: Of its fact.
        effective_us: From when it governs.
        early: By topic, the handlers of the stages up to ``cap``.
        late: By topic, those of the stages after it.
        stacked: The topics for which some early rule is not simply added to the others.
        stacking: By group of rules, who of them gives points: the "best" or the "first".
        remembers: Whether purchases are remembered, for returns or in sums.
        timers: By label, the handler of the rule's own timers.
        guards: By label, what stands around the rules of plugins that are not bundled.
        terms: Handlers of :class:`NewLot`.
        changed: Handlers of :class:`Changed`.
        orders_us: For how long what facts earned is remembered, in microseconds; None: not at all.
        traces_us: For how long what facts burned is remembered, at least as long; None: not at all.
        sums_days: For how many days sums are kept by day; None: no sums.
        rules: Rules by label.
        cited: By label, the rule as entries cite it.
        keeps: By label, where the rule's memory stands.
        ladders: By name of a ladder that a plugin declares, its rungs.
        claims: By topic, the labels of the rules with a budget shared by all members.
        budgets: How much of it there is, by label.
        restates: Whether it governs facts recorded before it, too.
    """

    def __init__(
        self, fact: Fact[ProgrammeActivated], catalogue: Catalogue, trusted: set[tuple[str, str]],
        lineage: Lineage | None = None,
    ) -> None:  # fmt: skip
        activated = fact.data
        self._lineage = lineage or Lineage()
        self.ladders = {name: ladder.rungs for name, ladder in catalogue.ladders.items()}
        self.position = fact.position
        self.restates = activated.restates
        self.effective_us = -FOREVER_US if activated.effective is None else instant_us(activated.effective)
        file = read_programme(activated.text, at=f"fact {fact.position}")
        self.name = activated.programme
        self.policy: Policy = file.policy
        self.currency = file.currency
        self.zone = Zone(file.zone)
        self.pinned = {pinned.label: pinned for pinned in activated.rules}
        # Not added to what others trust: a plugin altered back is altered too.
        trusted = trusted | {(plugin.plugin, plugin.fingerprint) for plugin in activated.plugins}
        self.rules: dict[str, Rule] = {}
        self.cited: dict[str, str] = {}
        self.keeps: dict[str, Keeps] = {}
        self.timers: dict[str, Handler] = {}
        self.guards: dict[str, Guard] = {}
        self.early: dict[str, tuple[Handler, ...]] = {}
        self.late: dict[str, tuple[Handler, ...]] = {}
        self.stacked: set[str] = set()
        self.stacking = file.stacking
        self.terms: tuple[Handler, ...] = ()
        self.changed: tuple[Handler, ...] = ()
        self.remembers = False
        self.orders_us: int | None = None
        self.traces_us: int | None = None
        self.sums_days: int | None = None
        self.claims: dict[str, tuple[str, ...]] = {}
        self.budgets: dict[str, int] = {}
        rules = [(pinned, self._rule(pinned, catalogue, trusted)) for pinned in activated.rules]
        self._compile(rules, catalogue)

    def _rule(self, pinned: PinnedRule, catalogue: Catalogue, trusted: set[tuple[str, str]]) -> Rule:
        where = f"programme.activated at position {self.position}"
        offer = catalogue.offers.get((pinned.rule, pinned.version))
        plugin = catalogue.plugins.get(pinned.plugin)
        if plugin is not None and not plugin.is_trusted:
            raise _altered(plugin, where)
        if plugin is not None and plugin.error:
            raise PluginError(
                f"plugin {pinned.plugin!r} cannot be imported: {plugin.error}",
                at=where,
                hint="mend or reinstall it",
            )
        if offer is None:
            raise PluginError(
                f"the history needs rule {pinned.rule!r} version {pinned.version} of plugin "
                f"{pinned.plugin!r}, which is not installed",
                at=where,
                hint=f"install the plugin that offers {pinned.rule!r}, or name its folder with --rules-dir",
            )
        if (offer.plugin.name, offer.plugin.fingerprint) not in trusted:
            raise _altered(offer.plugin, where)
        try:
            return offer.rule(msgspec.convert(pinned.params, offer.rule.Params))
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"rule {pinned.rule!r} version {pinned.version} does not take the parameters recorded: "
                f"{type(error).__name__}: {said(error)}",
                at=where, hint="a rule that changes needs another version",
            ) from error  # fmt: skip

    def _compile(self, rules: list[tuple[PinnedRule, Rule]], catalogue: Catalogue) -> None:
        tables: dict[type, list[Handler]] = {}
        rules.sort(key=lambda pair: (STAGES.index(pair[1].stage), pair[0].priority, pair[0].label))
        for pinned, rule in rules:
            cited = f"{pinned.label}@{pinned.version}"
            self.rules[pinned.label], self.cited[pinned.label] = rule, cited
            keeps = self.keeps[pinned.label] = self._lineage.enter(pinned.label, rule)
            around = self._around(rule, pinned, catalogue)
            self.timers[pinned.label] = Handler(
                around(rule.on_timer), pinned.label, cited, len(STAGES), keeps
            )
            for kind, method in listeners(type(rule)).items():
                handler = Handler(
                    around(getattr(rule, method)), pinned.label, cited, STAGES.index(rule.stage), keeps,
                    pinned.group or "", pinned.stacks, method,
                )  # fmt: skip
                tables.setdefault(kind, []).append(handler)
        self.terms = tuple(tables.pop(NewLot, ()))
        self.changed = tuple(tables.pop(Changed, ()))
        orders_days = [days for _, rule in rules if (days := _days(rule, "orders_days")) is not None]
        self.orders_us = max(orders_days) * DAY_US if orders_days else None
        spending_days = [days for _, rule in rules if (days := _days(rule, "spending_days")) is not None]
        self.traces_us = max(orders_days + spending_days) * DAY_US if orders_days or spending_days else None
        sums_days = [days for _, rule in rules if (days := _days(rule, "sums_days")) is not None]
        self.sums_days = max(sums_days) if sums_days else None
        self.remembers = bool(orders_days or sums_days)
        budgets = ((pinned.label, budget_of(rule)) for pinned, rule in rules)
        self.budgets = {label: budget for label, budget in budgets if budget is not None}
        self.claims = claimants((label, _topics(self.rules[label])) for label in self.budgets)
        for kind, handlers in tables.items():
            self.early[kind.topic] = tuple(h for h in handlers if h.stage <= _CAP)  # type: ignore[attr-defined]
            if any(h.group or h.stacks != "all" for h in handlers):
                self.stacked.add(kind.topic)  # type: ignore[attr-defined]
            self.late[kind.topic] = tuple(h for h in handlers if h.stage > _CAP)  # type: ignore[attr-defined]

    def _around(self, rule: Rule, pinned: PinnedRule, catalogue: Catalogue) -> Callable[[Method], Method]:
        """Return what a rule's methods are asked through: themselves, if the rule is bundled."""
        if catalogue.offers[pinned.rule, pinned.version].plugin.is_bundled:
            return lambda method: method
        guard = self.guards[pinned.label] = Guard(rule, self.cited[pinned.label])
        return guard.around

    def topics(self) -> set[str]:
        """Return the topics some rule listens to."""
        return set(self.early) | set(self.late)


def _topics(rule: Rule) -> list[str]:
    return [kind.topic for kind in listeners(type(rule)) if is_fact_type(kind)]  # type: ignore[attr-defined]


def _altered(plugin: Plugin, where: str) -> PluginError:
    return PluginError(
        f"plugin {plugin.name!r} is not the code the history was recorded with: "
        f"its fingerprint is {plugin.fingerprint[:12]}…",
        at=where,
        hint="reinstall the recorded version, or see loyalty rules diff and accept this one: "
        f"loyalty rules trust {plugin.name}",
    )


def _days(rule: Rule, asked: str) -> int | None:
    """Return for how many days a rule asks that something is remembered.

    Raises:
        PluginError: it does not say.
    """
    who = f"rule {rule.name!r} version {rule.version}"
    try:
        days = getattr(rule, asked)()
    except (Exception, SystemExit) as error:
        raise PluginError(f"{who} failed in {asked}(): {type(error).__name__}: {said(error)}") from error
    if days is None or (type(days) is int and 0 <= days <= _MOST_DAYS):
        return days
    raise PluginError(
        f"{who} answered {asked}() {shown(days)}, not a number of days from 0 to {_MOST_DAYS}",
        hint="answer None where nothing need be remembered",
    )


class History:
    """What the stream ``programme`` says: which programme governs what, and how time was advanced.

    Attributes:
        programmes: In the order of their positions.
        advance_positions: Positions of ``clock.advanced``.
        advance_us: To when each of them advanced.
        decoders: By topic, what reads a fact that has waited.
        restates: Whether late facts are restated; the first programme says so, once and for all.
    """

    def __init__(self, facts: Sequence[Fact[FactType]], catalogue: Catalogue) -> None:
        self.programmes: list[Programme] = []
        self.advance_positions: list[int] = []
        self.advance_us: list[int] = []
        self.decoders = catalogue.registry.fact_decoders()
        trusted = {
            (plugin.plugin, plugin.fingerprint)
            for fact in facts if isinstance(fact.data, PluginsTrusted) for plugin in fact.data.plugins
        }  # fmt: skip
        lineage = Lineage()
        digest = hashlib.sha256(f"loyalty-ledger/rules/{ENGINE}\ntzdata {tzdata_version()}\n".encode())
        for name, ladder in sorted(catalogue.ladders.items()):
            digest.update(f"ladder {name} {' > '.join(ladder.rungs)}\n".encode())
        for fact in facts:
            if isinstance(fact.data, ClockAdvanced):
                self.advance_positions.append(fact.position)
                self.advance_us.append(instant_us(fact.data.to))
            elif isinstance(fact.data, ProgrammeActivated):
                activated: Fact[Any] = fact
                programme = Programme(activated, catalogue, trusted, lineage)
                self.programmes.append(programme)
                digest.update(_identity(programme, catalogue))
        self.fingerprint = digest.hexdigest()
        self.restates = bool(self.programmes) and self.programmes[0].policy.late == "restate"

    def governing(self, position: int, occurred_us: int) -> Programme | None:
        """Return the programme for a fact: the latest effective among the activations below its position.

        An activation that restates governs facts below its position, too.
        """
        found: Programme | None = None
        for programme in self.programmes:
            if programme.position >= position and not programme.restates:
                continue
            if programme.effective_us <= occurred_us and (
                found is None or programme.effective_us >= found.effective_us
            ):
                found = programme
        return found

    def advances_between(self, after: int, before: int) -> range:
        """Return the indices of the advances with *after* < position < *before*."""
        return range(
            bisect_right(self.advance_positions, after), bisect_right(self.advance_positions, before - 1)
        )


def _identity(programme: Programme, catalogue: Catalogue) -> bytes:
    rules = [
        [
            p.label,
            p.rule,
            p.version,
            p.priority,
            catalogue.offers[p.rule, p.version].plugin.fingerprint,
            p.params,
            p.group,
            p.stacks,
        ]
        for p in programme.pinned.values()
    ]
    policy = msgspec.to_builtins(programme.policy)
    return msgspec.json.encode(
        [
            programme.position, programme.effective_us, programme.zone.name, programme.currency, policy,
            programme.stacking, rules, *(["restates"] if programme.restates else []),
        ],
        order="deterministic",
    ) + b"\n"  # fmt: skip
