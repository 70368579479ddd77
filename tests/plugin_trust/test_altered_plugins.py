"""Ways to change a plugin under our feet: the altered code is refused, and never runs."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loyalty_ledger.ledger.errors import PluginError
from loyalty_ledger.rules import catalogue as catalogue_module
from loyalty_ledger.rules.catalogue import Catalogue, Pin, installed
from loyalty_ledger.rules.discovering import Found, find_plugins
from loyalty_ledger.rules.loading import load

from .installed_plugin import NAME, RULE, Site, importable


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The plugin, installed and importable, with a second folder before it on the path."""
    (tmp_path / "before").mkdir()
    site = Site(tmp_path / "site", tmp_path / "ran")
    with importable(tmp_path / "before", site.path):
        yield site


def trusted() -> set[Pin]:
    """Return what trusting the plugin as it is now says."""
    return {(found.name, found.fingerprint) for found in find_plugins() if found.name == NAME}


def before(site: Site) -> Path:
    return site.path.parent / "before"


def test_a_trusted_plugin_is_imported_and_its_rule_offered(site: Site) -> None:
    catalogue = installed(trusted())

    assert catalogue.plugins[NAME].is_trusted
    assert ("oak_points", 1) in catalogue.offers


def test_a_plugin_nobody_trusts_is_listed_but_not_imported(site: Site) -> None:
    site.write("oak_rules/__init__.py", site.evil)

    catalogue = installed(())

    assert not catalogue.plugins[NAME].is_trusted
    assert ("oak_points", 1) not in catalogue.offers
    assert not site.marker.exists()
    assert "oak_rules" not in sys.modules


def same_size_and_time(site: Site) -> None:
    file = site.path / "oak_tables.py"
    times = file.stat()
    file.write_text("POINTS = 9\n")  # as long as before
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def linked_file(site: Site) -> None:
    site.write("elsewhere/tables.py", site.evil)
    (site.path / "oak_tables.py").unlink()
    (site.path / "oak_tables.py").symlink_to(site.path / "elsewhere/tables.py")


def linked_folder(site: Site) -> None:
    site.write("elsewhere/late.py", site.evil)
    site.write("elsewhere/__init__.py", "")
    shutil.rmtree(site.path / "oak_rules/more")
    (site.path / "oak_rules/more").symlink_to(site.path / "elsewhere")


def package_for_a_module(site: Site) -> None:
    (site.path / "oak_tables.py").unlink()
    site.write("oak_tables/__init__.py", "POINTS = 1\n")
    site.record()


def sourceless(site: Site) -> None:
    source = site.write("evil.py", site.evil)
    py_compile.compile(str(source), cfile=str(site.path / "oak_rules/words.pyc"), doraise=True)
    (site.path / "oak_rules/words.py").unlink()


def moved_rule(site: Site) -> None:
    (site.path / "oak_rules/words.py").rename(site.path / "oak_rules/Words.py")


def shadowed_package(site: Site) -> None:
    shutil.copytree(site.path / "oak_rules", before(site) / "oak_rules")
    (before(site) / "oak_rules/words.py").write_text(site.evil)


def shadowed_distribution(site: Site) -> None:
    Site(before(site), site.marker).write("oak_tables.py", site.evil)


def write(name: str, *, is_recorded: bool = False) -> Callable[[Site], None]:
    def alter(site: Site) -> None:
        site.write(name, site.evil)
        if is_recorded:
            site.record()

    return alter


def remove(name: str) -> Callable[[Site], object]:
    return lambda site: (site.path / name).unlink()


ALTERATIONS: dict[str, Callable[[Site], object]] = {
    "the rule is edited": write("oak_rules/rule.py"),
    "a comment is added": lambda site: site.write("oak_rules/rule.py", RULE + "# harmless\n"),
    "as long as before and as old": same_size_and_time,
    "the package's own file is filled": write("oak_rules/__init__.py"),
    "a helper is edited": write("oak_rules/words.py"),
    "a helper in a package below is edited": write("oak_rules/more/late.py"),
    "a module beside the package is edited": write("oak_tables.py"),
    "a module is added, unlisted": write("oak_rules/extra.py"),
    "a module is added, listed": write("oak_rules/extra.py", is_recorded=True),
    "a package is added below": write("oak_rules/extra/__init__.py"),
    "a helper is removed": remove("oak_rules/words.py"),
    "the table is edited": lambda site: site.write("oak_rules/rates.json", '{"gold": 2}'),
    "a table is added": lambda site: site.write("oak_rules/rates2.json", "{}"),
    "the table is removed": remove("oak_rules/rates.json"),
    "a file is renamed by one capital": moved_rule,
    "compiled code without source takes a helper's place": sourceless,
    "an extension module is added": lambda site: site.write("oak_rules/words.cpython-311.so", "ELF"),
    "a link takes a file's place": linked_file,
    "a link takes a folder's place": linked_folder,
    "a package takes a module's place": package_for_a_module,
    "the entry point names another module": lambda site: site.entry_point("oak_rules.words"),
    "the entry point names an attribute": lambda site: site.entry_point("oak_rules.rule:Oak"),
    "a package of that name comes first on the path": shadowed_package,
    "the rule cannot be read": lambda site: shutil.rmtree(site.path / "oak_rules"),
}


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_altered_code_is_refused_and_does_not_run(site: Site, alter: Callable[[Site], object]) -> None:
    accepted = trusted()
    assert len(accepted) == 1

    alter(site)
    catalogue = installed(accepted)

    assert not catalogue.plugins[NAME].is_trusted
    assert ("oak_points", 1) not in catalogue.offers
    assert not site.marker.exists()


def test_another_distribution_of_that_name_is_refused(site: Site) -> None:
    """The one that comes first on the path is found; its files are not those that were trusted."""
    accepted = trusted()
    shadowed_distribution(site)
    sys.path_importer_cache.clear()

    assert not installed(accepted).plugins[NAME].is_trusted
    assert not site.marker.exists()


def test_a_rule_file_of_that_name_is_a_clash(site: Site, tmp_path: Path) -> None:
    accepted = trusted()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/oak.py").write_text(site.evil)

    with pytest.raises(PluginError, match="2 installed plugins are named 'oak'"):
        installed(accepted, folder=tmp_path / "rules")
    assert not site.marker.exists()


def test_poisoned_caches_do_not_run(site: Site) -> None:
    """Python takes a cache whose time and size fit the source; the trusted source runs all the same."""
    accepted = trusted()
    source = site.path / "oak_tables.py"
    wanted = source.read_text()
    times = source.stat()
    source.write_text(site.evil)
    cache = Path(importlib.util.cache_from_source(str(source)))
    py_compile.compile(str(source), cfile=str(cache), doraise=True)
    source.write_text(wanted)
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    code = cache.read_bytes()
    fits = int(times.st_mtime).to_bytes(4, "little") + times.st_size.to_bytes(4, "little")
    cache.write_bytes(code[:8] + fits + code[16:])

    catalogue = installed(accepted)

    assert ("oak_points", 1) in catalogue.offers
    assert not site.marker.exists()


def test_a_file_altered_between_the_look_and_the_import_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = trusted()

    def late(found: Found, *, is_watched: bool) -> object:
        if found.name == NAME:
            site.write("oak_rules/words.py", site.evil)
        return load(found, is_watched=is_watched)

    monkeypatch.setattr(catalogue_module, "load", late)
    catalogue = installed(accepted)

    assert "words.py is not the file that was trusted" in (catalogue.plugins[NAME].error or "")
    assert not site.marker.exists()


def test_a_file_altered_before_it_is_imported_late_is_refused(site: Site) -> None:
    """A module that a rule imports when it is called is compared then."""
    installed(trusted())
    site.write("oak_rules/more/late.py", site.evil)

    with pytest.raises(ImportError, match=r"late\.py is not the file that was trusted"):
        importlib.import_module("oak_rules.more.late")
    assert not site.marker.exists()


def test_a_file_that_appears_after_the_look_is_refused(site: Site) -> None:
    installed(trusted())
    site.write("oak_rules/fresh.py", site.evil)
    importlib.invalidate_caches()

    with pytest.raises(ImportError, match=r"fresh\.py is not the file that was trusted"):
        importlib.import_module("oak_rules.fresh")
    assert not site.marker.exists()


def test_what_installers_write_changes_nothing(site: Site) -> None:
    """The same code has the same fingerprint, whoever installed it and whether it has run before."""
    accepted = trusted()
    site.write("oak_rules-1.0.dist-info/INSTALLER", "another")
    site.write("oak_rules-1.0.dist-info/direct_url.json", "{}")
    site.write("oak_rules/__pycache__/rule.cpython-311.pyc", "stale")
    site.record()

    catalogue: Catalogue = installed(accepted)

    assert catalogue.plugins[NAME].is_trusted
