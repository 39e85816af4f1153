"""What the listener needs from the rest: somebody who takes readings, somebody who knows the devices, and the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from alarmcore.adapters.mqtt_listener.packets import Connect


class Intake(Protocol):
    """Takes what clients publish."""

    def accept(self, topic: str, payload: bytes, principal: str | None, done: Callable[[bool], None]) -> None:
        """Take one message; called in the loop, never to wait there.

        `done` must be called once for every message, whatever becomes of it, later or at once, in the loop: with True when it is
        kept or has definitely been answered (the client is then told), with False when nothing could be kept (it must repeat).
        Until then the message occupies room, and a client that has used up its room is not read from.

        A payload longer than `Limits.payload_max` comes cut to one byte more than that, so that it can be counted and answered.
        """


class Gate(Protocol):
    """Knows who may come in, and what they may hear."""

    async def sign_in(self, username: str | None, password: str | None, client_id: str) -> str | None:
        """The principal (`{tenant}/{device}`) these credentials belong to, or None when they are refused."""

    def may_subscribe(self, principal: str, topic_filter: str) -> bool:
        """Whether `principal` may hear everything that `topic_filter` matches."""


class Guest(Protocol):
    """A client that has signed in and is here now."""

    password: bytes | None
    """What it signed in with."""

    def shut_out(self) -> None:
        """Hang up on it: it may no longer be here. Its will is not published."""


class Wire(Protocol):
    """One client's way back: what a `Connection` asks of the socket that feeds it."""

    def write(self, data: bytes) -> None:
        """Send, in order."""

    def pause_reading(self) -> None:
        """Feed nothing more until `resume_reading`; what comes nevertheless is kept."""

    def resume_reading(self) -> None:
        """Feed again."""

    def sign_in(self, connect: Connect) -> None:
        """Ask the gate; its answer comes as `Connection.signed_in`."""

    def hang_up(self) -> None:
        """Send what was written, then close; within a bounded time."""
