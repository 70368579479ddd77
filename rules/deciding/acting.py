"""Record that a recommended action was carried out: never refused, a view may not show it yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.facts.contact import ActionDone
from .command import AlreadyDone, Command
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Done(Command):
    """An action was done.

    It may be recommended and done again later. While nothing but done actions has been recorded of the group
    since, nothing can have recommended it anew, and the same again is a duplicate.
    """

    action: str
    outcome: str | None = None
    staff: str | None = None

    topic = ActionDone.topic

    def wanted(self) -> ActionDone:
        """Return that it was done."""
        return ActionDone(action=self.action, outcome=self.outcome, staff=self.staff)

    def judged(self, standing: Standing, wanted: ActionDone) -> ActionDone | AlreadyDone:
        """Return that it was done, unless the same has been said just now."""
        done = [fact for fact in standing.recorded(self.topic) if fact.data.action == self.action]
        if done and done[-1].data == wanted and standing.topics_since(done[-1].position) <= {self.topic}:
            return AlreadyDone(done[-1].position)
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the action and its outcome."""
        return {"action": recorded.action, "outcome": recorded.outcome}

    def told(self, recorded: Any) -> str:
        """Return which action."""
        return f"done for {self.member}: {recorded.action}"

    def left(self, _balance_points: int) -> str:
        """Say nothing: an action leaves the balance as it was."""
        return ""
