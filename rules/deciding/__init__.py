"""Commands that decide: fold the group, decide, append; and start again when somebody was faster.

A decision rests on every fact of the group and of the programme up to a position. It is appended under the
head row, and only if nothing that concerns it lies above that position. Two parallel spenders never
overspend, and what can be undone once is undone once.

Whatever is asked, what is wrong is looked for in this order, and the first that is found is answered:

1. what is asked is wrong in itself (``zero-points``, ``negative-points``, ``expiry-of-nothing``,
   ``transfer-to-self``, ``merge-with-self``, or the code
   of a fact that cannot be read); of a retraction: ``no-fact``, ``not-retractable``, ``is-retraction``
2. its time is past what the programme tolerates (``future``)
3. the member is set aside (``set-aside``)
4. its id is taken: a duplicate if it asked for the same, else ``idempotency-conflict``
5. the programme in force lacks the rule that gives the fact its meaning (``no-rule``)
6. what each command refuses or finds done already, in the order its own module says
7. a rule would fail on it (``rule-failed``)
8. the programme does not admit it (``not-enrolled``)
"""

from .acting import Done
from .adjusting import Adjust
from .cancelling import Cancel
from .command import Asked, Command
from .decision import Decision
from .desk import Desk
from .extending import Extend, Reinstate
from .holding import CaptureHold, PlaceHold, VoidHold
from .passing import MergeMembers, TransferPoints, UnmergeMembers
from .redeeming import Redeem
from .refusal import Refusal
from .retracting import Retract, retraction
from .rewarding import CancelReward, IssueReward, UseReward

__all__ = [
    "Adjust", "Asked", "Cancel", "CancelReward", "CaptureHold", "Command", "Decision", "Desk", "Done",
    "Extend", "IssueReward", "MergeMembers", "PlaceHold", "Redeem", "Refusal", "Reinstate", "Retract",
    "TransferPoints", "UnmergeMembers", "UseReward", "VoidHold", "retraction",
]  # fmt: skip
