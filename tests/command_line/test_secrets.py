"""TRUST.md row 39: the password of a database never appears in anything that is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors.stage import SHOP, typed

SECRET = "tr0ub4dor-horse"
URLS = (
    f"postgresql://shop:{SECRET}@127.0.0.1:1/ledger",
    f"postgresql://shop@127.0.0.1:1/ledger?password={SECRET}",
    f"postgresql://127.0.0.1:1/ledger?user=shop&password={SECRET}",
    f"postgres://shop:{SECRET}@127.0.0.1:1/ledger",
    f"postgresql+psycopg://shop:{SECRET}@127.0.0.1:1/ledger",
    f"postgresql://shop:{SECRET}@127.0.0.1:port/ledger",
    f"mysql://shop:{SECRET}@127.0.0.1:1/ledger",
    f"nonsense:{SECRET}@127.0.0.1/ledger",
    f"sqlite://shop:{SECRET}@host/ledger.db",
    f"://shop:{SECRET}@127.0.0.1:1/ledger",
    f"postgresql:/shop:{SECRET}@127.0.0.1:1/ledger",
    f"host=127.0.0.1 port=1 user=shop password={SECRET}",
)
COMMANDS = (
    ["member", "show", "ann"], ["doctor"], ["db", "upgrade"], ["check", "--json"],
    ["init", "--programme", str(SHOP / "shop.toml")], ["doctor", "--json"],
)  # fmt: skip


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_error_shows_the_password(command: list[str], url: str, folder: Path) -> None:
    answer = typed([*command, "--db", url])

    assert answer.exit_code != 0
    assert SECRET not in answer.stdout + answer.stderr


def test_no_answer_shows_the_password(
    postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server trusts everybody, so any password will do; help shows the variable's name, not its value."""
    assert "//postgres:@" in postgres_url
    monkeypatch.setenv("LOYALTY_DB", postgres_url.replace("//postgres:@", f"//postgres:{SECRET}@"))
    (folder / "sales.csv").write_text("receipt,member,sold,paid\nR-1,ann,2026-05-02 10:00:00,40.00\n")
    for words in (
        ["init", "--programme", str(SHOP / "shop.toml")], ["init", "--programme", str(SHOP / "shop.toml")],
        ["import", "sales.csv", "--map", str(SHOP / "till.toml")], ["project", "run"], ["project", "status"],
        ["member", "show", "ann"], ["member", "show", "bob"], ["doctor"], ["doctor", "--json"], ["check"],
        ["backup", "b.gz"], ["backup", "b.gz"], ["restore", "b.gz"], ["export"], ["member", "show", "--help"],
    ):  # fmt: skip
        answer = typed(words)
        assert SECRET not in answer.stdout + answer.stderr, words
