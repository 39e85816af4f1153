"""The open alarms as screens show them: those of machines in this process, or followed from the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.runner import Committed, Runner
from alarmcore.shared import ShownAlarm
from dispatch.chain import ChainState

DecodeChain = Callable[[Slot, bytes], ChainState | None]
"""None where the tenant is not known here yet."""


class Board(Protocol):
    """What is open now."""

    async def catch_up(self) -> None:
        """Return when everything that was stored before the call is on the board.

        Raises:
            Unavailable: that cannot be told now.
        """

    def open(self) -> Iterable[Alarm]:
        """Alarms that are not resolved."""

    def chain(self, alarm: Alarm) -> ChainState | None:
        """An open alarm's chain."""

    def alarm_of(self, event: AlarmEvent) -> Alarm | None:
        """The alarm that an event just published is about."""


class OwnBoard:
    """The alarms of runners in this process: what they hold is what is stored."""

    def __init__(self, runners: Callable[[], Iterable[Runner]]) -> None:
        self.runners = runners
        self.changed: dict[str, Alarm] = {}

    async def catch_up(self) -> None:
        """It always has."""

    def put(self, committed: Committed) -> None:
        """Alarms that a commit has changed: one may be resolved and the next raised in its slot in one turn."""
        self.changed = {alarm.id: alarm for alarm in committed.alarms}

    def open(self) -> Iterable[Alarm]:
        """Alarms that are not resolved."""
        for runner in self.runners():
            for alarm in runner.cache["lifecycle"].values():
                if alarm is not None and alarm.state != "resolved":
                    yield alarm

    def chain(self, alarm: Alarm) -> ChainState | None:
        """An alarm's chain."""
        found = (runner.state("chain", alarm.slot) for runner in self.runners())
        state: ChainState | None = next((state for state in found if state is not None), None)
        return state

    def alarm_of(self, event: AlarmEvent) -> Alarm | None:
        """The alarm of an event: as the commit left it, else as it stands."""
        if event.alarm is None:
            return None
        if (changed := self.changed.get(event.alarm)) is not None:
            return changed
        slot = Slot(event.tenant, event.resident or "", event.rule or "", event.device or "" if event.resident is None else "")
        found = (runner.state("lifecycle", slot) for runner in self.runners())
        return next((alarm for alarm in found if alarm is not None and alarm.id == event.alarm), None)


class FollowedBoard:
    """The alarms of all owners, as the database tells them. `until_now` waits for whoever fills it.

    Their chains are decoded when somebody asks for them, and again when a site has changed.
    """

    def __init__(self, decode_chain: DecodeChain) -> None:
        self.decode_chain = decode_chain
        self.shown: dict[str, ShownAlarm] = {}
        self.chains: dict[str, ChainState | None] = {}
        self.last: Alarm | None = None

    async def catch_up(self) -> None:
        """Replaced by whoever fills the board."""

    def fill(self, opened: Iterable[ShownAlarm]) -> None:
        """Begin with what is open."""
        self.shown = {one.alarm.id: one for one in opened}
        self.chains.clear()

    def sites_changed(self) -> None:
        """Chains are other ones now."""
        self.chains.clear()

    def put(self, shown: ShownAlarm) -> None:
        """An alarm that has changed."""
        self.last = shown.alarm
        self.chains.pop(shown.alarm.id, None)
        if shown.alarm.state == "resolved":
            self.shown.pop(shown.alarm.id, None)
        else:
            self.shown[shown.alarm.id] = shown

    def open(self) -> Iterable[Alarm]:
        """Alarms that are not resolved."""
        return [shown.alarm for shown in self.shown.values()]

    def chain(self, alarm: Alarm) -> ChainState | None:
        """An open alarm's chain."""
        shown = self.shown.get(alarm.id)
        if shown is None or shown.chain is None:
            return None
        if alarm.id not in self.chains:
            self.chains[alarm.id] = self.decode_chain(shown.alarm.slot, shown.chain)
        return self.chains[alarm.id]

    def alarm_of(self, event: AlarmEvent) -> Alarm | None:
        """The alarm of an event."""
        if event.alarm is None:
            return None
        if self.last is not None and self.last.id == event.alarm:
            return self.last
        found = self.shown.get(event.alarm)
        return found.alarm if found else None
