"""Going on: batches of facts in the order of the log, each one transaction of rows, position and lease."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection

from ..errors import HistoryError, PluginError
from ..store.database import Database
from ..store.groups import groups_of
from ..store.reading import FactRow, facts_after, head_of
from ..views.member_states import load as load_states
from ..views.member_states import members_due
from ..views.quarantine import members_aside
from . import generations
from .folding import Folder, Group, Harvest, parts_at
from .generations import Generation
from .lease import Hold
from .prefix import Decoders, Prefix
from .recipe import Progress, Recipe
from .refolding_groups import refold_group
from .set_asides import Asides, SetAside, earliest, set_asides
from .sheets import Sheets

_DUE_MEMBERS = 2_000


class CatchUp:
    """Brings a generation from its position to the end of the log."""

    def __init__(self, database: Database, recipe: Recipe, hold: Hold, generation: Generation) -> None:
        self.generation = generation
        self._database = database
        self._hold = hold
        self._slot = generation.slot
        self._decoders = Decoders(recipe.make_registry())
        self._sheets = Sheets(recipe.days(), recipe.make_views())
        self._asides: Asides = {}
        with database.reading() as connection:
            self._prefix = Prefix(recipe, self._decoders, connection, generation.position)
            self._aside = members_aside(connection, self._slot)
        if generation.position and self._prefix.fingerprint != generation.fingerprint:
            is_older = generation.fingerprint.startswith("schema ")
            what = "views were added" if is_older else "rules or their parameters were altered"
            if self._prefix.restated:
                what = f"the past was restated by the programme at position {self._prefix.restated}"
            raise PluginError(
                f"{what} since generation {generation.number} was built",
                at=f"position {generation.position}", hint="loyalty project rebuild",
            )  # fmt: skip

    def run(self, *, batch_facts: int, progress: Progress) -> Generation:
        """Fold batch after batch until nothing is left; return the generation at its new position.

        Raises:
            HistoryError: a stored fact is missing or cannot be read.
            LoyaltyError: the lease was lost.
        """
        while True:
            with self._database.reading() as connection:
                after = self.generation.position
                rows = facts_after(connection, after, batch_facts)
                if not rows:
                    return self.generation
                _check_gapless(rows, after)
                upto = rows[-1].position
                until_us = self._prefix.extend(rows)
                found = set_asides(connection)
                self._asides = _in_force(found, after, upto)
                folder = self._folder(connection, upto)
                by_group = self._by_group(connection, rows, upto)
                anew = self._anew(found, by_group, after, upto)
                folded = {group: facts for group, facts in by_group.items() if group not in anew}
                harvests = list(self._harvests(connection, folder, folded, after))
                self._sheets.load(connection, self._slot, harvests)
                due = [] if until_us is None else members_due(connection, self._slot, until_us)
                total = head_of(connection).position
            for harvest in harvests:
                self._add(harvest)
            with self._database.writing() as connection:
                self._hold.renew(connection)
                self.generation = generations.move(
                    connection, self.generation, position=upto, fingerprint=self._prefix.fingerprint
                )
                self._sheets.update(connection, self._slot)
                for group in anew:
                    self._refold(connection, group, upto)
                self._settle(connection, due, {member for group in by_group for member in group}, after, upto)
            progress(upto, total)

    def _folder(self, connection: Connection, upto: int) -> Folder:
        return Folder(self._prefix, self._decoders, upto, parts_at(connection), self._asides)

    def _anew(self, found: Iterable[SetAside], groups: Iterable[Group], after: int, upto: int) -> list[Group]:
        """Return the groups that an operator set aside from where they are folded already, or no longer."""
        members: set[str] = set()
        for aside in found:
            mine = self._aside.get(aside.member)
            is_new = after < aside.position <= upto and aside.lifted is None
            if is_new and aside.since <= after and (mine is None or mine >= aside.since):
                members.add(aside.member)
            if mine is not None and aside.lifted is not None and after < aside.lifted <= upto:
                members.add(aside.member)
        return [group for group in groups if not members.isdisjoint(group)]

    def _refold(self, connection: Connection, group: Group, upto: int) -> None:
        asides = refold_group(connection, self._slot, group, self._folder(connection, upto), self._sheets)
        for member in group:
            self._aside.pop(member, None)
        self._aside.update((row.member, row.position) for row in asides)

    def _by_group(
        self, connection: Connection, rows: Iterable[FactRow], upto: int
    ) -> dict[Group, list[FactRow]]:
        """Return the facts of each group that has any, in order."""
        by_member: dict[str, list[FactRow]] = {}
        touched: set[str] = set()
        naming = self._decoders.naming
        for row in rows:
            stream = row[1]
            owner = stream[7:] if stream.startswith("member/") else ""
            if row[2] in naming:
                named = self._decoders.fact(row).data.members()
                touched.update(named)
                owner = owner or (named[0] if named else "")
            if owner:
                mine = by_member.get(owner)
                if mine is None:
                    by_member[owner] = [row]
                else:
                    mine.append(row)
        touched.update(by_member)
        by_group: dict[Group, list[FactRow]] = {}
        for member, group in groups_of(connection, sorted(touched), upto).items():
            found = by_group.setdefault(group, [])
            if len(group) == 1:
                by_group[group] = by_member.get(member, [])
            else:
                found += by_member.get(member, ())
        for group, found in by_group.items():
            if len(group) > 1:
                found.sort()
        return by_group

    def _harvests(
        self, connection: Connection, folder: Folder, by_group: dict[Group, list[FactRow]], after: int
    ) -> Iterator[Harvest]:
        members = [member for group in by_group for member in group]
        states = load_states(connection, self._slot, members)
        aside = self._aside
        for group, rows in by_group.items():
            if not aside or aside.keys().isdisjoint(group):
                mine = {member: states[member] for member in group if member in states}
                yield from map(_copied, folder.harvests(group, mine, rows, after=after))
            elif not aside.keys() >= set(group):
                yield from map(_copied, folder.stepwise(group, states, rows, after=after, aside=aside))

    def _settle(self, connection: Connection, due: list[str], done: set[str], after: int, upto: int) -> None:
        """Settle members whom no fact of the batch concerns, but an advance of the clock does."""
        folder = self._folder(connection, upto)
        waiting = iter([member for member in due if member not in done])
        while chunk := list(islice(waiting, _DUE_MEMBERS)):
            groups = groups_of(connection, [member for member in chunk if member not in done], upto)
            by_group: dict[Group, list[FactRow]] = {group: [] for group in groups.values()}
            harvests = list(self._harvests(connection, folder, by_group, after))
            self._sheets.load(connection, self._slot, harvests)
            for harvest in harvests:
                self._add(harvest)
            self._sheets.update(connection, self._slot)
            done.update(member for group in by_group for member in group)

    def _add(self, harvest: Harvest) -> None:
        self._sheets.add(harvest)
        self._aside.update((row.member, row.position) for row in harvest.asides)


def _in_force(found: Iterable[SetAside], after: int, upto: int) -> dict[str, SetAside]:
    """Return who is set aside while a batch is folded: also by what is recorded behind it."""
    return earliest(
        aside for aside in found if aside.lifted is None and (aside.position <= upto or aside.since > after)
    )


def _copied(harvest: Harvest) -> Harvest:
    """A harvest that is kept beyond the next: its lists are the fold's own, and emptied there."""
    if harvest.is_last:
        return harvest
    return harvest._replace(
        entries=list(harvest.entries), flags=list(harvest.flags), moves=list(harvest.moves),
        actions=list(harvest.actions),
    )  # fmt: skip


def _check_gapless(rows: Sequence[FactRow], after: int) -> None:
    if rows[0].position != after + 1 or rows[-1].position != after + len(rows):
        raise HistoryError(
            "positions of the log have a gap", at=f"behind position {after}", hint="loyalty audit verify"
        )
