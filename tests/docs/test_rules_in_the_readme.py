"""plugins/README.md shows every parameter of every bundled rule with its default; its examples apply."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import NODEFAULT, Struct

from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.testing import Story

README = (Path(__file__).resolve().parents[2] / "plugins" / "README.md").read_text(encoding="utf-8")
OFFERS = {offer.rule.name: offer.rule for offer in installed().offers.values()}


def section(rule: str) -> str:
    assert f"\n### {rule}\n" in README, f"plugins/README.md has no section on {rule}"
    return README.split(f"\n### {rule}\n", 1)[1].split("\n### ", 1)[0]


def written(field: Any) -> str:
    """Return a default as the table writes it."""
    if field.required:
        return "required"
    default = field.default if field.default is not NODEFAULT else field.default_factory()
    return "{}" if isinstance(default, Struct) else msgspec.json.encode(default).decode().strip('"')


@pytest.mark.parametrize("rule", sorted(OFFERS))
def test_every_parameter_is_shown_with_its_default(rule: str) -> None:
    told = section(rule)
    shown: dict[str, str] = {}
    for names, default in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| `?([^|`]+?)`? \|", told, re.MULTILINE):
        shown |= dict.fromkeys(re.findall(r"`(\w+)`", names), default.strip('"'))

    assert shown == {field.name: written(field) for field in msgspec.structs.fields(OFFERS[rule].Params)}


def test_every_example_is_a_programme() -> None:
    examples = re.findall(r"```toml\n(\[rules\..*?)```", README, re.DOTALL)

    assert len(examples) > len(OFFERS) // 2
    for example in examples:
        Story(f'programme = "Example"\nzone = "UTC"\ncurrency = "USD"\n{example}')
