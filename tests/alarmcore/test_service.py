"""The service's one task: order, batches, failing commits, and inputs at which a step of ours fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flaky_journal import FlakyJournal
from test_runner import NOON, SLOT, Stage

from alarmcore import service as service_module
from alarmcore.errors import AlarmClosed, AlarmUnknown, CommitFailed, TakenByOther, Unavailable
from alarmcore.intake import Raw, Verdict
from alarmcore.model.alarm import AnswerAlarm, Slot
from alarmcore.runner import Item
from alarmcore.service import BACKLOG_MAX, BATCH_MAX, UNKEPT_S, Service
from dispatch.chain import Shown
from dispatch.telling import Told


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class Bench:
    """A service without its task: the tests say when a turn is taken."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.journal: FlakyJournal = self.stage.journal
        self.runner = self.stage.runner
        self.clock = HandClock()
        self.service = Service(self.runner, self.journal, self.clock, self.stage.registry)
        self.service.confirm = lambda tenant, device, verdict: self.heard.append((tenant, device, verdict))
        self.heard: list[tuple[str, str, Verdict]] = []
        self.answers: dict[str, Verdict | None] = {}

    def send(self, kind: str, device: str, tenant: str = "grastorp", **fields: Any) -> None:
        name = fields.get("id", f"{kind}-{device}")

        def done(verdict: Verdict | None) -> None:
            assert name not in self.answers, "answered twice"
            self.answers[name] = verdict
            self.journal.done.append(f"answer {name}")

        raw = Raw(tenant, device, kind, json.dumps(fields).encode(), self.clock.now(), done)
        self.service.accept(raw)

    async def turn(self) -> None:
        await self.service.turn()

    def open(self) -> dict[str, str]:
        """Slots with an open alarm (`resident/rule`), and why."""
        alarms = [alarm for alarm in self.runner.cache["lifecycle"].values() if alarm.state != "resolved"]
        return {f"{alarm.slot.resident}/{alarm.slot.rule}": alarm.why for alarm in alarms}

    def breaks(self, machine: str, when: Callable[[Any], bool]) -> None:
        """Let a machine's step fail at some events."""
        real = self.runner.machines[machine].step

        def step(state: Any, event: Any, now: datetime) -> Any:
            if when(event):
                raise ZeroDivisionError("58.3345 is nobody's business")
            return real(state, event, now)

        self.runner.machines[machine].step = step  # type: ignore[method-assign]

    def breaks_at(self, device: str) -> None:
        """Let the watch fail at the readings of one device."""
        self.breaks("watch", lambda event: getattr(getattr(event, "reading", None), "device", None) == device)


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


# -- a step that fails ----------------------------------------------------------------------------------------------------


async def test_a_reading_at_which_a_step_fails_harms_nobody_else(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.breaks_at("gps-2")
    for n in range(100):
        bench.send("heartbeat", f"gps-{n % 3 + 1}", id=f"h{n}")
    bench.send("button", "pendant-2", id="press")
    await bench.turn()
    assert list(bench.answers) == ["press", *(f"h{n}" for n in range(100))]
    wrong = {name for name, verdict in bench.answers.items() if verdict is None or verdict.status != "kept"}
    assert wrong == {f"h{n}" for n in range(100) if n % 3 == 1}
    assert bench.answers["h1"] == Verdict("h1", "rejected", "internal")
    assert [(q.device, q.reason) for q in bench.journal.quarantine][:1] == [("gps-2", "internal")]
    assert len(bench.journal.quarantine) == len(wrong)
    assert bench.open() == {"r2/press": "pressed"}
    said = capsys.readouterr().out
    assert "step_failed" in said
    assert "ZeroDivisionError" in said
    assert "58.3345" not in said


async def test_a_press_at_which_the_rules_fail_is_raised_past_them(bench: Bench) -> None:
    bench.breaks_at("pendant-1")
    bench.send("button", "pendant-1", id="one", at=NOON.timestamp())
    bench.send("button", "pendant-2", id="two", at=NOON.timestamp())
    await bench.turn()
    assert bench.answers == {"one": Verdict("one", "kept"), "two": Verdict("two", "kept")}
    assert bench.open() == {"r1/internal": "pressed internal", "r2/press": "pressed"}
    assert {tell.slot.resident for tell in bench.stage.performed} == {"r1", "r2"}
    assert bench.runner.next_wake_at() is not None
    assert [q.reason for q in bench.journal.quarantine] == ["internal"]


async def test_a_second_such_press_is_added_to_the_first(bench: Bench) -> None:
    bench.breaks_at("pendant-1")
    for name in ("one", "two"):
        bench.send("button", "pendant-1", id=name, at=NOON.timestamp())
        await bench.turn()
    assert bench.stage.events() == ["alarm.raised", "alarm.repeated"]


@pytest.mark.parametrize(("on_floor", "raised"), [(True, {"r1/internal": "on_floor_too_long internal"}), (False, {})])
async def test_a_person_on_the_floor_is_raised_past_the_rules_too(bench: Bench, on_floor: bool, raised: dict[str, str]) -> None:
    bench.breaks_at("gps-1")
    bench.send("floor", "gps-1", id="one", on_floor=on_floor)
    await bench.turn()
    assert bench.open() == raised
    assert bench.answers["one"] == (Verdict("one", "kept") if on_floor else Verdict("one", "rejected", "internal"))


async def test_a_press_that_can_be_kept_in_no_way_is_not_answered_and_shows_in_readiness(bench: Bench) -> None:
    bench.service.task = asyncio.create_task(asyncio.sleep(60))
    bench.breaks("lifecycle", lambda event: event.slot.resident == "r1")
    bench.send("button", "pendant-1", id="one")
    bench.send("button", "pendant-2", id="two")
    await bench.turn()
    assert bench.answers == {"one": None, "two": Verdict("two", "kept")}
    assert bench.heard == [("grastorp", "pendant-2", Verdict("two", "kept"))]
    assert not bench.service.healthy()
    bench.clock.at += timedelta(seconds=UNKEPT_S)
    assert bench.service.healthy()
    bench.service.task.cancel()


async def test_a_timer_at_which_a_step_fails_tells_the_centres_and_is_asked_again(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    bench.send("button", "pendant-2")
    await bench.turn()
    for tell in list(bench.stage.performed):
        await bench.stage.told(tell, NOON)
    bench.clock.at = NOON + timedelta(seconds=60)
    woke = bench.runner.machines["chain"].woke
    bench.breaks("chain", lambda event: event is woke and broken[0])
    broken = [True]
    await bench.turn()
    assert bench.open()["r1/internal"] == "internal"
    assert bench.open()["r2/internal"] == "internal"
    assert bench.runner.due(bench.clock.at, 10) == []
    broken[0] = False
    bench.clock.at += timedelta(seconds=60)
    await bench.turn()
    assert {(tell.slot.rule, tell.number) for tell in bench.stage.performed if tell.slot.resident == "r1"} >= {
        ("press", 0),
        ("press", 1),
        ("internal", 0),
    }


async def test_a_fact_at_which_a_step_fails_is_not_said_for_ever(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    await bench.turn()
    bench.breaks("chain", lambda event: isinstance(event, Shown))
    bench.service.tell(Item("chain", SLOT, Shown(SLOT, "x", "operator:anna")))
    bench.send("button", "pendant-2", id="two")
    await bench.turn()
    assert not bench.service.urgent
    assert bench.answers["two"] == Verdict("two", "kept")


async def test_an_answer_at_which_a_step_fails_is_refused_and_the_others_count(bench: Bench) -> None:
    bench.send("button", "pendant-1")
    bench.send("button", "pendant-2")
    await bench.turn()
    bench.breaks("lifecycle", lambda event: getattr(event, "by", "") == "operator:poison")
    waiting = []
    for number, by in ((1, "operator:poison"), (2, "operator:anna")):
        slot = Slot("grastorp", f"r{number}", "press")
        alarm = bench.runner.state("lifecycle", slot).id
        waiting.append(
            asyncio.create_task(bench.service.answer(AnswerAlarm(slot=slot, alarm=alarm, answer="take", by=by, via="console")))
        )
    await asyncio.sleep(0)
    await bench.turn()
    with pytest.raises(CommitFailed):
        await waiting[0]
    await waiting[1]


async def test_a_commit_that_fails_while_a_fault_is_looked_for_keeps_the_promise(bench: Bench) -> None:
    bench.breaks_at("gps-2")
    for n in range(1, 4):
        bench.send("heartbeat", f"gps-{n}", id=f"h{n}")
    bench.journal.fails.extend(["works", "before"])
    with pytest.raises(CommitFailed):
        await bench.turn()
    kept = {name for name, verdict in bench.answers.items() if verdict is not None}
    assert len(bench.answers) == 3
    assert len(kept) == len(bench.journal.batches)


async def test_a_door_that_fails_to_answer_does_not_end_the_service(bench: Bench) -> None:
    def broken(_tenant: str, _device: str, _verdict: Verdict) -> None:
        raise ZeroDivisionError

    bench.service.confirm = broken
    bench.send("button", "pendant-1", id="one")
    bench.send("button", "pendant-2", id="two")
    await bench.turn()
    assert bench.open() == {"r1/press": "pressed", "r2/press": "pressed"}


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
    monkeypatch.setattr(running.service, "_take", lambda: 1 / 0)
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
