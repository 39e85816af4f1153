"""Gives the owner of a partition what other processes have put into its inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from alarmcore.errors import Unavailable, fault
from alarmcore.inbox import PRESS, READING, decode_reading
from alarmcore.intake import Verdict
from alarmcore.runner import Item
from alarmcore.service import Service
from alarmcore.shared import Bell, Inbox, InboxEntry

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5
"""How often the inbox is looked into when nobody rings."""

UNDER_WAY_MAX: Final = 2000
"""Entries handed to the service and not yet answered; the others wait where they are, and are durable there."""


class InboxReader:
    """One partition's. An entry is handed in again until its answer is stored in the commit that takes care of it."""

    def __init__(self, service: Service, inbox: Inbox, partition: str, bell: Bell, decode_act: Callable[[bytes], Item]) -> None:
        self.service = service
        self.inbox = inbox
        self.partition = partition
        self.bell = bell
        self.decode_act = decode_act
        self.under_way: set[int] = set()
        self.unreadable: set[int] = set()
        self.ended: set[int] = set()
        self.acts: set[asyncio.Task[None]] = set()
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; what has been waiting is taken at once."""
        self.task = asyncio.create_task(self._run(), name=f"alarmcore-inbox-{self.partition}")

    async def close(self) -> None:
        """Stop; what is not answered stays in the inbox."""
        tasks = [*self.acts, *([self.task] if self.task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.take()
            except Exception as error:  # noqa: BLE001 - what is in the inbox stays there
                log.error("inbox_unreadable", partition=self.partition, error=fault(error))  # noqa: TRY400
            await self.bell.heard([f"inbox:{self.partition}"], LOOK_S)

    async def take(self) -> None:
        """Hand in whatever waits."""
        if not self.service.healthy():
            return
        limit = UNDER_WAY_MAX + len(self.unreadable)
        self.ended.clear()
        waiting = await self.inbox.waiting(self.partition, 0, limit)
        # What was answered while we looked was still waiting when the database was asked.
        known = self.under_way | self.unreadable | self.ended
        for entry in waiting:
            if entry.place not in known and len(self.under_way) < UNDER_WAY_MAX:
                self._hand_in(entry)

    def _hand_in(self, entry: InboxEntry) -> None:
        try:
            if entry.kind in {READING, PRESS}:
                raw = decode_reading(entry.data, entry.place)
                raw.done = lambda verdict: self._read(entry.place, verdict)
                self.service.accept(raw)
            else:
                task = asyncio.create_task(self._act(entry.place, self.decode_act(entry.data)))
                self.acts.add(task)
                task.add_done_callback(self.acts.discard)
        except Unavailable:
            return  # too much is waiting; it is durable where it is
        except Exception as error:  # noqa: BLE001 - of a newer version, which can read it
            log.error("inbox_entry_unreadable", partition=self.partition, place=entry.place, error=fault(error))  # noqa: TRY400
            self.unreadable.add(entry.place)
            return
        self.under_way.add(entry.place)

    def _read(self, place: int, verdict: Verdict | None) -> None:
        self._ended(place)
        if verdict is not None:
            self.bell.ring("answers")

    def _ended(self, place: int) -> None:
        self.under_way.discard(place)
        self.ended.add(place)

    async def _act(self, place: int, item: Item) -> None:
        try:
            await self.service.act(item, place)
        except Unavailable:
            return  # tried again with the next look, unless its answer says that it never works
        finally:
            self._ended(place)
            self.bell.ring("answers")
