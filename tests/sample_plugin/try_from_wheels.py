"""Build both wheels, install them into an empty environment, run the plugin's tests, earn points with it.

Then let ``loyalty rules new`` write a package there, install it, and run its tests.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMME = """
programme = "Weekend"
zone = "UTC"
currency = "USD"
[rules.points_per_spend]
[rules.weekend_bonus]
"""
FACTS = [
    {"specversion": "1.0", "id": "s", "source": "till", "type": "purchase.recorded", "subject": "ann",
     "time": "2026-03-07T12:00:00Z", "data": {"currency": "USD", "amount": "31.00"}},  # a Saturday: 31 + 15
    {"specversion": "1.0", "id": "m", "source": "till", "type": "purchase.recorded", "subject": "ann",
     "time": "2026-03-09T12:00:00Z", "data": {"currency": "USD", "amount": "10.00"}},  # a Monday: 10
]  # fmt: skip


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command and return its output; its own words explain a failure."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Do it all in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="loyalty-wheels-") as folder:
        place = Path(folder)
        for package in (ROOT, HERE):
            run("uv", "build", "--quiet", "--wheel", "--out-dir", place / "dist", package, cwd=place)
        run("uv", "venv", "--quiet", "--python", sys.executable, place / "venv", cwd=place)
        env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
        env |= {"VIRTUAL_ENV": str(place / "venv"), "LOYALTY_DB": f"sqlite:///{place / 'weekend.db'}"}
        wheels = sorted((place / "dist").glob("*.whl"))
        run("uv", "pip", "install", "--quiet", *wheels, "pytest", cwd=place, env=env)
        shutil.copytree(HERE / "tests", place / "tests")  # away from this repository's own fixtures
        tests = run(place / "venv/bin/python", "-m", "pytest", "-q", place / "tests", cwd=place, env=env)
        loyalty = place / "venv/bin/loyalty"
        (place / "weekend.toml").write_text(PROGRAMME)
        (place / "facts.jsonl").write_text("".join(json.dumps(fact) + "\n" for fact in FACTS))
        for words in (
            ["init", "--programme", "weekend.toml", "--trust", "weekend"],
            ["import", "facts.jsonl"],
            ["project", "run"],
            ["check"],
        ):
            run(loyalty, *words, cwd=place, env=env)
        points = json.loads(run(loyalty, "member", "show", "ann", "--json", cwd=place, env=env))["points"]
        if points != 31 + 15 + 10:
            sys.exit(f"ann has {points} points, not 31 + 15 + 10")
        run(loyalty, "rules", "new", "first_try", cwd=place, env=env)
        run("uv", "pip", "install", "--quiet", "-e", place / "loyalty-first-try", cwd=place, env=env)
        python = place / "venv/bin/python"
        first = run(python, "-m", "pytest", "-q", "-W", "error", cwd=place / "loyalty-first-try", env=env)
        print(f"a new package, installed: {first.strip().splitlines()[-1]}")
        print(f"{tests.strip().splitlines()[-1]}; ann has {points} points, weekend bonus included")


if __name__ == "__main__":
    main()
