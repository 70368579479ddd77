"""The package's own tests: they need only what is published."""

from loyalty_ledger.rules.testing import accrued, balance, given, not_qualified, purchase

PROGRAMME = """
    programme = "Weekend"
    zone = "America/New_York"
    currency = "USD"

    [rules.points_per_spend]

    [rules.weekend_bonus]
    percent = 50
"""


def test_saturday_in_new_york_earns_half_as_much_again() -> None:
    given(PROGRAMME).when(purchase("ann", "31.00", at="2026-03-07 22:30")).then(
        accrued("ann", 31, by="points_per_spend"),
        accrued("ann", 15, by="weekend_bonus"),  # 31 × 50 % = 15.5, fraction dropped
    )


def test_monday_earns_nothing_more_and_says_why() -> None:
    given(PROGRAMME).when(purchase("ann", "31.00", at="2026-03-09")).then(
        accrued("ann", 31, by="points_per_spend"),
        not_qualified("ann", "not a weekend", by="weekend_bonus"),
        balance("ann", 31),
    )
