"""plugins/README.md shows every parameter of the rules of standing with its default; its examples apply."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import NODEFAULT

from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.testing import Story

README = (Path(__file__).resolve().parents[2] / "plugins" / "README.md").read_text(encoding="utf-8")
RULES = (
    "tier_multiplier", "stages", "referral_bonus", "complaint_recovery", "recommendation_intent", "rewards",
)  # fmt: skip


def section(rule: str) -> str:
    return README.split(f"\n### {rule}\n", 1)[1].split("\n### ", 1)[0]


@pytest.mark.parametrize("rule", RULES)
def test_every_parameter_is_shown_with_its_default(rule: str) -> None:
    fields = msgspec.structs.fields(installed().offers[rule, 1].rule.Params)
    expected = {
        field.name: "required" if field.default is NODEFAULT else msgspec.json.encode(field.default).decode()
        for field in fields
    }

    shown = re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|", section(rule), re.MULTILINE)

    assert {name: default.strip('"') for name, default in shown} == {
        name: default.strip('"') for name, default in expected.items()
    }


def test_every_example_is_a_programme() -> None:
    examples = re.findall(r"```toml\n(\[rules\..*?)```", README, re.DOTALL)

    assert len(examples) > len(RULES)
    for example in examples:
        Story(f'programme = "Example"\nzone = "UTC"\ncurrency = "USD"\n{example}')
