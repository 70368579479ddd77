"""Pure: a loop of many steps, but never more than a thousand."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class LongLoop(Rule):
    """As many points as a number needs steps to come down to 1."""

    name, stage = "long_loop", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        number, steps = max(purchase.data.amount_minor, 1), 0
        while number != 1 and steps < 1_000:
            number = number // 2 if number % 2 == 0 else 3 * number + 1
            steps += 1
        return Accrue(points=1 + steps, reason=f"{steps} steps")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [LongLoop]
