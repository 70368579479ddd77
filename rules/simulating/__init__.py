"""What would have been: the whole history folded under a candidate programme, beside what is recorded.

:mod:`candidate` puts the programme in the place of those recorded, :mod:`scope` says who is simulated,
:mod:`folding` folds every group twice and :mod:`comparing` sets the two sides of each member beside each
other; :mod:`gathering` keeps them in order, :mod:`distribution` sorts the differences into bins. The answer
is :mod:`simulation`; :mod:`wording`, :mod:`chart` and :mod:`files` write it down, and :mod:`member_page`
explains one member fact by fact. Nothing is written to the ledger.
"""

from .candidate import Candidate, read_candidate
from .comparing import Measure
from .files import check_folder, write_files
from .member_page import MemberPage, page_of
from .running import Asked, Simulated, simulated
from .scope import members_named
from .simulation import Simulation
from .wording import simulation_lines
from .worth import PointWorth, point_worth

__all__ = [
    "Asked", "Candidate", "Measure", "MemberPage", "PointWorth", "Simulated", "Simulation", "check_folder",
    "members_named", "page_of", "point_worth", "read_candidate", "simulated", "simulation_lines",
    "write_files",
]  # fmt: skip
