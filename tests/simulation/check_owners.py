"""Who owns what: each partition is served soon, by one; nothing is taken from an owner who is well; the end is fair and calm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dispatch.binding import EFFECT_CODEC
from tests.simulation.history import (
    BegunLate,
    Claimed,
    Closed,
    Closing,
    Committed,
    FencedOff,
    Healed,
    NotOpened,
    Record,
    Roll,
    StoredUnder,
)

UNSERVED: Final = 9.0
"""In leases: how long a partition may go unserved while one worker is well all the time. A worker that has lost the database
gives up after three; if it dies at that moment its lease lasts one more; loading takes two; the rest is looking, and a try."""

SHY: Final = 8.0
"""In leases: how much longer, after somebody was fenced there or could not load it."""

WELL: Final = 1.5
"""In leases: whoever has been well for so long has renewed."""

SETTLED: Final = 40.0
"""In leases: once all is well, everything has found its place within this time."""


class Owners:
    """Follows claims, and who is there at each roll-call."""

    sees = (Claimed, Closed, NotOpened, FencedOff, BegunLate, Committed, StoredUnder, Roll, Healed, Closing)

    def __init__(self, lease_s: float, weights: dict[str, int]) -> None:
        self.lease_s = lease_s
        self.weights = weights
        self.excused_t = dict.fromkeys(weights, 0.0)
        self.owner: dict[str, str] = {}
        self.tokens: dict[str, int] = {}
        self.well_t: dict[str, float] = {}
        self.store_t = 0.0
        self.tellings: set[str] = set()
        self.healed_t: float | None = None
        self.roll: Roll | None = None

    def see(self, record: Record) -> Iterator[str]:
        """Follow."""
        match record:
            case Roll():
                yield from self.called(record)
            case Claimed():
                yield from self.claimed(record)
            case StoredUnder() if record.token != self.tokens.get(record.partition):
                yield f"no commit under an old token: {record.partition}, {record.token} of {self.tokens.get(record.partition)}"
            case Closed() if self.owner.get(record.partition) == record.worker:
                del self.owner[record.partition]
            case NotOpened() | FencedOff():
                self.owner.pop(record.partition, None)
                self.excused_t[record.partition] = record.t + SHY * self.lease_s
            case Committed():
                self.tellings |= {EFFECT_CODEC[1](data).telling for _, data in record.batch.effects}
            case BegunLate() if record.message.key not in self.tellings:
                yield f"a zombie tells nothing new: {record.worker} begins {record.message.key}, which was never stored"
            case Healed():
                self.healed_t = record.t
            case Closing():
                yield from self.fair()

    def leases(self, number: float) -> float:
        """So many leases, in seconds."""
        return number * self.lease_s

    def claimed(self, record: Claimed) -> Iterator[str]:
        """Somebody becomes the owner: of what nobody had, or somebody who was not well."""
        before = self.owner.get(record.partition)
        self.tokens[record.partition] = record.token
        if before == record.worker:
            return
        self.owner[record.partition] = record.worker
        well_t = self.well_t.get(before or "")
        if well_t is not None and record.t - max(well_t, self.store_t) > self.leases(WELL):
            yield f"nothing is taken from an owner who is well: {record.partition} of {before} by {record.worker}"
        if self.healed_t is not None and record.t - self.healed_t > self.leases(SETTLED):
            yield f"in the end nothing moves: {record.partition} goes to {record.worker}"

    def called(self, roll: Roll) -> Iterator[str]:
        """Who is there, and what is served."""
        self.roll = roll
        self.well_t = {post.worker: self.well_t.get(post.worker, roll.t) for post in roll.posts if post.well}
        if not roll.store:
            self.store_t = roll.t
        well_t = max(min(self.well_t.values(), default=roll.t), self.store_t)
        for partition, excused_t in self.excused_t.items():
            if partition in roll.served:
                self.excused_t[partition] = max(excused_t, roll.t)
            elif roll.t - max(excused_t, well_t) > self.leases(UNSERVED):
                yield f"each partition is served: {partition} waits since {max(excused_t, well_t):.0f} s, though somebody is well"

    def fair(self) -> Iterator[str]:
        """Nobody could be given less by one move that gives nobody more than they had; each partition runs in one place."""
        assert self.roll is not None
        runs = [partition for post in self.roll.posts for partition in post.runs]
        if sorted(runs) != sorted(self.weights):
            yield f"each partition runs once: {sorted(runs)}"
        shares = {post.worker: sum(self.weights[one] for one in post.runs) for post in self.roll.posts}
        least = min(shares.values())
        if any(self.weights[one] < shares[post.worker] - least for post in self.roll.posts for one in post.runs):
            yield f"shares are fair: {shares}"
