"""From any number down to its facts, rules, parameters and arithmetic: ``explain`` and ``member history``.

The member's group is folded again, with the rules' notes kept. What the fold says must be what the journal
says; where the two differ, the report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from ..ledger.calendar import Zone, rfc3339
from ..ledger.errors import LoyaltyError, RuleError
from ..ledger.facts import Fact
from ..ledger.journal import Entry
from ..ledger.reports.footer import Footer, footer
from ..ledger.reports.member import is_known
from ..ledger.store.groups import groups_of
from ..ledger.store.reading import facts_of, programme_facts
from ..ledger.units import money_text
from .asking import Note
from .catalogue import Catalogue
from .engine import Engine, Group


@dataclass(frozen=True, kw_only=True)
class Story:
    """A member's facts, the entries they led to and the notes of the rules, in the order they became known.

    Attributes:
        is_as_recorded: Whether the fold says what the journal says.
        set_aside: Which rule failed on which fact, or None; the story ends before it.
    """

    member: str
    facts: dict[int, Fact[Any]]
    entries: list[Entry]
    notes: list[Note]
    engine: Engine
    is_as_recorded: bool
    set_aside: str | None
    footer: Footer


def told(connection: Connection, catalogue: Catalogue, member: str) -> Story:
    """Fold the member's group again up to what the views have read, keeping every step.

    Raises:
        LoyaltyError: no fact names the member.
        PluginError: the history needs a plugin that is missing or altered.
    """
    foot = footer(connection)
    if not is_known(connection, member):
        raise LoyaltyError(
            f"no fact names member {member!r}", hint="ids are exact: loyalty export shows them"
        )
    decoders = catalogue.registry.fact_decoders()
    programme = [_fact(decoders, row) for row in programme_facts(connection, foot.position)]
    engine = Engine(programme, catalogue, is_explaining=True)
    aside = connection.execute(
        text("SELECT position, error FROM quarantine WHERE member = :member"), {"member": member}
    ).one_or_none()
    # Somebody set aside stands where the group stood before: perhaps not yet connected with whom it failed.
    upto = foot.position if aside is None else aside.position - 1
    members = groups_of(connection, [member], upto)[member]
    group = engine.group(tuple(members), {})
    own = [_fact(decoders, row) for row in facts_of(connection, members, upto=upto)]
    every, notes, failure = _folded(group, own, upto)
    later = [_fact(decoders, row) for row in facts_of(connection, [member], after=upto, upto=foot.position)]
    facts = {fact.position: fact for fact in (*programme, *own, *later)}
    entries = [entry for entry in every if entry.member == member]
    recorded = connection.execute(
        text("SELECT * FROM journal WHERE member = :member ORDER BY entry"), {"member": member}
    ).all()
    return Story(
        member=member,
        facts=facts,
        entries=entries,
        notes=[note for note in notes if note.member == member],
        engine=engine,
        is_as_recorded=[tuple(row) for row in recorded] == [tuple(entry) for entry in entries],
        set_aside=_why_aside(aside, failure),
        footer=foot,
    )


def _why_aside(aside: Any, failure: RuleError | None) -> str | None:
    if aside is not None:
        return f"at position {aside.position:,}: {aside.error}"
    return f"{failure.what} ({failure.at})" if failure else None


def _folded(
    group: Group, facts: Sequence[Fact[Any]], upto: int
) -> tuple[list[Entry], list[Note], RuleError | None]:
    """Fold step by step; where a rule fails, return what the steps before came to, as a projection does."""
    entries = notes = 0
    try:
        for fact in facts:
            group.settle(fact.position - 1)
            entries, notes = len(group.entries), len(group.notes)
            group.apply(fact)
            group.settle(fact.position)
            entries, notes = len(group.entries), len(group.notes)
        group.settle(upto)
    except RuleError as error:
        return group.entries[:entries], group.notes[:notes], error
    return group.entries, group.notes, None


def _fact(decoders: dict[str, Any], row: Any) -> Fact[Any]:
    fact: Fact[Any] = decoders[row.topic](row.state)
    fact.position, fact.occurred_us = row.position, row.occurred_us
    return fact


# History


def history_fields(story: Story) -> list[dict[str, Any]]:
    """Return the timeline for programs: facts of the member and entries, with the balance after each."""
    rows: list[dict[str, Any]] = []
    for kind, item, balance in _timeline(story):
        if kind == "fact":
            rows.append(
                {
                    "kind": "fact",
                    "position": item.position,
                    "type": item.topic,
                    "occurred": rfc3339(item.occurred_us),
                    "is_late": item.is_late,
                    "what": sentence(item),
                    "balance": balance,
                }
            )
        else:
            rows.append({"kind": "entry", **entry_fields(item), "balance": balance})
    return rows


def history_lines(story: Story) -> list[str]:
    """Return the timeline for people, 80 columns."""
    head = f"{'date':<11}{'fact':>8}  {'what happened':<38}{'points':>9}{'balance':>12}"
    lines = [f"member {story.member}", "", head]
    zone = story.engine.history.programmes[0].zone if story.engine.history.programmes else Zone("UTC")
    for kind, item, balance in _timeline(story):
        if kind == "fact":
            late = " (late)" if item.is_late else ""
            day = zone.local_date(item.occurred_us).isoformat()
            lines.append(f"{day:<11}{item.position:>8,}  {_cut(sentence(item) + late, 59)}")
        else:
            moved = item.points + item.pending
            reason = item.reason + (" (pending)" if item.pending > 0 else "")
            lot = "" if item.lot is None or moved > 0 else f", lot {item.lot}"
            day = zone.local_date(item.booked_us).isoformat()
            entry = f"#{item.entry}"
            lines.append(f"{day:<11}{entry:>8}  {_cut(reason + lot, 37):<38}{moved:>+9,}{balance:>12,}")
    lines += _aside_lines(story)
    if not story.is_as_recorded:
        lines += [
            "",
            "WARNING  the journal differs from what the rules give today; in this order:",
            "         loyalty audit verify, then loyalty project rebuild",
        ]
    return [*lines, "", story.footer.line()]


def _timeline(story: Story) -> list[tuple[str, Any, int]]:
    facts = [fact for fact in story.facts.values() if story.member in _names(fact)]
    steps: list[tuple[int, int, int, str, Any]] = [(f.position, 0, 0, "fact", f) for f in facts]
    steps += [(e.position, 1 if e.fact == e.position else -1, e.entry, "entry", e) for e in story.entries]
    balance, rows = 0, []
    for *_, kind, item in sorted(steps, key=lambda step: step[:3]):
        if kind == "entry":
            balance += item.points
        rows.append((kind, item, balance))
    return rows


def _names(fact: Fact[Any]) -> tuple[str, ...]:
    return (fact.subject, *fact.data.members()) if type(fact.data).about == "member" else ()


def sentence(fact: Fact[Any]) -> str:
    """Return a fact in a few words: its type and the fields that tell it apart."""
    data = fact.data
    words = fact.topic.replace(".", " ").replace("_", " ")
    parts = []
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if name.endswith("_minor") and value:
            parts.append(money_text(value, getattr(data, "currency", None) or "USD"))
        elif isinstance(value, (str, int)) and not isinstance(value, bool) and value and name != "currency":
            parts.append(f"{value:,} {name}" if isinstance(value, int) else f"{name} {value}")
        elif isinstance(value, tuple) and value and name == "lines":
            parts.append(f"{len(value)} line{'s' * (len(value) != 1)}")
    return f"{words}: {', '.join(parts)}" if parts else words


# Explain


def entry_fields(entry: Entry) -> dict[str, Any]:
    """Return an entry for programs, instants as RFC 3339."""
    fields = entry._asdict()
    for name in ("booked_us", "usable_us", "expires_us"):
        value = fields.pop(name)
        fields[name.removesuffix("_us")] = None if value is None else _instant(value)
    return fields


def chosen(
    story: Story, *, entry: int | None = None, fact: int | None = None, rule: str | None = None
) -> list[Entry]:
    """Return the entries asked for; all of them when nothing is asked.

    Raises:
        LoyaltyError: there is no such entry or rule, or the fact does not name the member.
    """
    entries = story.entries
    if entry is not None:
        entries = [e for e in entries if e.entry == entry]
        if not entries:
            raise LoyaltyError(
                f"member {story.member!r} has no entry {entry}", hint=f"entries are 1 to {len(story.entries)}"
            )
    if fact is not None:
        if fact not in story.facts:
            raise LoyaltyError(
                f"fact {fact:,} does not name member {story.member!r}, or is not in the views yet",
                hint=f"loyalty member history {story.member} lists the member's facts",
            )
        entries = [e for e in entries if fact in {e.fact, e.position}]
    if rule is not None:
        known = _rules_of(story)
        if rule not in known:
            raise LoyaltyError(
                f"no programme has a rule {rule!r}", hint=f"rules are {', '.join(sorted(known)) or 'none'}"
            )
        entries = [e for e in entries if e.rule == rule or e.rule.rpartition("@")[0] == rule]
    return entries


def _rules_of(story: Story) -> set[str]:
    """Return every rule by its label and as entries cite it."""
    cited = {e.rule for e in story.entries} | {n.rule for n in story.notes}
    for programme in story.engine.history.programmes:
        cited.update(programme.cited.values())
    return cited | {rule.rpartition("@")[0] or rule for rule in cited}


def notes_of(story: Story, position: int, rule: str | None = None) -> list[Note]:
    """Return what rules noted on the fact at a position."""
    return [
        n
        for n in story.notes
        if n.position == position and (rule is None or rule in {n.rule, n.rule.rpartition("@")[0]})
    ]


def explain_fields(
    story: Story, entries: Sequence[Entry], fact: int | None, rule: str | None
) -> dict[str, Any]:
    """Return the explanation for programs."""
    return {
        "member": story.member,
        "points": sum(entry.points for entry in story.entries),
        "is_as_recorded": story.is_as_recorded,
        "set_aside": story.set_aside,
        "by_account": by_account(story.entries),
        "entries": [
            {
                **entry_fields(entry),
                "params": _params(story, entry),
                "arithmetic": [
                    n.text for n in notes_of(story, entry.position, entry.rule) if not n.is_refusal
                ],
                "fact_data": msgspec.to_builtins(story.facts[entry.fact].data)
                if entry.fact in story.facts
                else None,
            }
            for entry in entries
        ],
        "why_not": [
            {"position": n.position, "rule": n.rule, "reason": n.text} for n in _refusals(story, fact, rule)
        ],
        "footer": story.footer.fields(),
    }


def explain_lines(story: Story, entries: Sequence[Entry], fact: int | None, rule: str | None) -> list[str]:
    """Return the explanation for people, 80 columns."""
    is_whole = len(entries) == len(story.entries) and fact is None
    balance = sum(entry.points for entry in story.entries)
    count = "1 entry" if len(story.entries) == 1 else f"{len(story.entries):,} entries"
    lines = [f"member {story.member} has {balance:,} points, from {count}:"]
    lines += [""] if story.entries else []
    lines += [f"  {account:<14}{points:>+14,}" for account, points in by_account(story.entries).items()]
    shown = entries[-3:] if is_whole else entries
    if len(shown) < len(entries):
        lines += [
            "",
            f"the last {len(shown)} of {len(entries):,} entries (--entry, --fact or --rule show others):",
        ]
    for entry in shown:
        lines += ["", *_entry_lines(story, entry)]
    for note in _refusals(story, fact, rule)[-5:]:
        lines += ["", f"position {note.position:,}: {note.rule} gave nothing", f"  because {note.text}"]
    if fact is not None and all(e.fact != fact for e in entries) and not _refusals(story, fact, rule):
        lines += ["", f"fact {fact:,} itself earned nothing: no rule answers {story.facts[fact].topic}"]
    lines += _aside_lines(story)
    verdict = (
        "as the journal has it" if story.is_as_recorded else "NOT as the journal has it: loyalty audit verify"
    )
    return [*lines, "", f"folded again: {verdict}", story.footer.line()]


def _aside_lines(story: Story) -> list[str]:
    return (
        ["", *wrap(f"SET ASIDE  {story.set_aside}", 80, subsequent_indent=" " * 11)]
        if story.set_aside
        else []
    )


def by_account(entries: Sequence[Entry]) -> dict[str, int]:
    """Return the member's points by the programme's account they came from or went to."""
    sums: dict[str, int] = {}
    for entry in entries:
        if entry.account:
            sums[entry.account] = sums.get(entry.account, 0) - entry.contra
    return sums


def _refusals(story: Story, fact: int | None, rule: str | None) -> list[Note]:
    if fact is None and rule is None:
        return []
    return [
        n
        for n in story.notes
        if n.is_refusal
        and fact in {None, n.position}
        and (rule is None or rule in {n.rule, n.rule.rpartition("@")[0]})
    ]


def _entry_lines(story: Story, entry: Entry) -> list[str]:
    fact = story.facts.get(entry.fact)
    known = "" if entry.position == entry.fact else f", known at position {entry.position:,}"
    late = ", late" if entry.is_late else ""
    lines = [f"entry {entry.entry}  {entry.points + entry.pending:+,} points  {entry.reason}"]
    lines.append(f"  booked    {_instant(entry.booked_us)}{known}{late}")
    if fact is not None:
        lines.append(_cut(f"  fact      {entry.fact:,}: {sentence(fact)}", 80))
        lines.append(f"            occurred {rfc3339(fact.occurred_us)}")
        lines.append(_cut(f"            recorded as {fact.id} by {fact.source}", 80))
    lines.append(f"  rule      {entry.rule}, programme at position {entry.programme:,}")
    lines += _wrapped("  params    ", [f"{k} = {_plain(v)}" for k, v in _params(story, entry).items()])
    for note in notes_of(story, entry.position, entry.rule):
        if not note.is_refusal:
            lines.append(_cut(f"  because   {note.text}", 80))
    legs = [
        ("points", entry.points),
        ("pending", entry.pending),
        ("held", entry.held),
        (entry.account, entry.contra),
    ]
    lines.append("  postings  " + ", ".join(f"{name} {value:+,}" for name, value in legs if value))
    if entry.lot is not None:
        expires = "" if entry.expires_us is None else f", expires {_instant(entry.expires_us)}"
        lines.append(f"  lot       {entry.lot}{expires}")
    return lines


def _params(story: Story, entry: Entry) -> dict[str, Any]:
    """Return the parameters in force for the entry's rule, those that say nothing left out."""
    label = entry.rule.rpartition("@")[0]
    for programme in story.engine.history.programmes:
        if programme.position == entry.programme and label in programme.pinned:
            return {
                name: value
                for name, value in programme.pinned[label].params.items()
                if not _says_nothing(value)
            }
    return {}


def _says_nothing(value: Any) -> bool:
    return value is None or value in ([], (), {}) or (isinstance(value, dict) and not any(value.values()))


def _plain(value: Any) -> str:
    """Return a parameter as people write it."""
    if isinstance(value, dict):
        return ", ".join(
            f"{name} = {_plain(inner)}" for name, inner in value.items() if not _says_nothing(inner)
        )
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_plain(inner) for inner in value)}]"
    return str(value)


def _wrapped(lead: str, parts: list[str]) -> list[str]:
    lines, line = [], lead
    for part in parts:
        if len(line) + len(part) > 78 and line.strip() != lead.strip():
            lines.append(line.rstrip(", "))
            line = " " * len(lead)
        line += f"{part}, "
    return [*lines, line.rstrip(", ")] if parts else []


def _cut(text_: str, width: int) -> str:
    return text_ if len(text_) <= width else text_[: width - 1] + "…"


def _instant(instant_us: int) -> str:
    from ..ledger.calendar import FOREVER_US

    return "never" if instant_us >= FOREVER_US else rfc3339(instant_us)
