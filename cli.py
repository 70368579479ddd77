"""The command line: a command parses, calls one function, prints. Only here the layers are wired together.

Data goes to stdout, talk and progress to stderr. ``--json`` gives one JSON document on stdout, and errors as
JSON on stderr. Exit codes: 0 fine, 1 other expected error, 2 usage, 3 history unreadable, 4 rule failed, 5
plugins clash or are untrusted, 6 findings, 7 done but with rejects.

The file is longer than a room should be because every command is declared here once; none of them decides
anything.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import re
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import click
from click.core import ParameterSource

from . import __version__
from .ledger.calendar import instant_us, rfc3339
from .ledger.errors import (
    FactError,
    FindingsError,
    HaltError,
    LoyaltyError,
    PluginError,
    RuleError,
    UsageError,
)

if TYPE_CHECKING:
    from .ledger.doctor import Row
    from .ledger.facts.programme import ProgrammeActivated
    from .ledger.projection import Runner
    from .ledger.store.database import Database
    from .rules.catalogue import Catalogue
    from .rules.containing.watching import Limits
    from .rules.deciding import Command, Desk
    from .rules.simulating import Measure

_QUIET = "loyalty.quiet"
_OWN = "loyalty-ledger"
DEFAULT_DB = "sqlite:///loyalty.db"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Commands(click.Group):
    """Turn every expected error into one message on stderr and its exit code; anything else is our bug."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the words of the command line inside the error boundary."""
        with _boundary(is_json="--json" in args):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command inside the error boundary."""
        with _boundary(is_json="--json" in ctx.args):
            return super().invoke(ctx)


class Plugged(Commands):
    """A group that has commands of plugins beside its own: those the ledger at hand trusts."""

    offered: Callable[[Place, str], click.Command | None]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a plugin is looked at only when no command of our own has the name."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            place = Place(_word(args, "--db", "LOYALTY_DB") or DEFAULT_DB, as_json=False)
            folder = _word(args, "--rules-dir", "LOYALTY_RULES_DIR")
            place.rules_folder = Path(folder) if folder else None
            try:
                command = type(self).offered(place, args[0])
            finally:
                place.close()
            if command is not None:
                return args[0], command, args[1:]
        return super().resolve_command(ctx, args)


def _word(args: Sequence[str], option: str, variable: str) -> str | None:
    """Return what follows an option on the command line, or what the environment says."""
    for index, word in enumerate(args):
        if word == option and index + 1 < len(args):
            return args[index + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return os.environ.get(variable)


class PluggedCommands(Plugged):
    """``loyalty NAME`` of plugins."""

    @staticmethod
    def offered(place: Place, name: str) -> click.Command | None:
        """Return a plugin's command, with the options every command has."""
        command = place.catalogue.commands.get(name)
        if command is None:
            return None
        inner = command.callback

        @placed
        def called(place: Place, **choices: Any) -> Any:
            click.get_current_context().obj = place
            return inner(**choices) if inner else None

        options = [param for param in called.__click_params__ if param.name not in _names(command)]  # type: ignore[attr-defined]
        return click.Command(
            name, callback=called, params=[*command.params, *reversed(options)], help=command.help,
            context_settings=command.context_settings,
        )  # fmt: skip


def _names(command: click.Command) -> set[str | None]:
    return {param.name for param in command.params}


class PluggedReports(Plugged):
    """``loyalty report NAME`` of plugins: their reports, and the rows of their views."""

    @staticmethod
    def offered(place: Place, name: str) -> click.Command | None:
        """Return a command that prints a plugin's report or view."""
        from .rules.reporting import find_report

        found = find_report(place.catalogue, name)
        if found is None:
            return None

        @placed
        def printed(place: Place, *, choices: tuple[str, ...], is_csv: bool) -> None:
            with place.database.reading() as connection:
                table = found.table(connection, dict(_pair(choice) for choice in choices))
            if is_csv:
                click.echo(table.csv(), nl=False)
            else:
                place.answer(table.fields(), table.lines())

        options = printed.__click_params__  # type: ignore[attr-defined]
        chosen = click.Option(
            ["--set", "choices"],
            multiple=True,
            metavar="NAME=VALUE",
            help="What it asks for. Repeatable.",
        )
        as_csv = click.Option(["--csv", "is_csv"], is_flag=True, help="Comma-separated values.")
        return click.Command(
            name, callback=printed, params=[chosen, as_csv, *reversed(options)], help=found.about
        )


def _pair(choice: str) -> tuple[str, str]:
    name, sign, value = choice.partition("=")
    if not sign or not name:
        raise UsageError(f"no NAME=VALUE: {choice!r}", at="--set", hint="write --set since=2026-01-01")
    return name, value


@contextmanager
def _boundary(*, is_json: bool) -> Iterator[None]:
    """The one place where errors are told: what, at, try; or one JSON object."""
    try:
        yield
    except LoyaltyError as error:
        _tell(error, is_json=is_json)
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        what = error.format_message().rstrip(".?").replace("? (", " (")
        at = error.ctx.command_path if error.ctx else "loyalty"
        _tell(UsageError(f"{what[0].lower()}{what[1:]}", at=at, hint=f"{at} --help"), is_json=is_json)
    except UnicodeEncodeError as error:
        _tell(
            UsageError(f"no text in UTF-8: {error.object!a}", at="loyalty", hint="write it anew"),
            is_json=is_json,
        )
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _tell(
            LoyaltyError("no room to write the answer", at="stdout", hint="write it elsewhere"),
            is_json=is_json,
        )
    except KeyboardInterrupt:
        click.echo("loyalty: interrupted; nothing is half-written, the same command goes on", err=True)
        raise click.exceptions.Exit(130) from None


def _tell(error: LoyaltyError, *, is_json: bool) -> NoReturn:
    # Part of the words may be a stranger's: one line each, and no full stop.
    said = (error.what, error.at, error.hint)
    what, at, hint = (None if text is None else " ".join(text.splitlines()).rstrip(".") for text in said)
    if is_json:
        fields = {"error": what, "at": at, "try": hint, "exit_code": error.exit_code}
        click.echo(json.dumps({**fields, "code": getattr(error, "code", None)}, ensure_ascii=False), err=True)
    else:
        click.echo(f"loyalty: error: {LoyaltyError(what or '', at=at, hint=hint)}", err=True)
    raise click.exceptions.Exit(error.exit_code) from error


class Place:
    """Where a command works: the database, opened when it is needed, and how it answers.

    Attributes:
        url: The database; it may hold a password and is never shown.
        as_json: Whether programs read the answer.
        rules_folder: Where the operator's own rule files are, if anywhere.
        file: The file the command was given to read, for errors that do not say where.
        is_read_only: The database shall refuse every change; to be said before it is opened.
    """

    def __init__(self, url: str, *, as_json: bool, rules_folder: Path | None = None) -> None:
        self.url, self.as_json, self.rules_folder = _address(url), as_json, rules_folder
        self.file: str | None = None
        self.is_read_only = False

    @cached_property
    def database(self) -> Database:
        """The database, which must exist and fit the program."""
        from .ledger.store.database import open_database

        return open_database(self.url, is_read_only=self.is_read_only)

    def close(self) -> None:
        """Let go of the database, if it was opened."""
        if "database" in self.__dict__:
            self.database.close()

    def where(self, error: LoyaltyError) -> str | None:
        """Return what a user should look at when an error does not say: a file, the plugins, the database."""
        from sqlalchemy import make_url

        if isinstance(error, UsageError):
            return self.file
        if isinstance(error, PluginError):
            return f"the plugins installed in {sys.prefix}"
        return make_url(self.url).render_as_string(hide_password=True)

    def spare(self, path: Path) -> None:
        """Refuse to write a file over the database itself.

        Raises:
            UsageError: *path* is the database's file, or one of those beside it.
        """
        from sqlalchemy import make_url

        url = make_url(self.url)
        if url.get_backend_name() == "sqlite" and url.database:
            own = Path(url.database).resolve()
            if path.resolve() in {own, Path(f"{own}-wal"), Path(f"{own}-shm")}:
                raise UsageError(f"{str(path)!r} is the database itself", hint="name another file")

    @cached_property
    def catalogue(self) -> Catalogue:
        """The plugins there are; those that come with the ledger and those it trusts are imported."""
        from .rules.trusting import catalogue_for

        try:
            database: Database | None = self.database
        except LoyaltyError:
            database = None
        return catalogue_for(database, self.rules_folder)

    def answer(self, fields: Any, lines: Iterable[str]) -> None:
        """Print the answer, as one JSON document or for people."""
        if self.as_json:
            click.echo(json.dumps(fields, ensure_ascii=False, default=str))
        else:
            click.echo("\n".join(lines))

    def say(self, line: str) -> None:
        """Say something that is no data."""
        if not self.as_json and not click.get_current_context().meta.get(_QUIET):
            click.echo(line, err=True)

    @contextmanager
    def progress(self, what: str, unit: str) -> Iterator[Callable[[int, int | None], None]]:
        """Show progress on a terminal: yields ``tick(done, total)``."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeElapsedColumn())
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def _address(url: str) -> str:
    """Return a database URL whose password, if it has one, is where it is never shown.

    Raises:
        UsageError: it cannot be read as a URL.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        place = make_url(url)
        password = place.query.get("password")
        if place.get_backend_name() == "sqlite" and place.password is not None:
            raise ArgumentError("a file has no password")
        if isinstance(password, str):
            place = place.difference_update_query(["password"]).set(password=password)
    except (ArgumentError, ValueError) as error:
        shown = re.sub(r"(:)[^:@/]+@|(password=)[^&]+", r"\1\2***", url)
        raise UsageError(
            f"no database URL: {shown!r}", at="--db or LOYALTY_DB", hint="write sqlite:///ledger.db"
        ) from error
    return place.render_as_string(hide_password=False)


def now_us() -> int:
    """Return the time: the only clock of the program."""
    return time.time_ns() // 1000


def rule_limits() -> Limits:
    """Return what rules of plugins that are not bundled may take.

    Raises:
        UsageError: the environment says what is no number.
    """
    from .rules.containing.watching import Limits

    found = Limits()
    try:
        name = "LOYALTY_RULE_SECONDS"
        found = found._replace(seconds=float(os.environ.get(name, found.seconds)))
        name = "LOYALTY_RULE_MEMORY_MB"
        found = found._replace(memory_mb=int(os.environ.get(name, found.memory_mb)))
        if not 0 <= found.seconds < 2**31 or not 0 <= found.memory_mb < 2**31:
            raise ValueError("out of bounds")
    except ValueError as error:
        raise UsageError(
            f"no limit: {os.environ[name]!r}", at=name, hint="write a number; 0 for no limit"
        ) from error
    return found


def strangers() -> list[str]:
    """Return the names of the installed plugins that are not bundled; none of them is imported."""
    from importlib import metadata

    points = metadata.entry_points(group="loyalty_ledger")
    return sorted({point.name for point in points if point.dist is None or point.dist.name != _OWN})


def _watched(rules_folder: Path | None) -> int | None:
    """Go on in a child that is watched, if a stranger's rules are installed.

    Returns:
        None in the process that is to do the work; in its parent the exit code, when it has ended.

    Raises:
        HaltError: in the parent: a rule had to be stopped.
    """
    is_ours = sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__
    if sys.platform != "linux" or not is_ours or not (rules_folder or strangers()):
        return None
    from .rules.containing.watching import go_on_watched

    try:
        return go_on_watched(rule_limits())
    except HaltError:
        if sys.stderr.isatty():
            click.echo("\r\x1b[2K\x1b[?25h", err=True, nl=False)  # the cursor a progress bar has hidden
        raise


def placed(command: _Command) -> _Command:
    """Give a command ``--db``, ``--rules-dir`` and ``--json``, and its place as the first argument."""

    def wrapped(*args: Any, db: str, rules_dir: Path | None, as_json: bool, **options: Any) -> Any:
        place = Place(db, as_json=as_json, rules_folder=rules_dir)
        try:
            # Before anything is open that two processes cannot share.
            code = _watched(rules_dir)
            if code is not None:
                raise click.exceptions.Exit(code)
            return command(place, *args, **options)
        except LoyaltyError as error:
            command_path = click.get_current_context().command_path
            error.at = error.at or place.where(error) or command_path
            error.hint = error.hint or f"{command_path} --help"
            raise
        finally:
            place.close()

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    with_json = click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")(
        wrapped
    )
    with_rules = click.option(
        "--rules-dir", type=click.Path(path_type=Path), envvar="LOYALTY_RULES_DIR", show_envvar=True,
        help="A folder with rule files of your own.",
    )(with_json)  # fmt: skip
    return click.option(  # type: ignore[return-value]
        "--db", envvar="LOYALTY_DB", default=DEFAULT_DB, show_default=True, show_envvar=True,
        help="The database, as a SQLAlchemy URL.",
    )(with_rules)  # fmt: skip


@click.group(
    cls=PluggedCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="loyalty")
def main() -> None:
    """Keep a loyalty ledger: facts in, points out, every number explained.

    \b
    Start:    loyalty demo                          a small shop, from its files to an explained balance
              loyalty init --programme FILE         a ledger of your own
              loyalty import FILE --map MAPPING     facts in
              loyalty project run                   views out
    """  # noqa: D301 - click's own mark, a backspace: leave the next lines as they are


# A ledger


@main.command()
@click.option(
    "--programme", type=click.Path(path_type=Path), required=True, help="The programme, a TOML file."
)
@click.option("--approver", help="Who approved it.")
@click.option(
    "--trust",
    "trusting",
    metavar="PLUGIN",
    multiple=True,
    help="Trust a plugin's code, as it is now. Repeatable.",
)
@placed
def init(place: Place, *, programme: Path, approver: str | None, trusting: tuple[str, ...]) -> None:
    """Make a ledger and put its first programme in force, from the beginning of time."""
    from .rules.governing import create_ledger
    from .rules.trusting import chosen_catalogue

    place.file = str(programme)
    catalogue = chosen_catalogue(trusting, place.rules_folder) if trusting else place.catalogue
    done = create_ledger(
        place.url, catalogue, _text(programme), at=str(programme), ledger_id=str(uuid.uuid4()),
        now_us=now_us(), approver=approver, trusting=trusting,
    )  # fmt: skip
    place.answer(done.fields(), done.lines())
    place.say("next: loyalty import FILE --map MAPPING")


@main.group()
def db() -> None:
    """Look after the database."""


@db.command("upgrade")
@placed
def db_upgrade(place: Place) -> None:
    """Create the tables, or bring them to this program's revision."""
    from .ledger.store.database import upgrade_database

    revision = upgrade_database(place.url)
    place.answer({"revision": revision}, [f"tables are at revision {revision}"])


@main.command()
@placed
def doctor(place: Place) -> None:
    """Examine program, database, ledger and plugins."""
    from .ledger.doctor import examine

    plugins = [
        (p.name, p.version, p.fingerprint, p.error, p.is_trusted) for p in place.catalogue.plugins.values()
    ]
    rows = [*examine(place.url, plugins=plugins, now_us=now_us()), _limited(), *_readable(place)]
    place.answer([row.fields() for row in rows], [line for row in rows for line in row.lines()])
    if any(row.status == "bad" for row in rows):
        raise FindingsError("the doctor found something bad", hint="see the lines marked bad")


# Facts in and out


def _limited() -> Row:
    """Say what holds for rules that do not come with the ledger."""
    from .ledger.doctor import Row

    if sys.platform != "linux":
        hint = "run commands on Linux, where a rule that does not end is stopped"
        return Row("rule limits", f"none on {sys.platform}: plugins are not watched", "warn", hint)
    seconds, memory_mb = rule_limits()
    said = [f"{seconds:g} s a question"] * bool(seconds) + [f"{memory_mb:,} MiB a process"] * bool(memory_mb)
    return Row("rule limits", ", ".join(said) or "none: the environment says so")


def _readable(place: Place) -> list[Row]:
    """Say whether the installed plugins are those the history was recorded with."""
    from .ledger.doctor import Row
    from .rules.governing import make_engine

    try:
        with place.database.reading() as connection:
            make_engine(connection, place.catalogue)
    except PluginError as error:
        return [Row("history", error.what, "bad", error.hint)]
    except LoyaltyError:
        return []  # said above already
    return [Row("history", "readable with the installed plugins", "ok", None)]


@main.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--map", "mapping", type=click.Path(path_type=Path), help="How rows become facts, a TOML file.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, store nothing.")
@click.option("--strict", is_flag=True, help="Store nothing unless all of it is good.")
@click.option(
    "--batch", type=click.IntRange(1, 100_000), default=5_000, show_default=True, help="Facts a transaction."
)
@placed
def import_(
    place: Place, file: Path, *, mapping: Path | None, dry_run: bool, strict: bool, batch: int
) -> None:
    """Store the facts of FILE: CloudEvents JSON Lines, or CSV, TSV, text or Parquet by a mapping.

    Safe to kill and start again: what is stored already is a duplicate and adds nothing.
    """
    from .ledger.exchange.answers import summary_fields, summary_lines
    from .ledger.exchange.importer import run_import
    from .ledger.exchange.mapping import load_mapping
    from .rules.governing import current_admission

    if file.exists() and not file.is_file():
        raise UsageError("only a regular file can be imported", at=str(file), hint="save it to a file first")
    place.file = str(mapping or file)
    with place.database.reading() as connection:
        admission = current_admission(connection, place.catalogue)
    with place.progress(file.name, "rows") as tick:
        summary = run_import(
            place.database,
            place.catalogue.registry,
            file,
            mapping=load_mapping(mapping) if mapping else None,
            now_us=now_us,
            admission=admission,
            batch_size=batch,
            is_dry_run=dry_run,
            is_strict=strict,
            progress=lambda step: tick(step.done, step.total),
        )
    place.answer(summary_fields(summary), summary_lines(summary, file.name, is_dry_run=dry_run))
    if not summary.is_clean:
        place.say("see them: loyalty rejects list" if not (dry_run or strict) else "nothing was stored")
        raise SystemExit(7)
    if not dry_run:
        place.say("next: loyalty project run")


@main.command()
@click.argument("topic")
@click.argument("subject", required=False)
@click.option(
    "--set",
    "fields",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field of the fact; VALUE is JSON or text.",
)
@click.option("--at", "occurred", help="When it happened, RFC 3339; now when left out.")
@click.option("--id", "event_id", help="Names the fact with its source for ever; random when left out.")
@click.option("--source", default="loyalty-cli", show_default=True, help="Where the fact comes from.")
@click.option("--actor", help="Who records it.")
@placed
def record(
    place: Place, topic: str, subject: str | None, *, fields: tuple[str, ...], occurred: str | None,
    event_id: str | None, source: str, actor: str | None,
) -> None:  # fmt: skip
    """Record one fact of type TOPIC about SUBJECT.

    \b
    loyalty record complaint.opened M-103 --set complaint=C-2 --set category=quality
    """  # noqa: D301 - click's own mark
    from .ledger.exchange.recording import data_of, record_fact
    from .rules.governing import current_admission

    now = now_us()
    with place.database.reading() as connection:
        admission = current_admission(connection, place.catalogue)
    done = record_fact(
        place.database,
        place.catalogue.registry,
        topic=topic,
        subject=subject,
        data=data_of(place.catalogue.registry.type_of(topic), fields),
        occurred_us=_instant(occurred, "--at") if occurred else now,
        event_id=event_id or str(uuid.uuid4()),
        source=source,
        actor=actor,
        now_us=now,
        admission=admission,
    )
    place.answer(done.fields(), done.lines())


@main.group()
def rejects() -> None:
    """Look at rows that could not be read, and try them again."""


@rejects.command("list")
@click.option("--all", "is_all", is_flag=True, help="Also those that went in when retried.")
@placed
def rejects_list(place: Place, *, is_all: bool) -> None:
    """List rejected rows with file, line, column and reason."""
    from .ledger.exchange.answers import reject_fields, reject_lines
    from .ledger.exchange.rejects import list_rejects

    with place.database.reading() as connection:
        found = list_rejects(connection, is_all=is_all)
    lines = [line for reject in found for line in reject_lines(reject)]
    place.answer([reject_fields(reject) for reject in found], lines or ["no rejects"])


@rejects.command("retry")
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    help="Another mapping; the import's own when left out.",
)
@placed
def rejects_retry(place: Place, *, mapping: Path | None) -> None:
    """Read rejected rows once more; those that pass now go in."""
    from .ledger.exchange.answers import retried_fields, retried_lines
    from .ledger.exchange.mapping import load_mapping
    from .ledger.exchange.rejects import retry_rejects
    from .rules.governing import current_admission

    place.file = str(mapping) if mapping else None
    with place.database.reading() as connection:
        admission = current_admission(connection, place.catalogue)
    summary = retry_rejects(
        place.database, place.catalogue.registry, now_us=now_us, admission=admission,
        mapping=load_mapping(mapping) if mapping else None,
    )  # fmt: skip
    place.answer(retried_fields(summary), retried_lines(summary))
    if summary.still:
        raise SystemExit(7)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), help="The file; stdout when left out.")
@click.option("--member", help="Only the facts that name this member.")
@click.option("--after", type=click.IntRange(0, 2**63 - 1), default=0, help="Only facts at higher positions.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@placed
def export(place: Place, *, out: Path | None, member: str | None, after: int, overwrite: bool) -> None:
    """Write the facts as CloudEvents JSON Lines, the stored bytes as they are."""
    from .ledger.exchange.export import export_facts
    from .ledger.whole_file import whole_file

    if out is None:
        with _piped():
            export_facts(place.database, sys.stdout.buffer, member=member, after=after)
            sys.stdout.flush()
        return
    place.spare(out)
    with whole_file(out, is_overwriting=overwrite) as file:
        count = export_facts(place.database, file, member=member, after=after)
    place.answer({"file": str(out), "facts": count}, [f"{count:,} facts in {out}"])


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@placed
def backup(place: Place, file: Path, *, overwrite: bool) -> None:
    """Write the whole ledger to FILE: positions, hashes, imports and rejects included."""
    from .ledger.backup import write_backup

    place.spare(file)
    with place.progress("backup", "facts") as tick:
        done = write_backup(place.database, file, is_overwriting=overwrite, progress=tick)
    place.answer(done.fields(), done.lines())


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@placed
def restore(place: Place, file: Path) -> None:
    """Make a new database from a backup; every hash and the root are checked."""
    from .ledger.backup import restore_backup

    with place.progress("restore", "facts") as tick:
        done = restore_backup(file, place.url, progress=tick)
    place.answer(done.fields(), done.lines())
    place.say("next: loyalty project run")


@main.command()
@click.argument("topic", required=False)
@placed
def schema(place: Place, topic: str | None) -> None:
    """Print the JSON Schema of TOPIC, or list every type of fact."""
    from .ledger.facts.schema import schema_of, summaries

    registry = place.catalogue.registry
    if topic:
        click.echo(json.dumps(schema_of(registry, topic), indent=2, ensure_ascii=False))
    elif place.as_json:
        click.echo(
            json.dumps({name: schema_of(registry, name) for name in registry.topics()}, ensure_ascii=False)
        )
    else:
        click.echo("\n".join(f"{name:<28}{text}" for name, text in summaries(registry).items()))


# Programme and plugins


@main.group()
def programme() -> None:
    """Say which rules are in force."""


@programme.command("apply")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "effective",
    metavar="DATE|TIME",
    help="From when it governs: a day of the programme's zone, or RFC 3339; now when left out.",
)
@click.option("--approver", help="Who approved it.")
@click.option(
    "--restate", "restates", is_flag=True, help="Judge facts recorded already anew; needs --approver."
)
@placed
def programme_apply(
    place: Place, file: Path, *, effective: str | None, approver: str | None, restates: bool
) -> None:
    """Put another programme in force for facts recorded from now on.

    Of those, the ones that occurred at or after --from are under it. What is recorded already stays as it is,
    and a --from before facts that are recorded is refused, unless --restate judges them anew: the views are
    then rebuilt, and what differs is to be accepted.
    """
    from .rules.governing import apply_programme

    place.file = str(file)
    text = _text(file)
    done = apply_programme(
        place.database, place.catalogue, text, at=str(file), now_us=now_us(), approver=approver,
        effective_us=_since(effective, "--from", text, file) if effective else None, restates=restates,
    )  # fmt: skip
    place.answer(done.fields(), done.lines())
    place.say(f"next: loyalty project {'rebuild' if restates else 'run'}")


@programme.command("show")
@click.argument("position", type=click.IntRange(1), required=False)
@placed
def programme_show(place: Place, *, position: int | None) -> None:
    """Show the programme in force now, or the one recorded at POSITION: its text, rules and parameters."""
    from .rules.governing import programme_at, programme_in_force

    with place.database.reading() as connection:
        registry = place.catalogue.registry
        if position is None:
            found = programme_in_force(connection, registry, now_us())
        else:
            found = programme_at(connection, registry, position)
    place.answer(found.fields(), found.lines())


@programme.command("diff")
@click.argument("before")
@click.argument("after", required=False)
@placed
def programme_diff(place: Place, *, before: str, after: str | None) -> None:
    """Compare two programmes, in words and parameter by parameter.

    BEFORE and AFTER are files, or positions that programme history shows. One alone is compared with the
    programme in force.
    """
    from .rules.governing import programme_at, programme_in_force
    from .rules.programme import activation
    from .rules.programme_diff import difference

    def chosen(name: str) -> ProgrammeActivated:
        if name.isdecimal() and not Path(name).exists():
            with place.database.reading() as connection:
                return programme_at(connection, place.catalogue.registry, int(name)).data
        return activation(_text(Path(name)), place.catalogue, at=name)

    if after is None:
        with place.database.reading() as connection:
            old = programme_in_force(connection, place.catalogue.registry, now_us()).data
        found = difference(old, chosen(before), place.catalogue)
    else:
        found = difference(chosen(before), chosen(after), place.catalogue)
    place.answer(found.fields(), found.lines())


@programme.command("history")
@placed
def programme_history(place: Place) -> None:
    """List every programme that was applied."""
    from .rules.governing import history_lines, recorded_programmes

    with place.database.reading() as connection:
        found = recorded_programmes(connection, place.catalogue.registry)
    place.answer([row.fields() for row in found], history_lines(found))


@main.group()
def rules() -> None:
    """Look at the installed rules and plugins."""


@rules.command("list")
@placed
def rules_list(place: Place) -> None:
    """List the installed rules: version, stage, plugin, fingerprint, parameters with defaults."""
    from .rules.listing import listing_fields, listing_lines

    place.answer(listing_fields(place.catalogue), listing_lines(place.catalogue))


@rules.command("new")
@click.argument("name")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    help="The package's folder; loyalty-NAME when left out.",
)
@placed
def rules_new(place: Place, name: str, *, folder: Path | None) -> None:
    """Write a package for a rule NAME: the rule, its tests, a history with its journal, a programme."""
    from .rules.starter import start_package

    names = {rule for rule, _ in place.catalogue.offers} | set(place.catalogue.plugins)
    started = start_package(name, folder, taken=names)
    place.answer(started.fields(), started.lines())
    place.say(f"next: cd {started.folder} && pip install -e . pytest (or uv pip install …) && pytest")


@rules.command("trust")
@click.argument("plugins", nargs=-1, required=True)
@click.option("--reason", help="Why the changed code is trusted.")
@click.option("--approver", help="Who approved it.")
@placed
def rules_trust(place: Place, plugins: tuple[str, ...], *, reason: str | None, approver: str | None) -> None:
    """Accept the code of PLUGINS, as it is now, for the whole history; recorded as a fact.

    A plugin that does not come with the ledger is not even imported before it is trusted here.
    """
    from .rules.governing import trust_plugins
    from .rules.trusting import pins_of

    with place.database.reading() as connection:
        was_other = any(pin.plugin in plugins for pin in pins_of(connection))
    done = trust_plugins(
        place.database, plugins, folder=place.rules_folder, reason=reason, approver=approver, now_us=now_us()
    )
    place.answer(done.fields(), done.lines())
    place.say(f"next: loyalty {'project rebuild' if was_other else 'programme apply FILE'}")


@rules.command("diff")
@placed
def rules_diff(place: Place) -> None:
    """Compare the plugins' code, file by file, with what was accepted last."""
    from .rules.trusting import drift, pins_of

    with place.database.reading() as connection:
        found = drift(place.catalogue, pins_of(connection))
    lines = [line for row in found for line in row.lines()]
    place.answer([row.fields() for row in found], lines or ["no plugin is recorded"])


@rules.command("check")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@click.option(
    "--programme", type=click.Path(path_type=Path),
    help="Check them under this programme; one is made up for each rule when left out.",
)  # fmt: skip
@placed
def rules_check(place: Place, targets: tuple[str, ...], *, programme: Path | None) -> None:
    """Put rules to the probes of purity: of installed plugins by name, or of a rule file or package folder.

    A ledger named by --db lends some of its members' histories, too; it is only read.
    """
    from .rules.probing import check_plugin, find_target, sampled_world

    found, recorded = [find_target(target) for target in targets], None
    text = None if programme is None else _text(programme)
    if click.get_current_context().get_parameter_source("db") is ParameterSource.COMMANDLINE:
        with place.database.reading() as connection:
            recorded = sampled_world(connection)
    verdicts = []
    for target in found:
        with place.progress(f"checking {target.name}", "parts") as tick:
            verdicts.append(check_plugin(
                target, programme=text, programme_at=str(programme), recorded=recorded, progress=tick,
            ))  # fmt: skip
    place.answer(
        {"is_fine": not any(v.faults() for v in verdicts), "plugins": [v.fields() for v in verdicts]},
        (line for v in verdicts for line in [*v.lines(), ""]),
    )
    faults = sum(len(verdict.faults()) for verdict in verdicts)
    if faults:
        raise FindingsError(
            "1 finding" if faults == 1 else f"{faults} findings",
            at=", ".join(v.plugin for v in verdicts if v.faults()),
            hint="mend what each finding names; plugins/REFERENCE.md says what a rule may read",
        )  # fmt: skip


# Views


@main.group()
def project() -> None:
    """Make the views from the facts."""


@project.command("run")
@click.option(
    "--batch",
    type=click.IntRange(1, 1_000_000),
    default=20_000,
    show_default=True,
    help="Facts a transaction.",
)
@placed
def project_run(place: Place, *, batch: int) -> None:
    """Bring the views up to the last fact, from where they are."""
    from .rules.projecting import run_views

    with place.progress("project", "facts") as tick:
        done = run_views(
            place.database, runner=_runner(), clock=now_us, batch_facts=batch, progress=tick,
            folder=place.rules_folder,
        )  # fmt: skip
    place.answer(done.fields(), done.lines())
    if done.quarantined:
        raise SystemExit(RuleError.exit_code)


@project.command("rebuild")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Fold in so many processes."
)
@click.option("--from-journal", is_flag=True, help="Rewrite balances, lots and daily from the journal alone.")
@click.option("--accept", metavar="DIGEST", help="Accept the difference an altered rule makes.")
@placed
def project_rebuild(place: Place, *, processes: int, from_journal: bool, accept: str | None) -> None:
    """Make all views anew beside the live ones, compare, and swap."""
    from .rules.projecting import rebuild_views

    with place.progress("rebuild", "facts") as tick:
        done = rebuild_views(
            place.database, runner=_runner(), clock=now_us, processes=processes, is_from_journal=from_journal,
            accept=accept, progress=tick, folder=place.rules_folder,
        )  # fmt: skip
    place.answer(done.fields(), done.lines())
    if done.quarantined:
        raise SystemExit(RuleError.exit_code)


@project.command("status")
@click.option("--digests", is_flag=True, help="Also the SHA-256 of every view.")
@placed
def project_status(place: Place, *, digests: bool) -> None:
    """Say how far the views are, which generation is live and who projects."""
    from .rules.projecting import views_status

    done = views_status(place.database, with_digests=digests)
    place.answer(done.fields(), done.lines())


@main.command()
@click.option("--to", required=True, help="The instant, RFC 3339.")
@placed
def advance(place: Place, *, to: str) -> None:
    """Let time pass: what is due up to an instant fires with the next projection."""
    from .rules.governing import advance_clock

    done = advance_clock(
        place.database, place.catalogue.registry, to_us=_instant(to, "--to"), now_us=now_us()
    )
    place.answer(done.fields(), done.lines())
    place.say("next: loyalty project run")


@main.group()
def quarantine() -> None:
    """Look at members who are set aside, by a rule that failed or by an operator, and try them again."""


@quarantine.command("list")
@placed
def quarantine_list(place: Place) -> None:
    """List members set aside, with position, rule and error."""
    from .ledger.reports.quarantine import quarantined

    with place.database.reading() as connection:
        rows = quarantined(connection)
    lines = [line for row in rows for line in row.lines()]
    place.answer([row.fields() for row in rows], lines or ["nobody is set aside"])


@quarantine.command("retry")
@click.argument("members", nargs=-1)
@placed
def quarantine_retry(place: Place, members: tuple[str, ...]) -> None:
    """Fold MEMBERS who are set aside once more from their facts, or everybody; say who is back."""
    from .rules.projecting import retry_members

    with place.progress("retry", "groups") as tick:
        done = retry_members(
            place.database, members, runner=_runner(), clock=now_us, progress=tick, folder=place.rules_folder
        )
    place.answer(done.fields(), done.lines())
    if done.retried.is_altered:
        place.say("the rules are not those the views were built by; next: loyalty project rebuild")
    if done.retried.still:
        raise SystemExit(RuleError.exit_code)


# Reading


@main.group()
def member() -> None:
    """Look at members; merge two who are one person."""


@member.command("list")
@click.option(
    "--ladder", "rungs", multiple=True, metavar="NAME=RUNG",
    help="Only those who stand there, such as tier=Gold; again for another ladder.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(1), help="The most members to show.")
@placed
def member_list(place: Place, *, rungs: tuple[str, ...], limit: int | None) -> None:
    """List members with balance, rungs and last purchase."""
    from .ledger.reports.members import member_list
    from .ledger.reports.streaming import object_lines

    for words in rungs:
        if "=" not in words:
            raise UsageError(f"no ladder and rung: {words!r}", at="--ladder", hint="write tier=Gold")
    standing = dict(words.split("=", 1) for words in rungs)
    with place.database.reading() as connection:
        found = member_list(connection, standing=standing, limit=limit)
        _stream(object_lines("members", found.rows(), found.rest()) if place.as_json else found.lines())


@member.command("show")
@click.argument("member")
@placed
def member_show(place: Place, member: str) -> None:
    """Show what MEMBER has, what expires when, and how current that is."""
    from .ledger.reports.member import member_report
    from .rules.foreseeing import outlooks

    with place.database.reading() as connection:
        ahead = outlooks(connection, lambda: place.catalogue, member)
        report = member_report(connection, member, now_us=now_us(), ahead=ahead)
    place.answer(report.fields(), report.lines())


@member.command("history")
@click.argument("member")
@click.option("--since", metavar="DAY", help="Only what counts from this day on, such as 2026-01-31.")
@click.option("--limit", type=click.IntRange(1), help="Only the last so many facts, and what came of them.")
@placed
def member_history(place: Place, member: str, *, since: str | None, limit: int | None) -> None:
    """Tell what happened to MEMBER, fact by fact, with what each led to and the balance after it."""
    from .ledger.reports.history import history_fields, history_lines
    from .ledger.reports.streaming import array_lines

    with place.database.reading() as connection:
        if place.as_json:
            _stream(array_lines(history_fields(connection, member, since=since, limit=limit)))
        else:
            _stream(history_lines(connection, member, since=since, limit=limit))


@main.command()
@click.argument("member")
@click.option("--entry", type=click.IntRange(1), help="One entry of the member's journal.")
@click.option(
    "--fact", type=click.IntRange(1), help="What the fact at this position led to, or why to nothing."
)
@click.option("--rule", help="Only this rule, by its label: what it gave, and why not.")
@click.option("--move", metavar="LADDER[:N]", help="A move on a ladder, such as tier:2; the last without N.")
@placed
def explain(
    place: Place, member: str, *, entry: int | None, fact: int | None, rule: str | None, move: str | None
) -> None:
    """Explain MEMBER's balance, or any number of it, down to facts, rules, parameters and arithmetic."""
    from .rules.explain.asking import Question, found
    from .rules.explain.page import explain_fields, explain_lines
    from .rules.explain.story import told

    question = Question(entry=entry, fact=fact, rule=rule, move=move)
    with place.database.reading() as connection:
        story = told(connection, place.catalogue, member)
    about = found(story, question)
    if place.as_json:
        place.answer(explain_fields(story, about, question), ())
    else:
        place.answer(None, explain_lines(story, about, question))


@main.command()
@click.option(
    "--programme", type=click.Path(path_type=Path), required=True, help="The candidate, a TOML file."
)
@click.option(
    "--since", metavar="DAY",
    help="From when it governs, a day or an RFC 3339 instant; from the beginning of time when left out.",
)  # fmt: skip
@click.option(
    "--members", multiple=True, metavar="IDS",
    help="Only these: ids between commas, or a file with one a line; again for more.",
)  # fmt: skip
@click.option("--sample", type=click.IntRange(1), help="Only so many members, always the same ones.")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Fold in so many processes."
)
@click.option(
    "--by", type=click.Choice(["balance", "earned"]), default="balance", show_default=True,
    help="What decides who wins: points in all at the end, or earned on the way.",
)  # fmt: skip
@click.option("--top", type=click.IntRange(0, 1000), default=10, show_default=True, help="So many are named.")
@click.option(
    "--point-value", metavar="AMOUNT", help="What a point is worth; as recorded by point_value.set otherwise."
)
@click.option("--out", type=click.Path(path_type=Path), help="Also write all members and a picture there.")
@click.option("--overwrite", is_flag=True, help="Replace files in --out.")
@click.option("--explain", "explained", metavar="MEMBER", help="Only MEMBER, both sides fact by fact.")
@click.option(
    "--trust", "trusting", multiple=True, metavar="PLUGIN",
    help="Run the candidate's PLUGIN this once; nothing is recorded.",
)  # fmt: skip
@placed
def simulate(
    place: Place, *, programme: Path, since: str | None, members: tuple[str, ...], sample: int | None,
    processes: int, by: Measure, top: int, point_value: str | None, out: Path | None, overwrite: bool,
    explained: str | None, trusting: tuple[str, ...],
) -> None:  # fmt: skip
    """Fold the whole history under a candidate programme: who would have won, who lost, what it costs.

    The candidate takes the place of every recorded programme; with --since, of those that govern what
    occurred from then on. Nothing is written to the ledger.

    \b
    loyalty simulate --programme candidate.toml --since 2026-03-01 --out what-if
    """  # noqa: D301 - click's own mark
    from .rules import simulating
    from .rules.projecting import recipe_for
    from .rules.trusting import catalogue_with

    place.file, place.is_read_only = str(programme), True
    if sample is not None and members:
        raise UsageError("members are named or drawn, not both", at="--sample", hint="leave one of them out")
    if out is not None:
        simulating.check_folder(out, is_overwriting=overwrite)
    catalogue = catalogue_with(place.database, trusting, place.rules_folder) if trusting else place.catalogue
    text = _text(programme)
    since_us = None if since is None else _since(since, "--since", text, programme)
    with place.database.reading() as connection:
        candidate = simulating.read_candidate(
            connection, catalogue, text, at=str(programme), since_us=since_us
        )
        if explained is not None:
            page = simulating.page_of(connection, catalogue, candidate, explained)
            place.answer(page.fields(), page.lines())
            return
        worth = simulating.point_worth(connection, catalogue, point_value)
    asked = simulating.Asked(candidate, simulating.members_named(members), sample, top, worth, by)
    recorded = recipe_for(place.database, place.rules_folder)
    written: list[Path] = []
    with (
        place.progress("simulate", "facts") as tick,
        simulating.simulated(
            place.database, recorded, asked, processes=processes, progress=tick
        ) as (found, gathered),
    ):  # fmt: skip
        if out is not None:
            written = simulating.write_files(out, found, gathered, is_overwriting=overwrite)
    place.answer(found.fields(), simulating.simulation_lines(found))
    for path in written:
        place.say(f"written: {path}")
    if found.kinds.get("aside"):
        raise SystemExit(RuleError.exit_code)


@main.command()
@click.option("--fast", "is_fast", is_flag=True, help="Only what the database can check by itself, in SQL.")
@placed
def check(place: Place, *, is_fast: bool) -> None:
    """Check every invariant of log, journal and views; exit code 6 when something is found.

    The facts are folded once more beside the ledger, and every row of every view is compared with what they
    give; that takes as long as a rebuild.
    """
    from .ledger.check import check_fields, check_ledger, check_lines
    from .rules.projecting import recipe_for

    make_recipe = None if is_fast else functools.partial(recipe_for, place.database, place.rules_folder)
    with place.progress("check", "facts") as tick:
        findings = check_ledger(place.database, make_recipe, progress=tick)
    place.answer(check_fields(findings), check_lines(findings))
    if findings:
        raise SystemExit(6)


@main.group()
def audit() -> None:
    """Prove that nothing was altered."""


@audit.command("verify")
@placed
def audit_verify(place: Place) -> None:
    """Compute every hash of the log anew, and the root; exit code 6 when something was altered."""
    from .ledger.store.verify import verify_log

    with place.progress("verify", "facts") as tick, place.database.reading() as connection:
        report = verify_log(connection, progress=tick)
    place.answer(report.fields(), report.lines())
    if not report.is_sound:
        raise SystemExit(6)


# Deciding


def deciding(what: str) -> Callable[[_Command], _Command]:
    """Give a command its place, ``--at``, ``--id``, ``--source`` and ``--actor``, as one ``Asking``."""

    def with_options(command: _Command) -> _Command:
        @placed
        @functools.wraps(command)
        def wrapped(
            place: Place, *, occurred: str | None, event_id: str | None, source: str, actor: str | None,
            **options: Any,
        ) -> Any:  # fmt: skip
            return command(Asking(place, occurred, event_id, source, actor), **options)

        options = (
            click.option("--at", "occurred", help="When it happened, RFC 3339; now when left out."),
            click.option("--id", "event_id", help=f"Names the fact for ever; {what} when left out."),
            click.option(
                "--source", default="loyalty-cli", show_default=True, help="Where the fact comes from."
            ),
            click.option("--actor", help="Who asks."),
        )
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped  # type: ignore[return-value]

    return with_options


class Asking(NamedTuple):
    """How a command that decides was asked on the command line."""

    place: Place
    occurred: str | None
    event_id: str | None
    source: str
    actor: str | None

    @property
    def desk(self) -> Desk:
        """Where it is decided."""
        from .rules.deciding import Desk

        return Desk(self.place.database, self.place.catalogue)

    def minor(self, amount: str, option: str) -> int:
        """Return an amount in minor units of the ledger's currency."""
        from .ledger.units import minor_units

        try:
            return minor_units(amount, self.desk.currency() or "")
        except LoyaltyError as error:
            raise UsageError(error.what, at=option, hint=error.hint) from error

    def decide(self, command: Command) -> None:
        """Decide and print what came of it."""
        from .rules.deciding import Asked

        now = now_us()
        decision = self.desk.decide(
            command,
            Asked(
                now_us=now,
                occurred_us=_instant(self.occurred, "--at") if self.occurred else now,
                source=self.source,
                spare_id=str(uuid.uuid4()),
                event_id=self.event_id,
                actor=self.actor,
            ),
        )
        self.place.answer(decision.fields(), decision.lines())


@main.command()
@click.argument("member")
@click.argument("points", type=click.IntRange(1))
@click.option("--order", help="What the points are spent on; the same order again is the same redemption.")
@click.option("--order-amount", metavar="AMOUNT", help="What the order costs, in the ledger's currency.")
@click.option(
    "--line", "lines", multiple=True, metavar="AMOUNT", help="What one line of it costs; once a line."
)
@deciding("from the order, or random,")
def redeem(
    asking: Asking, *, member: str, points: int, order: str | None, order_amount: str | None,
    lines: tuple[str, ...],
) -> None:  # fmt: skip
    """Spend POINTS of MEMBER: decided on everything recorded, refused when there are too few."""
    from .rules.deciding import Redeem

    order_minor = None if order_amount is None else asking.minor(order_amount, "--order-amount")
    asking.decide(
        Redeem(
            member=member, points=points, order=order, order_minor=order_minor,
            lines_minor=tuple(asking.minor(line, "--line") for line in lines),
        )
    )  # fmt: skip


@main.command()
@click.argument("member")
@click.argument("order")
@click.option("--reason", help="Why, in words.")
@deciding("from the redemption")
def cancel(asking: Asking, *, member: str, order: str, reason: str | None) -> None:
    """Cancel MEMBER's redemption for ORDER: its points go back to their lots, once."""
    from .rules.deciding import Cancel

    asking.decide(Cancel(member=member, order=order, reason=reason))


# A negative number looks like an option: whatever is none is left for the arguments, which say so.
@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("member")
@click.argument("points", type=int)
@click.option("--reason", required=True, help="Why, in words; it stands on the member's statement.")
@click.option("--approver", help="Who approved it.")
@click.option("--expires", help="When given points expire, RFC 3339; by the programme when left out.")
@click.option("--allow-debt", "is_debt_allowed", is_flag=True, help="Take points beyond the balance.")
@deciding("random")
def adjust(
    asking: Asking, *, member: str, points: int, reason: str, approver: str | None,
    expires: str | None, is_debt_allowed: bool,
) -> None:  # fmt: skip
    """Give POINTS to MEMBER, or take them when negative: refused when there are too few.

    \b
    loyalty adjust M-103 -50 --reason "booked twice" --approver anna
    """  # noqa: D301 - click's own mark
    from .rules.deciding import Adjust

    asking.decide(
        Adjust(
            member=member, points=points, reason=reason, approver=approver, expires=expires,
            actor=asking.actor, is_debt_allowed=is_debt_allowed,
        )
    )  # fmt: skip


@main.group()
def hold() -> None:
    """Set points apart for an order that is not final; spend them or give them back."""


@hold.command("place")
@click.argument("member")
@click.argument("hold")
@click.argument("points", type=click.IntRange(1))
@click.option("--until", help="When it ends by itself, RFC 3339; by the programme when left out.")
@click.option("--order", help="What it is for.")
@deciding("from the hold")
def hold_place(
    asking: Asking, *, member: str, hold: str, points: int, until: str | None, order: str | None
) -> None:
    """Set POINTS of MEMBER apart under the name HOLD: refused when there are too few."""
    from .rules.deciding import PlaceHold

    asking.decide(PlaceHold(member=member, hold=hold, points=points, until=until, order=order))


@hold.command("capture")
@click.argument("member")
@click.argument("hold")
@click.argument("points", type=click.IntRange(1), required=False)
@deciding("from the hold")
def hold_capture(asking: Asking, *, member: str, hold: str, points: int | None) -> None:
    """Spend POINTS of MEMBER's HOLD, all of them when left out; the rest is free again."""
    from .rules.deciding import CaptureHold

    asking.decide(CaptureHold(member=member, hold=hold, points=points))


@hold.command("void")
@click.argument("member")
@click.argument("hold")
@click.option("--reason", help="Why, in words.")
@deciding("from the hold")
def hold_void(asking: Asking, *, member: str, hold: str, reason: str | None) -> None:
    """Give up MEMBER's HOLD: its points go back to their lots."""
    from .rules.deciding import VoidHold

    asking.decide(VoidHold(member=member, hold=hold, reason=reason))


@main.command()
@click.argument("member")
@click.argument("to")
@click.argument("points", type=click.IntRange(1))
@click.option("--reason", help="Why, in words.")
@deciding("random")
def transfer(asking: Asking, *, member: str, to: str, points: int, reason: str | None) -> None:
    """Give POINTS of MEMBER to the member TO: refused when there are too few."""
    from .rules.deciding import TransferPoints

    asking.decide(TransferPoints(member=member, to=to, points=points, reason=reason))


@main.command()
@click.argument("member")
@click.option("--expires", required=True, help="Until when the points live, RFC 3339.")
@click.option("--lot", type=click.IntRange(1), help="Only this lot; all that expire before when left out.")
@click.option("--reason", help="Why, in words.")
@click.option("--approver", help="Who approved it.")
@deciding("random")
def extend(
    asking: Asking, *, member: str, expires: str, lot: int | None, reason: str | None, approver: str | None
) -> None:
    """Let MEMBER's points live longer; never shorter."""
    from .rules.deciding import Extend

    asking.decide(Extend(member=member, expires=expires, lot=lot, reason=reason, approver=approver))


@main.command()
@click.argument("member")
@click.argument("points", type=click.IntRange(1))
@click.option("--expires", help="When they expire again, RFC 3339; never when left out.")
@click.option("--reason", help="Why, in words.")
@click.option("--approver", help="Who approved it.")
@deciding("random")
def reinstate(
    asking: Asking, *, member: str, points: int, expires: str | None, reason: str | None, approver: str | None
) -> None:
    """Give MEMBER expired POINTS anew: refused when fewer have expired."""
    from .rules.deciding import Reinstate

    asking.decide(
        Reinstate(member=member, points=points, expires=expires, reason=reason, approver=approver)
    )  # fmt: skip


@member.command("merge")
@click.argument("member")
@click.argument("absorbed")
@click.option("--reason", help="Why, in words.")
@click.option("--approver", help="Who approved it.")
@deciding("random")
def member_merge(
    asking: Asking, *, member: str, absorbed: str, reason: str | None, approver: str | None
) -> None:
    """Let MEMBER take over ABSORBED, who is the same person: points, orders and facts to come."""
    from .rules.deciding import MergeMembers

    asking.decide(MergeMembers(member=member, absorbed=absorbed, reason=reason, approver=approver))


@member.command("unmerge")
@click.argument("member")
@click.argument("absorbed")
@click.option("--reason", help="Why, in words.")
@click.option("--approver", help="Who approved it.")
@deciding("random")
def member_unmerge(
    asking: Asking, *, member: str, absorbed: str, reason: str | None, approver: str | None
) -> None:
    """Let ABSORBED be a member of its own again: what is left of its points goes back."""
    from .rules.deciding import UnmergeMembers

    asking.decide(UnmergeMembers(member=member, absorbed=absorbed, reason=reason, approver=approver))


@main.group()
def reward() -> None:
    """Issue, use and cancel rewards, such as vouchers."""


@reward.command("issue")
@click.argument("member")
@click.argument("kind")
@click.option("--points", type=click.IntRange(0), required=True, help="What it costs; 0 for a present.")
@click.option("--reward", help="Its name, once for each member; random when left out.")
@click.option("--value", help="What it is worth, a decimal amount in the ledger's currency.")
@click.option("--expires", help="Until when it can be used, RFC 3339; for ever when left out.")
@deciding("from the reward")
def reward_issue(
    asking: Asking, *, member: str, kind: str, points: int, reward: str | None,
    value: str | None, expires: str | None,
) -> None:  # fmt: skip
    """Give MEMBER a reward of a KIND, such as voucher: refused when there are too few points."""
    from .rules.deciding import IssueReward

    asking.decide(
        IssueReward(
            member=member, reward=reward or asking.event_id or str(uuid.uuid4()), kind=kind, points=points,
            value=value, currency=asking.desk.currency() if value is not None else None, expires=expires,
        )
    )  # fmt: skip


@reward.command("use")
@click.argument("member")
@click.argument("reward")
@click.option("--order", help="What it is used for; the same order again is the same use.")
@deciding("from the order, or random,")
def reward_use(asking: Asking, *, member: str, reward: str, order: str | None) -> None:
    """Use MEMBER's REWARD: refused when it is used, cancelled, expired or was never issued."""
    from .rules.deciding import UseReward

    asking.decide(UseReward(member=member, reward=reward, order=order))


@reward.command("cancel")
@click.argument("member")
@click.argument("reward")
@click.option("--reason", help="Why, in words.")
@deciding("from the reward")
def reward_cancel(asking: Asking, *, member: str, reward: str, reason: str | None) -> None:
    """Cancel MEMBER's REWARD: its points go back to their lots; refused when it is used."""
    from .rules.deciding import CancelReward

    asking.decide(CancelReward(member=member, reward=reward, reason=reason))


@main.command()
@click.argument("position", type=click.IntRange(1, 2**63 - 1))
@click.option("--reason", required=True, help="What was wrong, in words.")
@click.option("--approver", help="Who approved it.")
@deciding("from the position")
def retract(asking: Asking, *, position: int, reason: str, approver: str | None) -> None:
    """Say that the fact at POSITION was wrong: it stays, and what it did is reversed, once."""
    from .rules.deciding import retraction

    with asking.place.database.reading() as connection:
        command = retraction(connection, position, reason=reason, approver=approver)
    asking.decide(command)


@main.group(cls=PluggedReports)
def report() -> None:
    """Reports over the whole ledger; those of plugins, too."""


@report.command("late")
@click.option("--since", type=click.IntRange(0), default=0, metavar="POSITION", help="Only facts behind it.")
@placed
def report_late(place: Place, *, since: int) -> None:
    """Show which facts were told late, and what each of them changed."""
    from .ledger.reports.late import late_report

    with place.database.reading() as connection:
        found = late_report(connection, since=since)
    place.answer(found.fields(), found.lines())


@main.group()
def actions() -> None:
    """Look after what rules recommend that a person should do."""


@actions.command("list")
@click.option("--member", help="Only this member's.")
@click.option("--all", "is_all", is_flag=True, help="Also those done or taken back.")
@placed
def actions_list(place: Place, *, member: str | None, is_all: bool) -> None:
    """List what should be done, the most urgent first: who, what, why, since when."""
    from .ledger.reports.actions import action_list

    with place.database.reading() as connection:
        found = action_list(connection, member=member, is_all=is_all)
    place.answer(found.fields(), found.lines())


@actions.command("done")
@click.argument("member")
@click.argument("action")
@click.option("--outcome", help="What came of it, in a word or two.")
@click.option("--staff", help="Who did it.")
@deciding("random")
def actions_done(asking: Asking, *, member: str, action: str, outcome: str | None, staff: str | None) -> None:
    """Say that ACTION was done for MEMBER.

    Again, with nothing recorded since that could recommend it anew, it is a duplicate.
    """
    from .rules.deciding import Done

    asking.decide(Done(member=member, action=action, outcome=outcome, staff=staff))


# A tour


@main.command()
@click.option("--keep", is_flag=True, help="Keep an existing loyalty-demo.db and stop.")
def demo(*, keep: bool) -> None:
    """Run a small shop from its files to an explained balance, on SQLite, command by command."""
    from .ledger.demo import run_demo

    def run(words: Sequence[str]) -> None:
        with main.make_context("loyalty", list(words)) as context:
            context.meta[_QUIET] = True
            main.invoke(context)

    run_demo(run, click.echo, is_keeping=keep)


def _runner() -> Runner:
    from .ledger.projection import Runner

    return Runner(socket.gethostname(), os.getpid(), uuid.uuid4().hex)


@contextmanager
def _piped() -> Iterator[None]:
    """Let the reader of a pipe stop reading, as ``head`` does."""
    try:
        yield
    except BrokenPipeError:
        # What is still waiting to be written has nowhere to go either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stream(lines: Iterator[str]) -> None:
    """Print lines as they come, many at a time."""
    with _piped():
        while some := list(islice(lines, 200)):
            click.echo("\n".join(some))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot read the programme: {error.strerror}", at=str(path), hint="name a TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"programme is not UTF-8 at byte {error.start}", at=str(path), hint="save it as UTF-8"
        ) from error


def _instant(text: str, option: str) -> int:
    try:
        return instant_us(text)
    except FactError as error:
        raise UsageError(error.what, at=option, hint=error.hint) from error


def _since(text: str, option: str, programme_text: str, file: Path) -> int:
    """Return an instant, or when a day begins in the zone of a programme."""
    from .ledger.calendar import Zone
    from .rules.programme import read_programme

    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _instant(text, option)
    return Zone(read_programme(programme_text, at=str(file)).zone).start_us(day)


__all__ = ["main", "rfc3339"]
