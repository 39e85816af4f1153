"""Who owns which partition by the database's word, and a worker's way to ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from alarmcore.errors import Fenced
from alarmcore.shared import Partition
from tests.simulation.lease_store import straight


class Deeds:
    """The table of partitions: what a commit's token is held against."""

    def __init__(self, tenants: Mapping[str, tuple[str, ...]]) -> None:
        self.rows = {name: Partition(name, those, 0, None) for name, those in sorted(tenants.items())}

    def claim(self, partition: str, owner: str) -> int:
        """The next token, for whoever asks."""
        row = self.rows[partition] = replace(self.rows[partition], token=self.rows[partition].token + 1, owner=owner)
        return row.token

    def next(self, partition: str, token: int) -> int:
        """The next token for a connection that begins anew, if the one before was the owner's.

        Raises:
            Fenced: it was not.
        """
        row = self.rows[partition]
        if row.token != token or row.owner is None:
            raise Fenced(partition)
        return self.claim(partition, row.owner)

    def valid(self, partition: str, token: int) -> bool:
        """What each commit asks first."""
        return self.rows[partition].token == token

    def give_back(self, partition: str, token: int) -> None:
        """Nobody's, unless somebody has claimed it meanwhile."""
        row = self.rows[partition]
        if row.token == token:
            self.rows[partition] = replace(row, owner=None)


class DeedsLine:
    """The table as one worker reaches it (port `Partitions`): `way` is gone there and back, and may fail, or take for ever."""

    def __init__(self, deeds: Deeds, way: Callable[[], Awaitable[None]] = straight) -> None:
        self.deeds = deeds
        self.way = way

    async def partitions(self) -> list[Partition]:
        """All rows."""
        await self.way()
        found = list(self.deeds.rows.values())
        await self.way()
        return found

    async def claim(self, partition: str, owner: str) -> int:
        """Become the owner."""
        await self.way()
        token = self.deeds.claim(partition, owner)
        await self.way()
        return token

    async def give_back(self, partition: str, token: int) -> None:
        """Be it no longer."""
        await self.way()
        self.deeds.give_back(partition, token)
        await self.way()
