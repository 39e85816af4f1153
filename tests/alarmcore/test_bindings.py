"""The machines as the runner drives them: keys and stored states come back as they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.bindings import LifecycleMachine, WatchMachine, slot_of, slot_text
from alarmcore.model.alarm import AnswerAlarm, EndCondition, RaiseAlarm, Slot
from alarmcore.runner import Committed, Item, Runner
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC, ChainMachine
from dispatch.chain import Shown
from dispatch.plan import chain_book
from dispatch.telling import Tell, Told
from tests.alarms import after, opened
from tests.chains import Walked
from tests.observed import observed
from tests.stories import town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "press")
SITE = town("[{id: press, kind: button}]")
ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(ids, ids | st.just(""), ids, ids | st.just(""))
def test_a_slot_comes_back_from_its_text(tenant: str, resident: str, rule: str, device: str) -> None:
    slot = Slot(tenant, resident, rule, device)
    assert slot_of(slot_text(slot)) == slot


def test_memories_follow_their_rule_and_a_new_kind_under_an_old_id_begins_blank() -> None:
    before = registry_of([town("[{id: a, kind: on_floor, limit_s: 60}, {id: b, kind: on_floor, limit_s: 60}]")])
    after = registry_of([town("[{id: b, kind: on_floor, limit_s: 60}, {id: a, kind: out_of_bed, limit_s: 60}]")])
    machine, person = WatchMachine(before.plans.get), ("grastorp", "r1")
    state = machine.initial(person)
    event = observed(SITE, "floor", {"on_floor": True, "device": "floor-1"}, NOW)
    assert event is not None
    stored = machine.encode(machine.step(state, event, NOW).state)
    found = WatchMachine(after.plans.get).decode(person, stored)
    assert [memory.holds for memory in found.memories] == [True, None]
    assert (found.wake_at, found.wake_rule) == (NOW + timedelta(seconds=60), "b")


def test_a_person_who_was_removed_has_nothing_to_be_asked() -> None:
    machine = WatchMachine(lambda _: None)
    state = machine.decode(("grastorp", "gone"), WatchMachine(lambda _: None).encode(machine.initial(("grastorp", "gone"))))
    assert state.wake_at is None
    assert machine.wake(("grastorp", "gone"), state) is None


# -- an open alarm always has a next step ----------------------------------------------------------------------------------

WORDS = ("take", "decline", "arrive", "note", "escalate", "resolve")
RECIPIENTS = ("contact:eva", "unit:patrol", "unit:centre", "operator:anna")
acts = st.one_of(
    st.tuples(
        st.just("answer"),
        st.sampled_from(WORDS),
        st.sampled_from(RECIPIENTS),
    ),
    st.tuples(st.just("told"), st.integers(0, 3), st.sampled_from(["ok", "failed", "useless"])),
    st.sampled_from([("raise",), ("end",), ("shown",), ("wake",), ("restart",)]),
)


class World:
    """One slot's machines under the real runner, with channels that answer when the test says so."""

    def __init__(self, usable: frozenset[str] | None) -> None:
        self.now = NOW
        self.tells: list[Tell] = []
        self.events: list[str] = []
        self.journal = MemoryJournal()
        self.usable = usable
        self.runner = self.started()

    def started(self) -> Runner:
        machines = machines_for([SITE], registry_of([SITE]), self.usable)
        return Runner(machines, self.journal, self.tells.append, self.publish, EFFECT_CODEC)

    def publish(self, committed: Committed) -> None:
        self.events += [stored.event.event for stored in committed.events]

    async def act(self, act: tuple[Any, ...], number: int) -> None:
        alarm = self.runner.state("lifecycle", SLOT)
        name = "" if alarm is None else alarm.id
        match act:
            case ("raise",):
                raised = RaiseAlarm(
                    slot=SLOT, cause="button", priority="critical", chain="standard", follow_up_s=600.0, why="pressed",
                    reading=number, device="gps-1", happened_at=self.now,
                )  # fmt: skip
                await self.hear("lifecycle", raised)
            case ("end",):
                await self.hear("lifecycle", EndCondition(SLOT, "device_reset"))
            case ("answer", word, by):
                await self.hear("lifecycle", AnswerAlarm(slot=SLOT, alarm=name, answer=word, by=by, via="test"))
            case ("shown",):
                await self.hear("chain", Shown(SLOT, name, "operator:anna", self.now))
            case ("wake",):
                await self.wake()
            case ("restart",):
                self.runner = self.started()
                await self.runner.load()
            case ("told", place, how) if self.tells:
                tell = self.tells.pop(place % len(self.tells))
                told = Told(
                    slot=SLOT, alarm=tell.alarm.id, id=tell.id, ref=tell.ref, number=tell.number, channel=tell.channel,
                    ok=how == "ok", permanent=how == "useless",
                )  # fmt: skip
                await self.hear("chain", told)

    async def hear(self, machine: str, event: object) -> None:
        await self.runner.run((Item(machine, SLOT, event),), self.now)

    async def wake(self) -> None:
        at = self.runner.next_wake_at()
        if at is not None:
            self.now = max(self.now, at)
            await self.runner.run(self.runner.due(self.now, 10), self.now)

    def next_step_at(self) -> datetime | None:
        alarm, chain = self.runner.state("lifecycle", SLOT), self.runner.state("chain", SLOT)
        return min((at for at in (alarm and alarm.wake_at, chain and chain.wake_at) if at is not None), default=None)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([None, frozenset({"sms", "webhook"}), frozenset()]), st.lists(acts, max_size=30))
async def test_an_open_alarm_always_has_a_next_step(usable: frozenset[str] | None, story: list[tuple[Any, ...]]) -> None:
    world = World(usable)
    await world.act(("raise",), 0)
    for number, act in enumerate(story, 1):
        world.now += timedelta(seconds=1)
        await world.act(act, number)
        alarm = world.runner.state("lifecycle", SLOT)
        if alarm.state == "resolved":
            assert world.next_step_at() is None
            continue
        assert world.next_step_at() is not None
        assert world.runner.next_wake_at() == world.next_step_at()
    # Left alone after a restart, with channels that work, somebody is told within a follow-up and a whole chain.
    if world.runner.state("lifecycle", SLOT).state != "resolved" and usable is None:
        world.tells.clear()
        await world.act(("restart",), 0)
        before, until = world.events.count("alarm.told"), world.now + timedelta(seconds=1800 + 3600)
        while world.events.count("alarm.told") == before:
            assert world.now < until
            while world.tells:
                await world.act(("told", 0, "ok"), 0)
            await world.wake()


@settings(max_examples=100, deadline=None)
@given(st.lists(acts.filter(lambda act: act != ("restart",)), max_size=25))
async def test_a_restart_after_every_step_changes_nothing(story: list[tuple[Any, ...]]) -> None:
    steady, shaken = World(None), World(None)
    for number, act in enumerate([("raise",), *story]):
        await steady.act(act, number)
        await shaken.act(act, number)
        kept = list(shaken.tells)
        await shaken.act(("restart",), 0)
        shaken.tells[:] = kept  # the stored ones are the same; their order is the journal's
        assert shaken.events == steady.events
        assert shaken.runner.state("lifecycle", SLOT) == steady.runner.state("lifecycle", SLOT)
        assert shaken.runner.state("chain", SLOT) == steady.runner.state("chain", SLOT)


def test_a_chain_that_became_shorter_goes_on_with_its_last_link() -> None:
    long, short = (
        chain_book(SITE),
        chain_book(
            town(
                "[]",
                chains="[{id: standard, links: [{tell: [unit:centre], wait_s: 60}]},"
                " {id: technical, links: [{tell: [unit:centre], wait_s: 60}]}]",
            )
        ),
    )
    walked = Walked()
    walked.wake()
    walked.wake()
    assert walked.state.link == 2
    data = ChainMachine(lambda _: long).encode(walked.state)
    assert ChainMachine(lambda _: short).decode(SLOT, data).link == 0


def test_what_is_told_comes_back_from_storage() -> None:
    encode, decode = EFFECT_CODEC
    (tell,) = Walked().tells()
    assert decode(encode(tell)) == tell


def test_an_alarm_comes_back_from_storage() -> None:
    machine = LifecycleMachine()
    for alarm in (opened(), after(opened(), "take"), after(opened(), "resolve")):
        assert machine.decode(SLOT, machine.encode(alarm)) == alarm
