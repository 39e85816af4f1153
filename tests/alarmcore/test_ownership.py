"""What a worker decides about partitions, event by event; and that shares come to rest whatever they begin with."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore import holding as at
from alarmcore.ownership import DEAF_AFTER, SHY_MAX, step
from alarmcore.shared import Lease, Partition, Standing
from alarmcore.shares import assigned, loads, move, weight_of

LEASE_S: Final = 10.0
EMPTY: Final = Standing({}, frozenset({"me"}))


def row(name: str = "p00", token: int = 0, owner: str | None = None, tenants: int = 1) -> Partition:
    return Partition(name, tuple(f"{name}-{n}" for n in range(tenants)), token, owner)


def looked(leases: dict[str, Lease] | None = None, *workers: str, forgotten: bool = False) -> at.Looked:
    return at.Looked(Standing(leases or {}, frozenset(workers or ("me",)), forgotten))


class Worker:
    """Feeds events and answers for itself what is asked of the stores, unless told otherwise."""

    def __init__(self, *rows: Partition) -> None:
        self.now = 0.0
        self.state = at.Ownership("me", LEASE_S)
        self.rows = rows or (row(),)
        self.see(at.Listed(self.rows, 0.0))

    def see(self, event: Any, at_s: float | None = None) -> list[Any]:
        """One event; what it decides, renewals and lists left out."""
        self.now = self.now if at_s is None else at_s
        outcome = step(self.state, event, self.now)
        self.state = outcome.state
        found = []
        for decision in outcome.decisions:
            if isinstance(decision, at.ListPartitions):
                found += self.see(at.Listed(self.rows, self.now))
            elif isinstance(decision, at.TakeLease) and self.stage(decision.partition) != "taking":
                found += self.see(at.LeaseTaken(decision.partition, self.now))
            else:
                found.append(decision)
        return found

    def stage(self, partition: str = "p00") -> str | None:
        one = self.state.mine.get(partition)
        return None if one is None else one.stage

    def open(self, partition: str = "p00", token: int = 7, at_s: float | None = None) -> None:
        """All the way to an open partition."""
        assert self.see(looked(), at_s) == [at.TakeLease(partition, 0)]
        assert self.see(at.LeaseTaken(partition, self.now)) == [at.ClaimToken(partition)]
        assert self.see(at.TokenClaimed(partition, token)) == [at.OpenPartition(partition, token)]
        self.rows = tuple(row(one.name, token, "me", len(one.tenants)) if one.name == partition else one for one in self.rows)
        assert self.see(at.PartitionOpened(partition)) == []
        assert self.stage(partition) == "open"


def held(owner: str = "me", token: int = 7, partition: str = "p00") -> dict[str, Lease]:
    return {partition: Lease(owner, token)}


def test_a_free_partition_is_taken_then_claimed_then_opened_and_its_lease_says_so_from_then_on() -> None:
    worker = Worker()
    worker.open()
    outcome = step(worker.state, looked(held()), 2.0)
    assert outcome.decisions[0] == at.TakeLease("p00", 7)


def test_a_lease_that_somebody_else_got_first_is_forgotten() -> None:
    worker = Worker()
    worker.see(looked())
    assert worker.see(at.LeaseRefused("p00")) == []
    assert worker.stage() is None


def test_a_partition_is_not_claimed_by_whoever_did_not_get_its_lease() -> None:
    worker = Worker()
    worker.see(looked())
    worker.see(at.LeaseUnanswered("p00"))
    assert worker.see(at.LeaseTaken("p00", 0.0)) == [], "an answer that comes too late counts for nothing"


@pytest.mark.parametrize(("forgotten", "silent"), [(True, False), (False, True)])
def test_after_the_store_was_lost_or_silent_a_whole_lease_passes_before_anything_is_taken_from_an_owner(
    forgotten: bool, silent: bool
) -> None:
    worker = Worker(row(token=3, owner="other"))
    if silent:
        worker.see(at.StoreSilent(), 1.0)
    said = [worker.see(looked(forgotten=forgotten), 2.0 + 2.0 * n) for n in range(5)]
    assert said == [[]] * 5
    last = worker.see(looked(forgotten=forgotten), 12.0)
    assert last == [*([at.RememberStandings()] if forgotten else []), at.TakeLease("p00", 0)]


def test_a_store_that_is_silent_again_begins_the_wait_anew() -> None:
    worker = Worker(row(token=3, owner="other"))
    worker.see(looked(forgotten=True), 2.0)
    worker.see(at.StoreSilent(), 11.0)
    assert worker.see(looked(forgotten=True), 13.0) == []
    assert worker.see(looked(forgotten=True), 22.9) == []
    assert at.TakeLease("p00", 0) in worker.see(looked(forgotten=True), 23.0)


def test_a_store_that_is_lost_again_before_it_was_told_to_remember_begins_the_wait_anew() -> None:
    worker = Worker(row(token=3, owner="other"))
    worker.see(looked(forgotten=True), 2.0)
    worker.see(looked(held("other"), "me", "other", forgotten=True), 4.0)
    assert worker.see(looked(forgotten=True), 12.0) == []
    assert worker.see(looked(forgotten=True), 21.9) == []
    assert at.TakeLease("p00", 0) in worker.see(looked(forgotten=True), 22.0)


def test_what_nobody_owns_by_the_databases_word_is_taken_though_the_store_has_forgotten() -> None:
    assert Worker().see(looked(forgotten=True), 1.0) == [at.TakeLease("p00", 0)]


def test_an_owner_who_is_there_but_late_gets_one_lease_more() -> None:
    worker = Worker(row(token=3, owner="other"))
    for n in range(10):
        worker.see(looked(held("other"), "me", "other"), 2.0 * n)
    assert [worker.see(looked({}, "me", "other"), 20.0 + 2.0 * n) for n in range(5)] == [[]] * 5
    assert worker.see(looked({}, "me", "other"), 40.0) == [at.TakeLease("p00", 0)]


def test_a_dead_owners_partition_is_taken_in_the_look_that_misses_it() -> None:
    worker = Worker(row(token=3, owner="other"))
    for n in range(10):
        worker.see(looked(held("other"), "me", "other"), 2.0 * n)
    assert worker.see(looked({}, "me"), 20.0) == [at.TakeLease("p00", 0)]


def test_what_is_for_somebody_else_is_taken_only_when_they_have_not_come_for_a_lease() -> None:
    worker = Worker(row("p00"), row("p01"))
    worker.state = at.Ownership("z", LEASE_S)
    worker.see(at.Listed((row("p00"),), 0.0))
    worker.rows = (row("p00"),)
    assert worker.see(looked({}, "a", "z"), 1.0) == []
    assert worker.see(looked({}, "a", "z"), 10.9) == []
    assert worker.see(looked({}, "a", "z"), 11.0) == [at.TakeLease("p00", 0)]


def test_a_claim_that_fails_is_tried_again_for_a_lease_and_then_left_to_others() -> None:
    worker = Worker()
    worker.see(looked())
    worker.see(at.LeaseTaken("p00", 0.0))
    worker.see(at.ClaimFailed("p00"))
    assert worker.see(looked(held(token=0)), 4.0) == [at.ClaimToken("p00")]
    worker.see(at.ClaimFailed("p00"))
    assert worker.see(looked(held(token=0)), 10.0) == [at.GiveUp("p00", 0)]
    worker.see(at.PartitionLeft("p00"))
    assert not worker.state.present(10.0), "others would move it here again"
    assert worker.see(looked({}), 12.0) == []
    assert worker.see(looked({}), 20.0) == [at.TakeLease("p00", 0)]


def test_a_claim_is_not_tried_again_by_whoever_has_lost_the_lease() -> None:
    worker = Worker()
    worker.see(looked())
    worker.see(at.LeaseTaken("p00", 0.0))
    worker.see(at.ClaimFailed("p00"))
    assert worker.see(looked(held("other", 0), "me", "other"), 4.0) == [at.GiveUp("p00", 0)]


def test_an_opening_that_fails_is_cleaned_up_and_keeps_us_away_twice_as_long_each_time() -> None:
    worker = Worker()
    free_at, waits = 0.0, []
    for token in range(6):
        worker.see(looked(), free_at)
        while worker.stage() is None:
            worker.see(looked(), worker.now + 1.0)
        waits.append(worker.now - free_at)
        worker.see(at.LeaseTaken("p00", worker.now))
        worker.see(at.TokenClaimed("p00", token + 1))
        assert worker.see(at.OpenFailed("p00")) == [at.ClosePartition("p00")]
        assert worker.see(at.PartitionClosed("p00")) == [at.GiveUp("p00", token + 1)]
        worker.see(at.PartitionLeft("p00"))
        free_at = worker.now
    assert waits == [0.0, 10.0, 20.0, 40.0, SHY_MAX * LEASE_S, SHY_MAX * LEASE_S]


def test_being_fenced_closes_the_partition_and_gives_nothing_back_but_the_lease() -> None:
    worker = Worker()
    worker.open()
    assert worker.see(at.WasFenced("p00")) == [at.ClosePartition("p00")]
    assert worker.see(at.WasFenced("p00")) == []
    assert worker.see(at.PartitionClosed("p00")) == [at.GiveUp("p00", 7)]


def test_fenced_while_it_is_being_opened_it_is_closed_once_it_is_open() -> None:
    worker = Worker()
    worker.see(looked())
    worker.see(at.LeaseTaken("p00", 0.0))
    worker.see(at.TokenClaimed("p00", 7))
    assert worker.see(at.WasFenced("p00")) == []
    assert worker.see(at.PartitionOpened("p00")) == [at.ClosePartition("p00")]


def test_a_newer_token_of_somebody_elses_is_being_fenced_and_one_of_our_own_is_not() -> None:
    worker = Worker()
    worker.open()
    assert worker.see(at.Listed((row(token=8, owner="me"),), 1.0)) == []
    assert worker.state.mine["p00"].token == 8
    assert worker.see(at.Listed((row(token=9, owner="other"),), 2.0)) == [at.ClosePartition("p00")]


def test_without_the_store_an_owner_goes_on() -> None:
    worker = Worker()
    worker.open()
    assert [worker.see(at.StoreSilent(), 2.0 * n) for n in range(100)] == [[]] * 100
    assert worker.stage() == "open"


def test_effects_are_hushed_only_when_somebody_else_is_named_and_our_lease_has_lapsed_for_a_lease() -> None:
    worker = Worker()
    worker.open(at_s=0.0)
    theirs = looked(held("other", 0), "me", "other")
    assert [worker.see(theirs, t) for t in (2.0, 10.0, 19.9)] == [[]] * 3
    assert worker.see(theirs, 20.0) == [at.HushPartition("p00")]
    assert worker.see(theirs, 22.0) == []
    # Ours again: what was not begun meanwhile is begun when it is opened anew.
    assert worker.see(looked(held()), 24.0) == [at.ClosePartition("p00")]


def test_without_the_database_a_worker_gives_up_to_those_who_are_there_and_to_nobody_else() -> None:
    worker = Worker()
    worker.open(at_s=0.0)
    listed_at = worker.state.listed_at or 0.0

    def deaf(leases: float, *workers: str) -> list[Any]:
        outcome = step(worker.state, looked(held(), *workers), listed_at + leases * LEASE_S)
        return [one for one in outcome.decisions if isinstance(one, at.ClosePartition)]

    assert deaf(DEAF_AFTER - 0.01, "me", "other") == []
    assert deaf(DEAF_AFTER, "me") == []
    assert deaf(DEAF_AFTER, "other") == [at.ClosePartition("p00")]
    assert not worker.state.present(listed_at + 1.01 * LEASE_S)
    assert worker.state.present(listed_at + LEASE_S)


def test_a_move_waits_until_all_has_been_calm_for_a_lease_and_is_made_by_its_giver() -> None:
    worker = Worker(row("p00"), row("p01"))
    for name in ("p00", "p01"):
        worker.see(looked(held("me", 7, "p00") if name == "p01" else {}))
        for one in list(worker.state.mine):
            if worker.stage(one) == "taking":
                worker.see(at.LeaseTaken(one, 0.0))
                worker.see(at.TokenClaimed(one, 7))
                worker.see(at.PartitionOpened(one))
    both = held() | held(partition="p01")
    worker.rows = (row("p00", 7, "me"), row("p01", 7, "me"))
    worker.see(looked(both, "me"), 2.0)
    assert worker.see(looked(both, "me", "new"), 4.0) == []
    assert worker.see(looked(both, "me", "new"), 13.9) == []
    assert worker.see(looked(both, "me", "new"), 14.0) == [at.ClosePartition("p00")]
    assert worker.see(looked(both, "me", "new"), 30.0) == [], "one after the other"
    assert worker.see(at.PartitionClosed("p00")) == [at.GiveUp("p00", 7)]


def test_a_drain_waits_for_each_partition_to_be_open_elsewhere_or_for_a_lease() -> None:
    worker = Worker(row("p00"), row("p01"), row("p02"))
    worker.see(looked())
    for name in ("p00", "p01", "p02"):
        worker.see(at.LeaseTaken(name, 0.0))
        worker.see(at.TokenClaimed(name, 7))
        worker.see(at.PartitionOpened(name))
    rest = held(partition="p01") | held(partition="p02")
    worker.see(looked(held() | rest, "me", "new"), 0.0)
    assert worker.see(at.DrainBegan()) == [at.ClosePartition("p00")]
    worker.see(at.PartitionClosed("p00"))
    assert worker.see(at.PartitionLeft("p00")) == []
    assert worker.see(looked(rest | held("new", 0), "new"), 2.0) == []
    assert worker.see(looked(rest | held("new", 8), "new"), 4.0) == [at.ClosePartition("p01")]
    worker.see(at.PartitionClosed("p01"))
    worker.see(at.PartitionLeft("p01"))
    assert worker.see(looked(held(partition="p02"), "new"), 13.9) == []
    assert worker.see(looked(held(partition="p02"), "new"), 14.0) == [at.ClosePartition("p02")]
    worker.see(at.PartitionClosed("p02"))
    assert not worker.state.drained()
    worker.see(at.PartitionLeft("p02"))
    assert worker.state.drained()
    assert worker.see(looked({}, "new"), 60.0) == [], "it takes nothing any more"


def test_what_is_being_taken_when_a_drain_begins_is_let_go() -> None:
    worker = Worker(row("p00"), row("p01"))
    worker.see(looked())
    worker.see(at.LeaseTaken("p01", 0.0))
    worker.see(at.DrainBegan())
    assert worker.see(at.LeaseTaken("p00", 0.0)) == [at.GiveUp("p00", 0)]
    assert worker.see(at.TokenClaimed("p01", 4)) == [at.GiveUp("p01", 4)]


# -- shares ---------------------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "d"])
towns = st.lists(st.integers(1, 9), min_size=1, max_size=16).map(
    lambda weights: [row(f"p{n:02}", tenants=weight) for n, weight in enumerate(weights)]
)


@given(towns, st.lists(names, min_size=16, max_size=16), st.sets(names, min_size=1))
def test_moves_come_to_an_end_and_then_no_other_would_make_it_fairer(
    known: list[Partition], owners: list[str], workers: set[str]
) -> None:
    holders = {one.name: owner for one, owner in zip(known, owners, strict=False)}
    for _ in range(len(known) * len(workers) + 1):
        best = move(known, holders, workers)
        if best is None:
            break
        load = loads(known, holders, workers)
        assert holders[best.partition] == best.giver
        del holders[best.partition]
        # Whoever takes what is free takes it without being told for whom it was.
        taker = assigned([one for one in known if one.name == best.partition], loads(known, holders, workers))
        holders |= taker
        assert load[taker[best.partition]] == min(load.values())
        assert taker[best.partition] != best.giver
    else:
        pytest.fail("it moves for ever")


@given(towns, st.sets(names, min_size=1))
def test_what_is_free_is_spread_so_that_nobody_has_more_than_the_heaviest_above_another(
    known: list[Partition], workers: set[str]
) -> None:
    holders = assigned(known, dict.fromkeys(workers, 0))
    load = loads(known, holders, workers)
    assert set(holders) == {one.name for one in known}
    assert max(load.values()) - min(load.values()) <= max(map(weight_of, known))


@given(towns, st.lists(names, min_size=16, max_size=16), names)
def test_a_dead_workers_partitions_move_and_no_others(known: list[Partition], owners: list[str], dead: str) -> None:
    living = {"a", "b", "c", "d"} - {dead}
    holders = {one.name: owner for one, owner in zip(known, owners, strict=False)}
    free = [one for one in known if holders[one.name] == dead]
    found = assigned(free, loads(known, {p: w for p, w in holders.items() if w != dead}, living))
    assert set(found) == {one.name for one in free}
    assert set(found.values()) <= living
