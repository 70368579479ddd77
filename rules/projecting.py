"""Projections under the installed rules: how the command line runs, rebuilds and describes the views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import Any

from ..ledger import projection
from ..ledger.calendar import rfc3339
from ..ledger.errors import FindingsError
from ..ledger.facts import Fact, FactType, Registry
from ..ledger.projection import Clock, Difference, Progress, Recipe, Runner
from ..ledger.store.database import Database
from .catalogue import Pin
from .containing.viewing import WatchedView
from .engine import Engine
from .governing import recorded_programmes
from .offering import View
from .trusting import pins_of, trusted_catalogue, trusted_in


def make_fold(folder: Path | None, facts: Sequence[Fact[FactType]]) -> Engine:
    """Return the engine under the plugins these facts trust, in whatever process asks."""
    return Engine(facts, trusted_catalogue(trusted_in(facts), folder))


def make_registry(folder: Path | None, trusted: frozenset[Pin]) -> Registry:
    """Return the types of facts, those of trusted plugins included."""
    return trusted_catalogue(trusted, folder).registry


@dataclass(frozen=True, kw_only=True)
class Projected:
    """What a run or a rebuild came to."""

    generation: int
    position: int
    quarantined: int
    difference: Difference | None = None

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "generation": self.generation, "position": self.position, "quarantined": self.quarantined,
            "difference": _difference_fields(self.difference) if self.difference else None,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        lines = [f"views are at position {self.position:,}, generation {self.generation}"]
        if self.difference:
            lines += ["accepted: " + line.strip() for line in _difference_lines(self.difference)]
        if self.quarantined:
            lines.append(f"members set aside: {self.quarantined:,} (loyalty quarantine list)")
        return lines


def make_views(folder: Path | None, trusted: frozenset[Pin]) -> Sequence[View]:
    """Return the views of trusted plugins, by name."""
    catalogue = trusted_catalogue(trusted, folder)
    return [WatchedView(catalogue.views[name]()) for name in sorted(catalogue.views)]


def recipe_for(database: Database, folder: Path | None = None) -> Recipe:
    """Return how facts become rows in this ledger: the rules it trusts, the days of its zone.

    Args:
        database: The ledger.
        folder: With rules of the operator's own.
    """
    with database.reading() as connection:
        trusted = frozenset((pin.plugin, pin.fingerprint) for pin in pins_of(connection))
        programmes = recorded_programmes(connection, make_registry(folder, trusted))
    zone = programmes[0].file.zone if programmes else "UTC"
    return Recipe(
        make_fold=partial(make_fold, folder),
        make_registry=partial(make_registry, folder, trusted),
        zone=zone,
        make_views=partial(make_views, folder, trusted),
        views=trusted_catalogue(trusted, folder).views_fingerprint(),
    )  # fmt: skip


def run_views(
    database: Database, *, runner: Runner, clock: Clock, batch_facts: int, progress: Progress,
    folder: Path | None = None,
) -> Projected:  # fmt: skip
    """Bring the views up to the last fact.

    Raises:
        LoyaltyError: as :func:`loyalty_ledger.ledger.projection.run`.
    """
    projection.run(
        database, recipe_for(database, folder), runner=runner, clock=clock, batch_facts=batch_facts,
        progress=progress,
    )  # fmt: skip
    return _projected(database, None)


def rebuild_views(
    database: Database, *, runner: Runner, clock: Clock, processes: int, is_from_journal: bool,
    accept: str | None, progress: Progress, folder: Path | None = None,
) -> Projected:  # fmt: skip
    """Make all views anew, compare, and swap.

    Raises:
        FindingsError: the views differ, and *accept* does not name the difference; the live ones go on
        serving. LoyaltyError: as :func:`loyalty_ledger.ledger.projection.rebuild`.
    """
    done = projection.rebuild(
        database, recipe_for(database, folder), runner=runner, clock=clock, from_journal=is_from_journal,
        processes=processes, accept=accept, progress=progress,
    )  # fmt: skip
    if not done.is_live and done.difference is not None:
        raise FindingsError(
            "the rules in force now give other views: " + "; ".join(_difference_lines(done.difference)[:4]),
            hint=f"loyalty project rebuild --accept {done.difference.digest}",
        )
    return _projected(database, done.difference)


@dataclass(frozen=True, kw_only=True)
class FoldedAgain:
    """What a retry of members who were set aside came to."""

    retried: projection.Retried

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        done = self.retried
        return {
            "back": done.back, "still": [row._asdict() for row in done.still], "position": done.position,
            "is_altered": done.is_altered,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        done = self.retried
        lines = [f"{member:<20} is back, folded up to position {done.position:,}" for member in done.back]
        for row in done.still:
            lines.append(f"{row.member:<20} still set aside, position {row.position:,}")
            lines += wrap(row.error, 80, initial_indent="  ", subsequent_indent="  ")
        return lines or ["nobody is set aside"]


def retry_members(
    database: Database, members: Sequence[str], *, runner: Runner, clock: Clock, progress: Progress,
    folder: Path | None = None,
) -> FoldedAgain:  # fmt: skip
    """Fold members who are set aside once more, nobody named for all of them.

    Raises:
        LoyaltyError: as :func:`loyalty_ledger.ledger.projection.retry`.
    """
    recipe = recipe_for(database, folder)
    done = projection.retry(database, recipe, members=members, runner=runner, clock=clock, progress=progress)
    return FoldedAgain(retried=done)


def _projected(database: Database, difference: Difference | None) -> Projected:
    with database.reading() as connection:
        status = projection.status(connection)
    generation = status.generation
    return Projected(
        generation=generation.number if generation else 0, position=status.position,
        quarantined=status.quarantined, difference=difference,
    )  # fmt: skip


def _difference_fields(found: Difference) -> dict[str, Any]:
    return {**found._asdict(), "shown": [member._asdict() for member in found.shown]}


def _difference_lines(found: Difference) -> list[str]:
    who = "1 member differs" if found.members == 1 else f"{found.members:,} members differ"
    lines = [f"{who} in {', '.join(found.views)}, {found.before:,} points before, {found.after:,} after"]
    return lines + [f"{m.member} {m.before:,} → {m.after:,}" for m in found.shown[:10]]


@dataclass(frozen=True, kw_only=True)
class ViewsStatus:
    """How far the views are, and what they hash to."""

    status: projection.Status
    digests: dict[str, str]

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        status = self.status
        return {
            "position": status.position, "head": status.head, "lag_facts": status.lag_facts,
            "generation": status.generation.number if status.generation else None,
            "fingerprint": status.generation.fingerprint if status.generation else None,
            "holder": status.holder._asdict() if status.holder else None, "quarantined": status.quarantined,
            "digests": self.digests or None,
            "digest": projection.overall_digest(self.digests) if self.digests else None,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        status = self.status
        if status.generation is None:
            return [f"nothing projected yet; {status.head:,} facts wait: loyalty project run"]
        lines = [
            f"position     {status.position:,} of {status.head:,}, {status.lag_facts:,} facts behind",
            f"generation   {status.generation.number}, rules {status.generation.fingerprint[:12]}…",
            f"set aside    {status.quarantined:,} members",
        ]
        if status.holder:
            holder = status.holder
            lines.append(
                f"running      process {holder.pid} on {holder.host}, until {rfc3339(holder.expires_us)}"
            )
        lines += [f"digest       {digest[:32]}…  {name}" for name, digest in self.digests.items()]
        if self.digests:
            lines.append(f"digest       {projection.overall_digest(self.digests)}")
        return lines


def views_status(database: Database, *, with_digests: bool) -> ViewsStatus:
    """Return how far the views are; hashing them reads every row."""
    with database.reading() as connection:
        digests = projection.digest_of_views(connection) if with_digests else {}
        return ViewsStatus(status=projection.status(connection), digests=digests)
