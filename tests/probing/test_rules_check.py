"""`rules check` finds what is impure by the probe made for it, and nothing where nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errors.stage import typed
from loyalty_ledger.rules.probing import Verdict, check_plugin, find_target
from probing.matrix import ENDLESS, GOOD, IMPURE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_BUNDLED = sorted(
    path.stem for path in (ROOT / "plugins").iterdir()
    if path.name[0] not in "_." and path.name not in {"README.md", "py.typed"}
)  # fmt: skip
_QUICK = {"state_kept_outside", "remembers", "loops_in_c"}


def sometimes(names: dict[str, Any]) -> list[Any]:
    """Return a few to try always, the others by night."""
    return [name if name in _QUICK else pytest.param(name, marks=pytest.mark.nightly) for name in names]


def checked(file: Path | str) -> Verdict:
    return check_plugin(find_target(str(file)))


def probes_of(verdict: Verdict) -> set[str]:
    return {finding.probe for finding in verdict.faults()}


@pytest.mark.parametrize("name", sometimes(IMPURE))
def test_an_impure_rule_is_found_by_the_probes_made_for_it(name: str, tmp_path: Path) -> None:
    verdict = checked(IMPURE[name].write(tmp_path, name))

    assert probes_of(verdict) >= IMPURE[name].probes, "\n".join(verdict.lines())
    assert all(finding.hint for finding in verdict.faults())


@pytest.mark.parametrize("name", sometimes(GOOD))
def test_a_good_rule_is_not_accused(name: str, tmp_path: Path) -> None:
    verdict = checked(GOOD[name].write(tmp_path, name))

    assert verdict.faults() == []
    assert verdict.calls > 500


@pytest.mark.parametrize("name", sometimes(ENDLESS))
def test_what_does_not_come_back_is_stopped_and_named_with_its_fact(name: str, tmp_path: Path) -> None:
    found = checked(ENDLESS[name].write(tmp_path, name)).faults()

    assert [finding.probe for finding in found] == ["bounds"]
    assert "purchase.recorded at position" in (found[0].at or "")


@pytest.mark.nightly
def test_of_forty_impure_rules_of_others_at_least_38_are_found() -> None:
    missed = [file.stem for file in sorted((HERE / "impure").glob("*.py")) if not checked(file).faults()]

    assert len(missed) <= 2, missed


@pytest.mark.nightly
@pytest.mark.parametrize("file", sorted((HERE / "good").glob("*.py")), ids=lambda file: file.stem)
def test_no_good_rule_of_others_is_accused(file: Path) -> None:
    assert checked(file).faults() == []


@pytest.mark.nightly
@pytest.mark.parametrize("name", _BUNDLED)
def test_no_bundled_rule_is_accused(name: str) -> None:
    verdict = checked(name)

    assert verdict.faults() == []
    assert verdict.calls > 0


@pytest.fixture
def rule_file(folder: Path) -> Path:
    return IMPURE["today"].write(folder, "today")


def test_the_command_prints_a_table_and_ends_with_6(rule_file: Path) -> None:
    answer = typed(["rules", "check", str(rule_file)])

    assert answer.exit_code == 6
    assert answer.stdout.splitlines()[0].split() == [
        "rule", "twice", "elsewhere", "order", "resumed", "untouched", "inputs", "types", "bounds",
    ]  # fmt: skip
    assert answer.stdout.splitlines()[1].split() == ["tried@1", *["✓", "✗", "✓", "✓", "✓", "✗", "✓", "✓"]]
    assert "reads the clock: date.today()" in answer.stdout
    assert "loyalty: error: 2 findings" in answer.stderr


def test_a_rule_is_checked_under_a_programme_and_on_the_members_of_a_ledger(folder: Path) -> None:
    """A rule that keeps state of real members alone: no generated one is called ann."""
    file = folder / "only_ann.py"
    text = IMPURE["state_kept_outside"].write(folder, "only_ann").read_text()
    file.write_text(
        text.replace("SPENT[member.id] =", "if member.id != 'ann': return\n        SPENT[member.id] =")
    )
    (folder / "shop.toml").write_text(
        'programme = "Shop"\nzone = "UTC"\ncurrency = "EUR"\n[rules.points_per_spend]\n'
    )
    (folder / "new.toml").write_text((folder / "shop.toml").read_text() + '[rules.mine]\nuse = "tried"\n')
    typed(["init", "--programme", "shop.toml"])
    purchase = ["record", "purchase.recorded", "ann", "--set", "amount=5.00", "--set", "currency=EUR"]
    for day in (1, 2, 3):
        typed([*purchase, "--at", f"2026-03-0{day}T12:00:00Z"])

    alone = typed(["rules", "check", str(file), "--programme", "new.toml"])
    real = typed(["rules", "check", str(file), "--programme", "new.toml", "--db", "sqlite:///loyalty.db"])

    assert (alone.exit_code, real.exit_code) == (0, 6)
    assert "mine@1" in real.stdout
    assert "the ledger's members" in real.stdout


@pytest.mark.parametrize(
    ("target", "exit_code"), [("nothing_like_it", 2), ("README.md", 2), ("broken.py", 5)]
)
def test_what_cannot_be_checked_is_an_error(target: str, exit_code: int, folder: Path) -> None:
    (folder / "broken.py").write_text("import nosuchmodule\n")

    assert typed(["rules", "check", target]).exit_code == exit_code
