"""The 17 impure rules of TRUST.md 3.6 and two good ones, each as short as it can be."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import NamedTuple

_RULE = """
from datetime import UTC, date, datetime
from loyalty_ledger.rules import Accrue, Answer, Fact, Keep, Member, PurchaseRecorded, Rule, hookimpl, on
{top}

class Tried(Rule):
    name = "tried"

    @on(PurchaseRecorded)
    def earn(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
{body}

@hookimpl
def loyalty_rules():
    return [Tried]
"""


class Snippet(NamedTuple):
    """A rule: what stands before its class, what its method does, and the probes that must find it."""

    probes: frozenset[str]
    top: str
    body: str

    def write(self, folder: Path, name: str) -> Path:
        """Write it as a rule file and return that."""
        file = folder / f"{name}.py"
        body = textwrap.indent(textwrap.dedent(self.body).strip(), " " * 8)
        file.write_text(_RULE.format(top=textwrap.dedent(self.top).strip(), body=body), encoding="utf-8")
        return file


def _found_by(probes: str, top: str, body: str) -> Snippet:
    return Snippet(frozenset(probes.split()), top, body)


IMPURE = {
    "random_points": _found_by("twice elsewhere order resumed inputs", "import random", """
        return Accrue(points=random.randrange(1000), reason="luck")
    """),
    "uuid_points": _found_by("twice elsewhere order resumed inputs", "import uuid", """
        return Accrue(points=1, reason=f"voucher {uuid.uuid4()}")
    """),
    "time_ns_points": _found_by("twice elsewhere order resumed inputs", "import time", """
        return Accrue(points=time.time_ns() % 1000, reason="nanoseconds")
    """),
    "today": _found_by("elsewhere inputs", "", """
        return Accrue(points=date.today().year, reason="this year")
    """),
    "hash_of_text": _found_by("elsewhere", "", """
        return Accrue(points=hash(member.id) % 1000, reason="hash")
    """),
    "order_of_a_set": _found_by("elsewhere", "", """
        kinds = {line.category for line in purchase.data.lines if line.category}
        return Accrue(points=len(kinds), reason=f"for {', '.join(kinds)}") if kinds else None
    """),
    "zone_of_the_machine": _found_by("elsewhere inputs", "import os", """
        return Accrue(points=1, reason=os.environ.get("TZ", "none"))
    """),
    "local_time": _found_by("elsewhere", "", """
        local = datetime.fromtimestamp(purchase.occurred_us // 1_000_000)
        return Accrue(points=local.hour, reason="hours")
    """),
    "working_folder": _found_by("elsewhere inputs", "import os", """
        return Accrue(points=len(os.getcwd()), reason=os.getcwd()[-20:])
    """),
    "expiry_by_wall_clock": _found_by("elsewhere inputs", "import time", """
        gone = sum(1 for lot in member.lots if lot.expires_us < time.time() * 1_000_000)
        return Accrue(points=gone, reason="expired lots")
    """),
    "identity": _found_by("elsewhere inputs", "", """
        return Accrue(points=id(member) % 997, reason="identity")
    """),
    "process": _found_by("elsewhere inputs", "import os", """
        return Accrue(points=os.getpid() % 997, reason="process")
    """),
    "counter_of_the_module": _found_by("twice order resumed untouched", "SEEN = []", """
        SEEN.append(1)
        return Accrue(points=len(SEEN), reason="counted")
    """),
    "others_cached": _found_by("order untouched", "LAST = {}", """
        before = LAST.get("amount", 0)
        LAST["amount"] = purchase.data.amount_minor
        return Accrue(points=1 if purchase.data.amount_minor > before else 0, reason="more than the last")
    """),
    "state_kept_outside": _found_by("twice resumed untouched", "SPENT = {}", """
        SPENT[member.id] = SPENT.get(member.id, 0) + 1
        return Accrue(points=SPENT[member.id], reason="orders so far")
    """),
    "changes_the_fact": _found_by("untouched", "", """
        purchase.is_late = not purchase.is_late
        return None
    """),
    "changes_the_state": _found_by("untouched", "", """
        member._state.memory.setdefault("tried", {})["n"] = member.counter("n") + 1
        return None
    """),
}  # fmt: skip

GOOD = {
    "plain": Snippet(frozenset(), "", """
        return Accrue(points=purchase.data.amount_minor // 100, reason="a point for each hundred")
    """),
    "remembers": Snippet(frozenset(), """
        from functools import lru_cache

        @lru_cache
        def squared(number):
            return number * number
    """, """
        yield Keep(key="orders", value=member.counter("orders") + 1)
        yield Accrue(points=squared(member.counter("orders")) % 100, reason="faithful")
    """),
}  # fmt: skip

ENDLESS = {
    "loops": Snippet(frozenset(), "", """
        while purchase.data.amount_minor > 20_000:
            pass
        return None
    """),
    "loops_in_c": Snippet(frozenset(), "", """
        return Accrue(points=sum(range(10**12)) % 7, reason="long")
    """),
    "swallows_everything": Snippet(frozenset(), "", """
        while True:
            try:
                while True:
                    pass
            except BaseException:
                continue
    """),
    "ends_the_process": Snippet(frozenset(), "import os", """
        os._exit(3)
    """),
    "sleeps": Snippet(frozenset(), "import time", """
        time.sleep(3600)
    """),
}  # fmt: skip
