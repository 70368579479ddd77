"""--json: one document on stdout whose keys are an interface; an error is one object on stderr."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from errors.golden import assert_golden
from errors.stage import SHOP, typed

HERE = Path(__file__).parent
SALES = (
    "receipt,member,sold,paid\nR-1,ann,2026-03-02 10:00:00,40.00\nR-2,bob,2026-03-05 18:30:00,0.50\n"
    "R-3,ann,2026-04-11 09:15:00,7.99\nR-4,cid,2026-04-11,four\n"
)
# In this order: what is made by one is read by the next.
COMMANDS = (
    "loyalty init --programme expiring.toml", "loyalty db upgrade",
    "loyalty import sales.csv --map till.toml --dry-run", "loyalty import sales.csv --map till.toml",
    "loyalty rejects list", "loyalty rejects retry",
    "loyalty record member.enrolled dan --set channel=app", "loyalty project run", "loyalty project status",
    "loyalty project status --digests", "loyalty project rebuild", "loyalty member show ann",
    "loyalty member list", "loyalty member history ann", "loyalty explain ann",
    "loyalty explain bob --fact 3",
    "loyalty simulate --programme shop.toml --point-value 0.01",
    "loyalty simulate --programme shop.toml --explain ann",
    "loyalty redeem ann 20 --order O-1", "loyalty cancel ann O-1",
    "loyalty adjust ann -5 --reason 'booked twice'", "loyalty adjust ann -99 --allow-debt --reason fraud",
    "loyalty reward issue bob voucher --points 0 --reward R-1", "loyalty reward use bob R-1 --order O-2",
    "loyalty reward issue bob voucher --points 0 --reward R-2", "loyalty reward cancel bob R-2",
    "loyalty retract 3 --reason typo", "loyalty actions done ann 'call back' --outcome reached",
    "loyalty advance --to 2026-05-01T00:00:00Z",
    "loyalty programme apply expiring.toml", "loyalty programme show", "loyalty programme history",
    "loyalty rules list", "loyalty rules trust redemption", "loyalty quarantine list", "loyalty check",
    "loyalty doctor", "loyalty export --out facts.jsonl", "loyalty backup ledger.backup",
    "loyalty restore ledger.backup --db sqlite:///again.db",
)  # fmt: skip


@pytest.fixture
def shop(folder: Path) -> Path:
    for path in SHOP.iterdir():
        shutil.copy(path, folder)
    (folder / "sales.csv").write_text(SALES)
    expiring = (SHOP / "shop.toml").read_text() + '\n[rules.expiry]\nuse = "rolling_expiry"\nmonths = 12\n'
    expiring += "[rules.adjustments]\n[rules.rewards]\n[rules.clawback]\n"
    (folder / "expiring.toml").write_text(expiring)
    return folder


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Yield where a value can be found: ``a.b`` for an object, ``a[]`` for a list."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from keys(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        inner_paths = [found for inner in value for found in keys(inner, f"{path}[]")]
        yield from dict.fromkeys(inner_paths) if inner_paths else [f"{path}[]"]
    else:
        yield f"{path}: {type(value).__name__}"


@pytest.mark.usefixtures("shop")
def test_every_answer_is_one_document_with_the_keys_it_always_had(pytestconfig: pytest.Config) -> None:
    pages = [
        "Where a program finds what in the answers to --json: an interface. Keys are added, never renamed.\n"
        "One line a key; `[]` is any element of a list.\n"
        "Written by `pytest tests/command_line --update-golden`.\n"
    ]
    for line in COMMANDS:
        answer = typed([*shlex.split(line)[1:], "--json"])
        assert answer.exit_code in (0, 7), answer.stderr
        assert answer.stderr == "", f"{line}: programs read no talk"
        found = json.loads(answer.stdout)
        pages.append(f"$ {line}\n" + "".join(f"  {key}\n" for key in keys(found)))

    assert_golden(HERE / "json_keys.txt", "\n".join(pages), config=pytestconfig)


def test_schemas_are_documents_too() -> None:
    every = json.loads(typed(["schema", "--json"]).stdout)

    assert every["points.redeemed"] == json.loads(typed(["schema", "points.redeemed", "--json"]).stdout)
    assert len(every) > 40


@pytest.mark.parametrize(
    ("line", "exit_code", "code"),
    [
        ("loyalty redeem ann 1000 --json", 1, "exceeds-balance"),
        ("loyalty member show nobody --json", 1, None),
        ("loyalty advance --to tomorrow --json", 2, None),
        ("loyalty project run --fast --json", 2, None),
        ("loyalty import sales.csv --map none.toml --json", 2, None),
        ("loyalty record complaint.open ann --json", 3, "unknown-type"),
        ("loyalty record member.enrolled ann --at 2036-01-01T00:00:00Z --json", 3, "future"),
        ("loyalty member show ann --db sqlite:///none.db --json", 3, None),
        ("loyalty member show ann --db nonsense --json", 2, None),
        ("loyalty rules trust nobody --json", 5, None),
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_error_is_one_object_on_stderr(line: str, exit_code: int, code: str | None) -> None:
    for earlier in ("init --programme shop.toml", "import sales.csv --map till.toml", "project run"):
        typed(earlier.split())

    answer = typed(shlex.split(line)[1:])

    error = json.loads(answer.stderr)
    assert list(error) == ["error", "at", "try", "exit_code", "code"]
    assert (answer.stdout, answer.exit_code, error["exit_code"]) == ("", exit_code, exit_code)
    assert error["code"] == code
    assert error["error"]
    assert error["at"]
    assert error["try"]
