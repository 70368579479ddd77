"""What must hold in the log."""

from __future__ import annotations

from .finding import Check

CHECKS = (
    Check(
        "positions-gapless", "Facts have the positions from 1 to the head's, without gaps.",
        """
        SELECT CAST(NULL AS TEXT) AS member, position, 'facts' AS place,
            'positions ' || (before + 1) || ' to ' || (position - 1) || ' are missing' AS what
        FROM (SELECT position, coalesce(lag(position) OVER (ORDER BY position), 0) AS before FROM facts) AS f
        WHERE position <> before + 1
        UNION ALL
        SELECT NULL, last, 'head', 'head is at ' || head.position || ', the last fact at ' || last
        FROM head CROSS JOIN (SELECT coalesce(max(position), 0) AS last FROM facts) AS f
        WHERE head.position <> last
        """,
    ),
    Check(
        "streams-gapless", "Facts of a stream have the versions from 1 on, without gaps.",
        """
        SELECT CASE WHEN substr(stream, 1, 7) = 'member/' THEN substr(stream, 8) END AS member,
            max(position) AS position, 'stream ' || stream AS place,
            count(*) || ' facts have versions ' || min(version) || ' to ' || max(version) AS what
        FROM facts GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*)
        """,
    ),
    Check(
        "recorded-in-order", "No fact was recorded before the one in front, and the last as the head tells.",
        """
        SELECT CAST(NULL AS TEXT) AS member, position, 'facts' AS place,
            'recorded ' || (before - recorded_us) || ' us before the fact in front' AS what
        FROM (
            SELECT position, recorded_us, lag(recorded_us) OVER (ORDER BY position) AS before FROM facts
        ) AS f
        WHERE recorded_us < before
        UNION ALL
        SELECT NULL, f.position, 'head',
            'last fact was recorded ' || (f.recorded_us - head.recorded_us) || ' us after the head tells'
        FROM facts AS f JOIN head ON f.position = head.position WHERE f.recorded_us <> head.recorded_us
        """,
    ),
    Check(
        "identities-unique", "No two facts have the same source and id.",
        """
        SELECT CAST(NULL AS TEXT) AS member, max(position) AS position, 'facts' AS place,
            count(*) || ' facts have source ' || source || ' and id ' || event_id AS what
        FROM facts WHERE source IS NOT NULL AND event_id IS NOT NULL
        GROUP BY source, event_id HAVING count(*) > 1
        """,
    ),
    Check(
        "named-facts-exist", "The index of members named by a fact points to facts.",
        """
        SELECT n.member, n.position, 'fact_members' AS place, 'points to a fact that does not exist' AS what
        FROM fact_members AS n LEFT JOIN facts AS f ON f.position = n.position WHERE f.position IS NULL
        """,
    ),
    Check(
        "imports-finished", "Imports that were begun have come to their end.",
        """
        SELECT CAST(NULL AS TEXT) AS member, CAST(NULL AS BIGINT) AS position, 'import ' || id AS place,
            'import of ' || file || ' has not ended: give the same command again' AS what
        FROM imports WHERE finished_us IS NULL
        """,
        is_note=True,
    ),
)  # fmt: skip
