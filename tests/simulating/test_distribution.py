"""The bins: everybody is in one, and none of them mixes gains and losses.

Planted bugs seen to fail here: no bin of their own for losses below positive bins (clamped over zero); a bin
of exclusive upper ends.
"""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from loyalty_ledger.rules.simulating.chart import bars, svg
from loyalty_ledger.rules.simulating.comparing import Compared, Standing
from loyalty_ledger.rules.simulating.distribution import Bin, distribution
from loyalty_ledger.rules.simulating.gathering import gathering

one = st.one_of(st.integers(-30, 30), st.integers(400, 900), st.integers(-(10**15), 10**15))
# Some of their own, and a crowd of which some differ by less than a hundredth: then bins have open ends.
changes = st.builds(
    lambda some, change, many: [*some, *[change] * many], st.lists(one, max_size=20), one, st.integers(0, 500)
)


def bins_of(found: list[int]) -> list[Bin]:
    with gathering("balance") as gathered:
        gathered.add(
            Compared(f"m{number}", Standing(), Standing(points=change), is_same=not change)
            for number, change in enumerate(found)
        )
        return distribution(gathered)


@given(changes)
def test_every_member_is_in_exactly_the_bin_that_names_the_change(found: list[int]) -> None:
    bins = bins_of(found)

    for each in bins:
        low = -(10**16) if each.low is None else each.low
        high = 10**16 if each.high is None else each.high
        inside = [change for change in found if low <= change <= high]
        assert (each.members, each.points) == (len(inside), sum(inside))
    assert sum(each.members for each in bins) == len(found)


@given(changes)
def test_bins_rise_side_by_side_and_are_few(found: list[int]) -> None:
    bins = bins_of(found)

    # Sixteen, no change, and what lies beyond on both sides; far from zero, one more.
    assert len(bins) <= 20
    for one, two in pairwise(bins):
        assert one.high is not None
        assert two.low is not None
        assert one.high < two.low
    assert not [each for each in bins if (each.low or -1) < 0 < (each.high or 1) and each.low != each.high]


def test_a_bar_is_as_long_as_it_has_members() -> None:
    bins = [Bin(low=-5, high=-1, members=1, points=-3), Bin(low=0, high=0, members=80, points=0)]

    # 40 columns for 80 members: one is half a column.
    assert bars(bins) == [f"   -5 to -1  {1:>8} ▌", f"  no change  {80:>8} {'█' * 40}"]


@given(changes, st.text(st.characters(codec="utf-8", categories=("L", "P", "S", "Zs")), max_size=200))
def test_the_picture_is_well_formed_whatever_the_programme_is_called(found: list[int], name: str) -> None:
    bins = bins_of(found)

    picture = svg(bins, title=name, subtitle=name, axis="points")

    tree = ElementTree.fromstring(picture)
    columns = [node for node in tree.iter() if node.tag.endswith("rect")]
    assert len(columns) == 1 + len(bins)
    assert all(float(node.get("height", "0")) >= 0 for node in columns)
