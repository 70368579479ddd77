"""What plugins offer is checked before any fact is read: a fault is a PluginError that names the plugin."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from msgspec import Meta

from loyalty_ledger.ledger.errors import PluginError
from loyalty_ledger.rules import FactType, Params, PurchaseRecorded, Rule, hookimpl, on
from loyalty_ledger.rules.catalogue import Catalogue, Plugin, installed

from .extra_rules import EveryThird, bundled, catalogue_of, plugin_of

STRANGE = Plugin("strange", "1", "0" * 64)


def fault_of(*plugins: tuple[Plugin, object]) -> PluginError:
    """Return the error of a catalogue with these plugins."""
    with pytest.raises(PluginError) as caught:
        Catalogue(plugins)
    assert caught.value.exit_code == 5
    assert "\n" not in caught.value.what
    return caught.value


def offering(hook: str, function: Callable[..., Any]) -> tuple[Plugin, object]:
    """Return the plugin "strange" with one implementation of a hook."""
    function.__name__ = hook
    return STRANGE, SimpleNamespace(__name__="strange", **{hook: hookimpl(function)})


def rule_with(**attributes: Any) -> type[Rule]:
    """Return a rule class with these attributes."""
    return type("Odd", (Rule,), {"name": "odd", **attributes})


def test_two_plugins_may_not_offer_the_same_rule() -> None:
    twin = rule_with(name="every_third")

    error = fault_of(plugin_of("strange", [EveryThird]), plugin_of("stranger", [twin]))

    assert error.what == "two plugins offer rule 'every_third' version 1: 'strange' and 'stranger'"


def test_one_plugin_may_not_offer_a_rule_twice() -> None:
    assert "'every_third' version 1" in fault_of(plugin_of("strange", [EveryThird, EveryThird])).what


class Unreadable(Params, frozen=True, kw_only=True):
    """msgspec has bounds for int and float only, and says so when it first reads one."""

    least: Annotated[Decimal, Meta(ge=0)] = Decimal(0)


def test_parameters_that_no_programme_could_set_are_named() -> None:
    error = fault_of(plugin_of("strange", [rule_with(Params=Unreadable)]))

    assert error.what.startswith("no programme can set the parameters of rule 'odd': Can only set `ge`")
    assert error.at == "plugin strange"


def test_two_versions_of_a_rule_live_side_by_side() -> None:
    newer = rule_with(name="every_third", version=2)

    catalogue = catalogue_of(EveryThird, newer)

    assert catalogue.latest("every_third") == 2
    assert catalogue.latest("never") is None


def test_a_rule_may_not_answer_one_type_twice() -> None:
    class Odd(Rule):
        name = "odd"

        @on(PurchaseRecorded)
        def one(self, purchase: object, member: object) -> None: ...

        @on(PurchaseRecorded)
        def two(self, purchase: object, member: object) -> None: ...

    error = fault_of(plugin_of("strange", [Odd]))

    assert error.what == "rule 'odd' answers PurchaseRecorded twice: one and two"
    assert error.at == "plugin strange"


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"name": "Odd"}, "'Odd'"),
        ({"name": "with space"}, "'with space'"),
        ({"name": ""}, "''"),
        ({"name": None}, "None"),
        ({"name": "x" * 65}, "xxx"),
        ({"name": "ends\n"}, "'ends\\n'"),
        ({"version": 0}, "0"),
        ({"version": -1}, "-1"),
        ({"version": "1"}, "'1'"),
        ({"version": 1.0}, "1.0"),
        ({"version": True}, "True"),
        ({"version": 2**31}, "2147483648"),
        ({"stage": "late"}, "'late'"),
        ({"stage": None}, "None"),
        ({"stage": ["earn"]}, "['earn']"),
        ({"priority": "high"}, "'high'"),
        ({"priority": 1.5}, "1.5"),
        ({"Params": dict}, "Params"),
        ({"Params": None}, "Params"),
        ({"speak": on(int)(lambda *_: None)}, "int"),  # type: ignore[arg-type]
        ({"speak": on(FactType)(lambda *_: None)}, "FactType"),
        ({"speak": on(5)(lambda *_: None)}, "5"),  # type: ignore[arg-type]
    ],
)
def test_a_rule_is_what_it_must_be(attributes: dict[str, Any], named: str) -> None:
    error = fault_of(plugin_of("strange", [rule_with(**attributes)]))

    assert named in error.what
    assert error.at == "plugin strange"


@pytest.mark.parametrize(
    "offered", [5, "rule", EveryThird(None), object, type("Loose", (), {"name": "loose"})]
)
def test_only_rule_classes_are_rules(offered: Any) -> None:
    assert "must return rule classes" in fault_of(plugin_of("strange", [offered])).what


def test_a_rule_without_a_name_is_refused() -> None:
    assert "None" in fault_of(plugin_of("strange", [type("Nameless", (Rule,), {})])).what


def test_a_misspelt_hook_is_refused() -> None:
    error = fault_of(offering("loyalty_rule", lambda: []))

    assert "'strange'" in error.what
    assert "loyalty_rule" in error.what
    assert error.hint is not None


def test_a_hook_with_a_wrong_argument_is_refused() -> None:
    error = fault_of(offering("loyalty_rules", lambda config: []))

    assert "'strange'" in error.what
    assert "config" in error.what


def out_of_order() -> Any:
    raise SystemExit(3)


@pytest.mark.parametrize("hook", ["loyalty_rules", "loyalty_fact_types"])
@pytest.mark.parametrize("function", [lambda: 1 / 0, lambda: 5, lambda: Rule, out_of_order])
def test_a_plugin_that_fails_in_a_hook_is_named(hook: str, function: Callable[[], Any]) -> None:
    error = fault_of(offering(hook, function))

    assert error.what.startswith(f"plugin 'strange' failed in {hook}()")


def test_a_plugin_that_offers_nothing_is_fine() -> None:
    assert Catalogue([offering("loyalty_rules", lambda: None)]).offers == {}


def test_two_plugins_of_one_name_are_refused() -> None:
    assert "'strange'" in fault_of(plugin_of("strange", []), plugin_of("strange", [EveryThird])).what


class Danced(FactType, frozen=True, kw_only=True):
    """A member danced."""

    topic = "floor.danced"


class Bought(FactType, frozen=True, kw_only=True):
    """A second meaning for a topic of ours."""

    topic = "purchase.recorded"


class Inherited(Danced, frozen=True, kw_only=True):
    """It has no topic of its own."""


class Numbered(FactType, frozen=True, kw_only=True):
    """Its topic is no text."""

    topic = 5  # type: ignore[assignment]


def test_a_plugin_may_add_a_type_of_fact() -> None:
    assert (
        Catalogue([offering("loyalty_fact_types", lambda: [Danced])]).registry.type_of("floor.danced")
        is Danced
    )


@pytest.mark.parametrize(
    "kinds", [[Bought], [Danced, Danced], [Inherited], [Numbered], [5], ["x"], [PurchaseRecorded]]
)
def test_a_type_of_fact_needs_a_topic_that_nobody_else_has(kinds: list[Any]) -> None:
    fault_of(offering("loyalty_fact_types", lambda: kinds))


def test_a_plugin_that_cannot_be_imported_offers_nothing_and_stops_nobody() -> None:
    broken = Plugin("broken", "1", "0" * 64, "ImportError: no")

    catalogue = Catalogue([*bundled(), (broken, None)])

    assert catalogue.plugins["broken"].error == "ImportError: no"
    assert catalogue.latest("points_per_spend") == 1


def test_the_bundled_rules_are_installed() -> None:
    catalogue = installed()

    assert {"points_per_spend", "redemption", "rolling_expiry"} <= {name for name, _ in catalogue.offers}
    assert all(len(plugin.fingerprint) == 64 for plugin in catalogue.plugins.values())
