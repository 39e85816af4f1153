"""Why nothing is read from a client just now, so that it is slowed down by its own network and nothing is dropped."""

from __future__ import annotations

from typing import Final

from alarmcore.adapters.mqtt_listener.ports import Wire

SIGNING_IN: Final = 1
OWN_ROOM: Final = 2
CROWDED: Final = 4
STALLED: Final = 8
CLOSING: Final = 16
"""Why nothing is read from a client just now: the gate is asked; it has used up its own room; all together have used up
everybody's; it does not read what we send; the listener closes. Plain numbers, since they are looked at for every packet."""


class Brake:
    """Reading stops with the first reason and goes on, by `let_go`, after the last."""

    __slots__ = ("_wire", "held", "paused")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.held = 0
        self.paused = False

    def hold(self, why: int) -> None:
        """Read nothing more."""
        self.held |= why
        if not self.paused:
            self.paused = True
            self._wire.pause_reading()

    def lift(self, why: int) -> None:
        """One reason less; what was read already comes first, so reading itself waits for `let_go`."""
        self.held &= ~why

    def let_go(self) -> None:
        """Read again, unless there is a reason not to."""
        if not self.held:
            self.paused = False
            self._wire.resume_reading()
