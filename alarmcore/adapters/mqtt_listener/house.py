"""What all clients of a listener share: who is in, who hears what, and the room their waiting messages take."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from alarmcore.adapters.mqtt_listener.framing import Sizes
from alarmcore.adapters.mqtt_listener.limits import Counts, Limits
from alarmcore.adapters.mqtt_listener.topics import Subscriptions
from alarmcore.busy import Seldom

if TYPE_CHECKING:
    from alarmcore.adapters.mqtt_listener.connection import Connection
    from alarmcore.adapters.mqtt_listener.ports import Gate, Intake


class House:
    """Shared state of the connections; `later` makes the shell call `turn` once, at the end of this turn of the loop."""

    def __init__(self, intake: Intake, gate: Gate, limits: Limits, sizes: Sizes, later: Callable[[], None]) -> None:
        self.intake = intake
        self.gate = gate
        self.limits = limits
        self.sizes = sizes
        self.counts = Counts()
        self.subscriptions: Subscriptions[Connection] = Subscriptions()
        self.sessions: dict[tuple[str, str], Connection] = {}
        self.sessions_of: Counter[str] = Counter()
        self.sign_ins = asyncio.Semaphore(limits.sign_ins_max)
        self.sign_in_faults = Seldom()
        self.pending_bytes = 0
        self.pending = 0
        self.crowded_out: list[Connection] = []
        self.on_empty: Callable[[], None] | None = None
        """Called when no message waits any longer."""
        self._due: list[Connection] = []
        self._later = later
        self._assigned = 0

    def client_id(self) -> str:
        """A client identifier for a client that brought none."""
        self._assigned += 1
        return f"auto-{self._assigned}"

    def due(self, connection: Connection) -> None:
        """Give `connection` its turn at the end of this turn of the loop, so that answers made together leave together."""
        if not self._due:
            self._later()
        self._due.append(connection)

    def turn(self) -> None:
        """Everything that became due: write answers, go on reading where there is room again."""
        due, self._due = self._due, []
        for connection in due:
            try:
                connection.turn()
            except Exception as error:  # noqa: BLE001 - ours, and this client's alone: the others wait for their answers
                connection.break_off(error)

    @property
    def full(self) -> bool:
        """Whether waiting messages take all the room there is."""
        return self.pending_bytes >= self.limits.all_pending_bytes_max or self.pending >= self.limits.all_pending_max

    @property
    def half_empty(self) -> bool:
        """Whether it is worth reading on after `full`."""
        limits = self.limits
        return self.pending_bytes <= limits.all_pending_bytes_max // 2 and self.pending <= limits.all_pending_max // 2

    def settled(self, size: int) -> None:
        """A message of `size` bytes waits no longer. Those who were crowded out come back when half of the room is free."""
        self.pending -= 1
        self.pending_bytes -= size
        if self.crowded_out and self.half_empty:
            back, self.crowded_out = self.crowded_out, []
            for connection in back:
                connection.room_again()
        if not self.pending and self.on_empty is not None:
            self.on_empty()

    def has_room(self, principal: str, client_id: str) -> bool:
        """Whether one more session of this principal may come in; one that takes another over always may."""
        return self.sessions_of[principal] < self.limits.sessions_each_max or (principal, client_id) in self.sessions

    def enter(self, connection: Connection, principal: str, client_id: str) -> Connection | None:
        """Register a session; the one it takes over, if there is one."""
        before = self.sessions.get((principal, client_id))
        self.sessions[principal, client_id] = connection
        self.sessions_of[principal] += before is None
        return before

    def leave(self, connection: Connection, principal: str, client_id: str) -> None:
        """Forget a session, unless another connection has taken it over."""
        if self.sessions.get((principal, client_id)) is connection:
            del self.sessions[principal, client_id]
            self.sessions_of[principal] -= 1
            if not self.sessions_of[principal]:
                del self.sessions_of[principal]
