"""Bugs that only show where several workers share one database, to be planted one at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
from msgspec.structs import replace

from alarmcore import holding as at
from alarmcore import ownership, shares
from alarmcore.errors import Fenced
from alarmcore.owner import Owner
from alarmcore.ownership import Course
from alarmcore.runner import Runner
from alarmcore.shared import Partition
from tests.simulation.deeds import Deeds

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def token_not_checked(patch: Patch) -> None:
    """The database stores what comes, whoever sends it."""
    patch.setattr(Deeds, "valid", lambda *_: True)


def same_token_after_a_broken_line(patch: Patch) -> None:
    """A connection that begins anew goes on under the token of the one before, whose last commit may still come."""

    def same(self: Deeds, partition: str, token: int) -> int:
        if self.rows[partition].token != token:
            raise Fenced(partition)
        return token

    patch.setattr(Deeds, "next", same)


def fenced_is_taken_for_kept(patch: Patch) -> None:
    """A commit that was refused because the partition is another's is answered as if it had worked."""
    run = Runner.run

    async def hopeful(self: Runner, *given: Any) -> Any:
        with suppress(Fenced):
            return await run(self, *given)

    patch.setattr(Runner, "run", hopeful)


def fenced_is_not_the_end(patch: Patch) -> None:
    """A worker that has been fenced goes on as if nothing had happened."""
    patch.setattr(Course, "fenced", lambda *_: None)


def leases_are_not_looked_at(patch: Patch) -> None:
    """Whatever this worker does not have is free."""
    patch.setattr(Course, "free", lambda self, partition: partition not in self.state.mine)
    patch.setattr(Course, "may_take", lambda *_: True)


def a_forgetful_store_is_believed(patch: Patch) -> None:
    """That a store names nobody means that nobody is there."""
    may_take = Course.may_take

    def hasty(self: Course, row: Partition, standing: Any) -> bool:
        self.state = replace(self.state, seen_since=-1e9)
        return may_take(self, row, standing)

    patch.setattr(Course, "may_take", hasty)
    patch.setattr(Course, "late", lambda *_: False)


def loading_is_not_renewed(patch: Patch) -> None:
    """While a partition is loaded nobody renews its lease."""
    renew = Course.renew

    def lazy(self: Course, partition: str) -> None:
        if self.state.mine[partition].stage != "opening":
            renew(self, partition)

    patch.setattr(Course, "renew", lazy)


def the_dead_are_waited_for(patch: Patch) -> None:
    """Nothing is taken from an owner that has not given it back, dead or alive."""
    may_take = Course.may_take
    patch.setattr(Course, "may_take", lambda self, row, standing: row.owner is None and may_take(self, row, standing))


def the_deaf_keep_what_they_have(patch: Patch) -> None:
    """A worker that has lost the database renews its leases for ever."""
    patch.setattr(Course, "deaf", lambda _: False)


def nobody_gives_anything_up(patch: Patch) -> None:
    """Whoever comes later gets nothing."""
    patch.setattr(ownership, "move", lambda *_: None)


def moves_never_end(patch: Patch) -> None:
    """A partition is moved although that only turns the difference round."""
    move = shares.move

    def restless(partitions: Any, holders: Any, workers: Any) -> Any:
        known = list(partitions)
        best = move(known, holders, workers)
        load = shares.loads(known, holders, workers)
        most = max(load, key=lambda name: (load[name], name), default=None)
        held = sorted(name for name, holder in holders.items() if holder == most)
        return best or (shares.Move(held[0], most) if held and most is not None and len(load) > 1 else None)

    patch.setattr(ownership, "move", restless)


def leases_are_left_to_lapse(patch: Patch) -> None:
    """Renewals are forgotten once a partition is open."""
    renew = Course.renew

    def forgetful(self: Course, partition: str) -> None:
        if self.state.mine[partition].stage != "open":
            renew(self, partition)

    patch.setattr(Course, "renew", forgetful)


def a_failed_opening_is_not_noticed(patch: Patch) -> None:
    """A partition that could not be loaded is held all the same."""
    perform = Owner._open

    async def blind(self: Owner, decision: at.OpenPartition) -> Any:
        await perform(self, decision)
        return at.PartitionOpened(decision.partition)

    patch.setattr(Owner, "_open", blind)


SHARED_PLANTS: Final[tuple[Plant, ...]] = (
    token_not_checked,
    same_token_after_a_broken_line,
    fenced_is_taken_for_kept,
    fenced_is_not_the_end,
    leases_are_not_looked_at,
    a_forgetful_store_is_believed,
    loading_is_not_renewed,
    the_dead_are_waited_for,
    the_deaf_keep_what_they_have,
    nobody_gives_anything_up,
    moves_never_end,
    leases_are_left_to_lapse,
    a_failed_opening_is_not_noticed,
)
