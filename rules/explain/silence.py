"""Why a rule gave nothing for a fact, when it did not say so itself."""

from __future__ import annotations

from ..effects import Changed, NewLot
from ..rule import Rule, is_fact_type, listeners
from .story import Story

_HAPPENINGS: dict[type, str] = {NewLot: "of new lots", Changed: "of changed sums"}


def silence(story: Story, position: int, asked: str) -> list[str]:
    """Return the reasons, in the order in which they would have to be removed; at least one.

    Args:
        story: The member's, folded again.
        position: Of a fact of the story.
        asked: The rule, by its label or as entries cite it.
    """
    label, _, version = asked.partition("@")
    fact = story.facts[position]
    programme = story.engine.history.governing(position, fact.occurred_us)
    if programme is None:
        return ["no programme was in force for the fact"]
    where = f"the programme in force for the fact (position {programme.position})"
    rule = programme.rules.get(label)
    if rule is None:
        return [f"{where} has no rule {label}"]
    cited = programme.cited[label]
    if version and cited != asked:
        return [f"{where} has {cited}"]
    if story.set_aside:
        return ["the member is set aside"]
    steps = [note.text for note in story.notes_at.get(position, ()) if note.rule == cited]
    return [*steps, "that is no entry of its own"] if steps else [_unheard(rule, fact.topic)]


def _unheard(rule: Rule, topic: str) -> str:
    heard = listeners(type(rule))
    topics = sorted(str(kind.topic) for kind in heard if is_fact_type(kind))  # type: ignore[attr-defined]
    if topic in topics:
        return "it was asked, and had nothing to answer"
    told = [words for kind, words in _HAPPENINGS.items() if kind in heard]
    if told:
        return f"it hears {' and '.join(told)}, and had nothing to answer"
    return f"it does not listen to {topic}, but to {', '.join(topics) or 'its timers alone'}"
