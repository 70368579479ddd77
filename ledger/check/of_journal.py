"""What must hold in the journal."""

from __future__ import annotations

from ..journal import ACCOUNTS
from .finding import Check

_ACCOUNTS = ", ".join(f"'{account}'" for account in ACCOUNTS)

CHECKS = (
    Check(
        "entries-balance", "The postings of every entry sum to zero.",
        """
        SELECT member, position, 'journal entry ' || entry AS place,
            'postings sum to ' || (points + pending + held + contra) || ', not zero' AS what
        FROM journal WHERE points + pending + held + contra <> 0
        """,
    ),
    Check(
        "accounts-balance", "The accounts of all members and of the programme together sum to zero.",
        """
        SELECT CAST(NULL AS TEXT) AS member, CAST(NULL AS BIGINT) AS position, 'balances' AS place,
            'members hold ' || held || ', the programme gave ' || given AS what
        FROM (
            SELECT (SELECT sum(points) + sum(pending) + sum(held) FROM balances) AS held,
                -(SELECT sum(contra) FROM journal) AS given
        ) AS totals
        WHERE coalesce(held, 0) <> coalesce(given, 0)
        """,
    ),
    Check(
        "accounts-known", "Every entry names an account of the programme, or none if it moves nothing there.",
        f"""
        SELECT member, position, 'journal entry ' || entry AS place,
            'account is ''' || account || ''', its posting ' || contra AS what
        FROM journal WHERE account NOT IN ({_ACCOUNTS}) AND (account <> '' OR contra <> 0)
        """,  # noqa: S608 - our own names
    ),
    Check(
        "entries-numbered", "The entries of a member have the numbers from 1 on, without gaps.",
        """
        SELECT member, max(position) AS position, 'journal' AS place,
            count(*) || ' entries have numbers ' || min(entry) || ' to ' || max(entry) AS what
        FROM journal GROUP BY member HAVING min(entry) <> 1 OR max(entry) <> count(*)
        """,
    ),
    Check(
        "entries-in-order", "Neither when an entry counts nor what made it known ever goes back.",
        """
        SELECT member, position, 'journal entry ' || entry AS place,
            CASE WHEN booked_us < before_us THEN 'booked ' || (before_us - booked_us) || ' us before'
                ELSE 'known at position ' || position || ', ' || (before - position) || ' before' END
            || ' the entry in front' AS what
        FROM (
            SELECT member, entry, position, booked_us, lag(position) OVER one AS before,
                lag(booked_us) OVER one AS before_us
            FROM journal WINDOW one AS (PARTITION BY member ORDER BY entry)
        ) AS j
        WHERE booked_us < before_us OR position < before
        """,
    ),
    Check(
        "entries-cite-facts", "Every entry cites a fact, and became known with it or with a later one.",
        """
        SELECT j.member, j.position, 'journal entry ' || j.entry AS place,
            CASE WHEN f.position IS NULL THEN 'cites fact ' || j.fact || ', which does not exist'
                WHEN k.position IS NULL THEN 'was made known by a fact that does not exist'
                ELSE 'cites fact ' || j.fact || ', which was recorded later' END AS what
        FROM journal AS j LEFT JOIN facts AS f ON f.position = j.fact
            LEFT JOIN facts AS k ON k.position = j.position
        WHERE f.position IS NULL OR k.position IS NULL OR j.fact > j.position
        """,
    ),
    Check(
        "entries-cite-programmes", "Every entry cites the activation of the programme it was booked under.",
        """
        SELECT j.member, j.position, 'journal entry ' || j.entry AS place,
            'cites programme ' || j.programme || ', which is no activation' AS what
        FROM journal AS j LEFT JOIN (
            SELECT position, CASE WHEN {stored} LIKE '%"restates"\\:true%' THEN 0 ELSE position END AS since
            FROM facts WHERE stream = 'programme' AND topic = 'programme.activated'
        ) AS p ON p.position = j.programme
        WHERE p.position IS NULL OR p.since > j.position
        """,
    ),
)  # fmt: skip
