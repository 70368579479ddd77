"""A fold small enough to be seen right: what the driver is tested with, beside the real engine.

A purchase earns a point per whole unit of money times *rate*, and five more as the member's first entry; in
the store "later" it is usable a day later, in the channel "fades" it expires after thirty days. A
redemption burns the oldest lots and becomes debt beyond them. A referral gives ten points to one side and
seven to the other. The channel "poison" makes the rule fail at once, the store "bomb" when the lot expires.

A purchase of fifty points or more moves the member to the rung "big" of the ladder "size", a smaller one
to "small". A hundred points recommend to say thanks, an expired lot to call, and a call that was made to call
again when it was made by "bob".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from loyalty_ledger.ledger.calendar import DAY_US, instant_us
from loyalty_ledger.ledger.errors import RuleError
from loyalty_ledger.ledger.facts import Fact, FactType
from loyalty_ledger.ledger.facts.contact import ActionDone
from loyalty_ledger.ledger.facts.points import PointsRedeemed
from loyalty_ledger.ledger.facts.programme import ClockAdvanced, ProgrammeActivated
from loyalty_ledger.ledger.facts.purchase import PurchaseRecorded
from loyalty_ledger.ledger.facts.referral import ReferralMade
from loyalty_ledger.ledger.fold import ActionRow, Entry, FlagRow, Grants, MoveRow, StateRow, TimerRow
from loyalty_ledger.ledger.projection import Recipe

RULE = "toy@1"
NEVER_US = 2**62
_RELEASE, _EXPIRE = 0, 1


class ToyLot(msgspec.Struct, array_like=True, gc=False):
    lot: int
    fact: int
    left: int
    pending_until_us: int
    expires_us: int
    is_bomb: bool


class ToyState(msgspec.Struct, array_like=True, gc=False):
    position: int = 0
    clock_us: int = 0
    entries: int = 0
    lots_made: int = 0
    lots: list[ToyLot] = []
    padding: str = ""
    rung: str = ""
    moves: int = 0

    def due(self) -> tuple[int, int, ToyLot | None]:
        best: tuple[int, int, ToyLot | None] = (NEVER_US, 9, None)
        for lot in self.lots:
            if lot.pending_until_us:
                best = min(best, (lot.pending_until_us, _RELEASE, lot), key=lambda found: found[:2])
            else:
                best = min(best, (lot.expires_us, _EXPIRE, lot), key=lambda found: found[:2])
        return best


_load = msgspec.json.Decoder(ToyState).decode
_dump = msgspec.json.Encoder().encode


class ToyFold:
    def __init__(
        self, facts: Sequence[Fact[FactType]], *, rate: int, claimed_rate: int, padding: int
    ) -> None:
        self.rate = rate
        self.padding = "x" * padding
        self.advances = [
            (fact.position, instant_us(fact.data.to))
            for fact in facts
            if isinstance(fact.data, ClockAdvanced)
        ]
        names = [fact.data.programme for fact in facts if isinstance(fact.data, ProgrammeActivated)]
        self.claiming: frozenset[str] = frozenset()
        self.grants = Grants()
        self.fingerprint = f"toy {claimed_rate} {' '.join(names)}"

    def grant(self, fact: Fact[FactType]) -> bool:
        return False

    def group(self, members: tuple[str, ...], states: Mapping[str, bytes]) -> ToyGroup:
        return ToyGroup(self, {m: _load(states[m]) if m in states else ToyState() for m in members})


class ToyGroup:
    def __init__(self, fold: ToyFold, states: dict[str, ToyState]) -> None:
        self.entries: list[Entry] = []
        self.flags: list[FlagRow] = []
        self.moves: list[MoveRow] = []
        self.actions: list[ActionRow] = []
        self._fold = fold
        self._states = states

    def apply(self, fact: Fact[FactType]) -> None:
        data = fact.data
        named = [m for m in data.members() if m in self._states]
        for member in (fact.subject, *named):
            state = self._states[member]
            self._pass_time(member, fact.position)
            state.clock_us = max(state.clock_us, fact.occurred_us)
            self._fire(member, state.clock_us, fact.position)
            state.position = fact.position
        if isinstance(data, PurchaseRecorded):
            self._purchase(fact.subject, data, fact)
        elif isinstance(data, PointsRedeemed):
            self._burn(fact.subject, data.points, fact)
        elif isinstance(data, ReferralMade):
            self._earn(fact.subject, 10, fact, "referred somebody")
            self._earn(data.referred, 7, fact, "was referred")
        elif isinstance(data, ActionDone) and data.staff == "bob":
            self._recommend(fact.subject, data.action, fact.position, fact.position, "bob never does it")
        for member in (fact.subject, *named):
            self._fire(member, self._states[member].clock_us, fact.position)

    def settle(self, position: int) -> None:
        for member, state in self._states.items():
            for at, to_us in self._fold.advances:
                if state.position < at <= position and state.due()[0] <= to_us:
                    self._pass_time(member, at + 1)
                    state.position = at

    def states(self) -> list[StateRow]:
        rows = []
        for member, state in self._states.items():
            if state.position:
                state.padding = self._fold.padding
                due_us = state.due()[0]
                due = None if due_us == NEVER_US else due_us
                rows.append(StateRow(member, state.position, state.clock_us, due, _dump(state)))
        return rows

    def timers(self) -> list[TimerRow]:
        return [
            TimerRow(member, lot.expires_us, _EXPIRE, RULE, f"lot {lot.lot}", lot.fact)
            for member, state in self._states.items()
            for lot in reversed(state.lots)
            if lot.expires_us != NEVER_US
        ]

    def _purchase(self, member: str, purchase: PurchaseRecorded, fact: Fact[FactType]) -> None:
        if self._states[member].entries == 0:
            self._earn(member, 5, fact, "welcome")
        points = purchase.amount_minor // 100 * self._fold.rate
        usable_us = fact.occurred_us + DAY_US if purchase.store == "later" else None
        expires_us = fact.occurred_us + 30 * DAY_US if purchase.channel == "fades" else None
        if points:
            self._earn(
                member, points, fact, "purchase", usable_us, expires_us, is_bomb=purchase.store == "bomb"
            )
        if purchase.channel == "poison":
            raise RuleError("the toy was poisoned", at=f"member {member!r}")
        self._move(member, "big" if points >= 50 else "small", fact)
        if points >= 100:
            self._recommend(member, "say thanks", fact.position, fact.position, f"{points} points")
            for _ in range(2):
                self.flags.append(FlagRow(member, fact.position, RULE, "big", f"{points} points"))

    def _move(self, member: str, rung: str, fact: Fact[FactType]) -> None:
        state = self._states[member]
        if rung != state.rung:
            state.moves += 1
            self.moves.append(MoveRow(
                member, "size", state.moves, fact.position, state.clock_us, fact.position, RULE, 1,
                state.rung, rung, "bought", f'{{"facts":[{fact.position}],"figures":{{}}}}',
                fact.occurred_us < state.clock_us,
            ))  # fmt: skip
            state.rung = rung

    def _recommend(self, member: str, action: str, position: int, fact: int, reason: str) -> None:
        booked_us = self._states[member].clock_us
        due_us = booked_us + DAY_US if reason == "expired" else None
        self.actions.append(ActionRow(member, action, position, booked_us, fact, RULE, reason, due_us))

    def _earn(
        self, member: str, points: int, fact: Fact[FactType], reason: str, usable_us: int | None = None,
        expires_us: int | None = None, *, is_bomb: bool = False,
    ) -> None:  # fmt: skip
        state = self._states[member]
        state.lots_made += 1
        pending = points if usable_us else 0
        state.lots.append(
            ToyLot(state.lots_made, fact.position, points, usable_us or 0, expires_us or NEVER_US, is_bomb)
        )
        self._book(
            member, fact.position, fact.position, reason, state.lots_made, points - pending, "issued",
            pending=pending, usable_us=usable_us or state.clock_us, expires_us=expires_us,
        )  # fmt: skip

    def _burn(self, member: str, points: int, fact: Fact[FactType]) -> None:
        state = self._states[member]
        for lot in list(state.lots):
            taken = 0 if lot.pending_until_us else min(lot.left, points)
            if taken:
                self._spend(state, lot, taken)
                points -= taken
                self._book(member, fact.position, fact.position, "redeemed", lot.lot, -taken, "redeemed")
        if points:
            self._book(member, fact.position, fact.position, "overdrawn", None, -points, "redeemed")

    def _pass_time(self, member: str, before: int) -> None:
        state = self._states[member]
        for at, to_us in self._fold.advances:
            if state.position < at < before:
                self._fire(member, to_us, at)
                state.clock_us = max(state.clock_us, to_us)

    def _fire(self, member: str, until_us: int, position: int) -> None:
        state = self._states[member]
        while True:
            due_us, phase, lot = state.due()
            if lot is None or due_us > until_us:
                return
            state.clock_us = max(state.clock_us, due_us)
            if phase == _RELEASE:
                lot.pending_until_us = 0
                self._book(member, position, lot.fact, "released", lot.lot, lot.left, "", pending=-lot.left)
                continue
            if lot.is_bomb:
                raise RuleError("the toy blew up", at=f"member {member!r}")
            left = lot.left
            self._spend(state, lot, left)
            self._book(member, position, lot.fact, "expired", lot.lot, -left, "expired")
            self._recommend(member, "call", position, lot.fact, "expired")

    def _spend(self, state: ToyState, lot: ToyLot, points: int) -> None:
        lot.left -= points
        if not lot.left:
            state.lots.remove(lot)

    def _book(
        self, member: str, position: int, fact: int, reason: str, lot: int | None, points: int, account: str,
        *, pending: int = 0, usable_us: int | None = None, expires_us: int | None = None,
    ) -> None:  # fmt: skip
        state = self._states[member]
        state.entries += 1
        self.entries.append(Entry(
            member, state.entries, position, state.clock_us, fact, RULE, 1, reason, lot, points, pending, 0,
            account, -points - pending, usable_us, expires_us, False,
        ))  # fmt: skip


def make_toy(
    facts: Sequence[Fact[FactType]], *, rate: int = 1, claimed_rate: int | None = None, padding: int = 0
) -> ToyFold:
    return ToyFold(facts, rate=rate, claimed_rate=claimed_rate or rate, padding=padding)


RECIPE = Recipe(make_toy, zone="Europe/Berlin")


def recipe_with(*, rate: int = 1, claimed_rate: int | None = None) -> Recipe:
    return Recipe(partial(make_toy, rate=rate, claimed_rate=claimed_rate), zone="Europe/Berlin")
