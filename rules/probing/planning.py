"""Making the plan of a check: which rules, under which parameters, in which company, over which histories."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ...ledger.calendar import tzdata_version
from ...ledger.errors import UsageError
from ...ledger.facts import FactType
from ...ledger.facts.programme import PinnedPlugin, PinnedRule, ProgrammeActivated
from ..effects import NewLot
from ..programme import activation
from ..rule import Rule, listeners
from ..state import any_value
from . import companion
from .declared import PROBE, declared_findings, float_findings
from .histories import Teller
from .parameters import Variant, variants
from .plan import Finding, Plan, Setting, Task, World
from .subject import Loaded
from .vocabulary import Vocabulary, read_files

_ZONES = ("Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "UTC")
_SHARE = 4
"""Of the histories, one in so many is told again for parameters other than the first."""


def make_plan(task: Task, loaded: Loaded) -> Plan:
    """Return what is folded to check a plugin.

    Raises:
        UsageError: the programme uses none of its rules.
    """
    name = task.target.name
    rules = {
        f"{offer.rule.name}@{offer.rule.version}": offer.rule
        for _, offer in sorted(loaded.catalogue.offers.items()) if offer.plugin.name == name
    }  # fmt: skip
    rules = {cited: rule for cited, rule in rules.items() if cited not in task.leave_out}
    vocabulary = read_files(loaded.files)
    findings = float_findings(loaded.files, name)
    for cited, rule in rules.items():
        findings += declared_findings(rule, cited, loaded.catalogue.registry)
    if not rules and not task.leave_out:
        findings.append(Finding(
            probe=PROBE, rule=name, what="offers no rule", hint="return them from the hook loyalty_rules",
        ))  # fmt: skip
    plan = Plan(list(rules), [], [], findings)
    if task.programme is not None:
        _plan_programme(plan, task, loaded, rules, vocabulary)
    else:
        for cited, rule in rules.items():
            _plan_rule(plan, cited, rule, loaded, vocabulary)
    if task.recorded is not None:
        _add_recorded(plan, Path(task.recorded), loaded)
    return plan


def _plan_rule(plan: Plan, cited: str, rule: type[Rule], loaded: Loaded, vocabulary: Vocabulary) -> None:
    found = variants(rule, vocabulary)
    if not found:
        plan.findings.append(Finding(
            probe=PROBE, rule=cited, what="no parameters could be made up that it accepts: it was not asked",
            hint="name a programme that uses it: --programme FILE",
        ))  # fmt: skip
        return
    own = Vocabulary()
    own.of_field, own.names = {k: list(v) for k, v in vocabulary.of_field.items()}, list(vocabulary.names)
    own.numbers, own.days = list(vocabulary.numbers), list(vocabulary.days)
    for variant in found:
        own.add(any_value(variant.params))
    world = len(plan.worlds)
    plan.worlds.append(_world(_topics([rule]), loaded, own))
    numbers = list(range(len(plan.worlds[world].histories)))
    for place, variant in enumerate(found):
        chosen = numbers if not place else numbers[place % _SHARE :: _SHARE]
        activated = _activated(rule, variant, loaded, own, _ZONES[place % len(_ZONES)])
        plan.settings.append(Setting(
            {rule.name: cited}, msgspec.json.encode(activated), variant.words(), world, chosen,
            variant.is_wild,
        ))  # fmt: skip


def _world(topics: list[str], loaded: Loaded, vocabulary: Vocabulary) -> World:
    known = loaded.catalogue.registry.topics()
    return Teller(
        loaded.catalogue.registry, [topic for topic in topics if topic in known], vocabulary
    ).world()


def _topics(rules: list[type[Rule]]) -> list[str]:
    heard = {kind for rule in rules for kind in listeners(rule)}
    return sorted(kind.topic for kind in heard if issubclass(kind, FactType) and kind.about == "member")


def _activated(
    rule: type[Rule], variant: Variant, loaded: Loaded, vocabulary: Vocabulary, zone: str
) -> ProgrammeActivated:
    heard = listeners(rule)
    leaves = [*_topics([rule]), *(["new lot"] if NewLot in heard else [])]
    rungs = ["bronze", "silver", "gold", *vocabulary.of_field.get("rung", ())[:4]]
    ladders = ["tier", "tiers", "stages", *vocabulary.of_field.get("ladder", ())[:2]]
    company = {"leaves": leaves, "ladders": ladders[:5], "rungs": rungs}
    label = companion.LABEL if rule.name != companion.LABEL else f"{companion.LABEL}_2"
    pinned = (
        PinnedRule(
            label=label, rule=companion.Companion.name, version=1, plugin="~companion", priority=0,
            params=company,
        ),
        PinnedRule(
            label=rule.name, rule=rule.name, version=rule.version, plugin=_plugin(loaded, rule),
            priority=rule.priority, params=any_value(variant.params),
        ),
    )  # fmt: skip
    return ProgrammeActivated(
        programme="Check", text=f'programme = "Check"\nzone = "{zone}"\ncurrency = "USD"\n', rules=pinned,
        plugins=tuple(
            PinnedPlugin(plugin=plugin.name, version=plugin.version, fingerprint=plugin.fingerprint)
            for plugin in loaded.catalogue.plugins.values()
        ),
        tzdata=tzdata_version(),
    )  # fmt: skip


def _plugin(loaded: Loaded, rule: type[Rule]) -> str:
    return loaded.catalogue.offers[rule.name, rule.version].plugin.name


def _plan_programme(
    plan: Plan, task: Task, loaded: Loaded, rules: dict[str, type[Rule]], vocabulary: Vocabulary
) -> None:
    text = task.programme or ""
    activated = activation(text, loaded.catalogue, at=task.programme_at)
    cited = {
        pinned.label: f"{pinned.label}@{pinned.version}"
        for pinned in activated.rules if f"{pinned.rule}@{pinned.version}" in rules
    }  # fmt: skip
    if not cited:
        raise UsageError(
            f"programme uses no rule of {task.target.name!r}", at=task.programme_at,
            hint=f"its rules are {', '.join(rules)}",
        )  # fmt: skip
    for pinned in activated.rules:
        vocabulary.add(pinned.params)
    plan.worlds.append(_world(_topics(list(rules.values())), loaded, vocabulary))
    plan.rules = list(cited.values())
    plan.settings.append(Setting(
        cited, msgspec.json.encode(activated), "as in the programme", 0,
        list(range(len(plan.worlds[0].histories))),
    ))  # fmt: skip


def _add_recorded(plan: Plan, file: Path, loaded: Loaded) -> None:
    """Tell the histories of a ledger, too: to every rule under its first parameters."""
    world = msgspec.msgpack.decode(file.read_bytes(), type=World)
    known = set(loaded.catalogue.registry.topics())
    for history in world.histories:
        # Types of facts that other plugins have added are nothing this one could hear.
        history.facts = [told for told in history.facts if told.topic in known]
    seen: set[str] = set()
    for setting in list(plan.settings):
        key = ",".join(setting.rules)
        if key not in seen:
            seen.add(key)
            plan.settings.append(Setting(
                setting.rules, setting.activated, f"the ledger's members; {setting.words}", len(plan.worlds),
                list(range(len(world.histories))),
            ))  # fmt: skip
    plan.worlds.append(world)
