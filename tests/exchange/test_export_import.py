"""The law: export → import → export is the same bytes."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.errors import FactError
from loyalty_ledger.ledger.exchange.export import export_facts
from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.facts import CATALOGUE, Draft, Registry, draft
from loyalty_ledger.ledger.facts.types import Time, field_types
from loyalty_ledger.ledger.store.database import Database, open_database, upgrade_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.store.reading import facts_after

REGISTRY = Registry()
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
whole = st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20)
numbers = whole | st.decimals(-(10**9), 10**9, places=3).map(str)
instants = st.integers(-(10**16), 10**15).map(rfc3339)


def values_of(declared: Any) -> st.SearchStrategy[Any]:
    """Values of a field's declared type, as a fact may be given."""
    if declared == Time:
        return instants
    origin, args = get_origin(declared), get_args(declared)
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        return fields_of(declared)
    if origin is tuple:
        return st.lists(values_of(args[0]), max_size=3)
    if origin is dict:
        plain = names | whole | st.booleans() | st.none()
        nested = plain | st.lists(plain, max_size=2) | st.dictionaries(names, plain, max_size=2)
        return st.dictionaries(names, nested if args[1] is Any else values_of(args[1]), max_size=3)
    if origin is not None and not hasattr(declared, "__metadata__"):
        if str(origin) == "typing.Literal":
            return st.sampled_from(args)
        return st.one_of(*(values_of(arg) for arg in args))
    if hasattr(declared, "__metadata__"):
        return _annotated(declared)
    return {bool: st.booleans(), int: whole, type(None): st.none(), Decimal: numbers}[declared]


def _annotated(declared: Any) -> st.SearchStrategy[Any]:
    meta = declared.__metadata__[0]
    if get_args(declared)[0] is int:
        return whole.map(abs).map(lambda n: min(max(n, meta.ge), meta.le)) if meta.ge >= 0 else whole
    if meta.pattern and "A-Z" in meta.pattern:
        return st.sampled_from(["EUR", "JPY", "KWD"])
    if meta.pattern and "0-9a-f" in meta.pattern:
        return st.just("a0" * 32)
    return st.just("2026-01-31") if meta.pattern and "d{4}" in meta.pattern else names


@st.composite
def fields_of(draw: st.DrawFn, kind: type[msgspec.Struct]) -> dict[str, Any]:
    types = field_types(kind)
    required = {field.encode_name for field in msgspec.structs.fields(kind) if field.required}
    chosen = [name for name in types if name in required or draw(st.booleans())]
    return {name: draw(values_of(types[name])) for name in chosen}


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    while True:
        kind = draw(st.sampled_from(CATALOGUE))
        try:
            return draft(
                REGISTRY, event_id=draw(names), source=draw(st.sampled_from(["till", "a|b"])),
                topic=kind.topic, subject=None if kind.about == "programme" else draw(names),
                occurred_us=draw(st.integers(-(10**16), 10**15)), data=draw(fields_of(kind)),
                actor=draw(st.none() | names),
            )  # fmt: skip
        except FactError:
            continue


@contextmanager
def ledger(template: Path) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        shutil.copyfile(template, path)
        database = open_database(f"sqlite:///{path}")
        try:
            with database.writing() as connection:
                Log(database).create(connection, ledger_id="law", now_us=0)
            yield database
        finally:
            database.close()


def exported(database: Database) -> bytes:
    out = io.BytesIO()
    export_facts(database, out)
    return out.getvalue()


def assert_law(first: Database, second: Database, facts: list[Draft], folder: Path) -> None:
    with first.writing() as connection:
        outcomes = Log(first).append(connection, facts, now_us=2**51)
    file = folder / "export.jsonl"
    file.write_bytes(exported(first))
    created = [
        fact.state for fact, outcome in zip(facts, outcomes, strict=True) if outcome.status == "created"
    ]
    assert file.read_bytes() == b"".join(state + b"\n" for state in created)

    summary = run_import(second, REGISTRY, file, mapping=None, now_us=lambda: 2**51)

    assert summary.is_clean, summary.problems
    assert summary.imported == len(created)
    assert exported(second) == file.read_bytes()


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(facts=st.lists(drafts(), min_size=1, max_size=12))
def test_export_import_export_is_the_same_bytes(facts: list[Draft]) -> None:
    with (
        ledger(law_template()) as first,
        ledger(law_template()) as second,
        tempfile.TemporaryDirectory() as folder,
    ):
        assert_law(first, second, facts, Path(folder))


def law_template(made: list[Path] = []) -> Path:  # noqa: B006 - made once
    if not made:
        path = Path(tempfile.mkdtemp(prefix="loyalty-law-")) / "template.db"
        upgrade_database(f"sqlite:///{path}")
        made.append(path)
    return made[0]


def test_every_type_of_the_catalogue_survives_on_both_databases(
    ledger_database: Database, tmp_path: Path
) -> None:
    one_of_each = [_draft(kind, number, _full(kind)) for number, kind in enumerate(CATALOGUE)]

    with ledger(law_template()) as first:
        assert_law(first, ledger_database, one_of_each, tmp_path)

    with ledger_database.reading() as connection:
        assert {fact.topic for fact in facts_after(connection, 0, 1000)} == {kind.topic for kind in CATALOGUE}


def _full(kind: Any) -> dict[str, Any]:
    """Data with every field filled."""
    return {name: _plain(declared) for name, declared in field_types(kind).items()}


def _plain(declared: Any) -> Any:
    origin, args = get_origin(declared), get_args(declared)
    if declared == Time:
        return "2026-01-31T00:00:00Z"
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        return _full(declared)
    if origin is tuple:
        return [_plain(args[0])] * 2
    if origin is dict:
        return {"ä": 1, "b": "two", "c": None} if args[1] is Any else {"ä": _plain(args[1])}
    if hasattr(declared, "__metadata__"):
        pattern = declared.__metadata__[0].pattern or ""
        shown = {"A-Z": "EUR", "0-9a-f": "a0" * 32, "d{4}": "2026-01-31"}
        text = next((value for part, value in shown.items() if part in pattern), 'O’Brien \u2028 "x"')
        return 1 if args[0] is int else text
    if declared is int:
        return 1
    return _plain(args[0]) if origin is not None and str(origin) != "typing.Literal" else (*args, True)[0]


def _draft(kind: Any, number: int, data: dict[str, Any]) -> Draft:
    subject = None if kind.about == "programme" else "ann"
    return draft(
        REGISTRY,
        event_id=f"e{number}",
        source="till",
        topic=kind.topic,
        subject=subject,
        occurred_us=number,
        data=data,
    )


def test_one_member_alone_can_be_exported(ledger_database: Database) -> None:
    facts = [
        draft(
            REGISTRY,
            event_id=str(n),
            source="s",
            topic="member.enrolled",
            subject=who,
            occurred_us=n,
            data=data,
        )
        for n, (who, data) in enumerate([("ann", {}), ("bob", {"referrer": "ann"}), ("cid", {})])
    ]
    with ledger_database.writing() as connection:
        Log(ledger_database).append(connection, facts, now_us=10)

    out = io.BytesIO()
    count = export_facts(ledger_database, out, member="ann")

    assert (count, out.getvalue()) == (2, facts[0].state + b"\n" + facts[1].state + b"\n")
    assert export_facts(ledger_database, io.BytesIO(), after=2) == 1
