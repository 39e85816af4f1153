"""The screens that are open: every change is encoded once for each tenant and goes to those who may see it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from alarmcore.ports import StoredEvent
from dashboard import feed
from dashboard.feed import Changed, Joined, Screen, SendChanges, SendSnapshot, Taken

KEPT_MAX: Final = 2000
"""Changes kept in memory for screens that come back after a short break: twice what one of them is sent one by one."""

SCREENS_MAX: Final = 4000
"""Screens of one process: one that reads nothing holds some hundred kilobytes until it is hung up on."""

TENANT_SCREENS_MAX: Final = 3000
"""Of them for one tenant: a page that opens itself again and again must not lock other alarm centres out."""

PICTURE_S: Final = 1.0
"""How long the whole picture, once made for a tenant, is good for others who come while nothing happens: when a thousand screens
come back at once it is made once, and lies in memory once."""

SPREAD_MAX: Final = 250
"""Screens told of a change before everybody else has a turn, in about two milliseconds: where thousands are open, the device that
caused it is confirmed, and the next press taken, before the last screen knows."""

UNSPREAD_MAX: Final = 100
"""Changes on their way to the screens; beyond it whoever publishes waits for them. Far fewer than are kept, so that none is
forgotten before all screens know."""

encode = msgspec.json.Encoder().encode


class Frame(msgspec.Struct, frozen=True):
    """Something to be sent, encoded. A change says whose it is and when it was decided; a snapshot or pulse does not.

    `host` is the tenant that the person was staying with then.
    """

    text: str
    seq: int = 0
    tenant: str = ""
    at: datetime | None = None
    resident: str = ""
    host: str | None = None


class Seat:
    """One open screen: its feed's state, the frames that its socket has yet to take, and the open alarms it has shown."""

    def __init__(self, hub: Hub, tenant: str | None, operator: str) -> None:
        self.hub = hub
        self.tenant = tenant
        self.operator = operator
        self.screen = Screen()
        self.shown: set[str] = set()
        self.looked: set[str] = set()
        """Others' alarms that it has shown, each of which is logged once."""
        self.hosted = hub.hosted(tenant)
        self.writing_since: float | None = None
        """Since when its socket has been taking one frame, in seconds of the event loop."""
        self.queue: asyncio.Queue[Frame] = asyncio.Queue()

    def may_see(self, frame: Frame) -> bool:
        """Whether this screen may see a change: its own tenant's, and those of persons who are staying there now.

        Without a tenant all of them, which is without credentials, on the loopback only.
        """
        if self.tenant is None or self.tenant == frame.tenant:
            return True
        return frame.host == self.tenant and self.hub.host_of(frame.tenant, frame.resident) == self.tenant

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
    """All seats. `alarms_of(tenant)` gives the open alarms' views, `view` those of a committed event and its alarm.

    `host_of(tenant, resident)` is the tenant that somebody is staying with, `hosted(tenant)` the alarms that it sees for that.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        alarms_of: Callable[[str | None], list[dict[str, Any]]],
        view: Callable[[StoredEvent], tuple[dict[str, Any], dict[str, Any]] | None],
        host_of: Callable[[str, str], str | None] = lambda *_: None,
        hosted: Callable[[str | None], frozenset[str]] = lambda _: frozenset(),
    ) -> None:
        self.now = now
        self.newest = 0
        self.kept_from = 1
        self.alarms_of = alarms_of
        self.view = view
        self.host_of = host_of
        self.hosted = hosted
        self.kept: deque[Frame] = deque()
        self.seats: set[Seat] = set()
        self.seats_of: Counter[str | None] = Counter()
        self.pictures: dict[str | None, tuple[int, datetime, str]] = {}
        self.guests: dict[str | None, tuple[datetime, frozenset[str]]] = {}
        self.unspread: deque[tuple[Changed, deque[Seat]]] = deque()
        self.spreading = False

    def has_room(self, tenant: str | None) -> bool:
        """Whether one more screen may come in."""
        return len(self.seats) < SCREENS_MAX and self.seats_of[tenant] < TENANT_SCREENS_MAX

    def begin(self, newest: int) -> None:
        """Go on from the newest event there is."""
        self.newest, self.kept_from = newest, newest + 1

    def join(self, tenant: str | None, operator: str, since: int | None) -> Seat:
        """Open a screen."""
        seat = Seat(self, tenant, operator)
        self.seats.add(seat)
        self.seats_of[tenant] += 1
        seat.step(Joined(since, self.kept_from, self.newest))
        return seat

    def leave(self, seat: Seat) -> None:
        """Close a screen."""
        if seat not in self.seats:
            return
        self.seats.discard(seat)
        self.seats_of[seat.tenant] -= 1
        if not self.seats_of[seat.tenant]:
            del self.seats_of[seat.tenant]
            self.pictures.pop(seat.tenant, None)
            self.guests.pop(seat.tenant, None)

    def look(self, seat: Seat) -> None:
        """Give a screen the whole picture anew when others' alarms have come to it or left it: stays end by the clock."""
        now = self.now()
        at, hosted = self.guests.get(seat.tenant, (now, None))
        if hosted is None or abs((now - at).total_seconds()) >= PICTURE_S:
            hosted = self.hosted(seat.tenant)
            self.guests[seat.tenant] = (now, hosted)
        if hosted != seat.hosted:
            seat.hosted = hosted
            self.pictures.pop(seat.tenant, None)
            seat.step(Joined(None, self.kept_from, self.newest))

    def publish(self, stored: StoredEvent) -> None:
        """Tell every screen what has changed."""
        shown = self.view(stored)
        self.newest = max(self.newest, stored.seq)
        if shown is None:
            return
        alarm, event = shown
        text = encode({"type": "change", "seq": stored.seq, "alarm": alarm, "event": event}).decode()
        tenant, resident = stored.event.tenant, stored.event.resident or ""
        frame = Frame(text, stored.seq, tenant, stored.event.at, resident, self.host_of(tenant, resident))
        self.kept.append(frame)
        while len(self.kept) > KEPT_MAX:
            self.kept_from = self.kept.popleft().seq + 1
        if stored.event.event == "alarm.resolved":
            for seat in self.seats:
                seat.shown.discard(alarm["id"])
                seat.looked.discard(alarm["id"])
        told = deque(seat for seat in self.seats if seat.may_see(frame))
        self.unspread.append((Changed(stored.seq), told))
        if len(self.unspread) > UNSPREAD_MAX:
            self._spread(sum(len(seats) for _, seats in self.unspread))
        elif not self.spreading:
            self._spread(SPREAD_MAX)

    def _spread(self, most: int) -> None:
        """Tell some screens of what has changed, change after change, and the others when everybody else has had a turn."""
        self.spreading = False
        while self.unspread:
            changed, seats = self.unspread[0]
            while seats and most > 0:
                most -= 1
                seat = seats.popleft()
                if seat in self.seats:
                    seat.step(changed)
            if seats:
                self.spreading = True
                asyncio.get_running_loop().call_soon(self._go_on)
                return
            self.unspread.popleft()

    def _go_on(self) -> None:
        if self.spreading:
            self._spread(SPREAD_MAX)

    def on_screen(self, alarm_id: str) -> bool:
        """Whether an operator's page that is open now has shown this alarm."""
        return any(alarm_id in seat.shown for seat in self.seats)

    def snapshot(self, seat: Seat, seq: int) -> str:
        """The whole picture for one screen. What waits for it is part of the picture already."""
        while not seat.queue.empty():
            seat.queue.get_nowait()
        now = self.now()
        made_of, made_at, text = self.pictures.get(seat.tenant, (-1, now, ""))
        if made_of != seq or abs((now - made_at).total_seconds()) >= PICTURE_S:
            text = encode({"type": "snapshot", "seq": seq, "alarms": self.alarms_of(seat.tenant)}).decode()
            self.pictures[seat.tenant] = (seq, now, text)
        return text

    def changes(self, seat: Seat, wanted: SendChanges) -> list[Frame]:
        """The frames of some changes that this screen may see."""
        frames: list[Frame] = []
        for frame in reversed(self.kept):
            if frame.seq <= wanted.after:
                break
            if frame.seq <= wanted.seq and seat.may_see(frame):
                frames.append(frame)
        return frames[::-1]
