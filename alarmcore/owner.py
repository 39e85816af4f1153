"""The task that lets one worker own partitions: asks the stores, performs what `ownership` decides, and never ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

import structlog
from msgspec.structs import replace

from alarmcore import holding as at
from alarmcore import metrics
from alarmcore.errors import Unavailable, fault
from alarmcore.ownership import step
from alarmcore.shared import LEASE_S, Lease, Leases, Partitions, Standing

log = structlog.get_logger(__name__)

T = TypeVar("T")

ANSWER: Final = 0.25
"""In leases: how long the store of leases may take for an answer. One that hangs costs a look, and no lease."""

DATABASE: Final = 1.0
"""In leases: how long the database may take to list partitions, to hand out a token or to take one back."""

OPEN_S: Final = 120.0
"""How long opening a partition may take: four times what a million persons are promised to take."""

CLOSE_S: Final = 10.0
"""How long a partition's last commit may take. Beyond it the next owner's token ends it, and nothing is lost by that."""

DRAIN_S: Final = 300.0
"""How long a drain may take: sixteen partitions, each closed and then waited for, take less than this with room to spare."""


class PartitionHost(Protocol):
    """What runs partitions: their services, sessions and auditors. Told of each partition one thing after the other."""

    async def open(self, partition: str, token: int) -> None:
        """Load a partition and go on with it under this token.

        Raises:
            Exception: it cannot be; `close` follows, and the partition is left to somebody else.
        """

    async def close(self, partition: str) -> None:
        """End it after the commit that is under way; nothing of it goes on. Also one that is half open, fenced, or not open."""

    def hush(self, partition: str) -> None:
        """Begin none of its effects any more until it is opened anew. What is decided, and its effects, are stored as before."""


class Owner:
    """One worker's part in owning an installation. `fenced` is called by the host, at any time."""

    def __init__(
        self, worker: str, leases: Leases, partitions: Partitions, host: PartitionHost, *, lease_s: float = LEASE_S
    ) -> None:
        self.worker = worker
        self.leases = leases
        self.partitions = partitions
        self.host = host
        self.lease_s = lease_s
        self.state = at.Ownership(worker, lease_s)
        self.task: asyncio.Task[None] | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.changed = asyncio.Event()
        self.lost: list[str] = []
        self.turns: dict[str, asyncio.Lock] = {}
        self.hosting: dict[str, asyncio.Lock] = {}
        self.performs: dict[type[Any], Callable[[Any], Awaitable[Any]]] = {
            at.ListPartitions: self._list,
            at.RememberStandings: self._remember,
            at.TakeLease: self._take,
            at.ClaimToken: self._claim,
            at.OpenPartition: self._open,
            at.ClosePartition: self._close,
            at.GiveUp: self._give_up,
        }

    # -- what others call -------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to look. Partitions are opened as they come."""
        loop = asyncio.get_running_loop()
        self.time = loop.time
        self.state = at.Ownership(self.worker, self.lease_s, listing=True)
        # First of all, so that nobody counts on a worker that cannot reach the database.
        self._tell(await self._list(at.ListPartitions()))
        self.task = loop.create_task(self._run(), name="alarmcore-owner")

    def owned(self) -> dict[str, int]:
        """The partitions that are open here, with their tokens."""
        return {name: one.token for name, one in sorted(self.state.mine.items()) if one.stage == "open"}

    def fenced(self, partition: str) -> None:
        """A commit of a partition was refused: it is somebody else's now."""
        log.warning("partition_fenced", partition=partition)
        self._tell(at.WasFenced(partition))

    async def anew(self, partition: str) -> bool:
        """Take an open partition up anew, the way a takeover does: what it is made of has changed.

        It stops after its last commit, gets the next token, under which nothing of before counts any more, and is loaded. False
        where it is not open here, or cannot be opened now: whoever opens it next finds what is newest.
        """
        async with self._hosting(partition):
            one = self.state.mine.get(partition)
            if one is None or one.stage != "open" or one.hushed:
                return False
            began_at = self.time()
            await self._ended(partition)
            token = await self._tried("claim", self.partitions.claim(partition, self.worker), DATABASE, partition)
            if token is not None:
                self._has_token(partition, token)
            if token is None or not await self._begun(partition, token):
                self._tell(at.WasFenced(partition))
                return False
            log.info("partition_anew", partition=partition, token=token, took_s=round(self.time() - began_at, 3))
            metrics.SITE_CHANGE.observe(self.time() - began_at)
            return True

    async def drain(self) -> None:
        """Give up everything in good order; return when it is done, or has taken far too long."""
        log.info("drain_began", partitions=sorted(self.state.mine))
        self._tell(at.DrainBegan())
        await self._tried("leave", self.leases.leave(self.worker), ANSWER)
        try:
            async with asyncio.timeout(DRAIN_S):
                while not self.state.drained():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            log.error("drain_unfinished", partitions=sorted(self.state.mine), hint="others take over when the leases lapse")  # noqa: TRY400
        else:
            left = await self._left()
            if left:
                hint = "no other worker took them over: their persons' alarms stand still until one is started"
                log.warning("partitions_without_owner", partitions=left, hint=hint)
            log.info("drain_done", without_owner=left)

    async def _left(self) -> list[str] | None:
        """Partitions that this drain has left to nobody; None: that cannot be seen."""
        standing = await self._tried("look", self.leases.look(), ANSWER)
        rows = await self._tried("partitions", self.partitions.partitions(), DATABASE)
        if standing is None or rows is None:
            log.warning("drain_unseen", hint="whether others have taken over is not known; ask for their health")
            return None
        # The last one is still on its way, if there is anybody to take it.
        last = self.state.handed[0] if self.state.handed is not None and standing.workers - {self.worker} else None
        return [name for name in at.ownerless(rows, standing) if name != last]

    async def close(self) -> None:
        """Stop looking. What is open stays so, and its leases lapse; `drain` first to spare others the wait."""
        tasks = [task for task in (self.task, *self.tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- the task ---------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        every_s = self.lease_s / at.LOOKS_IN_A_LEASE
        while True:
            began_at = self.time()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, this task must not end
                log.error("look_failed", error=fault(error))  # noqa: TRY400 - its text may hold anything
            await asyncio.sleep(max(0.0, began_at + every_s - self.time()))

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(self.lease_s * ANSWER):
                # Before the leases are renewed, so that of a dead worker the sign of life goes first, and its partitions are
                # taken at once.
                if self.state.present(self.time()):
                    await self.leases.appear(self.worker, self.lease_s)
                standing = await self.leases.look()
        except (Unavailable, TimeoutError):
            if self.state.standing is not None:
                log.warning("leases_silent", hint="what is owned goes on; nothing is taken over until the store answers")
            self._tell(at.StoreSilent())
        else:
            if self.state.standing is None:
                log.info("leases_answer", forgotten=standing.forgotten)
            self._note_lost(standing)
            self._tell(at.Looked(standing))
        self._measure()

    def _note_lost(self, standing: Standing) -> None:
        """What a store that has forgotten should know of. One that is new to everybody has lost nothing."""
        if at.forgot(self.state.standing, standing) or (self.state.standing is None and standing.forgotten):
            self.lost = at.missing(self.state.known, standing)

    def _tell(self, event: Any) -> None:
        """Let the machine see an event, and begin what it decides."""
        outcome = step(self.state, event, self.time())
        self.state = outcome.state
        self.changed.set()
        for decision in outcome.decisions:
            self._begin(decision)

    def _begin(self, decision: Any) -> None:
        if isinstance(decision, at.HushPartition):
            self._hush(decision.partition)
            return
        task = asyncio.get_running_loop().create_task(self._perform(decision), name=f"alarmcore-{type(decision).__name__}")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _perform(self, decision: Any) -> None:
        event = await self.performs[type(decision)](decision)
        if event is not None:
            self._tell(event)

    def _hush(self, partition: str) -> None:
        log.warning("partition_hushed", partition=partition, hint="another worker holds its lease")
        try:
            self.host.hush(partition)
        except Exception as error:  # noqa: BLE001 - an effect too many is told twice; a machine that stopped would tell nobody
            log.error("partition_not_hushed", partition=partition, error=fault(error))  # noqa: TRY400 - its text may hold anything

    # -- what is decided, each with what came of it -----------------------------------------------------------------------

    async def _tried(self, what: str, call: Awaitable[T], leases: float, partition: str = "") -> T | None:
        """What a store answers; None when it does not, or says that it cannot."""
        try:
            async with asyncio.timeout(leases * self.lease_s):
                return await call
        except (Unavailable, TimeoutError) as error:
            log.warning("store_silent", asked=what, partition=partition, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever it is: a question without an answer would be waited for, for ever
            log.error("store_failed", asked=what, partition=partition, error=fault(error))  # noqa: TRY400 - its text may hold anything
        return None

    async def _list(self, _: at.ListPartitions) -> at.Listed | at.ListFailed:
        asked_at = self.time()
        found = await self._tried("partitions", self.partitions.partitions(), DATABASE)
        return at.ListFailed() if found is None else at.Listed(tuple(found), asked_at)

    async def _remember(self, _: at.RememberStandings) -> None:
        if self.lost:
            hint = "the store has lost them; its owners had time to take them again"
            log.warning("leases_forgotten", partitions=self.lost, hint=hint)
        else:
            log.info("leases_begun", hint="the store of leases was new and empty, and nobody held anything")
        await self._tried("remember", self.leases.remember(), ANSWER)

    async def _take(self, decision: at.TakeLease) -> at.LeaseTaken | at.LeaseRefused | at.LeaseUnanswered:
        name, lease = decision.partition, Lease(self.worker, decision.token)
        async with self._turn(name):
            asked_at = self.time()
            taken = await self._tried("take", self.leases.take(name, lease, self.lease_s), ANSWER, name)
        if taken is None:
            return at.LeaseUnanswered(name)
        return at.LeaseTaken(name, asked_at) if taken else at.LeaseRefused(name)

    async def _claim(self, decision: at.ClaimToken) -> at.TokenClaimed | at.ClaimFailed:
        name = decision.partition
        held = self.state.mine.get(name)
        if held is None or self.time() - held.held_at > self.lease_s:
            return at.ClaimFailed(name)  # we have slept since: who has it by now must not be fenced for that
        token = await self._tried("claim", self.partitions.claim(name, self.worker), DATABASE, name)
        if token is None:
            return at.ClaimFailed(name)
        before = next((row.owner for row in self.state.known if row.name == name), None)
        metrics.TAKEOVERS.labels("gone" if before not in {None, self.worker} else "given").inc()
        log.info("partition_claimed", partition=name, token=token, before=before)
        return at.TokenClaimed(name, token)

    async def _open(self, decision: at.OpenPartition) -> at.PartitionOpened | at.OpenFailed:
        name, began_at = decision.partition, self.time()
        async with self._hosting(name):
            if not await self._begun(name, decision.token):
                return at.OpenFailed(name)
        log.info("partition_opened", partition=name, token=decision.token, took_s=round(self.time() - began_at, 3))
        return at.PartitionOpened(name)

    async def _begun(self, partition: str, token: int) -> bool:
        try:
            async with asyncio.timeout(OPEN_S):
                await self.host.open(partition, token)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody else may be able to
            log.error("partition_not_opened", partition=partition, error=fault(error))  # noqa: TRY400 - its text may hold anything
            return False
        return True

    async def _close(self, decision: at.ClosePartition) -> at.PartitionClosed:
        async with self._hosting(decision.partition):
            if await self._ended(decision.partition):
                log.info("partition_closed", partition=decision.partition)
        return at.PartitionClosed(decision.partition)

    async def _ended(self, partition: str) -> bool:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.host.close(partition)
        except Exception as error:  # noqa: BLE001 - the next owner's token ends it, whatever is left of it here
            log.error("partition_not_closed", partition=partition, error=fault(error))  # noqa: TRY400 - its text may hold anything
            return False
        return True

    async def _give_up(self, decision: at.GiveUp) -> at.PartitionLeft:
        name = decision.partition
        if decision.token:
            await self._tried("give_back", self.partitions.give_back(name, decision.token), DATABASE, name)
        async with self._turn(name):
            await self._tried("release", self.leases.release(name, self.worker), ANSWER, name)
        return at.PartitionLeft(name)

    def _turn(self, partition: str) -> asyncio.Lock:
        """One thing at a time about a lease: a renewal that arrived after its release would hold it for nobody."""
        return self.turns.setdefault(partition, asyncio.Lock())

    def _has_token(self, partition: str, token: int) -> None:
        """What the database will say of a partition with its next list, so that this token is the one that is given back."""
        known = (replace(row, token=token, owner=self.worker) if row.name == partition else row for row in self.state.known)
        self._tell(at.Listed(tuple(known), self.state.listed_at or self.time()))

    def _hosting(self, partition: str) -> asyncio.Lock:
        """One thing at a time with what runs a partition: it is not closed while it is taken up anew."""
        return self.hosting.setdefault(partition, asyncio.Lock())

    def _measure(self) -> None:
        metrics.PARTITIONS.set(len(self.owned()))
        metrics.LEASE_AGE.set(self.state.lease_age_s(self.time()))
