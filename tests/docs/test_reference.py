"""plugins/REFERENCE.md says everything the code offers to authors of rules, and nothing else."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from msgspec import Struct

from docs.docstrings import fields_of, words
from docs.reference import EFFECTS, page
from errors.golden import assert_golden
from loyalty_ledger import rules
from loyalty_ledger.rules import Effect, Member, Rule, effects, hookspecs, testing

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
PAGE = page()


def test_the_reference_is_what_the_code_says_of_itself(pytestconfig: pytest.Config) -> None:
    assert_golden(PLUGINS / "REFERENCE.md", PAGE, config=pytestconfig)


def test_everything_rule_authors_import_is_on_it() -> None:
    names = set(re.findall(r"`@?(\w+)", PAGE))

    assert sorted(set(rules.__all__) - names) == []
    assert sorted(set(testing.__all__) - set(re.findall(r"\w+", PAGE)) - {"Story"}) == []


def test_every_hook_effect_and_member_word_is_on_it() -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("loyalty_")}
    kinds = {
        name for name, kind in inspect.getmembers(effects, inspect.isclass)
        if issubclass(kind, Effect) and issubclass(kind, Struct) and kind is not Effect
    }  # fmt: skip
    seen = {name for name in dir(Member) if not name.startswith("_")}
    asked = {name for name in dir(Rule) if not name.startswith("_")}

    assert hooks == set(re.findall(r"^### `(loyalty_\w+)\(", PAGE, re.MULTILINE))
    assert kinds == {name for names in EFFECTS.values() for name in names}
    assert kinds == set(re.findall(r"^#### `(\w+)\(", PAGE, re.MULTILINE))
    for title, names in (("The member: `Member`", seen), ("A rule: `Rule`", asked | {"name"})):
        section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
        listed = re.findall(r"^- `@?(\w+)", section, re.MULTILINE)
        assert set(listed) - {"on"} == names, title


def test_a_field_without_words_and_words_without_a_field_are_found() -> None:
    class Silent(Effect, frozen=True):
        """Says too little."""

        points: int

    class Boasting(Effect, frozen=True):
        """Says too much.

        Attributes:
            points: How many.
        """

    Silent.__module__ = Boasting.__module__ = "loyalty_ledger.somewhere"
    with pytest.raises(AssertionError, match=r"Silent: no words for \[.points.\]"):
        fields_of(Silent)
    with pytest.raises(AssertionError, match=r"Boasting: no such fields: \{.points.\}"):
        fields_of(Boasting)
    with pytest.raises(AssertionError, match="says nothing of itself"):
        words(lambda: None)


def test_the_pages_for_authors_lead_to_each_other() -> None:
    for page_, others in (("README", ("TUTORIAL", "REFERENCE")), ("REFERENCE", ("TUTORIAL", "README"))):
        text = (PLUGINS / f"{page_}.md").read_text(encoding="utf-8")
        for other in others:
            assert f"{other}.md" in text
            assert (PLUGINS / f"{other}.md").exists()
