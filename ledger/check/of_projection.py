"""What must hold between the log and the views."""

from __future__ import annotations

from ..tables import VIEWS
from .finding import Check

_VIEWED = """
    SELECT t.position FROM tracking AS t JOIN generations AS g ON t.name = 'views/' || g.slot
    WHERE g.status = 'live'
"""
_AHEAD = " UNION ALL ".join(
    f"SELECT member, position, '{view}' AS place FROM {view}"  # noqa: S608 - our own names
    for view, tables in VIEWS.items()
    if "position" in tables["a"].columns
)
_NAMES = " UNION ALL ".join(f"SELECT '{name}' AS name" for name in VIEWS)

CHECKS = (
    Check(
        "generation-live", "One generation of the views is live, and it is known how far it has read.",
        """
        SELECT CAST(NULL AS TEXT) AS member, CAST(NULL AS BIGINT) AS position, 'generations' AS place,
            live || ' are live, ' || tracked || ' of them with a position' AS what
        FROM (
            SELECT count(CASE WHEN g.status = 'live' THEN 1 END) AS live, count(t.name) AS tracked,
                count(CASE WHEN g.status = 'retired' THEN 1 END) AS retired
            FROM generations AS g LEFT JOIN tracking AS t
                ON g.status = 'live' AND t.name = 'views/' || g.slot
        ) AS counts
        WHERE live > 1 OR tracked <> live
            OR (live = 0 AND (retired > 0 OR EXISTS (SELECT 1 FROM balances)))
        """,
    ),
    Check(
        "generations-in-order", "Each slot holds one generation and how far it has read; the newest is live.",
        """
        SELECT CAST(NULL AS TEXT) AS member, CAST(NULL AS BIGINT) AS position,
            'generation ' || g.number AS place, 'slot ' || g.slot || ' has no position' AS what
        FROM generations AS g LEFT JOIN tracking AS t ON t.name = 'views/' || g.slot WHERE t.name IS NULL
        UNION ALL
        SELECT NULL, t.position, 'tracking', t.name || ' has a position, but no generation'
        FROM tracking AS t LEFT JOIN generations AS g ON t.name = 'views/' || g.slot
        WHERE t.name LIKE 'views/%' AND g.slot IS NULL
        UNION ALL
        SELECT NULL, NULL, 'generations', 'slot ' || slot || ' holds ' || count(*) || ' of them'
        FROM generations GROUP BY slot HAVING count(*) > 1
        UNION ALL
        SELECT NULL, NULL, 'generation ' || number,
            'is ' || status || CASE WHEN live_us IS NULL THEN ', but never was live'
                WHEN status = 'building' THEN ', but was live' ELSE ', but there is a newer one' END
        FROM generations
        WHERE (live_us IS NULL) <> (status = 'building') OR number < 1 OR (status <> 'retired'
            AND number < (SELECT max(number) FROM generations WHERE status <> 'building'))
        """,
    ),
    Check(
        "views-show-live", "Every view that is read by name shows the tables of the live generation.",
        f"""
        SELECT CAST(NULL AS TEXT) AS member, CAST(NULL AS BIGINT) AS position, n.name AS place,
            CASE WHEN v.definition IS NULL THEN 'view is missing' ELSE 'view shows other tables' END AS what
        FROM ({_NAMES}) AS n CROSS JOIN (SELECT slot FROM generations WHERE status = 'live') AS g
            LEFT JOIN ({{definitions}}) AS v ON v.name = n.name
        WHERE v.definition IS NULL OR v.definition NOT LIKE '%' || n.name || '__' || g.slot || '%'
        """,  # noqa: S608 - our own names
    ),
    Check(
        "views-not-ahead", "Views have read no further than the log goes, and hold nothing from beyond.",
        f"""
        SELECT CAST(NULL AS TEXT) AS member, t.position, 'tracking' AS place,
            t.name || ' is beyond the head, which is at ' || head.position AS what
        FROM tracking AS t CROSS JOIN head WHERE t.name LIKE 'views/%' AND t.position > head.position
        UNION ALL
        SELECT a.member, a.position, a.place, 'is beyond the position of the views, ' || v.position
        FROM ({_AHEAD}) AS a CROSS JOIN ({_VIEWED}) AS v WHERE a.position > v.position
        """,  # noqa: S608 - our own names
    ),
    Check(
        "purchases-are-facts", "The view counts the purchases in the log, up to where a member is set aside.",
        f"""
        SELECT member, CAST(NULL AS BIGINT) AS position, 'purchases' AS place,
            'view counts ' || sum(viewed) || ' purchases, the log ' || sum(stored) AS what
        FROM (
            SELECT member, purchases AS viewed, 0 AS stored FROM purchases
            UNION ALL
            SELECT f.member, 0, 1
            FROM (
                SELECT substr(stream, 8) AS member, position FROM facts
                WHERE topic = 'purchase.recorded' AND substr(stream, 1, 7) = 'member/'
            ) AS f JOIN ({_VIEWED}) AS v ON f.position <= v.position
                LEFT JOIN quarantine AS q ON q.member = f.member
            WHERE q.position IS NULL OR f.position < q.position
        ) AS sides
        GROUP BY member HAVING sum(viewed) <> sum(stored) AND EXISTS ({_VIEWED})
        """,  # noqa: S608 - our own names
    ),
    Check(
        "nobody-set-aside", "No member is set aside because a rule failed.",
        """
        SELECT member, position, 'quarantine' AS place,
            CASE WHEN rule = '' THEN '' ELSE rule || ': ' END || error AS what
        FROM quarantine
        """,
    ),
    Check(
        "timers-fired", "Timers have fired up to each member's clock.",
        """
        SELECT t.member, t.fact AS position, 'timer ' || t.rule || ' ' || t.key AS place,
            'was due ' || (s.clock_us - t.due_us) || ' us before the clock: loyalty project run' AS what
        FROM timers AS t JOIN member_states AS s ON s.member = t.member
        WHERE t.due_us < s.clock_us AND t.member NOT IN (SELECT member FROM quarantine)
        """,
        is_note=True,
    ),
)  # fmt: skip
