"""The screens that are open: every change is encoded once for each tenant and goes to those who may see it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from alarmcore.ports import StoredEvent
from dashboard import feed
from dashboard.feed import Changed, Joined, Screen, SendChanges, SendSnapshot, Taken

KEPT_MAX: Final = 2000
"""Changes kept in memory for screens that come back after a short break: twice what one of them is sent one by one."""

encode = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, frozen=True):
    """Something to be sent, encoded. A change says whose it is and when it was decided; a snapshot or pulse does not."""

    text: str
    seq: int = 0
    tenant: str = ""
    at: datetime | None = None


class Seat:
    """One open screen: its feed's state, the frames that its socket has yet to take, and the open alarms it has shown."""

    def __init__(self, hub: Hub, tenant: str | None, operator: str) -> None:
        self.hub = hub
        self.tenant = tenant
        self.operator = operator
        self.screen = Screen()
        self.shown: set[str] = set()
        self.queue: asyncio.Queue[Frame] = asyncio.Queue()

    def may_see(self, tenant: str) -> bool:
        """Whether this screen may see a tenant's alarms (None: all of them, without credentials on the loopback only)."""
        return self.tenant is None or self.tenant == tenant

    def step(self, event: Joined | Changed | Taken) -> None:
        """Let the feed decide, and queue what it says."""
        outcome = feed.step(self.screen, event, self.hub.now())
        self.screen = outcome.state
        for decision in outcome.decisions:
            if isinstance(decision, SendSnapshot):
                self.queue.put_nowait(Frame(self.hub.snapshot(self, decision.seq)))
            elif isinstance(decision, SendChanges):
                for frame in self.hub.changes(self, decision):
                    self.queue.put_nowait(frame)

    async def next(self) -> Frame:
        """The next frame to send; call `sent` once the socket has taken it."""
        return await self.queue.get()

    def sent(self) -> None:
        """The socket has taken a frame."""
        self.step(Taken(self.queue.qsize(), self.hub.newest))


class Hub:
    """All seats. `alarms_of(tenant)` gives the open alarms' views, `view` those of a committed event and its alarm."""

    def __init__(
        self,
        now: Callable[[], datetime],
        alarms_of: Callable[[str | None], list[dict[str, Any]]],
        view: Callable[[StoredEvent], tuple[dict[str, Any], dict[str, Any]] | None],
    ) -> None:
        self.now = now
        self.newest = 0
        self.kept_from = 1
        self.alarms_of = alarms_of
        self.view = view
        self.kept: deque[Frame] = deque()
        self.seats: set[Seat] = set()

    def begin(self, newest: int) -> None:
        """Go on from the newest event there is."""
        self.newest, self.kept_from = newest, newest + 1

    def join(self, tenant: str | None, operator: str, since: int | None) -> Seat:
        """Open a screen."""
        seat = Seat(self, tenant, operator)
        self.seats.add(seat)
        seat.step(Joined(since, self.kept_from, self.newest))
        return seat

    def leave(self, seat: Seat) -> None:
        """Close a screen."""
        self.seats.discard(seat)

    def publish(self, stored: StoredEvent) -> None:
        """Tell every screen what has changed."""
        shown = self.view(stored)
        self.newest = max(self.newest, stored.seq)
        if shown is None:
            return
        alarm, event = shown
        text = encode({"type": "change", "seq": stored.seq, "alarm": alarm, "event": event}).decode()
        self.kept.append(Frame(text, stored.seq, stored.event.tenant, stored.event.at))
        while len(self.kept) > KEPT_MAX:
            self.kept_from = self.kept.popleft().seq + 1
        if stored.event.event == "alarm.resolved":
            for seat in self.seats:
                seat.shown.discard(alarm["id"])
        changed = Changed(stored.seq)
        for seat in self.seats:
            if seat.may_see(stored.event.tenant):
                seat.step(changed)

    def on_screen(self, alarm_id: str) -> bool:
        """Whether an operator's page that is open now has shown this alarm."""
        return any(alarm_id in seat.shown for seat in self.seats)

    def snapshot(self, seat: Seat, seq: int) -> str:
        """The whole picture for one screen. What waits for it is part of the picture already."""
        while not seat.queue.empty():
            seat.queue.get_nowait()
        return encode({"type": "snapshot", "seq": seq, "alarms": self.alarms_of(seat.tenant)}).decode()

    def changes(self, seat: Seat, wanted: SendChanges) -> list[Frame]:
        """The frames of some changes that this screen may see."""
        frames: list[Frame] = []
        for frame in reversed(self.kept):
            if frame.seq <= wanted.after:
                break
            if frame.seq <= wanted.seq and seat.may_see(frame.tenant):
                frames.append(frame)
        return frames[::-1]
