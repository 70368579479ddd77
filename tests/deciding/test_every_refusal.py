"""Every code a command can refuse with is documented where its precedence is, and tried on both sides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DECIDING = Path(__file__).resolve().parents[2] / "rules" / "deciding"
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DECIDING.glob("*.py"))}
TESTS = "".join(
    path.read_text(encoding="utf-8")
    for path in sorted(Path(__file__).resolve().parents[1].rglob("test_*.py"))
    if path.name != Path(__file__).name
)
CODES = sorted(
    {code for source in SOURCES.values() for code in re.findall(r'code="([a-z-]+)"', source)}
    | {"hold-captured", "hold-voided", "hold-expired"}
)
PRECEDENCE = SOURCES["__init__.py"].split('"""')[1] + "".join(
    text for source in SOURCES.values() for text in re.findall(r'"""(.*?)"""', source, re.DOTALL)
)


def test_there_are_codes() -> None:
    assert len(CODES) > 40


@pytest.mark.parametrize("code", CODES)
def test_a_code_stands_where_its_precedence_is_told(code: str) -> None:
    assert re.search(rf"\b{code}\b", PRECEDENCE), f"no docstring tells when {code} is answered"


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_tried(code: str) -> None:
    assert f'"{code}"' in TESTS, f"no test is refused with {code}"
