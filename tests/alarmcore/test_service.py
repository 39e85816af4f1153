"""The service's one task: order, batches, failing commits, and a task that never ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from service_bench import Bench
from test_runner import NOON, SLOT

from alarmcore import service as service_module
from alarmcore.errors import AlarmClosed, AlarmUnknown, CommitFailed, TakenByOther, Unavailable
from alarmcore.intake import Raw, Verdict
from alarmcore.model.alarm import AnswerAlarm
from alarmcore.runner import Item
from alarmcore.service import BACKLOG_MAX, BATCH_MAX, BESIDE_WAKES_MAX
from dispatch.telling import Told


@pytest.fixture
def bench() -> Bench:
    return Bench()


KEPT = Verdict(None, "kept")


# -- keeping and answering ------------------------------------------------------------------------------------------------


async def test_nothing_is_answered_before_the_commit(bench: Bench) -> None:
    bench.send("button", "pendant-1", id="one")
    assert bench.answers == {}
    await bench.turn()
    assert bench.answers == {"one": Verdict("one", "kept")}
    assert bench.journal.done == ["commit", "perform", "answer one"]
    assert bench.heard == [("grastorp", "pendant-1", Verdict("one", "kept"))]


async def test_a_reading_without_an_id_is_answered_and_not_confirmed(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    await bench.turn()
    assert bench.answers == {"button-pendant-1": KEPT}
    assert bench.heard == []


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_commit_that_fails_confirms_nothing_and_the_repeat_is_kept_once(bench: Bench, fails: Any) -> None:
    bench.journal.fails.append(fails)
    bench.send("button", "pendant-1", id="one", at=NOON.timestamp())
    bench.send("position", "gps-2", id="two", at=NOON.timestamp(), lat=58.0, lon=12.0)
    with pytest.raises(CommitFailed):
        await bench.turn()
    assert bench.answers == {"one": None, "two": None}
    assert bench.heard == []
    bench.answers.clear()
    bench.send("button", "pendant-1", id="one", at=NOON.timestamp())
    await bench.turn()
    assert bench.answers == {"one": Verdict("one", "kept")}
    assert bench.stage.events() == ["alarm.raised"]


async def test_what_waits_is_told_too_when_nothing_can_be_kept(bench: Bench) -> None:
    for n in range(BATCH_MAX + 5):
        bench.send("heartbeat", "gps-1", id=f"h{n}")
    bench.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await bench.turn()
    assert len(bench.answers) == BATCH_MAX + 5
    assert not bench.service.telemetry


async def test_a_fact_that_nobody_waits_for_is_said_again_until_it_is_kept(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    await bench.turn()
    (tell,) = bench.stage.performed
    told = Told(slot=SLOT, alarm=tell.alarm.id, id=tell.id, ref=tell.ref, number=0, channel=tell.channel, ok=True)
    bench.service.tell(Item("chain", SLOT, told))
    bench.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await bench.turn()
    await bench.turn()
    assert bench.stage.events() == ["alarm.raised", "alarm.told"]


async def test_a_persons_answer_that_was_not_kept_is_theirs_to_repeat(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    await bench.turn()
    alarm = bench.runner.state("lifecycle", SLOT)
    bench.journal.fails.append("before")
    answer = AnswerAlarm(slot=SLOT, alarm=alarm.id, answer="take", by="operator:anna", via="console")
    waiting = asyncio.create_task(bench.service.answer(answer))
    await asyncio.sleep(0)
    with pytest.raises(CommitFailed):
        await bench.turn()
    with pytest.raises(CommitFailed):
        await waiting
    again = asyncio.create_task(bench.service.answer(answer))
    await asyncio.sleep(0)
    await bench.turn()
    await again
    assert bench.runner.state("lifecycle", SLOT).taken_by == "operator:anna"


async def test_answers_that_do_not_fit_say_why(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    await bench.turn()
    alarm = bench.runner.state("lifecycle", SLOT).id

    async def answered(word: Any, by: str, which: str = alarm, **more: Any) -> None:
        answer = AnswerAlarm(slot=SLOT, alarm=which, answer=word, by=by, via="console", **more)
        waiting = asyncio.create_task(bench.service.answer(answer))
        await asyncio.sleep(0)
        await bench.turn()
        await waiting

    await answered("take", "operator:anna")
    with pytest.raises(TakenByOther, match="operator:anna"):
        await answered("take", "operator:bo")
    with pytest.raises(AlarmUnknown):
        await answered("take", "operator:bo", "none")
    await answered("resolve", "operator:anna", outcome="helped")
    with pytest.raises(AlarmClosed):
        await answered("take", "operator:bo")


# -- order and limits -----------------------------------------------------------------------------------------------------


async def test_a_press_overtakes_all_telemetry(bench: Bench) -> None:
    for n in range(BATCH_MAX * 3):
        bench.send("heartbeat", "gps-1", id=f"h{n}")
    bench.send("button", "pendant-1", id="press")
    bench.send("fall", "pendant-2", id="fall")
    await bench.turn()
    assert list(bench.answers)[:2] == ["press", "fall"]
    assert len(bench.answers) == BATCH_MAX
    assert bench.open() == {"r1/press": "pressed"}


async def test_telemetry_stands_back_while_timers_wait_and_presses_do_not(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "WAKES_MAX", 1)
    bench.send("button", "pendant-1", id="one")
    bench.send("button", "pendant-2", id="two")
    await bench.turn()
    assert len(bench.open()) == 2
    bench.clock.at = NOON + timedelta(hours=1)
    bench.answers.clear()
    for n in range(BATCH_MAX):
        bench.send("heartbeat", "gps-1", id=f"h{n}")
    bench.send("fall", "pendant-1", id="fall")
    await bench.turn()
    assert len(bench.answers) == BESIDE_WAKES_MAX + 1
    assert bench.answers["fall"] == Verdict("fall", "kept")
    monkeypatch.setattr(service_module, "WAKES_MAX", 1000)
    await bench.turn()
    assert len(bench.answers) == BATCH_MAX + 1


async def test_readings_of_one_lane_are_handled_in_their_order(bench: Bench) -> None:
    for n in range(BATCH_MAX + 10):
        bench.send("heartbeat", f"gps-{n % 3 + 1}", id=f"h{n}")
    await bench.turn()
    await bench.turn()
    assert list(bench.answers) == [f"h{n}" for n in range(BATCH_MAX + 10)]


@pytest.mark.parametrize("kind", ["button", "heartbeat"])
async def test_a_lane_that_is_full_says_busy_and_the_other_goes_on(
    bench: Bench, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BACKLOG_MAX >= 10_000
    monkeypatch.setattr(service_module, "BACKLOG_MAX", 3)
    for n in range(3):
        bench.send(kind, "pendant-1", id=f"{n}")
    with pytest.raises(Unavailable):
        bench.send(kind, "pendant-1", id="3")
    bench.send("heartbeat" if kind == "button" else "button", "pendant-1", id="other")
    await bench.turn()
    bench.send(kind, "pendant-1", id="4")


async def test_a_list_is_answered_in_its_order(bench: Bench) -> None:
    raws = [
        Raw("grastorp", "gps-1", "heartbeat", b'{"id": "a"}', NOON),
        Raw("grastorp", "gps-1", "nonsense", b'{"id": "b"}', NOON),
        Raw("grastorp", "pendant-1", "button", b'{"id": "c"}', NOON),
    ]
    waiting = asyncio.create_task(bench.service.submit(raws))
    await asyncio.sleep(0)
    await bench.turn()
    assert await waiting == [Verdict("a", "kept"), Verdict("b", "rejected", "unknown_kind"), Verdict("c", "kept")]


# -- the task itself ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def running(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    """A bench whose task runs; it waits for nothing after a failure."""
    monkeypatch.setattr(service_module, "RETRY_S", 0)
    await bench.service.start()
    yield bench
    await bench.service.close()


async def turned(bench: Bench, done: Callable[[], bool]) -> None:
    """Let the task go on until something is so; a task that is stuck never gets there."""
    for _ in range(2000):
        if done():
            return
        await asyncio.sleep(0)
    raise AssertionError("the task did not get there")


async def test_the_task_survives_failing_commits_and_is_healthy_again_by_itself(running: Bench) -> None:
    running.journal.fails.extend(["before"] * 3)
    running.send("button", "pendant-1", id="one")
    await turned(running, lambda: "one" in running.answers)
    assert not running.service.healthy()
    await turned(running, running.service.healthy)
    assert running.journal.fails == type(running.journal.fails)()
    running.answers.clear()
    running.send("button", "pendant-1", id="one")
    await turned(running, lambda: running.answers.get("one") is not None)


async def test_the_task_survives_what_nobody_thought_of(running: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = running.service._take
    monkeypatch.setattr(running.service, "_take", lambda _most: 1 / 0)
    running.send("button", "pendant-1", id="one")
    await turned(running, lambda: not running.service.healthy())
    monkeypatch.setattr(running.service, "_take", real)
    await turned(running, lambda: "one" in running.answers)
    assert running.answers["one"] == Verdict("one", "kept")


async def test_a_timer_that_does_not_move_lets_others_have_their_turn(running: Bench) -> None:
    running.send("button", "pendant-1", id="one")
    await turned(running, lambda: "one" in running.answers)
    chain = running.runner.machines["chain"]
    woke, real = chain.woke, chain.step
    asked = []

    def step(state: Any, event: Any, now: datetime) -> Any:
        if event is not woke:
            return real(state, event, now)
        asked.append(now)
        return type(real(state, event, now))(state)

    chain.step = step  # type: ignore[method-assign]
    running.clock.at = NOON + timedelta(hours=1)
    running.send("button", "pendant-2", id="two")
    await turned(running, lambda: "two" in running.answers)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(asked) == 1
