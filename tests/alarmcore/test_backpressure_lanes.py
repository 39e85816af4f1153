"""What waits for a commit: bounded by number and bytes, fair between tenants, presses before telemetry, everything answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from flaky_journal import FlakyJournal
from service_bench import Bench
from structlog.testing import capture_logs
from test_runner import NOON, SLOT

from alarmcore import busy, lanes, metrics
from alarmcore import service as service_module
from alarmcore.errors import CommitFailed, Unavailable
from alarmcore.intake import Raw, Verdict
from alarmcore.lanes import OVERHEAD, Lane
from alarmcore.runner import Item
from alarmcore.service import ACTS_AT_ONCE_MAX, BATCH_MAX
from dispatch.chain import Shown


def raw(tenant: str, name: int = 0, size: int = 10, principal: str | None = None) -> Raw:
    return Raw(tenant, f"gps-{name}", "heartbeat", bytes(size), NOON, principal=principal)


def counted(limit: str) -> float:
    value: float = metrics.BUSY.labels(limit)._value.get()
    return value


def seen(raws: list[Raw]) -> list[str]:
    return [f"{one.tenant}/{one.device}" for one in raws]


# -- one lane -------------------------------------------------------------------------------------------------------------


def test_tenants_take_turns_and_each_keeps_its_order() -> None:
    lane = Lane("telemetry")
    for n in range(1000):
        lane.put(raw("loud", n), 10_000)
    for n in range(3):
        lane.put(raw("quiet", n), 10_000)
    first = lane.take(100)
    assert len(first) == 100
    assert [name for name in seen(first) if name.startswith("quiet")] == ["quiet/gps-0", "quiet/gps-1", "quiet/gps-2"]
    rest = lane.take(10_000)
    assert seen([*first, *rest])[-1] == "loud/gps-999"
    loud = [one.device for one in (*first, *rest) if one.tenant == "loud"]
    assert loud == [f"gps-{n}" for n in range(1000)]
    assert (len(lane), lane.bytes, lane.weights) == (0, 0, {})


def test_whoever_was_not_served_comes_first_with_the_next_turn() -> None:
    lane = Lane("telemetry")
    for tenant in "abcde":
        for n in range(2):
            lane.put(raw(tenant, n), 100)
    turns = [seen(lane.take(2)) for _ in range(5)]
    assert turns == [
        ["a/gps-0", "b/gps-0"],
        ["c/gps-0", "d/gps-0"],
        ["e/gps-0", "a/gps-1"],
        ["b/gps-1", "c/gps-1"],
        ["d/gps-1", "e/gps-1"],
    ]


def test_a_full_lane_says_busy_to_whoever_filled_it_and_makes_room_for_the_others() -> None:
    lane = Lane("telemetry")
    given_back: list[str] = []
    before = counted("telemetry")
    for n in range(100):
        one = raw("loud", n)
        one.done = lambda verdict, n=n: given_back.append(f"{n} {verdict}")
        lane.put(one, 100)
    with pytest.raises(Unavailable):
        lane.put(raw("loud", 100), 100)
    for n in range(10):
        lane.put(raw("quiet", n), 100)
    assert given_back == [f"{n} None" for n in range(99, 89, -1)], "the newest ones, whose devices repeat them"
    assert Counter(one.tenant for one in lane) == {"loud": 90, "quiet": 10}
    assert counted("telemetry") - before == 11
    for n in range(10, 60):
        try:
            lane.put(raw("quiet", n), 100)
        except Unavailable:
            break
    assert Counter(one.tenant for one in lane) == {"loud": 50, "quiet": 50}, "nobody gets more than an equal part in the end"


def test_bytes_are_bounded_as_well_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BYTES_MAX", 10 * (1000 + OVERHEAD))
    lane = Lane("telemetry")
    for n in range(10):
        lane.put(raw("loud", n, size=1000), 10_000)
    with pytest.raises(Unavailable):
        lane.put(raw("loud", 10, size=1000), 10_000)
    lane.put(raw("quiet", size=1500), 10_000)
    assert Counter(one.tenant for one in lane) == {"loud": 8, "quiet": 1}
    assert lane.bytes == sum(len(one.payload) + OVERHEAD for one in lane)
    assert len(lane.drain()) == 9
    assert (len(lane), lane.bytes) == (0, 0)


def test_a_device_that_names_others_tenants_takes_its_own_tenants_room() -> None:
    lane = Lane("telemetry")
    for n in range(50):
        lane.put(raw(f"made-up-{n}", principal="loud/gps-1"), 50)
    assert list(lane.waiting) == ["loud"]
    with pytest.raises(Unavailable):
        lane.put(raw("quiet", principal="loud/gps-1"), 50)
    lane.put(raw("quiet", principal="quiet/gps-1"), 50)
    assert lane.weights["quiet"] == 10 + OVERHEAD


# -- the words and the log -------------------------------------------------------------------------------------------------


def test_a_flood_is_counted_in_full_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1e9]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    before = counted("requests")
    with capture_logs() as logs:
        for _ in range(1000):
            busy.turned_away("requests", tenant="grastorp")
        now[0] += busy.SAID_S
        busy.turned_away("requests", tenant="grastorp")
        busy.turned_away("requests", tenant="grastorp")
    assert counted("requests") - before == 1002
    assert [(line["event"], line["limit"], line["times"]) for line in logs] == [
        ("busy", "requests", 1),
        ("busy", "requests", 1000),
    ]


def test_a_word_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        busy.turned_away("something")


# -- the service -----------------------------------------------------------------------------------------------------------


class SlowJournal(FlakyJournal):
    """Its commits take their time, and say what they have kept."""

    def __init__(self, takes_s: float) -> None:
        super().__init__()
        self.takes_s = takes_s

    async def commit(self, batch: Any) -> int:
        await asyncio.sleep(self.takes_s)
        return await super().commit(batch)


async def test_a_press_in_the_middle_of_a_flood_is_in_the_next_commit() -> None:
    bench = Bench()
    for n in range(5 * BATCH_MAX):
        bench.send("heartbeat", "gps-1", id=f"h{n}")
    await bench.turn()
    bench.send("button", "pendant-1", id="press")
    await bench.turn()
    assert bench.answers["press"] == Verdict("press", "kept")
    assert len(bench.answers) == 2 * BATCH_MAX, "the telemetry that waited longer fills what is left of that commit"


async def test_a_press_is_not_held_up_by_thousands_of_facts_from_screens() -> None:
    bench = Bench()
    for n in range(4 * BATCH_MAX):
        bench.service.tell(Item("chain", SLOT, Shown(SLOT, "x", f"operator:{n}", NOON)))
    bench.send("button", "pendant-1", id="press")
    await bench.turn()
    assert bench.answers["press"] == Verdict("press", "kept")
    assert len(bench.service.facts) == 4 * BATCH_MAX - ACTS_AT_ONCE_MAX


async def test_people_are_told_busy_when_too_many_acts_wait_and_facts_hold_screens_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "ACTS_MAX", 2)
    monkeypatch.setattr(service_module, "FACTS_MAX", 2)
    bench = Bench()
    item = Item("chain", SLOT, Shown(SLOT, "x", "operator:anna", NOON))
    before = counted("acts")
    waiting = [asyncio.create_task(bench.service.act(item)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="do this again"):
        await bench.service.act(item)
    assert counted("acts") - before == 1
    bench.service.tell(item)
    assert not bench.service.crowded
    bench.service.tell(item)
    assert bench.service.crowded
    await bench.turn()
    assert not bench.service.crowded
    await asyncio.gather(*waiting)


async def test_facts_keep_their_order_when_a_commit_fails() -> None:
    bench = Bench()
    for n in range(ACTS_AT_ONCE_MAX + 10):
        bench.service.tell(Item("chain", SLOT, Shown(SLOT, "x", f"operator:{n}", NOON)))
    bench.send("button", "pendant-1", id="press")
    bench.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await bench.turn()
    assert [fact.item.event.by for fact in bench.service.facts] == [f"operator:{n}" for n in range(ACTS_AT_ONCE_MAX + 10)]


async def test_what_is_told_busy_is_repeated_and_kept_in_the_end_and_nothing_else_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device sends on and on, whatever it is told; every reading is kept once, though each commit takes its time."""
    monkeypatch.setattr(service_module, "BACKLOG_MAX", 50)
    bench = Bench()
    journal = SlowJournal(0.002)
    bench.service.journal = bench.runner.journal = bench.journal = journal
    service = bench.service
    await service.start()
    kept: Counter[str] = Counter()
    refused = 0

    async def device(tenant: str, number: int) -> None:
        nonlocal refused
        for n in range(20):
            name = f"{tenant}-{number}-{n}"
            while True:
                answered: asyncio.Future[Verdict | None] = asyncio.get_running_loop().create_future()
                one = Raw(tenant, "gps-1", "heartbeat", f'{{"id": "{name}"}}'.encode(), NOON, answered.set_result)
                try:
                    service.accept(one)
                except Unavailable:
                    answered.set_result(None)
                verdict = await answered
                if verdict is not None:
                    kept[name] += verdict.status == "kept"
                    break
                refused += 1
                await asyncio.sleep(0.001)

    async with asyncio.timeout(60):
        await asyncio.gather(*(device("grastorp", number) for number in range(100)))
    await service.close()
    assert refused > 100, "it was never overloaded"
    assert len(kept) == 2000
    assert set(kept.values()) == {1}
    assert len({identity for batch in journal.batches for identity, _ in batch.identities}) == 2000
