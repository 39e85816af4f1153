"""The auditor over a real runner: what is lost on purpose is seen, said, mended, and keeps the sign of life from being given."""

from __future__ import annotations

from datetime import timedelta

import pytest
from audit_rounds import CHAIN, Rounds, erase, forget, gauge, reasons, told
from msgspec.structs import replace
from service_bench import Bench
from test_runner import SLOT

from alarmcore import auditor as auditor_module
from alarmcore import metrics
from alarmcore.auditor import COMMIT_MAX_S, LOOK_S
from alarmcore.errors import CommitFailed
from alarmcore.model.alarm import AnswerAlarm
from alarmcore.runner import Item

# -- all is well ----------------------------------------------------------------------------------------------------------


async def test_a_service_with_an_open_alarm_is_well_at_every_step_of_it(rounds: Rounds) -> None:
    bench = rounds.bench
    for word in ("take", "arrive", "escalate", "decline", "take", "resolve"):
        alarm = bench.runner.state("lifecycle", SLOT)
        asked = AnswerAlarm(slot=SLOT, alarm=alarm.id, answer=word, by="operator:anna", via="console", outcome="helped")
        told(bench)
        bench.service.tell(Item("lifecycle", SLOT, asked))
        await bench.turn()
        before = rounds.beats
        await rounds.look(5)
        assert rounds.beats == before + 5, word
    assert rounds.said == []
    assert rounds.troubles == ""
    assert gauge(metrics.WITHOUT_NEXT_STEP) == 0


async def test_a_turn_that_is_under_way_is_no_finding(rounds: Rounds) -> None:
    """Memory is ahead of the journal while a commit is on its way, look after look, and never twice by the same."""
    stored = dict(rounds.bench.journal.stored)
    for n in range(20):
        state = rounds.bench.runner.cache["chain"][SLOT]
        late = replace(state, wake_at=state.wake_at + timedelta(microseconds=n))
        rounds.bench.runner.cache["chain"][SLOT] = late
        rounds.bench.runner.remind("chain", SLOT)
        rounds.bench.journal.stored = dict(stored)
        await rounds.auditor.audit()
        rounds.bench.clock.at += timedelta(seconds=LOOK_S)
    assert rounds.auditor.standing == set()
    assert rounds.beats == 20


async def test_what_a_failed_commit_left_unread_is_not_taken_for_lost(rounds: Rounds) -> None:
    bench = rounds.bench
    bench.journal.blind = 100
    bench.journal.fails.append("before")
    told(bench)
    with pytest.raises(CommitFailed):
        await bench.turn()
    assert bench.runner.unread
    for _ in range(5):
        await rounds.auditor.audit()
        bench.clock.at += timedelta(seconds=COMMIT_MAX_S)
    assert rounds.auditor.standing == set()


# -- a timer that was lost ------------------------------------------------------------------------------------------------


async def test_a_timer_that_is_gone_is_seen_at_once_and_scheduled_again(rounds: Rounds) -> None:
    runner = rounds.bench.runner
    due_at = runner.next_wake_at()
    runner.wakes.clear()
    rounds.bench.service.wanted.clear()
    await rounds.auditor.audit()
    assert rounds.auditor.troubles() == ["1 timers that were lost in memory"]
    assert rounds.beats == 0
    assert runner.next_wake_at() == due_at
    assert rounds.bench.service.wanted.is_set(), "the service waits for a moment that it does not know"
    await rounds.look()
    assert rounds.troubles == ""
    assert rounds.beats == 1


async def test_a_timer_that_is_gone_from_the_heap_is_seen_when_others_pass_it_and_still_fires(rounds: Rounds) -> None:
    bench = rounds.bench
    bench.clock.at += timedelta(seconds=5)
    bench.send("button", "pendant-2")
    await bench.turn()
    bench.runner.heap = [entry for entry in bench.runner.heap if entry[3] != SLOT]
    await rounds.auditor.audit()
    assert [finding.about for finding in rounds.auditor.standing] == ["chain grastorp/r1/press/"]
    bench.clock.at += timedelta(minutes=2)
    await bench.turn()
    assert bench.runner.state("chain", SLOT).turn_began_at == bench.clock.at


async def test_a_lost_timer_of_somebody_without_an_alarm_is_found_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the watch, in slices: a million persons are not looked at in one look."""
    monkeypatch.setattr(auditor_module, "SLICE", 1)
    rounds = Rounds(bench)
    for n in (1, 2, 3):
        person = ("grastorp", f"r{n}")
        state = replace(bench.runner.machines["watch"].initial(person), wake_at=bench.clock.at + timedelta(hours=n))
        bench.runner.cache["watch"][person] = state
        bench.runner.shelves["watch"].keep(person, b"", state.wake_at)
        bench.runner.remind("watch", person)
    del bench.runner.wakes[(0, ("grastorp", "r3"))]
    await rounds.look(2)
    assert rounds.said == []
    await rounds.look(1)
    assert rounds.said == [("timer_lost", "watch grastorp/r3")]
    assert bench.runner.timer_at("watch", ("grastorp", "r3")) is not None
    del bench.runner.wakes[(0, ("grastorp", "r1"))]
    await rounds.look(3)
    assert rounds.said[1:] == [("timer_lost", "watch grastorp/r1")], "behind the last slice comes the first one again"


# -- an alarm without a next step -----------------------------------------------------------------------------------------


async def test_a_stored_moment_that_was_erased_is_seen_in_two_looks_and_stored_again(rounds: Rounds) -> None:
    bench = rounds.bench
    before = bench.journal.stored[CHAIN]
    erase(bench, CHAIN)
    await rounds.auditor.audit()
    assert rounds.troubles == "", "one look may have met a turn under way"
    await rounds.auditor.audit()
    assert rounds.troubles == "1 open alarms without a next step"
    assert gauge(metrics.WITHOUT_NEXT_STEP) == 1
    await bench.turn()
    assert bench.journal.stored[CHAIN] == before
    assert reasons(bench) == [], "it walks: nobody needs to be told of a journal that was mended"
    await rounds.look()
    assert rounds.troubles == ""
    assert gauge(metrics.WITHOUT_NEXT_STEP) == 0


async def test_an_alarm_whose_chain_is_gone_is_told_to_the_last_link_under_a_number_nobody_has_seen(rounds: Rounds) -> None:
    bench = rounds.bench
    told(bench)
    await bench.turn()
    seen = {tell.telling for tell in bench.stage.performed}
    forget(bench, "chain")
    del bench.journal.stored[CHAIN]
    await rounds.look(2)
    assert rounds.said == [("no_next_step", "grastorp/r1/press/")]
    assert reasons(bench) == ["no_next_step"]
    last = bench.stage.performed[-1]
    assert last.ref == "unit:centre"
    assert last.telling not in seen, "its receiver would drop it"
    assert bench.runner.state("chain", SLOT).wake_at is not None
    await rounds.look()
    assert rounds.troubles == ""


async def test_an_alarm_whose_chain_was_stopped_by_nobody_goes_on(rounds: Rounds) -> None:
    bench = rounds.bench
    stopped = replace(bench.runner.state("chain", SLOT), state="stopped", wake_at=None)
    bench.runner.cache["chain"][SLOT] = stopped
    bench.runner.remind("chain", SLOT)
    await rounds.look(2)
    assert reasons(bench) == ["no_next_step"]
    assert bench.runner.state("chain", SLOT).state == "walking"


async def test_a_taken_alarm_that_nobody_will_follow_up_is_opened_again(rounds: Rounds) -> None:
    bench = rounds.bench
    await bench.stage.answer("take", "operator:anna", bench.clock.at)
    forgotten = replace(bench.runner.state("lifecycle", SLOT), wake_at=None)
    bench.runner.cache["lifecycle"][SLOT] = forgotten
    bench.runner.remind("lifecycle", SLOT)
    await rounds.look(2)
    after = bench.runner.state("lifecycle", SLOT)
    assert (after.state, after.taken_by) == ("open", None)
    assert reasons(bench) == ["no_next_step"]
    assert bench.stage.performed[-1].ref == "unit:centre"


async def test_an_alarm_that_somebody_took_between_the_looks_and_the_turn_is_left_to_them(rounds: Rounds) -> None:
    bench = rounds.bench
    forget(bench, "chain")
    await rounds.auditor.audit()
    await bench.stage.answer("take", "operator:anna", bench.clock.at)
    await rounds.look()
    assert bench.runner.state("lifecycle", SLOT).taken_by == "operator:anna"
    assert reasons(bench) == []


async def test_a_chain_of_an_older_alarm_keeps_nothing_going(rounds: Rounds) -> None:
    bench = rounds.bench
    other = replace(bench.runner.state("chain", SLOT).alarm, id="an-older-one")
    bench.runner.cache["chain"][SLOT] = replace(bench.runner.state("chain", SLOT), alarm=other)
    await rounds.look(2)
    assert rounds.said[0] == ("no_next_step", "grastorp/r1/press/")
    assert bench.runner.state("chain", SLOT).alarm.id == bench.runner.state("lifecycle", SLOT).id
