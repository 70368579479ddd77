"""Pure: a generator that counts in the engine's counters and sees its own count, as yields do."""

from collections.abc import Iterator

from loyalty_ledger.rules import (
    Accrue,
    Count,
    Effect,
    Fact,
    Keep,
    Member,
    NotQualified,
    PurchaseRecorded,
    Rule,
    hookimpl,
    on,
)


class StampCard(Rule):
    """A stamp for each purchase, 10 points for each third; remembers the last store."""

    name, stage = "stamp_card", "earn"

    @on(PurchaseRecorded)
    def stamp(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="stamps")
        stamps = member.counter("stamps")
        if stamps % 3 == 0:
            yield Accrue(points=10, reason=f"stamp {stamps}, last at {member.kept('store') or 'no store'}")
        else:
            yield NotQualified(reason=f"{3 - stamps % 3} stamps to go")
        yield Keep(key="store", value=purchase.data.store)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [StampCard]
