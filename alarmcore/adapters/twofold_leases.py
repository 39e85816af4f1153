"""Leases in a first store while it answers and in a second one while it does not, with no partition lost or moved by the change.

The first is Redis, the second PostgreSQL. In peace everything is held in the first alone; the second is read with each look, and
written when somebody takes what he did not hold. Whoever the first does not answer lives in the second: he gives his signs of
life there and nowhere else. That is how the others learn of him, and as long as somebody lives there, they hold what they have
in both, so that he sees it. Of two different holders the one with the newer fencing token is the right one.

| the first | the second | a look shows | a new taking | a renewal |
|---|---|---|---|---|
| answers | answers | both | in both, or given back at once | the first; both while somebody lives in the second |
| answers | silent | the first | in the first | in the first |
| silent | answers | the second, as forgotten for one lease | in the second | in the second |
| silent | silent | `Unavailable` | `Unavailable` | `Unavailable` |

What each change does to a partition whose owner lives (O), to one whose owner died (D) and to one that is free:

- *The first falls silent for everybody.* O: its owner renews in the second within a round. D and free: the second knows nothing
  of them, nor of O until then; so that what it does not show means nothing for one lease, the time within which every living
  owner has been heard there. Then they are taken: a lease after the silence began.
- *It falls silent for one worker only.* He sees nothing of what others hold in the first. They see him in the second, and hold
  what they have there too, long before the lease is over within which nothing means anything to him.
- *It comes back empty.* It says so. Who has lived in the second for a lease knows all that there is, and tells the first that
  it has forgotten nothing; else nobody takes anything until a lease is over. O: seen in the second until its owner, who comes
  back with his next look, has renewed in the first.
- *It comes back with old contents.* As above, since a store that starts anew says that it has forgotten. What it says of a
  former owner is older than the token of the present one, who is shown, and who puts it right with his next renewal.
- *It was only slow, and does late what it was asked.* A lease may be there for as long as it lasts, in the name of somebody
  who has given it up or died: a partition then waits that long after the first is back.
- *It is lost in an instant and answers on.* It says that it has forgotten. O: renewed within a round. D: a lease later.
- *The second falls silent, forgets, comes back.* Nothing is held there in peace. While it has forgotten, nobody takes anything
  new for a lease, since somebody may have lived there.
- *A worker sleeps through its lease.* What it believes to hold is no renewal any more: it must be free in both to be its own.

None of it is what keeps data safe: fencing tokens do. It is there so that no partition wanders or waits longer than a lease.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog
from msgspec.structs import replace

from alarmcore.adapters.alone import loop_time
from alarmcore.errors import Unavailable
from alarmcore.shared import LEASE_S, Lease, Leases, Standing

log = structlog.get_logger(__name__)

T = TypeVar("T")


class TwofoldLeases:
    """Implements the port `Leases` for one worker over two stores. `time` gives seconds that never go back.

    `lease_s` is how long the leases are that everybody takes. Looks must come several times in one, each before renewals: only a
    look finds out that the first store is back.
    """

    def __init__(self, first: Leases, second: Leases, lease_s: float = LEASE_S, time: Callable[[], float] = loop_time) -> None:
        self._first = first
        self._second = second
        self._lease_s = lease_s
        self._time = time
        # Since when the second has been all there is; None: the first answers.
        self._alone_since: float | None = None
        self._others_in_second = False
        # The owner of each partition that was taken here, and until when that was granted.
        self._held: dict[str, tuple[str, float]] = {}

    # -- looking ----------------------------------------------------------------------------------------------------------

    async def look(self) -> Standing:
        """How things stand, as far as anybody can be asked."""
        first, second = await asyncio.gather(_answer(self._first.look()), _answer(self._second.look()))
        if first is None:
            return self._without_first(second)
        if self._alone_since is not None:
            first = await self._back(first, second)
        if second is None:
            return first
        self._others_in_second = bool(second.workers)
        leases = _newest(first.leases, second.leases)
        return Standing(leases, first.workers | second.workers, forgotten=first.forgotten or second.forgotten)

    def _without_first(self, second: Standing | None) -> Standing:
        self._fall_silent()
        if second is None:
            # What is held there cannot be renewed meanwhile either: it says little when it is back.
            self._alone_since = self._time()
            raise Unavailable("neither store of leases answers; what is held is worked on until the database fences it")
        # Those whom the first answers do not give signs of life here, but hold what they have in both.
        workers = second.workers | {lease.owner for lease in second.leases.values()}
        return Standing(second.leases, workers, forgotten=second.forgotten or not self._knows_all())

    def _knows_all(self) -> bool:
        """Whether everybody who holds something has had the time to be seen in the second."""
        return self._alone_since is not None and self._time() - self._alone_since >= self._lease_s

    def _fall_silent(self) -> None:
        if self._alone_since is None:
            self._alone_since = self._time()
            log.warning("leases_first_store_silent", effect="leases are held in the second one")

    async def _back(self, first: Standing, second: Standing | None) -> Standing:
        together_all = second is not None and not second.forgotten and self._knows_all()
        # Where both show everything together, nobody needs to wait for what the first has lost.
        if first.forgotten and together_all and await _heard(self._first.remember()):
            first = replace(first, forgotten=False)
        self._alone_since = None
        log.info("leases_first_store_back")
        return first

    async def remember(self) -> None:
        """From now on neither has forgotten."""
        if self._alone_since is not None:
            await self._second.remember()
            return
        await self._of_first(self._first.remember())
        await _heard(self._second.remember())

    # -- signs of life ----------------------------------------------------------------------------------------------------

    async def appear(self, worker: str, lease_s: float) -> None:
        """Be known as a living worker, in one store: the others learn from it where this one lives."""
        if self._alone_since is None and await _heard(self._of_first(self._first.appear(worker, lease_s))):
            return
        await self._second.appear(worker, lease_s)

    async def leave(self, worker: str) -> None:
        """Be known as one no longer, in either store."""
        await _either(self._first.leave(worker), self._second.leave(worker))

    # -- leases -----------------------------------------------------------------------------------------------------------

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """Hold a partition that is free in every store that can be asked, or is held there by the same owner already."""
        asked_at = self._time()
        owner, until = self._held.get(partition, ("", asked_at))
        granted = await self._granted(partition, lease, lease_s, renewing=owner == lease.owner and until > asked_at)
        if granted:
            self._held[partition] = (lease.owner, asked_at + lease_s)
        else:
            self._held.pop(partition, None)
        return granted

    async def release(self, partition: str, owner: str) -> None:
        """Hold it no longer, in either store."""
        self._held.pop(partition, None)
        await _either(self._first.release(partition, owner), self._second.release(partition, owner))

    async def _granted(self, partition: str, lease: Lease, lease_s: float, *, renewing: bool) -> bool:
        in_first = None
        if self._alone_since is None:
            in_first = await _answer(self._of_first(_taken(self._first, partition, lease, lease_s, renewing=renewing)))
        if in_first and renewing and not self._others_in_second:
            return True
        if in_first is False:
            return False
        in_second = _taken(self._second, partition, lease, lease_s, renewing=renewing)
        if in_first is None:
            return await in_second
        if await _answer(in_second) is False:
            await _heard(self._first.release(partition, lease.owner))
            return False
        return True

    async def _of_first(self, asked: Awaitable[T]) -> T:
        """What the first answers; when it does not, the second is what counts until a look finds it back.

        Raises:
            Unavailable: it does not answer.
        """
        try:
            return await asked
        except Unavailable:
            self._fall_silent()
            raise


async def _taken(store: Leases, partition: str, lease: Lease, lease_s: float, *, renewing: bool) -> bool:
    """Hold a partition in one store. What one holds already is not lost to somebody with an older token: ours has fenced him."""
    if await store.take(partition, lease, lease_s):
        return True
    if not renewing:
        return False
    held = (await store.look()).leases.get(partition)
    if held is not None:
        if held.token >= lease.token:
            return False
        await store.release(partition, held.owner)
    return await store.take(partition, lease, lease_s)


def _newest(first: Mapping[str, Lease], second: Mapping[str, Lease]) -> dict[str, Lease]:
    """What two stores show: of two holders the one with the newer token, of equals the first store's."""
    both = dict(first)
    for partition, lease in second.items():
        if partition not in both or lease.token > both[partition].token:
            both[partition] = lease
    return both


async def _answer(asked: Awaitable[T]) -> T | None:
    try:
        return await asked
    except Unavailable:
        return None


async def _heard(asked: Awaitable[object]) -> bool:
    """Whether something was done, as far as the store says."""
    try:
        await asked
    except Unavailable:
        return False
    return True


async def _either(first: Awaitable[None], second: Awaitable[None]) -> None:
    """Do both.

    Raises:
        Unavailable: neither was done, as far as is known.
    """
    if not any(await asyncio.gather(_heard(first), _heard(second))):
        raise Unavailable("neither store of leases answers; what it was asked ends by itself with the lease")
