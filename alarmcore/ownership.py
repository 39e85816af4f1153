"""What should this worker do about partitions? A pure machine with one state for the worker: what it holds and what it knows.

The policy, and why:

- Nothing here keeps data safe: the database's tokens do. What hangs on this is that each partition has an owner, soon.
- A partition that nobody holds is taken at once if its owner is gone or gave it back, by whoever has least, so that a dead
  worker's partitions are spread over the living. If its owner still lives, it has just been late: it gets one lease more.
- A store that has forgotten everything, or did not answer, says nothing about who works: nobody could renew. Its owners do so
  within one lease; only then is anything taken, but for what the database says nobody owns. So does a worker begin that is new.
- Shares are evened out by one move at a time in the whole installation, once everything has been calm for a lease: each
  move stops its persons' alarms while they are loaded elsewhere. Only the owner gives up a partition, after its last commit.
- A worker that cannot renew goes on until the database fences it: losing the store must stop nothing. If the store answers and
  names somebody else for more than a lease after ours has lapsed, no new effects are begun, since they may be theirs by now.
- A worker that cannot reach the database is no longer counted, and gives up what it has when somebody else is there who can.
- Where opening failed, or somebody fenced us, we keep away for a while that doubles: two that see different stores must not
  take a partition from each other for ever.
- A drain gives up one partition after the other, each once the one before is open elsewhere or a lease has passed.

Times are seconds of the worker's own monotonic clock. A lease carries its token once its partition is open, and 0 before.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from alarmcore import holding as at
from alarmcore.holding import Mine, Ownership, Stage, Strike, forgot, owners
from alarmcore.outcome import Decision, Outcome
from alarmcore.shared import Partition, Standing
from alarmcore.shares import assigned, loads, move

LIST_EVERY: Final = 0.5
"""In leases: how often the database is asked who owns what, though nothing seems to have changed."""

DEAF_AFTER: Final = 3.0
"""In leases: without the database for so long, a worker gives up what it has, if others are there. More than `SEEN_FOR`, a lease
and the time between two lists: when the database is gone for all, none is there any more by then, and nobody moves."""

SHY_MAX: Final = 8.0
"""In leases: the longest that a worker keeps away from a partition that it could not keep. It may be the only one left."""

STEADY_AFTER: Final = 10.0
"""In leases: open for so long, earlier failures are forgotten."""

UNKNOWN: Final = Standing({}, frozenset())
"""What is known of a store that does not answer."""


def step(state: Ownership, event: Any, now: float) -> Outcome[Ownership]:
    """Let one fact change what this worker holds."""
    course = Course(state, now)
    match event:
        case at.Looked():
            course.looked(event.standing)
        case at.StoreSilent():
            course.silent()
        case at.Listed():
            course.listed(event)
        case at.ListFailed():
            course.set(listing=False)
        case at.DrainBegan():
            course.set(draining=True)
            course.drain()
        case _:
            course.answered(event)
    return Outcome(course.state, tuple(course.decisions))


class Course:
    """One step: collects the next state and the decisions, in order."""

    def __init__(self, state: Ownership, now: float) -> None:
        self.state = state
        self.now = now
        self.decisions: list[Decision] = []

    @property
    def standing(self) -> Standing:
        """What the store has said, if it has answered."""
        return self.state.standing or UNKNOWN

    def set(self, **fields: Any) -> None:
        """Change the state."""
        self.state = replace(self.state, **fields)

    def put(self, partition: str, one: Mine | None) -> None:
        """Change what is held of one partition."""
        mine = {name: kept for name, kept in self.state.mine.items() if name != partition}
        self.set(mine=mine if one is None else mine | {partition: one})

    def move_to(self, partition: str, stage: Stage, decision: Decision, **fields: Any) -> None:
        """The next stage of a partition, and what is to be done for it."""
        one = self.state.mine[partition]
        self.put(partition, replace(one, stage=stage, since=self.now, asked=False, **fields))
        self.decisions.append(decision)

    def leases(self, number: float) -> float:
        """So many leases, in seconds."""
        return number * self.state.lease_s

    # -- what the stores say ----------------------------------------------------------------------------------------------

    def looked(self, standing: Standing) -> None:
        """The store has answered: keep what is ours, take what is free, even out, and end if told so."""
        before, self.state = self.state, replace(self.state, standing=standing)
        free = [one.name for one in self.state.known if self.free(one.name)]
        self.set(free_since={name: before.free_since.get(name, self.now) for name in free})
        if before.seen_since is None or forgot(before.standing, standing):
            self.set(seen_since=self.now)
        self.set(calm_since=self.calm(before))
        for partition in list(self.state.mine):
            self.keep(partition)
        if standing.forgotten and self.waited(self.state.seen_since):
            self.decisions.append(at.RememberStandings())
        self.plan()
        self.ask()

    def silent(self) -> None:
        """Nothing that was so is known to be so still: whoever else cannot reach the store either has had no time."""
        self.set(standing=None, free_since={}, seen_since=None, calm_since=None)
        self.drain()
        self.ask()

    def listed(self, event: at.Listed) -> None:
        """The database has answered. What stands there is newer than what we remember of it, whatever the store says."""
        self.set(known=event.partitions, listed_at=event.asked_at, listing=False)
        for row in event.partitions:
            self.compare(row)
        if self.state.standing is not None:
            free = {row.name: self.now for row in event.partitions if self.free(row.name)}
            self.set(free_since=free | {name: since for name, since in self.state.free_since.items() if name in free})
            self.plan()
        if self.doubtful():
            self.ask()

    def compare(self, row: Partition) -> None:
        """Whether a partition is still ours by its token. A journal that has connected anew has the next one."""
        one = self.state.mine.get(row.name)
        if one is None or row.token <= one.token or one.token == 0:
            return
        if row.owner == self.state.worker:
            self.put(row.name, replace(one, token=row.token))
        elif row.owner is not None:
            self.fenced(row.name, one)

    def ask(self) -> None:
        """Ask the database, if it is time or if somebody seems to have come or gone."""
        asked_at = self.state.listed_at
        due = asked_at is None or self.waited(asked_at, LIST_EVERY) or self.doubtful()
        if due and not self.state.listing:
            self.set(listing=True)
            self.decisions.append(at.ListPartitions())

    def doubtful(self) -> bool:
        """Whether something has changed in the store since the database was asked."""
        changes = [since for name, since in self.state.free_since.items() if name not in self.state.mine]
        changes += [one.lost_at for one in self.state.mine.values() if one.lost_at is not None]
        return any(self.state.listed_at is None or since > self.state.listed_at for since in changes)

    def free(self, partition: str) -> bool:
        """Whether the store says that nobody has it, or that we have what we do not know of: of an earlier life, say."""
        lease = self.standing.leases.get(partition)
        return partition not in self.state.mine and (lease is None or lease.owner == self.state.worker)

    def waited(self, since: float | None, number: float = 1.0) -> bool:
        """Whether so many leases have passed since a moment."""
        return since is not None and self.now - since >= self.leases(number)

    # -- what is ours -----------------------------------------------------------------------------------------------------

    def keep(self, partition: str) -> None:
        """Renew a lease, or see that it is somebody else's."""
        one, lease = self.state.mine[partition], self.standing.leases.get(partition)
        if one.stage in {"taking", "leaving"}:
            return
        lost = lease is not None and lease.owner != self.state.worker
        if lost != (one.lost_at is not None):
            one = replace(one, lost_at=self.now if lost else None)
            self.put(partition, one)
        if one.stage == "claiming":
            self.claim(partition, one)
        elif one.stage == "open" and (self.deaf() or (one.hushed and not lost)):
            # What is ours again is opened anew, under the next token: what was not begun meanwhile is begun then.
            self.move_to(partition, "closing", at.ClosePartition(partition))
        elif lost:
            self.hush(partition, one)
        if not lost:
            self.renew(partition)

    def renew(self, partition: str) -> None:
        """Take the lease anew, unless that is under way."""
        one = self.state.mine.get(partition)
        if one is None or one.stage in {"claiming", "leaving"} or one.asked:
            return
        self.put(partition, replace(one, asked=True))
        self.decisions.append(at.TakeLease(partition, one.token if one.stage == "open" else 0))

    def claim(self, partition: str, one: Mine) -> None:
        """Try again to become the owner, for one lease at most: somebody else may reach the database."""
        if one.asked:
            return
        if one.lost_at is not None or self.waited(one.since):
            self.give_up(partition, strike=True)
        else:
            self.put(partition, replace(one, asked=True))
            self.decisions.append(at.ClaimToken(partition))

    def hush(self, partition: str, one: Mine) -> None:
        """The store answers and names somebody else, and our lease has lapsed for a lease: effects may be theirs."""
        if one.stage == "open" and not one.hushed and self.waited(one.held_at, 2.0):
            self.put(partition, replace(one, hushed=True))
            self.decisions.append(at.HushPartition(partition))

    def deaf(self) -> bool:
        """Whether the database has not been reached for long, while others are there, who must have reached it."""
        others = self.standing.workers - {self.state.worker}
        return bool(others) and self.waited(self.state.listed_at, DEAF_AFTER)

    def fenced(self, partition: str, one: Mine) -> None:
        """Somebody else owns it by the database's word, which is the last."""
        if one.stage == "open":
            self.strike(partition)
            self.move_to(partition, "closing", at.ClosePartition(partition))
        elif one.stage == "opening" and not one.doomed:
            self.strike(partition)
            self.put(partition, replace(one, doomed=True))

    def strike(self, partition: str) -> None:
        """Keep away from a partition for a while, twice as long each time."""
        before = self.state.strikes.get(partition)
        count = 1 if before is None else before.count + 1
        until = self.now + self.leases(min(SHY_MAX, 2.0 ** min(count - 1, 30)))
        self.set(strikes=dict(self.state.strikes) | {partition: Strike(count, until)})

    def give_up(self, partition: str, *, strike: bool = False) -> None:
        """Let go of a partition that is not open."""
        if strike:
            self.strike(partition)
        self.move_to(partition, "leaving", at.GiveUp(partition, self.state.mine[partition].token))

    # -- answers to what we have asked ------------------------------------------------------------------------------------

    def answered(self, event: Any) -> None:
        """Something about one partition; nothing, if it has been given up meanwhile."""
        one = self.state.mine.get(event.partition)
        if one is None:
            return
        match event:
            case at.LeaseTaken() | at.LeaseRefused() | at.LeaseUnanswered():
                self.lease(event, one)
            case at.TokenClaimed() if one.stage == "claiming":
                self.claimed(event, one)
            case at.ClaimFailed() if one.stage == "claiming":
                self.put(event.partition, replace(one, asked=False))
            case at.PartitionOpened() if one.stage == "opening":
                self.opened(event.partition, one)
            case at.OpenFailed() if one.stage == "opening":
                self.strike(event.partition)
                self.move_to(event.partition, "closing", at.ClosePartition(event.partition))
            case at.WasFenced():
                self.fenced(event.partition, one)
            case at.PartitionClosed() if one.stage == "closing":
                self.give_up(event.partition)
            case at.PartitionLeft() if one.stage == "leaving":
                self.left(event.partition)

    def lease(self, event: at.LeaseTaken | at.LeaseRefused | at.LeaseUnanswered, one: Mine) -> None:
        """What became of taking a lease, or of renewing it."""
        held_at = event.asked_at if isinstance(event, at.LeaseTaken) else one.held_at
        if one.stage != "taking":
            asked = one.asked and one.stage == "claiming"
            self.put(event.partition, replace(one, held_at=held_at, asked=asked))
        elif not isinstance(event, at.LeaseTaken):
            self.put(event.partition, None)
        elif self.state.draining:
            self.give_up(event.partition)
        else:
            self.move_to(event.partition, "claiming", at.ClaimToken(event.partition), held_at=held_at)
            self.put(event.partition, replace(self.state.mine[event.partition], asked=True))

    def claimed(self, event: at.TokenClaimed, one: Mine) -> None:
        """It is ours by the database's word."""
        self.put(event.partition, replace(one, token=event.token))
        if self.state.draining:
            self.give_up(event.partition)
        else:
            self.move_to(event.partition, "opening", at.OpenPartition(event.partition, event.token))

    def opened(self, partition: str, one: Mine) -> None:
        """It is open; others see that by its token in the lease."""
        if one.doomed:
            self.move_to(partition, "closing", at.ClosePartition(partition))
            return
        self.put(partition, replace(one, stage="open", since=self.now, asked=True))
        self.decisions.append(at.TakeLease(partition, one.token))
        self.drain()

    def left(self, partition: str) -> None:
        """It is nobody's now, or somebody else's."""
        self.put(partition, None)
        if self.state.draining:
            self.set(handed=(partition, self.now))
            self.drain()

    # -- who ought to have what -------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """What follows from both stores together."""
        self.steady()
        if self.state.draining:
            self.drain()
        else:
            self.take()
            self.even_out()

    def steady(self) -> None:
        """Forget what went wrong with partitions that have been open for long."""
        steady = {name for name, one in self.state.mine.items() if one.stage == "open" and self.waited(one.since, STEADY_AFTER)}
        if steady & self.state.strikes.keys():
            self.set(strikes={name: kept for name, kept in self.state.strikes.items() if name not in steady})

    def take(self) -> None:
        """Take those free partitions that are for us."""
        standing = self.standing
        free = [row for row in self.state.known if row.name in self.state.free_since and self.may_take(row, standing)]
        ours = assigned(free, loads(self.state.known, self.holders(standing), standing.workers))
        for row in free:
            since = self.state.free_since[row.name]
            # Whoever it was assigned to has not come for it: better too many of us come than none.
            overdue = self.waited(since, 2.0 if self.late(row, standing) else 1.0)
            if ours.get(row.name) == self.state.worker or row.name in standing.leases or overdue:
                self.put(row.name, Mine("taking", self.now, self.now))
                self.decisions.append(at.TakeLease(row.name, 0))

    def may_take(self, row: Partition, standing: Standing) -> bool:
        """Whether a free partition may be anybody's now."""
        name, asked_at = row.name, self.state.listed_at
        since, strike = self.state.free_since[name], self.state.strikes.get(name)
        if name in self.state.mine or asked_at is None or asked_at < since or (strike is not None and self.now < strike.until):
            return False
        if row.owner is None or row.owner == self.state.worker:
            return True
        return self.waited(self.state.seen_since) and (not self.late(row, standing) or self.waited(since))

    def late(self, row: Partition, standing: Standing) -> bool:
        """Whether a free partition's owner is there all the same."""
        return row.owner != self.state.worker and row.owner in standing.workers

    def holders(self, standing: Standing) -> dict[str, str]:
        """Who has what, or is about to, as far as we know."""
        return {name: lease.owner for name, lease in standing.leases.items()} | dict.fromkeys(self.state.mine, self.state.worker)

    def calm(self, before: Ownership) -> float | None:
        """Since when each partition has been open with somebody who is there, and nobody has come or gone."""
        standing, was = self.standing, before.standing
        held = [standing.leases.get(one.name) for one in self.state.known]
        settled = all(one is not None and one.token > 0 and one.owner in standing.workers for one in held)
        if not settled or standing.forgotten or any(one.stage != "open" for one in self.state.mine.values()):
            return None
        same = was is not None and was.workers == standing.workers and owners(was) == owners(standing)
        return before.calm_since if same and before.calm_since is not None else self.now

    def even_out(self) -> None:
        """Give up one partition, if that is the move which everybody would make now."""
        standing = self.standing
        if not self.waited(self.state.calm_since):
            return
        best = move(self.state.known, self.holders(standing), standing.workers)
        if best is not None and best.giver == self.state.worker:
            self.set(calm_since=None)
            self.move_to(best.partition, "closing", at.ClosePartition(best.partition))

    # -- the end ----------------------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Give up the next partition, if this worker is to end and the one before is in good hands or has waited long enough."""
        busy = any(one.stage != "open" for one in self.state.mine.values())
        if not self.state.draining or busy or not self.state.mine or self.waiting():
            return
        partition = min(self.state.mine)
        self.move_to(partition, "closing", at.ClosePartition(partition))

    def waiting(self) -> bool:
        """Whether the partition that was given up last is still on its way to somebody."""
        if self.state.handed is None:
            return False
        partition, handed_at = self.state.handed
        standing = self.standing
        if self.waited(handed_at) or (standing is not None and not standing.workers - {self.state.worker}):
            return False
        lease = standing.leases.get(partition) if standing is not None else None
        return lease is None or lease.owner == self.state.worker or lease.token == 0
