"""Tell one history to every plugin file named, and print what each of its rules gave.

Run in a process of its own: impure rules change whatever they can reach.
"""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from loyalty_ledger.plugins import points_per_spend
from loyalty_ledger.rules.catalogue import Catalogue, Plugin
from loyalty_ledger.rules.testing import Story

LINES = [
    {"amount": "60.00", "sku": "bio-7", "category": "wine", "labels": ["organic", "sale"]},
    {"amount": "5.00", "sku": "p-1", "category": "grocery", "brand": "Own"},
]


def module_of(file: Path) -> ModuleType:
    """Return the plugin in a file."""
    spec = spec_from_file_location(f"collection_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module: {file}")
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(catalogue: Catalogue, rules: list[tuple[str, int]]) -> Story:
    """Return a history of three members under these rules, beside points per spend."""
    sections = "\n".join(f"[rules.{name}]\nversion = {version}" for name, version in rules)
    head = 'programme = "Probed"\nzone = "Europe/Berlin"\ncurrency = "EUR"\n[rules.points_per_spend]\n'
    story = Story(f"{head}{sections}", catalogue=catalogue)
    for day, (member, amount) in enumerate(
        [("ann", "7.00"), ("bob", "65.00"), ("ann", "65.00"), ("cy", "2.50"), ("ann", "7.00")], start=27
    ):
        at = f"2024-02-{day}" if day < 30 else f"2024-03-{day - 29:02}"
        lines = LINES if amount == "65.00" else []
        story.purchase(
            member, amount, at=f"{at}T18:30:00Z", currency="EUR", store="north", order=f"o{day}", lines=lines
        )
    story.given("ann", "survey.answered", at="2024-04-01", survey="s",
                answers=[{"question": "q", "scale": 5, "value": 4}])  # fmt: skip
    story.given("ann", "complaint.opened", at="2024-04-02", complaint="c1", category="late")
    if "bottles.returned" in catalogue.registry.topics():
        story.given("ann", "bottles.returned", at="2024-04-03", bottles=6)
    story.advance("2024-12-31")
    return story


def given_by(file: Path) -> dict[str, list[int]]:
    """Return by label the points of each entry that the rules of a plugin file have written."""
    ours = Plugin("points_per_spend", "0", "0" * 64), points_per_spend
    # Asked as bundled rules are: around a stranger's stands what refuses to be written.
    plugin = Plugin(file.stem, "0", "1" * 64, is_bundled=True)
    catalogue = Catalogue([ours, (plugin, module_of(file))])
    found: dict[str, list[int]] = {}
    for name, version in catalogue.offers:
        if name != "points_per_spend":
            cited = f"{name}@{version}"
            entries = told(catalogue, [(name, version)]).entries()
            found[cited] = [entry.points for entry in entries if entry.rule == cited]
    return found


if __name__ == "__main__":
    print(json.dumps({Path(name).stem: given_by(Path(name)) for name in sys.argv[1:]}))
