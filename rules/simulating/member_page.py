"""One member on both sides, fact by fact where they differ, with the rules' own reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from ...ledger.calendar import FOREVER_US, Zone, rfc3339
from ...ledger.facts import Fact
from ...ledger.reports.member import is_known, unknown_member
from ...ledger.reports.typesetting import counted, minute, set_lines, zone_of
from ...ledger.reports.wording import in_words
from ...ledger.store.merkle import root_of
from ...ledger.store.reading import head_of
from ..catalogue import Catalogue
from .candidate import Candidate
from .columns import head_line, number_lines
from .comparing import SIDES
from .member_sides import Account, both_sides

_MOST_FACTS = 20
_MOST_NOTES = 8
_LEAD = 13


@dataclass(frozen=True, kw_only=True)
class MemberPage:
    """A member on both sides.

    Attributes:
        accounts: What is recorded, and the candidate.
        facts: The facts at whose positions the sides differ.
        position: Of the last fact; root: of the hash tree over all.
    """

    member: str
    candidate: str
    zone: Zone
    accounts: tuple[Account, Account]
    facts: dict[int, Fact[Any]]
    ledger: str
    position: int
    root: str

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        rules = [account.rules() for account in self.accounts]
        return {
            "member": self.member, "candidate": self.candidate,
            "balance": _sides([account.balance for account in self.accounts]),
            "rules": {r: _sides([rules[0][r], rules[1][r]]) for r in sorted({*rules[0], *rules[1]})},
            "set_aside": {
                side: account.failure.what
                for side, account in zip(SIDES, self.accounts, strict=True) if account.failure
            },
            "facts": [
                {
                    "position": position, "type": fact.topic, "time": fact.time, "words": _words(fact),
                    **{side: _told(self.accounts[number], position) for number, side in enumerate(SIDES)},
                } for position, fact in self.facts.items()
            ],
            "footer": {"ledger": self.ledger, "position": self.position, "root": self.root},
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people, at most 80 columns."""
        recorded, candidate = self.accounts
        lines = [f"member {self.member}{'times of ' + self.zone.name:>{max(73 - len(self.member), 0)}}"]
        lines += set_lines(self.candidate, lead="candidate  ")
        lines += ["", head_line("points"), *number_lines("in all", [recorded.balance, candidate.balance])]
        ours, theirs = recorded.rules(), candidate.rules()
        for rule in sorted({*ours, *theirs}):
            lines += number_lines(f"by {rule}", [ours[rule], theirs[rule]])
        for side, account in zip(SIDES, self.accounts, strict=True):
            if account.failure:
                lines += ["", *set_lines(f"{side}: {account.failure.what}", lead="SET ASIDE  ")]
        if not self.facts:
            lines += ["", "nothing changes: every entry and move is the same on both sides"]
        else:
            lines += ["", f"the sides differ at {counted(len(self.facts), 'fact')}:"]
        for position in list(self.facts)[:_MOST_FACTS]:
            lines += ["", *self._fact_lines(position)]
        if len(self.facts) > _MOST_FACTS:
            lines += [
                "",
                f"and at {counted(len(self.facts) - _MOST_FACTS, 'fact')} more: --json has them all",
            ]
        foot = f"ledger {self.ledger[:8]}, position {self.position:,}, root {self.root[:12]}…"
        return [*lines, "", *set_lines(f"{foot}; nothing was written to the ledger")]

    def _fact_lines(self, position: int) -> list[str]:
        fact = self.facts[position]
        whose = f"{fact.subject}: " if fact.subject not in {"", self.member} else ""
        words = f"{minute(fact.occurred_us, self.zone)}  {whose}{_words(fact)}"
        lines = set_lines(words, lead=f"fact {position}  ")
        recorded, candidate = self.accounts
        both = _shared(_lines_at(recorded, position, self.zone), _lines_at(candidate, position, self.zone))
        for words in both:
            lines += _labelled("both", words)
        for side, account in zip(SIDES, self.accounts, strict=True):
            lines += self._side_lines(side, account, position, both)
        return lines

    def _side_lines(self, side: str, account: Account, position: int, both: Sequence[str]) -> list[str]:
        """Return what one side alone says: its entries, and why rules gave what they gave, or nothing."""
        alone = list((Counter(_lines_at(account, position, self.zone)) - Counter(both)).elements())
        lines = [line for words in alone for line in _labelled(side, words)] or _labelled(
            side, "nothing more"
        )
        other = self.accounts[0] if account is self.accounts[1] else self.accounts[1]
        heard = {(note.rule, note.text) for note in other.notes.get(position, ())}
        notes = [note for note in account.notes.get(position, ()) if (note.rule, note.text) not in heard]
        for note in notes[:_MOST_NOTES]:
            why = " gave nothing" if note.is_refusal else ""
            lines += _labelled("", f"{note.rule}{why}: {note.text}")
        more = len(notes) - _MOST_NOTES
        return lines + (
            _labelled("", f"and {counted(more, 'step')} more: --json has them all") if more > 0 else []
        )


def page_of(connection: Connection, catalogue: Catalogue, candidate: Candidate, member: str) -> MemberPage:
    """Fold the member's group on both sides, keeping every step, and return where they differ.

    Raises:
        LoyaltyError: no fact names the member.
        PluginError: the history needs a plugin that is missing or altered.
    """
    if not is_known(connection, member):
        raise unknown_member(member)
    head = head_of(connection)
    sides = both_sides(connection, catalogue, candidate, member, upto=head.position)
    return MemberPage(
        member=member, candidate=candidate.words(), zone=zone_of(connection),
        accounts=(sides.recorded, sides.candidate), facts=sides.facts,
        ledger=head.ledger_id, position=head.position, root=root_of(head.frontier, head.position).hex(),
    )  # fmt: skip


def _lines_at(account: Account, position: int, zone: Zone) -> list[str]:
    lines = []
    for entry in account.entries.get(position, ()):
        amount = f"{entry.points + entry.pending + entry.held:+,}"
        if entry.pending and not entry.points:
            amount += " pending"
        expires = ""
        if entry.expires_us is not None and entry.expires_us < FOREVER_US:
            expires = f", expires {minute(entry.expires_us, zone)}"
        lines.append(f"{amount}  {entry.reason}{expires}  ({entry.rule})")
    return lines + [
        f"{move.ladder}: {move.old or 'none'} → {move.rung or 'none'}, {move.reason}  ({move.rule})"
        for move in account.moves.get(position, ())
    ]


def _shared(recorded: list[str], candidate: list[str]) -> list[str]:
    return list((Counter(recorded) & Counter(candidate)).elements())


def _told(account: Account, position: int) -> dict[str, Any]:
    return {
        "entries": [
            {**entry._asdict(), "booked": rfc3339(entry.booked_us)}
            for entry in account.entries.get(position, ())
        ],
        "moves": [move._asdict() for move in account.moves.get(position, ())],
        "notes": [
            {"rule": note.rule, "text": note.text, "gave_nothing": note.is_refusal}
            for note in account.notes.get(position, ())
        ],
    }  # fmt: skip


def _words(fact: Fact[Any]) -> str:
    return in_words(fact.topic, msgspec.to_builtins(fact.data))


def _sides(pair: Sequence[int]) -> dict[str, int]:
    return {"recorded": pair[0], "candidate": pair[1], "difference": pair[1] - pair[0]}


def _labelled(label: str, words: str) -> list[str]:
    return set_lines(words, lead=f"  {label:<{_LEAD - 4}}  ")
