"""Devices that are connected and whose secret was revoked: they are cut off within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from alarmcore.adapters.mqtt_listener import Guest
from alarmcore.errors import Unavailable, fault
from dashboard.credentials import CredentialStore, digest

log = structlog.get_logger(__name__)

LOOK_S: Final = 5.0
"""Between two looks at everybody who is connected: soon enough for a bracelet that was stolen, and for the most devices that one
listener takes (20,000) no more than 4,000 look-ups by key in a second, asked many at a time."""

ASKED_MAX: Final = 500
"""Devices in one question, so that neither the loop nor the database is held up by all of them at once."""


class Listener(Protocol):
    """Where devices are connected."""

    def inside(self) -> Sequence[Guest]:
        """Everybody who has signed in and is here now."""


class Turnout:
    """Asks again and again. While the database does not answer everybody stays: a press must not wait for it to come back."""

    def __init__(self, listener: Listener, store: CredentialStore) -> None:
        self.listener = listener
        self.store = store

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except Unavailable:  # said already by whoever could not keep a reading; asked again with the next look
                pass
            except Exception as error:  # noqa: BLE001 - one look that fails must not be the last
                log.error("turnout_failed", error=fault(error))  # noqa: TRY400 - its text may hold what was asked

    async def look(self) -> int:
        """Cut off whoever's secret opens nothing any more; how many they were.

        Raises:
            Unavailable: the database cannot be asked.
        """
        inside = self.listener.inside()
        cut = 0
        for start in range(0, len(inside), ASKED_MAX):
            by_digest = [(digest_of(guest), guest) for guest in inside[start : start + ASKED_MAX]]
            shut = await self.store.shut({one for one, _ in by_digest})
            for one, guest in by_digest:
                if one in shut:
                    guest.shut_out()
                    cut += 1
        if cut:
            log.warning("devices_cut_off", devices=cut, why="their secrets were revoked")
        return cut


def digest_of(guest: Guest) -> bytes:
    """What is kept of the secret that a device signed in with."""
    return digest((guest.password or b"").decode("utf-8", "replace"))
