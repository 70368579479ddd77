"""For tests of rules: given a history, when something happens, then this is what the rules answer.

::

    PROGRAMME = '''
        programme = "Grocer"
        zone = "America/New_York"
        currency = "USD"
        [rules.points_per_spend]
        [rules.rolling_expiry]
        months = 12
    '''

    def test_points_live_a_year():
        (
            given(PROGRAMME)
            .when(purchase("ann", "7.90", at="2026-03-01"))
            .then(accrued("ann", 7, by="points_per_spend", expires="2027-03-01"))
            .when(time_passes(to="2027-03-01"))
            .then(expired("ann", 7), balance("ann", 0))
        )

Times are those of the programme's zone: a day ("2026-03-07", its first moment), a local time ("2026-03-07
22:30"), or a time with its offset ("2026-03-08T03:30:00Z").

``then`` names everything that was booked, moved, flagged or recommended, and may name more: balances, timers,
reasons why not. ``includes`` names only a part. A history with its whole journal beside it is a golden
history: :mod:`.golden`.
"""

from .answering import Answer, Given, given
from .expecting import (
    Expected,
    accrued,
    balance,
    booked,
    expired,
    flagged,
    moved,
    not_qualified,
    noted,
    recommended,
    settled,
    spent,
    taken_back,
    timer,
)
from .story import Story
from .telling import Happening, enrolment, fact, programme, purchase, purchase_return, redemption, time_passes

__all__ = [
    "Answer", "Expected", "Given", "Happening", "Story", "accrued", "balance", "booked", "enrolment",
    "expired", "fact", "flagged", "given", "moved", "not_qualified", "noted", "programme", "purchase",
    "purchase_return", "recommended", "redemption", "settled", "spent", "taken_back", "time_passes", "timer",
]  # fmt: skip
