# mypy: ignore-errors
# ruff: noqa
"""A plugin whose rule does what it is told: everything that no rule may do. Tests install it as a stranger's."""

import os
import re
import subprocess
import threading

from msgspec import Struct

from loyalty_ledger.ledger.facts.membership import MemberAttributesChanged
from loyalty_ledger.rules import Accrue, Keep, Move, Params, PurchaseRecorded, Rule, SetTimer, hookimpl, on


def _sum():
    return sum(range(10**12))


def _loop():
    while True:
        pass


def _regex():
    return re.match(r"(a+)+$", "a" * 40 + "b")


def _swallow():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def _endless():
    while True:
        yield Keep(key="k", value=1)


def _evidence():
    def positions():
        while True:
            yield 1

    yield Move(rung="up", reason="endless", evidence=positions())


class _Unspeakable(Exception):
    def __str__(self):
        return _swallow()


def _unspeakable():
    raise _Unspeakable


def _cleaning_up():
    try:
        yield Accrue(points=-1, reason="nonsense")
    finally:
        _swallow()


def _memory():
    return [bytes(1 << 20) for _ in range(10**6)]


def _fork():
    if os.fork() == 0:
        os._exit(0)


def _quietly(deed):
    def quiet():
        try:
            deed()
        except BaseException:
            pass
        return Accrue(points=1, reason="nothing happened")

    return quiet


def _subprocess():
    subprocess.run(["true"])


def _thread():
    threading.Thread(target=print).start()


def _exit():
    os._exit(0)


def _kill():
    os.kill(os.getppid(), 9)


def _abort():
    os.abort()


def _recurse(depth=0):
    return _recurse(depth + 1)


def _depth(depth=1):
    try:
        return _depth(depth + 1)
    except RecursionError:
        return depth


def _deepest():
    return Accrue(points=_depth(), reason="as deep as it goes")


def _nested():
    answer = []
    for _ in range(100_000):
        answer = [answer]
    return answer


def _interrupt():
    raise KeyboardInterrupt


DEEDS = {
    "sum": _sum, "loop": _loop, "regex": _regex, "swallow": _swallow, "endless": _endless, "evidence": _evidence,
    "unspeakable": _unspeakable, "cleaning_up": _cleaning_up, "memory": _memory, "fork": _fork,
    "quiet_fork": _quietly(_fork), "subprocess": _subprocess, "quiet_subprocess": _quietly(_subprocess),
    "system": lambda: os.system("true"), "exit": _exit, "kill": _kill, "abort": _abort,
    "recurse": _recurse, "deepest": _deepest, "nested": _nested, "interrupt": _interrupt,
}  # fmt: skip


class Unruly(Rule):
    """Gives a point for a purchase; misbehaves as the channel says, after a second in the channel "timer"."""

    name, version, stage = "unruly", 1, "earn"

    @on(PurchaseRecorded)
    def earn(self, purchase, member):
        deed = purchase.data.channel
        if deed == "timer":
            return SetTimer(key="t", due_us=purchase.occurred_us + 10**6)
        return DEEDS[deed]() if deed in DEEDS else Accrue(points=1, reason="for coming")

    def on_timer(self, timer, member):
        return _swallow()


class Table(Struct):
    numbers: list[int]


class WriterParams(Params, frozen=True, kw_only=True):
    table: Table
    names: dict[str, int]


def _fact(rule, fact, member):
    fact.occurred_us = 0


def _amount(rule, fact, member):
    fact.data.amount_minor = 1


def _params(rule, fact, member):
    rule.params.names = {}


def _table(rule, fact, member):
    rule.params.table.numbers.append(1)


def _names(rule, fact, member):
    rule.params.names["x"] = 1


def _other_params(rule, fact, member):
    rule.params = WriterParams(table=Table(numbers=[]), names={})


def _awards(rule, fact, member):
    member.awards.append(member.awards[0])


def _more_awards(rule, fact, member):
    member.awards = [*member.awards, *member.awards]


def _state(rule, fact, member):
    member._state.points += 100


def _zone(rule, fact, member):
    member.zone = None


def _name(rule, fact, member):
    member.id = "bob"


def _lots(rule, fact, member):
    member.lots[0].points = 1_000


def _late(rule, fact, member):
    yield Accrue(points=1, reason="first")
    fact.is_late = True


WRITES = {
    "fact": _fact, "amount": _amount, "params": _params, "table": _table, "names": _names,
    "other_params": _other_params, "awards": _awards, "more_awards": _more_awards, "state": _state,
    "zone": _zone, "name": _name, "lots": _lots, "late": _late,
}  # fmt: skip


class Writer(Rule):
    """Writes into what it is given to read."""

    name, version, stage = "writer", 1, "react"
    Params = WriterParams

    @on(PurchaseRecorded)
    def write(self, purchase, member):
        write = WRITES.get(purchase.data.channel)
        return write and write(self, purchase, member)

    @on(MemberAttributesChanged)
    def rewrite(self, changed, member):
        changed.data.attributes["vip"] = True


@hookimpl
def loyalty_rules():
    return [Unruly, Writer]
