"""Inputs at which a step of ours fails: out of the others' way, never out of sight, and no press lost by it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from service_bench import Bench
from test_runner import NOON, SLOT

from alarmcore.errors import CommitFailed
from alarmcore.intake import Verdict
from alarmcore.model.alarm import AnswerAlarm, Slot
from alarmcore.runner import Item
from alarmcore.service import UNKEPT_S
from dispatch.chain import Shown


@pytest.fixture
def bench() -> Bench:
    return Bench()


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
    bench.service.tell(Item("chain", SLOT, Shown(SLOT, "x", "operator:anna", bench.clock.now())))
    bench.send("button", "pendant-2", id="two")
    await bench.turn()
    assert not bench.service.facts
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
