"""How the rows of a table become facts: a TOML file that a business person can write.

::

    source = "till-berlin"     # where the facts come from, a constant; with the id it names a fact for ever
    type = "purchase.recorded" # the type of every fact; `loyalty schema` lists them with their fields
    subject = "customer"       # the column with the member (of facts about staff: the staff member)
    time = "sold_at"           # the column with the time; or { column = "day", pattern = "%d.%m.%Y" }
    zone = "Europe/Berlin"     # zone of times without an offset; absent: such rows are rejected

    id = "receipt"             # column or columns that name the fact; absent: its content names it
    group = "receipt"          # column or columns whose equal values make rows one basket; absent: row = fact
    rows = "contiguous"        # rows of a basket follow each other; or "scattered": they stand apart
    total = "amount"           # a field of the fact that is the sum of that field over its lines
    actor = "nightly import"   # who recorded the facts

    format = "csv"             # csv, tsv, whitespace or parquet; absent: by the file's suffix (.gz allowed)
    encoding = "utf-8"         # of text files
    header = true              # the first line of a text file names its columns ...
    columns = ["who", "day"]   # ... or, in its stead, these do
    missing = ["", "NULL"]     # cells that say nothing; default: empty ones

    [fields]                   # field of the fact = column
    order = "receipt"
    store = "branch"

    [constants]                # field of the fact = value, the same for every fact
    currency = "EUR"

    [lines]                    # field of each line of the basket = column
    sku = "article"
    amount = "paid"            # decimal amounts: "12.34"; `amount_minor` for a column of cents

    [rounding]                 # column = half-up, down or up, applied to each row;
    paid = "half-up"           # absent: too many decimals reject the row

A time that a change of clocks repeats is taken as the first of the two; a day alone is its first instant.
Several labels in one cell are separated by ``|``. What `id`, `subject`, `time` and `[fields]` name must be
the same in all rows of a basket; a row that is not as it must be rejects its whole basket.

Without `id`, all columns of the file make the name, and how often the same row came before: equal rows of one
file stay apart, and importing it again adds nothing, as long as `source` and the columns stay as they are.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..errors import UsageError
from ..units import Rounding

Format = Literal["csv", "tsv", "whitespace", "parquet"]
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "whitespace",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip


class TimeColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """A column of times, and its strptime pattern."""

    column: str
    pattern: str | None = None


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping as written; the module's docstring explains every key."""

    source: str
    type: str
    subject: str | None = None
    time: str | TimeColumn
    zone: str | None = None
    id: str | tuple[str, ...] = ()
    group: str | tuple[str, ...] = ()
    rows: Literal["contiguous", "scattered"] = "contiguous"
    total: str | None = None
    actor: str | None = None
    format: Format | None = None
    encoding: str = "utf-8"
    header: bool = True
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("",)
    fields: dict[str, str] = {}
    constants: dict[str, Any] = {}
    lines: dict[str, str] = {}
    rounding: dict[str, Rounding] = {}

    def format_of(self, path: Path) -> Format:
        """Return the format of a file: as written here, or by its suffix.

        Raises:
            UsageError: neither says.
        """
        suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
        chosen = self.format or _SUFFIXES.get(suffix.lower())
        if chosen is None:
            raise UsageError(
                f"no format for a file named {path.name!r}",
                hint='write format = "csv" (or tsv, whitespace, parquet) in the mapping',
            )
        return chosen

    def wanted(self) -> tuple[str, ...]:
        """Return every column that is read, once, in a fixed order."""
        named = [*_names(self.id), *_names(self.group), self.time_column.column, *self.fields.values()]
        named += [*self.lines.values(), *self.rounding] + ([self.subject] if self.subject else [])
        return tuple(dict.fromkeys(named))

    @property
    def time_column(self) -> TimeColumn:
        """The column of times."""
        return TimeColumn(self.time) if isinstance(self.time, str) else self.time

    @property
    def id_columns(self) -> tuple[str, ...]:
        """The columns that name a fact, or none."""
        return _names(self.id)

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The columns that make rows a basket, or none."""
        return _names(self.group)


def _names(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def load_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        UsageError: missing, no TOML, or a key is unknown, absent or of the wrong kind.
    """
    try:
        return parse_mapping(path.read_text("utf-8"), at=str(path))
    except OSError as error:
        raise UsageError(f"cannot read the mapping: {error.strerror}", at=str(path)) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"mapping is not UTF-8 at byte {error.start}", at=str(path)) from error


def parse_mapping(text: str, *, at: str | None = None) -> Mapping:
    """Return the mapping of a TOML text.

    Raises:
        UsageError: as :func:`load_mapping`.
    """
    try:
        return msgspec.convert(tomllib.loads(text), Mapping)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"mapping is no TOML: {error}", at=at) from error
    except msgspec.ValidationError as error:
        what = str(error).replace("`", "'").replace("Object", "mapping")
        known = ", ".join(Mapping.__struct_fields__)
        raise UsageError(what[0].lower() + what[1:], at=at, hint=f"its keys are {known}") from error
