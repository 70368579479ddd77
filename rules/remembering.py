"""Remembering facts, so that what they did can be taken back, and counting the visits among them."""

from __future__ import annotations

from . import tracing
from .cause import Cause
from .state import MemberState, Trace


class Remembering:
    """What is remembered of one member's facts."""

    __slots__ = ("_orders", "name", "state")

    def __init__(self, name: str, state: MemberState) -> None:
        self.name, self.state = name, state
        self._orders: dict[str, int] | None = None
        """How many purchases of each order are remembered and not taken back: made when first asked for."""

    def trace(self, cause: Cause) -> Trace:
        """Return what is remembered of the fact at hand; made if it is not yet."""
        traces = self.state.traces
        if traces and traces[-1].fact == cause.fact:
            return traces[-1]
        found = tracing.at(self.state, cause.fact)
        if found is None:
            booked_us, asked = cause.booked_us, cause.asked
            if asked is not None and asked.position == cause.fact and cause.subject == self.name:
                found = tracing.of_other(asked, booked_us)
                found.origin = cause.origin
            else:
                found = Trace(cause.fact, "", "", booked_us, cause.occurred_us)
            traces.append(found)
        return found

    def enter_order(self, trace: Trace) -> int:
        """Return 1 if a purchase just remembered is a visit: the first of its order, or of none."""
        if not trace.key:
            trace.is_visit = True
        else:
            orders = self._open_orders()
            orders[trace.key] = count = orders.get(trace.key, 0) + 1
            trace.is_visit = count == 1
        return int(trace.is_visit)

    def return_to_order(self, trace: Trace) -> int:
        """Return 1 if a purchase that stands again is a visit: no other of its order is one."""
        same = [
            other for other in self.state.traces
            if other is not trace and trace.key and other.key == trace.key
            and other.topic == tracing.PURCHASE and not other.is_reversed
        ]  # fmt: skip
        trace.is_visit = not any(other.is_visit for other in same)
        if self._orders is not None and trace.key:
            self._orders[trace.key] = len(same) + 1
        return int(trace.is_visit)

    def leave_order(self, trace: Trace) -> int:
        """Return 1 if with a purchase taken back a visit is gone; another of its order may take its place."""
        if trace.key:
            self._less(trace.key)
            for other in self.state.traces if trace.is_visit else ():
                if other.key == trace.key and other.topic == tracing.PURCHASE and not other.is_reversed:
                    trace.is_visit, other.is_visit = False, True
                    return 0
        gone, trace.is_visit = trace.is_visit, False
        return int(gone)

    def forget(self, before_us: int) -> None:
        """Forget the facts booked before an instant."""
        traces, gone = self.state.traces, 0
        while gone < len(traces) and traces[gone].booked_us < before_us:
            trace = traces[gone]
            for earned in trace.earned:
                self.state.expired.pop(str(earned.lot), None)
            if trace.key and trace.topic == tracing.PURCHASE and not trace.is_reversed:
                self._less(trace.key)
            gone += 1
        del traces[:gone]

    def recount(self) -> None:
        """Count orders anew when next asked for: other facts are remembered now."""
        self._orders = None

    def _open_orders(self) -> dict[str, int]:
        if self._orders is None:
            self._orders = {}
            # The purchase at hand stands last and is not counted yet.
            for trace in self.state.traces[:-1]:
                if trace.key and trace.topic == tracing.PURCHASE and not trace.is_reversed:
                    self._orders[trace.key] = self._orders.get(trace.key, 0) + 1
        return self._orders

    def _less(self, key: str) -> None:
        if self._orders is not None:
            count = self._orders.get(key, 0) - 1
            if count > 0:
                self._orders[key] = count
            else:
                self._orders.pop(key, None)
