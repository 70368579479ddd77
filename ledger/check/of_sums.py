"""What the views must sum to: each is compared with the journal, column by column.

A comparison adds the rows of the view and subtracts those of the journal; what is not zero differs, and a row
that is on one side alone differs too.
"""

from __future__ import annotations

from ..journal import ACCOUNTS
from .finding import Check

_BUCKETS = ("points", "pending", "held")
_BY_ACCOUNT = {
    account: f"-sum(CASE WHEN account = '{account}' THEN contra ELSE 0 END)" for account in ACCOUNTS
}
_BALANCES = {
    **{bucket: f"sum({bucket})" for bucket in _BUCKETS},
    "debt": "-sum(CASE WHEN lot IS NULL THEN points + pending + held ELSE 0 END)",
    **_BY_ACCOUNT,
    "entries": "count(*)",
    "booked_us": "max(booked_us)",
}
_EARNING = "'issued', 'opened', 'adjusted', 'transferred'"
_LOTS = {
    "earned": f"-sum(CASE WHEN contra < 0 AND account IN ({_EARNING}) THEN contra ELSE 0 END)",
    **{bucket: f"sum({bucket})" for bucket in _BUCKETS},
}
_DAILY = {"entries": "count(*)", **_BY_ACCOUNT}


def _compared(view: str, keys: tuple[str, ...], sums: dict[str, str], *, place: str, where: str = "") -> str:
    """Return SQL for the keys whose row in *view* is not what *sums* makes of the journal."""
    names, by = ", ".join((*keys, *sums)), ", ".join(keys)
    of_journal = ", ".join((*keys, *(f"{formula} AS {name}" for name, formula in sums.items())))
    group = f" GROUP BY {by}" if keys else ""
    negated = ", ".join((*keys, *(f"-{name}" for name in sums)))
    gaps = ", ".join((*keys, *(f"sum({name}) AS {name}" for name in sums)))
    texts = " || ".join(f"CASE WHEN {name} <> 0 THEN ' {name} by ' || {name} ELSE '' END" for name in sums)
    member = "member" if "member" in keys else "CAST(NULL AS TEXT)"
    return f"""
        SELECT {member} AS member, CAST(NULL AS BIGINT) AS position, {place} AS place,
            'differs from the journal:' || {texts} AS what
        FROM (
            SELECT {gaps} FROM (
                SELECT {names} FROM {view}
                UNION ALL
                SELECT {negated} FROM (SELECT {of_journal} FROM journal{where}{group}) AS sums
            ) AS sides{group}
        ) AS gaps
        WHERE {" OR ".join(f"{name} <> 0" for name in sums)}
        """  # noqa: S608 - our own names


CHECKS = (
    Check(
        "balances-are-sums", "Every balance is the sum of the member's entries, column by column.",
        _compared("balances", ("member",), _BALANCES, place="'balances'"),
    ),
    Check(
        "lots-are-sums", "Every lot is the sum of the entries that cite it.",
        _compared("lots", ("member", "lot"), _LOTS, place="'lot ' || lot", where=" WHERE lot IS NOT NULL"),
    ),
    Check(
        "daily-are-sums", "The days together are the sum of all entries, account by account.",
        _compared("daily", (), _DAILY, place="'daily'"),
    ),
    Check(
        "lots-keep-terms", "Every lot has the cause of its first entry, and the terms set last.",
        """
        SELECT l.member, first.position, 'lot ' || l.lot AS place,
            'cause or terms differ from those in the journal' AS what
        FROM lots AS l JOIN (
            SELECT member, lot, min(entry) AS opened,
                max(CASE WHEN usable_us IS NOT NULL THEN entry END) AS usable,
                max(CASE WHEN expires_us IS NOT NULL THEN entry END) AS expires
            FROM journal WHERE lot IS NOT NULL GROUP BY member, lot
        ) AS terms ON terms.member = l.member AND terms.lot = l.lot
            JOIN journal AS first ON first.member = l.member AND first.entry = terms.opened
            LEFT JOIN journal AS u ON u.member = l.member AND u.entry = terms.usable
            LEFT JOIN journal AS e ON e.member = l.member AND e.entry = terms.expires
        WHERE l.fact <> first.fact OR l.rule <> first.rule OR l.booked_us <> first.booked_us
            OR l.usable_us <> coalesce(u.usable_us, first.booked_us)
            OR coalesce(l.expires_us, -1) <> coalesce(e.expires_us, -1)
        """,
    ),
    Check(
        "lots-not-negative", "No lot holds less than nothing.",
        """
        SELECT member, CAST(NULL AS BIGINT) AS position, 'lot ' || lot AS place,
            'holds ' || points || ' points, ' || pending || ' pending, ' || held || ' held' AS what
        FROM lots WHERE points < 0 OR pending < 0 OR held < 0 OR earned < 0
        """,
    ),
    Check(
        "debts-not-negative", "No member is owed points beside the lots.",
        """
        SELECT member, CAST(NULL AS BIGINT) AS position, 'balances' AS place, 'debt is ' || debt AS what
        FROM balances WHERE debt < 0
        """,
    ),
    Check(
        "balances-are-lots", "What a member has is what is left of the lots, less the debt.",
        """
        SELECT member, CAST(NULL AS BIGINT) AS position, 'balances' AS place,
            'balance and debt differ from the lots by ' || sum(points) AS what
        FROM (
            SELECT member, points + pending + held + debt AS points FROM balances
            UNION ALL
            SELECT member, -(points + pending + held) FROM lots
        ) AS sides
        GROUP BY member HAVING sum(points) <> 0
        """,
    ),
)  # fmt: skip
