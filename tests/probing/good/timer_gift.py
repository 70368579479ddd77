"""Pure: a timer, set by the fact and moved by the next, gives points thirty days later."""

from collections.abc import Iterator

from loyalty_ledger.rules import (
    DAY_US,
    Accrue,
    Answer,
    Effect,
    Fact,
    Member,
    PurchaseRecorded,
    Rule,
    SetTimer,
    StopTimer,
    Timer,
    hookimpl,
    on,
)


class TimerGift(Rule):
    """We miss you: 5 points after thirty days without a purchase."""

    name = "timer_gift"

    @on(PurchaseRecorded)
    def wait(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        if member.timer("miss") is not None:
            yield StopTimer(key="miss")
        yield SetTimer(key="miss", due_us=member.clock_us + 30 * DAY_US)

    def on_timer(self, timer: Timer, member: Member) -> Answer:
        day = member.local_date(timer.due_us)
        return Accrue(points=5, reason=f"we miss you since fact {timer.fact} ({day})")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [TimerGift]
