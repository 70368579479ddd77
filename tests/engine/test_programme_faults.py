"""A programme that cannot be meant: a usage error (2) or a plugin error (5), naming table and value."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError, PluginError, UsageError
from loyalty_ledger.ledger.facts import Fact
from loyalty_ledger.ledger.facts.programme import PinnedPlugin, PluginsTrusted, ProgrammeActivated
from loyalty_ledger.rules import Params, PurchaseRecorded, Rule, on
from loyalty_ledger.rules.catalogue import Catalogue, Plugin, installed
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.programme import activation, read_programme
from loyalty_ledger.rules.testing import Story

from .extra_rules import EXTRA, EveryThird, bundled, catalogue_of, plugin_of
from .tales import tell

CATALOGUE = catalogue_of(*EXTRA)
HEAD = 'programme = "P"\nzone = "Europe/Berlin"\ncurrency = "USD"\n'


def refused(text: str, kind: type[LoyaltyError] = UsageError) -> LoyaltyError:
    """Return the error of applying this text; the fact must not come into being."""
    with pytest.raises(LoyaltyError) as caught:
        activation(text, CATALOGUE, at="p.toml")
    assert type(caught.value) is kind
    assert "\n" not in caught.value.what
    assert caught.value.what[0].islower() or caught.value.what[0] in "'{"
    return caught.value


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("programme = ", "no TOML"),
        ("", "'programme'"),
        ('programme = "P"\ncurrency = "USD"', "'zone'"),
        (HEAD.replace("Europe/Berlin", "Mars/Olympus"), "'Mars/Olympus'"),
        (HEAD.replace("Europe/Berlin", "../../etc/passwd"), "passwd"),
        (HEAD.replace("Europe/Berlin", ""), "zone"),
        (HEAD.replace("USD", "dollars"), "currency"),
        (HEAD + 'colour = "red"', "'colour'"),
        (HEAD + '[policy]\nenrolment = "maybe"', "'maybe'"),
        (HEAD + "[policy]\nfuture_tolerance_h = -1", "future_tolerance_h"),
        (HEAD + "[policy]\nfuture_tolerance_h = 1.5", "future_tolerance_h"),
        (HEAD + "[policy]\nleniency = 1", "'leniency'"),
        (HEAD + "rules = 5", "rules"),
        (HEAD + "[rules]\nredemption = 5", "rules"),
        (HEAD + "[rules.Redemption]", "rules"),
        (HEAD + '[rules."with space"]', "rules"),
    ],
)
def test_a_text_that_is_no_programme_is_refused(text: str, named: str) -> None:
    assert named in refused(text).what


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("[rules.points_per_spend]\npercentage = 5", "'percentage'"),
        ('[rules.points_per_spend]\npoints = "many"', "points is "),
        ("[rules.points_per_spend]\npoints = true", "points is "),
        ("[rules.points_per_spend]\npoints = 1.5", "points is "),
        ("[rules.points_per_spend]\npoints = 0", "points is "),
        ("[rules.points_per_spend]\npoints = -1", "points is "),
        ("[rules.points_per_spend]\nper = 0", "per"),
        ("[rules.points_per_spend]\nper = -2.5", "per"),
        ("[rules.points_per_spend]\nper = nan", "per"),
        ("[rules.points_per_spend]\nper = inf", "per"),
        ("[rules.points_per_spend]\nper = 1e99", "per"),
        ("[rules.points_per_spend]\nminimum_order = nan", "minimum_order"),
        ("[rules.points_per_spend]\nminimum_order = -1", "minimum_order"),
        ("[[rules.points_per_spend.multipliers]]\nbrands = ['a']\nfactor = nan", "factor"),
        ("[[rules.points_per_spend.multipliers]]\nbrands = ['a']\nfactor = -1", "factor"),
        ("[[rules.points_per_spend.multipliers]]\nbrands = ['a']\nfactor = 1e9999", "factor"),
        ("[[rules.points_per_spend.multipliers]]\nbrands = ['a']", "factor"),
        ('[rules.points_per_spend]\nrounding = "bankers"', "'bankers'"),
        ("[rules.points_per_spend]\ninclude = {colours = ['red']}", "'colours'"),
        ('[rules.points_per_spend]\ncurrency = "dollars"', "currency"),
        ("[rules.rolling_expiry]", "days or months"),
        ("[rules.rolling_expiry]\ndays = 1\nmonths = 1", "days or months"),
        ("[rules.rolling_expiry]\ndays = 0", "days is "),
        ('[rules.rolling_expiry]\ndays = 1\nend_of = "week"', "'week'"),
        ("[rules.redemption]\nminimum = 0", "minimum is "),
        ("[rules.redemption]\nversion = true", "version"),
        ('[rules.redemption]\nversion = "1"', "version"),
        ("[rules.redemption]\nversion = 1.0", "version"),
        ("[rules.redemption]\nversion = 0", "version"),
        ('[rules.redemption]\npriority = "high"', "priority"),
        ("[rules.redemption]\npriority = 1.5", "priority"),
        ("[rules.redemption]\npriority = true", "priority"),
        ("[rules.redemption]\nuse = 5", "use"),
        ("[rules.redemption]\nuse = ['redemption']", "use"),
    ],
)
def test_a_wrong_parameter_is_refused_where_it_stands(table: str, named: str) -> None:
    error = refused(HEAD + table)

    assert named in error.what
    label = table.split(".", 1)[1].split("]", maxsplit=1)[0].split(".", maxsplit=1)[0]
    assert error.at == f"p.toml, [rules.{label}]"


@pytest.mark.parametrize(
    ("table", "named", "hint"),
    [
        ("[rules.frequent_flyer]", "'frequent_flyer'", "loyalty rules list shows what is installed"),
        ('[rules.base]\nuse = "teirs"', "'teirs'", "did you mean 'tiers'?"),
        (
            "[rules.redemption]\nversion = 7",
            "'redemption' version 7",
            "installed versions of 'redemption': 1",
        ),
    ],
)
def test_an_unknown_rule_is_a_plugin_error_that_says_what_is_there(table: str, named: str, hint: str) -> None:
    error = refused(HEAD + table, PluginError)

    assert named in error.what
    assert hint in (error.hint or "")


def test_decimals_are_exact() -> None:
    text = (
        HEAD
        + "[rules.points_per_spend]\nper=0.1\n[[rules.points_per_spend.multipliers]]\nskus=['a']\nfactor=9.1"
    )

    (pinned,) = activation(text, CATALOGUE, at="p.toml").rules

    assert pinned.params["per"] == "0.1"
    assert pinned.params["multipliers"][0]["factor"] == "9.1"


@pytest.mark.parametrize(
    "table",
    [
        "[rules.redemption]",
        "[rules.redemption]\nversion = 1\npriority = -5",
        '[rules.base]\nuse = "points_per_spend"\nper = 2.50\nversion = 1',
    ],
)
def test_what_is_applied_can_be_read_back(table: str) -> None:
    """A stored activation that cannot be decoded would lock everybody out of the ledger."""
    tale = tell([(None, activation(HEAD + table, CATALOGUE, at="p.toml"), 0)])

    assert Engine(tale.facts, CATALOGUE).history.programmes[0].pinned


def test_a_step_finer_than_the_currency_never_fails_later() -> None:
    """A point for a tenth of a cent: refused when applied, or exact; never everybody in quarantine."""
    text = HEAD + "[rules.points_per_spend]\nper = 0.001"
    story = Story(text, catalogue=CATALOGUE)
    story.purchase("ann", "0.05", at="2026-01-01")

    assert story.balance("ann") == 50  # $0.05 / $0.001


# -- the code the history was recorded with ------------------------------------------------------------------


def activated(catalogue: Catalogue, text: str = HEAD + "[rules.every_third]") -> ProgrammeActivated:
    return activation(text, catalogue, at="p.toml")


def catalogue_at(fingerprint: str, *rules: type[Rule]) -> Catalogue:
    """Return a catalogue whose plugin "strange" has another code."""
    plugin, module = plugin_of("strange", rules or EXTRA)
    return Catalogue(
        [*bundled(), (plugin._replace(fingerprint=sha256(fingerprint.encode()).hexdigest()), module)]
    )


def facts(*data: Any) -> tuple[Fact[Any], ...]:
    return tell([(None, each, 0) for each in data]).facts


def test_an_altered_plugin_stops_with_its_name() -> None:
    old, new = catalogue_at("old"), catalogue_at("new")

    with pytest.raises(PluginError, match="plugin 'strange' is not the code") as caught:
        Engine(facts(activated(old)), new)
    assert caught.value.at == "programme.activated at position 10"
    assert "loyalty rules trust strange" in (caught.value.hint or "")


def test_a_plugin_altered_back_is_altered_too() -> None:
    """The second programme was recorded with the new code: the old one, though known, is not that."""
    old, new = catalogue_at("old"), catalogue_at("new")
    trust = PluginsTrusted(
        plugins=(PinnedPlugin(plugin="strange", version="1", fingerprint=new.plugins["strange"].fingerprint),)
    )
    history = facts(activated(old), trust, activated(new))

    Engine(history, new)
    with pytest.raises(PluginError, match="not the code") as caught:
        Engine(history, old)
    assert caught.value.at == "programme.activated at position 30"


def test_an_altered_plugin_that_is_trusted_goes_on() -> None:
    old, new = catalogue_at("old"), catalogue_at("new")
    trust = PluginsTrusted(
        plugins=(PinnedPlugin(plugin="strange", version="1", fingerprint=new.plugins["strange"].fingerprint),)
    )

    engine = Engine(facts(activated(old), trust), new)

    assert engine.fingerprint != Engine(facts(activated(old)), old).fingerprint


def test_a_missing_plugin_stops_with_its_name() -> None:
    with pytest.raises(PluginError, match=r"'every_third' version 1 of plugin 'strange'.*not installed"):
        Engine(facts(activated(CATALOGUE)), Catalogue(bundled()))


def test_a_plugin_that_cannot_be_imported_stops_with_its_reason() -> None:
    broken = Catalogue([*bundled(), (Plugin("strange", "1", "0" * 64, "ImportError: no such thing"), None)])

    with pytest.raises(PluginError, match="'strange' cannot be imported: ImportError: no such thing"):
        Engine(facts(activated(CATALOGUE)), broken)


class StrictParams(Params, frozen=True, kw_only=True):
    must: int


def test_a_rule_that_has_grown_a_parameter_stops_with_its_name() -> None:
    """The history has no value for it: the author should have published another version."""

    class Grown(Rule):
        name = "every_third"
        Params = StrictParams

    with pytest.raises(PluginError, match="every_third"):
        Engine(facts(activated(catalogue_at("x"))), catalogue_at("x", Grown))


def test_a_rule_that_cannot_be_made_stops_with_its_name() -> None:
    class Fragile(Rule):
        name = "every_third"

        def __init__(self, params: Any) -> None:
            raise OSError("no such file")

    with pytest.raises(PluginError, match=r"every_third.*no such file"):
        Engine(facts(activated(catalogue_at("x"))), catalogue_at("x", Fragile))


@pytest.mark.parametrize(
    "change",
    [
        ("points = 1", "points = 2"),
        ("Europe/Berlin", "UTC"),
        ("USD", "EUR"),
        ('"soonest expiry"', '"oldest"'),
    ],
)
def test_the_fingerprint_changes_with_what_could_move_a_number(change: tuple[str, str]) -> None:
    text = HEAD + '[policy]\nburn_order = "soonest expiry"\n[rules.points_per_spend]\npoints = 1'

    prints = {
        Engine(facts(activated(CATALOGUE, each)), CATALOGUE).fingerprint
        for each in (text, text.replace(*change))
    }

    assert len(prints) == 2


def test_comments_do_not_change_the_fingerprint() -> None:
    text = HEAD + "[rules.points_per_spend]\npoints = 1"
    plain, commented = (
        Engine(facts(activated(CATALOGUE, each)), CATALOGUE).fingerprint for each in (text, text + " # one")
    )

    assert plain == commented


def test_a_programme_is_read_with_its_defaults() -> None:
    file = read_programme(HEAD, at="p.toml")

    assert (file.policy.enrolment, file.policy.future_tolerance_h, file.rules) == ("optional", 24, {})


def test_rules_sort_by_stage_then_priority_then_label() -> None:
    """DESIGN.md section 7: rules sort by stage, priority, name, version."""

    def rule_of(name_: str, stage_: str) -> type[Rule]:
        class Some(Rule):
            name, stage = name_, stage_

            @on(PurchaseRecorded)
            def speak(self, purchase: object, member: Any) -> None:
                member.note("here")

        return Some

    rules = [rule_of("d", "earn"), rule_of("c", "earn"), rule_of("b", "react"), rule_of("a", "multiply")]
    text = HEAD + "[rules.b]\n[rules.a]\n[rules.d]\n[rules.c]\n[rules.first]\nuse='d'\npriority=1"
    story = Story(text, catalogue=catalogue_of(*rules))
    story.purchase("ann", "1.00", at="2026-01-01")

    assert [note.rule for note in story.notes()] == ["first@1", "c@1", "d@1", "a@1", "b@1"]


def test_unused_rules_do_not_change_the_fingerprint() -> None:
    prints = {
        Engine(facts(activated(catalogue)), catalogue).fingerprint
        for catalogue in (catalogue_of(EveryThird), CATALOGUE)
    }

    assert len(prints) == 1


def test_a_half_is_no_float() -> None:
    assert isinstance(read_programme(HEAD + "[rules.a]\nx = 0.5", at="p").rules["a"]["x"], Decimal)


@pytest.mark.parametrize(
    ("table", "said", "hint"),
    [
        (
            '[rules.points_per_spend]\n[rules.promotion]\npercent = 200\nrules = ["points_for_spend"]',
            "rule 'promotion' is for the rule 'points_for_spend', which the programme does not have",
            "did you mean 'points_per_spend'?",
        ),
        (
            "[rules.points_per_spend]\n[stacking]\npromo = 'best'",
            "no rule is in the group 'promo'",
            'add group = "promo" to two rules or more, or leave it out',
        ),
        (
            "[rules.promotion]\npercent = 200\nsince = '2026-03-02'\nuntil = '2026-03-01'",
            "until '2026-03-01' is before since '2026-03-02'",
            "parameters of 'promotion' are",
        ),
        (
            "[rules.promotion]\npercent = 200\nhours = '17:00-17:00'",
            "hours '17:00-17:00' begin where they end",
            "parameters of 'promotion' are",
        ),
    ],
)
def test_a_programme_that_could_never_work_is_refused(table: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        activation(HEAD + table, installed(), at="p.toml")

    assert said in caught.value.what
    assert hint in (caught.value.hint or "")
