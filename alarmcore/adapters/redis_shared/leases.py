"""Leases in Redis: one hash of one key, by the server's clock, each step a script, so that it happens whole or not at all."""

from __future__ import annotations

from typing import Any, Final

from alarmcore.adapters.redis_shared.link import RedisLink, key_of, script
from alarmcore.shared import Lease, Standing

LOOK: Final = script("look")
HOLD: Final = script("hold")
FREE: Final = script("free")
MARK: Final = script("mark")

PARTITION: Final = "partition "
WORKER: Final = "worker "
COMPLETE: Final = "complete"


class RedisLeases:
    """Implements the port `Leases`. `installation` keeps several installations on one Redis apart."""

    def __init__(self, link: RedisLink, installation: str) -> None:
        self._link = link
        self._keys = [key_of(installation, "standing")]

    async def look(self) -> Standing:
        """How things stand."""
        return _standing(await self._link.run(LOOK, self._keys))

    async def remember(self) -> None:
        """From now on it has not forgotten."""
        await self._link.run(MARK, self._keys)

    async def appear(self, worker: str, lease_s: float) -> None:
        """Be known as a living worker."""
        await self._link.run(HOLD, self._keys, WORKER + worker, _ms(lease_s), 0, worker)

    async def leave(self, worker: str) -> None:
        """Be known as one no longer."""
        await self._link.run(FREE, self._keys, WORKER + worker, worker)

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """Hold a free partition, or one that is held already by the same owner."""
        values = (PARTITION + partition, _ms(lease_s), lease.token, lease.owner)
        return bool(await self._link.run(HOLD, self._keys, *values))

    async def release(self, partition: str, owner: str) -> None:
        """Hold it no longer."""
        await self._link.run(FREE, self._keys, PARTITION + partition, owner)


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _standing(found: list[Any]) -> Standing:
    fields = [part.decode("utf-8") for part in found]
    leases: dict[str, Lease] = {}
    workers: set[str] = set()
    for field, value in zip(fields[::2], fields[1::2], strict=True):
        if field.startswith(PARTITION):
            _, token, owner = value.split(" ", 2)
            leases[field.removeprefix(PARTITION)] = Lease(owner, int(token))
        elif field.startswith(WORKER):
            workers.add(field.removeprefix(WORKER))
    return Standing(leases, frozenset(workers), forgotten=COMPLETE not in fields[::2])
