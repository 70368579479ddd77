"""``loyalty rules check``: is a rule a pure function of the fact and of what is known of the member?

Five probes tell a rule the same histories in different ways and compare what it answers: twice in one
process; in other processes with another clock, time zone, folder, environment and order of sets; in another
order of members; interrupted and resumed in a new process; and with what it is given compared before and
after. Beside them: what it reaches for while it is asked, what its class declares, and what it does at the
limits.
"""

from .running import check_plugin
from .sampling import sampled_world
from .subject import find_target
from .verdict import PROBES, Verdict

__all__ = ["PROBES", "Verdict", "check_plugin", "find_target", "sampled_world"]
