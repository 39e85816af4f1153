"""The auditor where memory and journal differ, where nothing is heard, and where it cannot look itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from audit_rounds import CHAIN, LIFECYCLE, Rounds, erase, forget, gauge, reasons, told
from service_bench import Bench
from structlog.testing import capture_logs
from test_runner import SLOT

from alarmcore import auditor as auditor_module
from alarmcore import metrics
from alarmcore.auditor import COMMIT_MAX_S, PROBE_S, SETTLED_S, STALE_S, Auditor
from alarmcore.errors import Unavailable
from alarmcore.ports import KEEPERS

# -- memory and journal ---------------------------------------------------------------------------------------------------


async def test_an_alarm_that_memory_has_lost_is_taken_up_again_as_it_is_stored(rounds: Rounds) -> None:
    bench = rounds.bench
    before = bench.runner.state("lifecycle", SLOT)
    for machine in KEEPERS:
        forget(bench, machine)
    await rounds.look(2)
    assert rounds.said == [], "memory may be behind a turn that is under way"
    await rounds.look(1, COMMIT_MAX_S)
    await rounds.look(2)
    assert rounds.said == [("not_stored", "grastorp/r1/press/")]
    assert bench.runner.state("lifecycle", SLOT) == before
    assert bench.stage.performed[-1].ref == "unit:centre"
    await rounds.look()
    assert rounds.troubles == ""


async def test_a_resolved_alarm_that_is_stored_as_open_is_stored_again(rounds: Rounds) -> None:
    bench = rounds.bench
    opened = bench.runner.state("lifecycle", SLOT)
    await bench.stage.answer("resolve", "operator:anna", bench.clock.at, outcome="helped")
    bench.journal.alarms[opened.id] = opened
    bench.journal.opened[SLOT] = opened.id
    await rounds.look(2, COMMIT_MAX_S)
    assert bench.journal.opened == {}
    assert bench.journal.alarms[opened.id].state == "resolved"
    assert reasons(bench) == []


async def test_an_alarm_that_is_not_stored_at_all_is_stored(rounds: Rounds) -> None:
    bench = rounds.bench
    alarm = bench.runner.state("lifecycle", SLOT)
    bench.journal.opened.clear()
    bench.journal.alarms.clear()
    for name in (CHAIN, LIFECYCLE):
        del bench.journal.stored[name]
    await rounds.look(3, COMMIT_MAX_S)
    assert rounds.said == [("not_stored", "grastorp/r1/press/")]
    assert list(bench.journal.alarms) == [alarm.id]
    assert bench.journal.stored[CHAIN].wake_at == bench.runner.state("chain", SLOT).wake_at


# -- overdue --------------------------------------------------------------------------------------------------------------


async def test_a_service_that_does_not_get_to_its_timers_is_overdue_from_the_second_look_on(rounds: Rounds) -> None:
    rounds.bench.clock.at += timedelta(minutes=5)
    await rounds.auditor.audit()
    assert rounds.troubles == "", "a process that was stopped has had no turn yet"
    await rounds.auditor.audit()
    assert rounds.troubles == "2 steps that are overdue"
    assert gauge(metrics.OVERDUE) == 2
    assert rounds.beats == 1
    await rounds.bench.turn()
    await rounds.look()
    assert gauge(metrics.OVERDUE) == 0
    assert rounds.beats == 2


# -- effects --------------------------------------------------------------------------------------------------------------


async def test_a_telling_of_which_nothing_is_heard_is_begun_again_without_a_restart(rounds: Rounds) -> None:
    bench = rounds.bench
    (name,) = bench.journal.pending
    await rounds.auditor.audit()
    bench.clock.at += timedelta(seconds=SETTLED_S)
    await rounds.auditor.audit()
    assert [tell.id for tell in bench.stage.performed].count(name) == 1
    bench.clock.at += timedelta(seconds=1)
    with capture_logs() as logs:
        await rounds.auditor.audit()
    assert [line["about"] for line in logs if line.get("finding") == "unsettled"] == [name]
    assert [tell.id for tell in bench.stage.performed].count(name) == 2
    await rounds.auditor.audit()
    assert [tell.id for tell in bench.stage.performed].count(name) == 2, "it has its time again"
    assert rounds.troubles == ""


async def test_a_telling_that_waits_for_somebody_to_look_may_wait(rounds: Rounds) -> None:
    rounds.auditor.patient = lambda _: True
    await rounds.auditor.audit()
    rounds.bench.clock.at += timedelta(seconds=SETTLED_S + 1)
    await rounds.auditor.audit()
    assert not [finding for finding in rounds.auditor.standing if finding.slip == "unsettled"]


# -- when the audit itself fails ------------------------------------------------------------------------------------------


async def test_a_journal_that_cannot_be_read_fails_the_audit_and_no_sign_of_life_is_given(rounds: Rounds) -> None:
    broken = True
    real = rounds.bench.journal.open_alarms

    async def open_alarms(after: str, limit: int) -> Any:
        if broken:
            raise Unavailable("the disk cannot be read")
        return await real(after, limit)

    rounds.bench.journal.open_alarms = open_alarms  # type: ignore[method-assign]
    await rounds.look(3)
    assert rounds.beats == 0
    assert rounds.troubles == "the last audit was not completed: the disk cannot be read"
    assert [line["event"] for line in rounds.log].count("audit_failed") == 1, "said once, not every two seconds"
    broken = False
    await rounds.look()
    assert (rounds.troubles, rounds.beats) == ("", 1)


async def test_a_fault_of_ours_fails_the_audit_and_says_nothing_that_somebody_sent(rounds: Rounds) -> None:
    async def unsettled(limit: int) -> Any:
        raise ZeroDivisionError("Karin Svensson")

    rounds.bench.journal.unsettled = unsettled  # type: ignore[method-assign]
    await rounds.look()
    assert "ZeroDivisionError" in rounds.troubles
    assert "Karin" not in rounds.troubles + str(rounds.log)


async def test_a_disk_that_takes_nothing_more_is_noticed_in_a_quiet_night(rounds: Rounds) -> None:
    told(rounds.bench)
    await rounds.look(1, PROBE_S)
    assert rounds.beats == 1
    commits = rounds.bench.journal.done.count("commit")
    await rounds.look()
    assert rounds.bench.journal.done.count("commit") == commits + 1
    await rounds.auditor.audit()
    assert rounds.bench.journal.done.count("commit") == commits + 1, "not at every look"
    rounds.bench.clock.at += timedelta(seconds=PROBE_S)
    rounds.beats = 1
    rounds.bench.journal.fails.extend(["before", "before"])
    await rounds.auditor.audit()
    assert "disk is full" in rounds.troubles
    await rounds.auditor.audit()
    assert rounds.beats == 1
    await rounds.auditor.audit()
    assert (rounds.troubles, rounds.beats) == ("", 2)


async def test_nothing_is_mended_or_piled_up_while_the_service_can_keep_nothing(rounds: Rounds) -> None:
    erase(rounds.bench, CHAIN)
    rounds.bench.service.failed_since = rounds.bench.clock.at
    tried = rounds.bench.journal.done.count("commit")
    with capture_logs() as logs:
        for _ in range(10):
            await rounds.auditor.audit()
            rounds.bench.clock.at += timedelta(seconds=PROBE_S / 5)
    assert len(rounds.bench.service.facts) == 0
    assert rounds.bench.journal.done.count("commit") == tried, "the service finds out itself when it works again"
    assert rounds.auditor.standing
    assert rounds.beats == 0
    assert [line["event"] for line in logs] == ["audit_finding"], "what stands is said once"


async def test_a_part_that_is_not_well_keeps_the_sign_of_life_from_being_given(rounds: Rounds) -> None:
    rounds.auditor.parts = lambda: ["the MQTT broker is not connected"]
    await rounds.look(3)
    assert rounds.beats == 0
    rounds.auditor.parts = list
    await rounds.look()
    assert rounds.beats == 1


async def test_a_look_that_never_ends_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor_module, "LOOK_MAX_S", 0.0)

    async def open_alarms(after: str, limit: int) -> Any:
        await asyncio.Event().wait()

    bench.journal.open_alarms = open_alarms  # type: ignore[method-assign]
    rounds = Rounds(bench)
    await rounds.auditor.audit()
    assert "TimeoutError" in rounds.troubles
    assert rounds.beats == 0


async def test_an_audit_that_was_not_completed_for_long_is_trouble_and_its_age_is_measured(rounds: Rounds) -> None:
    await rounds.auditor.audit()
    rounds.bench.clock.at += timedelta(seconds=STALE_S)
    assert rounds.troubles == ""
    rounds.bench.clock.at += timedelta(seconds=1)
    assert "no audit was completed" in rounds.troubles
    assert rounds.auditor.age_s() == STALE_S + 1


async def test_its_task_looks_at_once_and_again_and_again_until_it_is_closed(bench: Bench) -> None:
    looks = asyncio.Queue[None]()
    auditor = Auditor(bench.service, bench.journal, beat=lambda: looks.put_nowait(None))
    await auditor.start()
    async with asyncio.timeout(60):
        await looks.get()
    assert auditor.task is not None
    assert not auditor.task.done()
    auditor.completed_at -= 100
    (age,) = metrics.AUDIT_AGE.collect()
    assert 100 <= age.samples[0].value < 200
    await auditor.close()
    assert auditor.task.cancelled()


async def test_an_alarm_that_is_not_stored_is_found_among_many_although_they_are_looked_at_in_slices(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor_module, "SLICE", 1)
    for n in range(1, 4):
        bench.send("button", f"pendant-{n}")
    await bench.turn()
    slot = next(iter(bench.journal.opened))
    del bench.journal.opened[slot]
    rounds = Rounds(bench)
    await rounds.look(4)
    await rounds.look(1, COMMIT_MAX_S)
    assert rounds.said == [("not_stored", "/".join(slot))]


async def test_many_alarms_are_mended_some_at_a_time(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor_module, "MENDS_MAX", 2)
    for n in (1, 2, 3):
        bench.send("button", f"pendant-{n}")
    await bench.turn()
    for n in (1, 2, 3):
        erase(bench, ("chain", f"grastorp/r{n}/press/"))
    rounds = Rounds(bench)
    await rounds.look(2)
    assert gauge(metrics.WITHOUT_NEXT_STEP) == 3
    await rounds.look()
    assert gauge(metrics.WITHOUT_NEXT_STEP) == 1
    await rounds.look()
    assert gauge(metrics.WITHOUT_NEXT_STEP) == 0


# -- many -----------------------------------------------------------------------------------------------------------------


async def test_every_page_of_open_alarms_is_looked_at(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor_module, "PAGE", 1)
    for n in (1, 2, 3):
        bench.send("button", f"pendant-{n}")
    await bench.turn()
    for n in (1, 2, 3):
        erase(bench, ("chain", f"grastorp/r{n}/press/"))
    rounds = Rounds(bench)
    await rounds.look(2)
    assert sorted(about for _, about in rounds.said) == [f"grastorp/r{n}/press/" for n in (1, 2, 3)]
