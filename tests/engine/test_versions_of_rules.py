"""Programmes follow one another: what a rule remembers across versions, and which facts stay under which."""

from __future__ import annotations

from collections.abc import Iterator

from loyalty_ledger.ledger.facts.programme import ClockAdvanced
from loyalty_ledger.rules import (
    DAY_US,
    Accrue,
    Count,
    Effect,
    Fact,
    Keep,
    Member,
    NewLot,
    PurchaseRecorded,
    Rule,
    SetTimer,
    Terms,
    on,
)
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.testing import Story

from .extra_rules import catalogue_of

HEAD = 'programme = "Stamps"\nzone = "UTC"\ncurrency = "USD"\n'


class Stamps(Rule):
    """As many points as orders so far."""

    name = "stamps"

    @on(PurchaseRecorded)
    def stamp(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="orders")
        yield Accrue(points=member.counter("orders"), reason="stamps")


class Hundreds(Stamps):
    """Counts in hundreds, and takes over what was counted in ones."""

    version = 2

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:
        assert version == 1
        return {"orders": 100 * int(kept.get("orders", 0))}

    @on(PurchaseRecorded)
    def stamp(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="orders", by=100)
        yield Accrue(points=member.counter("orders"), reason="stamps")


class Afresh(Stamps):
    """Takes nothing over."""

    version = 3


class Thousands(Stamps):
    """Takes over from whoever was last."""

    version = 4

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:
        return {"orders": 1000 * version + int(kept["orders"])}


class Careless(Stamps):
    """Makes of its memory what cannot be kept."""

    version = 5

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:
        return {"orders": 1.5}  # type: ignore[dict-item]


class Forgetful(Stamps):
    """Forgets what it took over."""

    version = 6

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:
        return dict(kept)

    @on(PurchaseRecorded)
    def stamp(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Accrue(points=member.counter("orders"), reason="stamps")
        yield Keep(key="orders", value=None)


CATALOGUE = catalogue_of(Stamps, Hundreds, Afresh, Thousands, Careless, Forgetful)


def story(version: int = 1) -> Story:
    return Story(f"{HEAD}[rules.stamps]\nversion = {version}\n", catalogue=CATALOGUE)


def apply(told: Story, version: int, since: str) -> None:
    text = f"{HEAD}[rules.stamps]\nversion = {version}\n"
    told.record(
        None, activation(text, CATALOGUE, at="story", effective=f"{since}T00:00:00Z"), at="2020-01-01"
    )


def points(told: Story) -> list[int]:
    return [entry.points for entry in told.entries("ann")]


def test_a_new_version_takes_over_what_it_migrates() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")  # 1
    told.purchase("ann", "1.00", at="2026-01-02")  # 2
    apply(told, 2, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")  # 2 × 100 + 100
    told.purchase("ann", "1.00", at="2026-02-02")

    assert points(told) == [1, 2, 300, 400]


def test_a_new_version_that_migrates_nothing_starts_afresh() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")
    told.purchase("ann", "1.00", at="2026-01-02")
    apply(told, 3, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")

    assert points(told) == [1, 2, 1]


def test_a_late_fact_goes_by_its_own_version_and_its_memory() -> None:
    """Version 1 goes on counting where it was; version 2 has been on its own since it wrote."""
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")  # 1
    apply(told, 2, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")  # 100 + 100
    told.purchase("ann", "1.00", at="2026-01-15")  # late, under version 1: 2
    told.purchase("ann", "1.00", at="2026-02-02")  # 300

    assert points(told) == [1, 200, 2, 300]


def test_the_latest_older_version_that_was_used_hands_over() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")  # 1
    told.purchase("bob", "1.00", at="2026-01-01")
    apply(told, 2, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")  # 200
    apply(told, 4, "2026-03-01")
    told.purchase("ann", "1.00", at="2026-03-01")  # from version 2: 2 × 1000 + 200 + 1
    told.purchase("bob", "1.00", at="2026-03-01")  # from version 1: 1 × 1000 + 1 + 1

    assert points(told) == [1, 200, 2201]
    assert [entry.points for entry in told.entries("bob")] == [1, 1002]


def test_going_back_to_an_older_version_goes_on_with_its_memory() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")  # 1
    apply(told, 2, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")  # 200
    apply(told, 1, "2026-03-01")
    told.purchase("ann", "1.00", at="2026-03-01")  # 2

    assert points(told) == [1, 200, 2]


def test_what_was_taken_over_and_forgotten_stays_forgotten() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")
    apply(told, 6, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")  # 1, and forgets it
    told.purchase("ann", "1.00", at="2026-02-02")  # nothing left: 0 books nothing

    assert points(told) == [1, 1]


def test_a_migration_that_makes_nonsense_sets_the_member_aside() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")
    apply(told, 5, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")

    try:
        told.folded()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must say so
        assert "migrate['orders'] 1.5" in str(error)  # noqa: PT017 - the chain of errors ends here
    else:
        raise AssertionError("it was kept")


def test_a_new_version_changes_no_entry_before_its_date() -> None:
    """Entries booked before the date are the same rows, told with and without the activation."""
    plain, changed = story(), story()
    for told in (plain, changed):
        for day in range(1, 29):
            told.purchase("ann", "3.00", at=f"2026-01-{day:02}")
            if day == 14 and told is changed:
                apply(told, 2, "2026-02-01")
            elif day == 14:  # so that positions agree
                told.record(None, ClockAdvanced(to="2026-01-01T00:00:00Z"), at="2026-01-01")
        told.purchase("ann", "3.00", at="2026-02-01")

    before = [[e for e in told.entries() if e.booked_us < 1_769_904_000_000_000] for told in (plain, changed)]

    assert before[0] == before[1]  # 1769904000 is 2026-02-01T00:00:00Z
    assert len(before[0]) == 28
    assert plain.entries()[-1].points == 29
    assert changed.entries()[-1].points == 2900


def test_a_programme_that_restates_governs_what_was_recorded_before_it() -> None:
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")
    told.purchase("ann", "1.00", at="2026-02-01")
    text = f"{HEAD}[rules.stamps]\nversion = 2\n"
    data = activation(
        text, CATALOGUE, at="story", effective="2026-01-15T00:00:00Z", approver="mira", restates=True
    )
    told.record(None, data, at="2026-03-01")

    assert points(told) == [1, 200]


def test_stopping_behind_every_fact_changes_no_state() -> None:
    """Live, version 2 is unknown while version 1 is folded; in a rebuild it is known from the start."""
    told = story()
    told.purchase("ann", "1.00", at="2026-01-01")
    told.purchase("bob", "1.00", at="2026-01-01")
    apply(told, 2, "2026-02-01")
    told.purchase("ann", "1.00", at="2026-02-01")
    told.purchase("ann", "1.00", at="2026-01-15")
    apply(told, 4, "2026-03-01")
    told.purchase("bob", "1.00", at="2026-03-01")
    told.purchase("ann", "1.00", at="2026-03-02")

    whole = {row.member: row.state for row in told.folded().states()}
    states: dict[str, bytes] = {}
    programme, others = told.split()
    for fact in others:
        engine = Engine([p for p in programme if p.position < fact.position], CATALOGUE)
        group = engine.group(("ann", "bob"), states)
        group.apply(fact)
        group.settle(fact.position)
        states |= {row.member: row.state for row in group.states()}

    assert states == whole


class Reminding(Stamps):
    """Keeps something when its timer fires, and sets terms by what it keeps."""

    version = 7

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:
        return dict(kept)

    @on(PurchaseRecorded)
    def stamp(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield SetTimer(key="t", due_us=purchase.occurred_us + 1)
        yield Accrue(points=1 + member.counter("orders"), reason="stamps")

    @on(NewLot)
    def terms(self, lot: NewLot, member: Member) -> Terms:
        return Terms(expires_us=lot.occurred_us + (1 + member.counter("orders")) * DAY_US)

    def on_timer(self, timer: object, member: Member) -> Effect:
        return Count(counter="orders")


TIMED = catalogue_of(Stamps, Reminding)


def test_terms_and_timers_meet_the_memory_of_their_own_version() -> None:
    """Version 7 takes over 2 orders; its timers add one each, which the terms of the next lot count."""
    told = Story(f"{HEAD}[rules.stamps]\n", catalogue=TIMED)
    told.purchase("ann", "1.00", at="2026-01-01")  # 1
    told.purchase("ann", "1.00", at="2026-01-02")  # 2
    text = f"{HEAD}[rules.stamps]\nversion = 7\n"
    told.record(None, activation(text, TIMED, at="s", effective="2026-02-01T00:00:00Z"), at="2020-01-01")
    told.purchase("ann", "1.00", at="2026-02-01")  # 1 + 2 points, for 3 days
    told.purchase("ann", "1.00", at="2026-02-02")  # the timer counted: 1 + 3 points, for 4 days

    lots = [entry for entry in told.entries("ann") if entry.points > 0]
    assert [entry.points for entry in lots] == [1, 2, 3, 4]
    days = [(entry.expires_us - entry.booked_us) // DAY_US for entry in lots[2:] if entry.expires_us]
    assert days == [3, 4]
