"""Projections: facts become rows, exactly once, by a fold that is given as an argument.

``run`` goes on from where the views are; ``rebuild`` makes a new generation of them and swaps it in. Both
come to the same rows, whatever the batches were and wherever a process was killed.
"""

from .comparing import Difference, MemberDifference
from .digests import digest_of_views, overall_digest
from .generations import Generation
from .lease import Holder
from .rebuilding import Rebuilt, rebuild
from .recipe import Clock, Progress, Recipe, Runner
from .retrying import Retried, retry
from .running import Status, run, status

__all__ = [
    "Clock", "Difference", "Generation", "Holder", "MemberDifference", "Progress", "Rebuilt", "Recipe",
    "Retried", "Runner", "Status", "digest_of_views", "overall_digest", "rebuild", "retry", "run", "status",
]  # fmt: skip
