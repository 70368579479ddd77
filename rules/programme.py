"""A programme: one TOML file that says which rules are in force, with which parameters and policies.

::

    programme = "Grocer's points"
    zone = "Europe/Berlin"            # days and months are this zone's
    currency = "EUR"

    [policy]                          # every key has a default
    enrolment = "optional"            # or "required": facts of others are refused
    future_tolerance_h = 24           # how far past now a fact may be dated
    burn_order = "soonest expiry"     # or "oldest"
    late = "book forward"             # or "restate": the first programme chooses, later ones keep to it

    [rules.base]                      # "base" labels the rule on every entry
    use = "points_per_spend"          # the rule's name; the label itself when left out
    version = 1                       # the latest installed when left out
    priority = 100                    # order within a stage; the rule's own when left out
    group = "promotions"              # of this group, named in [stacking], only one rule gives points
    stacks = "all"                    # "stop": if it gives points, no later rule of the stage does; "alone":
                                      # no other rule of the stage does
    points = 1                        # everything else is a parameter of the rule

    [stacking]
    promotions = "best"               # who gives the most points; or "first": who is first in order
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ..ledger.calendar import HOUR_US, tzdata_version, zone_info
from ..ledger.errors import FactError, LoyaltyError, PluginError, UsageError
from ..ledger.facts.programme import PinnedPlugin, PinnedRule, ProgrammeActivated
from ..ledger.facts.types import Currency, Name
from ..ledger.faults import fault_text
from ..ledger.store.log import Admission
from ..ledger.units import check_currency
from .answers import said
from .catalogue import Catalogue
from .granting import budget_of
from .rule import STAGES, Rule
from .state import any_value
from .trusting import pin

Label = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")]


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no rule decides."""

    enrolment: Literal["optional", "required"] = "optional"
    future_tolerance_h: Annotated[int, Meta(ge=0, le=8760)] = 24
    burn_order: Literal["soonest expiry", "oldest"] = "soonest expiry"
    late: Literal["book forward", "restate"] = "book forward"


class ProgrammeFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TOML file, before its rules are looked up."""

    programme: Name
    zone: str
    currency: Currency
    policy: Policy = Policy()
    stacking: dict[Label, Literal["best", "first"]] = {}
    rules: dict[Label, dict[str, Any]] = {}


class _Choice(Struct, frozen=True, kw_only=True):
    """The keys of a rule's table that are not the rule's own parameters."""

    use: Name | None = None
    version: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | None = None
    group: Label | None = None
    stacks: Literal["all", "stop", "alone"] = "all"


def read_programme(text: str, *, at: str) -> ProgrammeFile:
    """Return the programme a TOML text describes.

    Raises:
        UsageError: no TOML, or a key that is missing, unknown or of the wrong kind.
    """
    given: dict[str, Any] = {}
    try:
        given = tomllib.loads(text, parse_float=Decimal)
        file = msgspec.convert(given, ProgrammeFile)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"no TOML: {str(error).lower()}", at=at) from error
    except msgspec.ValidationError as error:
        raise UsageError(
            f"programme: {fault_text(str(error), given)}",
            at=at,
            hint="examples/grocer.toml shows a programme",
        ) from error
    zone_info(file.zone)
    try:
        check_currency(file.currency)
    except FactError as error:
        raise UsageError(f"programme: {error.what}", at=at, hint=error.hint) from error
    return file


def activation(text: str, catalogue: Catalogue, *, at: str, effective: str | None = None,
               approver: str | None = None, restates: bool = False) -> ProgrammeActivated:  # fmt: skip
    """Return the fact that puts a programme in force: every rule pinned, with all its parameters.

    Args:
        text: The TOML text.
        catalogue: The installed rules.
        at: Where the text is from, for errors.
        effective: RFC 3339 instant from which it governs; None: from the beginning of time.
        approver: Who approved it.
        restates: Whether it governs facts recorded before it, too.

    Raises:
        UsageError: the text is no programme, or a parameter is wrong.
        PluginError: a rule is not installed.
    """
    file = read_programme(text, at=at)
    pinned = [_pin(catalogue, label, dict(table), file, at=at) for label, table in sorted(file.rules.items())]
    _check_alone(pinned, catalogue, at=at)
    _check_named(pinned, file, at=at)
    plugins = sorted({rule.plugin for rule in pinned})
    return ProgrammeActivated(
        programme=file.programme,
        text=text,
        rules=tuple(pinned),
        plugins=tuple(_pinned_plugin(catalogue, name) for name in plugins),
        tzdata=tzdata_version(),
        effective=effective,
        approver=approver,
        restates=restates,
    )


def _check_alone(pinned: list[PinnedRule], catalogue: Catalogue, *, at: str) -> None:
    labels: dict[str, str] = {}
    for rule in pinned:
        if catalogue.offers[rule.rule, rule.version].rule.is_alone:
            other = labels.setdefault(rule.rule, rule.label)
            if other != rule.label:
                raise UsageError(
                    f"rules {other!r} and {rule.label!r} both use {rule.rule!r}, which would act twice",
                    at=at, hint="keep one of them",
                )  # fmt: skip


def _check_named(pinned: list[PinnedRule], file: ProgrammeFile, *, at: str) -> None:
    """Refuse what could never have an effect: a group without rules, a rule for rules there are not."""
    labels = {rule.label for rule in pinned}
    unused = sorted(set(file.stacking) - {rule.group for rule in pinned})
    if unused:
        raise UsageError(
            f"no rule is in the group {unused[0]!r}", at=f"{at}, [stacking]",
            hint=f'add group = "{unused[0]}" to two rules or more, or leave it out',
        )  # fmt: skip
    for rule in pinned:
        named = rule.params.get("rules")
        if isinstance(named, (list, tuple)) and named and labels.isdisjoint(map(str, named)):
            near = get_close_matches(str(named[0]), sorted(labels), n=1)
            raise UsageError(
                f"rule {rule.label!r} is for the rule {named[0]!r}, which the programme does not have",
                at=f"{at}, [rules.{rule.label}]",
                hint=f"did you mean {near[0]!r}?" if near else f"its rules are {', '.join(sorted(labels))}",
            )  # fmt: skip


def _pinned_plugin(catalogue: Catalogue, name: str) -> PinnedPlugin:
    return pin(catalogue.plugins[name])


def _pin(
    catalogue: Catalogue, label: str, table: dict[str, Any], file: ProgrammeFile, *, at: str
) -> PinnedRule:
    where = f"{at}, [rules.{label}]"
    chosen = {key: table.pop(key) for key in _Choice.__struct_fields__ if key in table}
    try:
        choice = msgspec.convert(chosen, _Choice)
    except msgspec.ValidationError as error:
        raise UsageError(f"rule {label!r}: {fault_text(str(error), chosen)}", at=where) from error
    name = choice.use or label
    offer = catalogue.offers.get((name, choice.version or catalogue.latest(name) or 0))
    if offer is None:
        raise _unknown_rule(catalogue, name, choice.version, where)
    _check_stacking(choice, offer.rule, file, where)
    params = _params(offer.rule, table, where)
    try:
        rule = offer.rule(params)
        rule.fits(file.currency)
    except (FactError, ValueError) as error:
        raise UsageError(f"rule {name!r}: {said(error)}", at=where, hint="change the parameter") from error
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"rule {name!r} failed in fits(): {type(error).__name__}: {said(error)}", at=where,
            hint="mend the rule",
        ) from error  # fmt: skip
    budget_of(rule)
    return PinnedRule(
        label=label, rule=name, version=offer.rule.version, plugin=offer.plugin.name,
        priority=offer.rule.priority if choice.priority is None else choice.priority,
        params=any_value(params), group=choice.group, stacks=choice.stacks,
    )  # fmt: skip


def _check_stacking(choice: _Choice, rule: type[Rule], file: ProgrammeFile, where: str) -> None:
    if choice.group is None and choice.stacks == "all":
        return
    if STAGES.index(rule.stage) > STAGES.index("cap"):
        raise UsageError(
            f"rule {rule.name!r} answers in the stage {rule.stage}: it cannot be stacked", at=where,
            hint="leave group and stacks out",
        )  # fmt: skip
    if choice.group is not None and choice.group not in file.stacking:
        known = ", ".join(sorted(file.stacking)) or "none"
        raise UsageError(
            f"group {choice.group!r} is not in [stacking]", at=where,
            hint=f'groups are {known}; add {choice.group} = "best" or "first" there',
        )  # fmt: skip


def _unknown_rule(catalogue: Catalogue, name: str, version: int | None, where: str) -> LoyaltyError:
    broken = [plugin for plugin in catalogue.plugins.values() if plugin.error]
    near = get_close_matches(name, sorted({rule for rule, _ in catalogue.offers}), n=1)
    hint = "loyalty rules list shows what is installed"
    if near and near[0] == name:
        versions = ", ".join(str(known) for rule, known in sorted(catalogue.offers) if rule == name)
        hint = f"installed versions of {name!r}: {versions}"
    elif near:
        hint = f"did you mean {near[0]!r}? loyalty rules list shows what is installed"
    unknown = [plugin.name for plugin in catalogue.plugins.values() if not plugin.is_trusted]
    if unknown:
        names = " ".join(unknown)
        hint += (
            f"; not trusted, so not looked at: {names} (loyalty rules trust, init --trust, simulate --trust)"
        )
    if broken:
        hint += f"; plugin {broken[0].name!r} cannot be imported: {broken[0].error}"
    wanted = repr(name) if version is None else f"{name!r} version {version}"
    whose = "trusted" if unknown else "installed"
    return PluginError(f"no {whose} plugin offers rule {wanted}", at=where, hint=hint)


def _params(rule: type[Rule], table: dict[str, Any], where: str) -> Struct:
    try:
        return msgspec.convert(table, rule.Params)
    except msgspec.ValidationError as error:
        fields = ", ".join(rule.Params.__struct_fields__) or "none"
        raise UsageError(
            f"rule {rule.name!r}: {fault_text(str(error), table)}", at=where,
            hint=f"parameters of {rule.name!r} are {fields}",
        ) from error  # fmt: skip


def admission(file: ProgrammeFile) -> Admission:
    """Return what the programme lets enter."""
    return Admission(
        tolerance_us=file.policy.future_tolerance_h * HOUR_US, must_enrol=file.policy.enrolment == "required"
    )
