"""``uv run python -m benchmarks``: what the ledger costs, beside the least it could."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from . import postgres
from .grocer import ALL_BASKETS
from .rows import machine, machine_lines
from .suite import BENCHES, Bench


@click.command(context_settings={"max_content_width": 100})
@click.option(
    "--facts", type=click.IntRange(1, ALL_BASKETS), default=ALL_BASKETS, show_default=True,
    help="Baskets of Complete Journey to measure with; peak memory also with ten times as many.",
)  # fmt: skip
@click.option("--repeat", type=click.IntRange(1), default=3, show_default=True, help="Turns, for medians.")
@click.option("--only", type=click.Choice(list(BENCHES)), multiple=True, help="Only this, or these.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Where databases are made, on the disk to be measured; the system's temporary folder when left out.",
)  # fmt: skip
def main(*, facts: int, repeat: int, only: tuple[str, ...], as_json: bool, folder: Path | None) -> None:
    """Measure import, rebuild, commands and memory beside bare loops, the C floor and the library.

    Every measurement runs in a process of its own, ours and its peer in turns. A ratio is the median over the
    turns of ours / beside, by the clock on the wall and by the processor's time: where they are far apart,
    the machine was busy with something else. Compare figures inside one run only.

    \b
    uv run python -m benchmarks                            everything, about half an hour
    uv run python -m benchmarks --only rebuild --repeat 5  or import, library, command, memory, groups
    """
    told = machine()
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(prefix="loyalty-benchmark-", dir=folder)))
        make = stack.enter_context(postgres.server(place))
        told |= {"postgresql": postgres.version(make()), "folder": str(place)}
        if not as_json:
            click.echo("\n".join((*machine_lines(told), "")))
        bench = Bench(place, make, facts, repeat, lambda what: click.echo(f"  {what}", err=True))
        findings = []
        for name in only or BENCHES:
            findings.append(BENCHES[name](bench))
            if not as_json:
                click.echo("\n".join(findings[-1].lines()))
    if as_json:
        click.echo(json.dumps({**told, "findings": [finding.fields() for finding in findings]}))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
