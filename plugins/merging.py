"""Two members who are one person."""

from __future__ import annotations

from loyalty_ledger.rules import (
    Effect,
    Fact,
    Flag,
    Member,
    MembersMerged,
    MembersUnmerged,
    Merge,
    Rule,
    Unmerge,
    hookimpl,
    on,
)


class Merging(Rule):
    """Let one member take over another, and let it go again."""

    name, version, stage = "merging", 1, "earn"
    is_alone = True

    @on(MembersMerged)
    def merge(self, merged: Fact[MembersMerged], member: Member) -> Effect:
        """Take the other's lots, debt, facts and sums over."""
        absorbed = merged.data.absorbed
        other = member.other(absorbed)
        if other is None or other.id == member.id:
            return Flag(flag="merge-refused", reason=f"{absorbed} is {member.id} already")
        if other.id != absorbed:
            return Flag(flag="merge-refused", reason=f"{absorbed} is {other.id} already")
        member.note("{} brings {} points, {} pending", absorbed, other.balance_points, other.pending_points)
        return Merge(absorbed=absorbed, reason=f"{absorbed} merged into {member.id}")

    @on(MembersUnmerged)
    def unmerge(self, unmerged: Fact[MembersUnmerged], _member: Member) -> Effect:
        """Give back what is left of what the other brought and has earned since."""
        absorbed = unmerged.data.absorbed
        reason = f"{absorbed} is a member of its own again"
        return Unmerge(absorbed=absorbed, merge=unmerged.data.merge, reason=reason)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Merging]
