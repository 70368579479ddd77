"""What must hold of ladders and the moves on them."""

from __future__ import annotations

from .finding import Check

CHECKS = (
    Check(
        "moves-numbered", "The moves of a member on a ladder have the numbers from 1 on, without gaps.",
        """
        SELECT member, max(position) AS position, 'ladder ' || ladder AS place,
            count(*) || ' moves have numbers ' || min(number) || ' to ' || max(number) AS what
        FROM moves GROUP BY member, ladder HAVING min(number) <> 1 OR max(number) <> count(*)
        """,
    ),
    Check(
        "moves-connect", "Every move leaves the rung that the move in front of it had reached.",
        """
        SELECT member, position, 'ladder ' || ladder || ' move ' || number AS place,
            'leaves ''' || old || ''', but the member stood on ''' || before || '''' AS what
        FROM (
            SELECT member, ladder, number, position, old,
                coalesce(lag(rung) OVER (PARTITION BY member, ladder ORDER BY number), '') AS before
            FROM moves
        ) AS m
        WHERE old <> before
        """,
    ),
    Check(
        "moves-in-order", "Neither when a move counts nor what made it known ever goes back.",
        """
        SELECT member, position, 'ladder ' || ladder || ' move ' || number AS place,
            CASE WHEN booked_us < before_us THEN 'booked ' || (before_us - booked_us) || ' us before'
                ELSE 'known at position ' || position || ', ' || (before - position) || ' before' END
            || ' the move in front' AS what
        FROM (
            SELECT member, ladder, number, position, booked_us, lag(position) OVER one AS before,
                lag(booked_us) OVER one AS before_us
            FROM moves WINDOW one AS (PARTITION BY member, ladder ORDER BY number)
        ) AS m
        WHERE booked_us < before_us OR position < before
        """,
    ),
    Check(
        "moves-cite-facts", "Every move cites a fact, and became known with it or with a later one.",
        """
        SELECT m.member, m.position, 'ladder ' || m.ladder || ' move ' || m.number AS place,
            CASE WHEN f.position IS NULL THEN 'cites fact ' || m.fact || ', which does not exist'
                ELSE 'cites fact ' || m.fact || ', which was recorded later' END AS what
        FROM moves AS m LEFT JOIN facts AS f ON f.position = m.fact
        WHERE f.position IS NULL OR m.fact > m.position
        """,
    ),
    Check(
        "ladders-are-last-moves", "Every member stands where the last move on the ladder has led.",
        """
        SELECT m.member, m.position, 'ladder ' || m.ladder AS place,
            CASE WHEN l.member IS NULL THEN 'view has no row, the last move leads to ''' || m.rung || ''''
                ELSE 'view has move ' || l.number || ' to ''' || l.rung || ''', the last move is '
                    || m.number || ' to ''' || m.rung || '''' END AS what
        FROM (
            SELECT * FROM moves AS one
            WHERE number = (SELECT max(number) FROM moves AS other
                WHERE other.member = one.member AND other.ladder = one.ladder)
        ) AS m LEFT JOIN ladders AS l ON l.member = m.member AND l.ladder = m.ladder
        WHERE l.member IS NULL OR l.rung <> m.rung OR l.old <> m.old OR l.number <> m.number
            OR l.since_us <> m.booked_us OR l.position <> m.position OR l.fact <> m.fact OR l.rule <> m.rule
        UNION ALL
        SELECT member, position, 'ladder ' || ladder,
            'view has rung ''' || rung || ''', but there is no move'
        FROM ladders AS l
        WHERE NOT EXISTS (SELECT 1 FROM moves AS m WHERE m.member = l.member AND m.ladder = l.ladder)
        """,
    ),
)  # fmt: skip
