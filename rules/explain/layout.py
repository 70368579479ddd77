"""How the parts of an explanation are set: a label, then words, 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ...ledger.facts import Fact
from ...ledger.reports.typesetting import minute, set_lines
from ...ledger.reports.wording import in_words
from .story import Story, says_nothing

LEAD = 12


def labelled(label: str, words: str) -> list[str]:
    """Return words behind a label; '' continues the one above."""
    return set_lines(words, lead=f"  {label:<{LEAD - 4}}  ")


def headed(label: str, words: str) -> list[str]:
    """Return the first line of a part."""
    return set_lines(words, lead=f"{label}  ")


def told_fact(story: Story, position: int) -> str:
    """Return a fact in words, with its position and its member where that is another."""
    fact = story.facts.get(position)
    if fact is None:
        return f"fact {position}"
    whose = f"{fact.subject}: " if fact.subject and fact.subject != story.member else ""
    return f"fact {position}: {whose}{words_of(fact)}"


def words_of(fact: Fact[Any]) -> str:
    """Return what a typed fact says."""
    return in_words(fact.topic, msgspec.to_builtins(fact.data))


def fact_lines(story: Story, position: int) -> list[str]:
    """Return a fact: what it says, when it happened, who recorded it."""
    if position not in story.facts:
        return []
    lines = labelled("fact", told_fact(story, position).removeprefix("fact "))
    return lines + labelled("", origin(story, position))


def origin(story: Story, position: int) -> str:
    """Return when a fact happened, and who recorded it as what."""
    fact = story.facts[position]
    by = f" by {fact.actor}" if fact.actor else ""
    return f"happened {minute(fact.occurred_us, story.zone)}, recorded{by} as {fact.id} of {fact.source}"


def rule_lines(story: Story, cited: str, programme: int) -> list[str]:
    """Return a rule, the programme whose parameters it had, and those."""
    found, label = story.programme(programme), cited.rpartition("@")[0]
    use = found.pinned[label].rule if found and label in found.pinned else label
    of = f" ({use})" if use != label else ""
    lines = labelled("rule", f"{cited}{of}, programme at position {programme}")
    return lines + _params("params", story.params(cited, programme))


def _params(label: str, params: Mapping[str, Any]) -> list[str]:
    parts = [f"{name} = {plain(value)}" for name, value in params.items()]
    lines: list[str] = []
    line = ""
    for part in parts:
        if line and len(line) + len(part) > 78 - LEAD:
            lines += labelled("" if lines else label, line)
            line = ""
        line += f", {part}" if line else part
    return lines + (labelled("" if lines else label, line) if line else [])


def plain(value: Any) -> str:
    """Return a parameter as people write it."""
    if isinstance(value, dict):
        name, told = value.get("name"), {key: inner for key, inner in value.items() if key != "name"}
        words = ", ".join(f"{key} {plain(inner)}" for key, inner in told.items() if not says_nothing(inner))
        return words if name is None else f"{name} ({words})"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(inner) for inner in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
