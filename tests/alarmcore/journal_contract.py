"""What every journal promises, whatever it stores in; each adapter's test file runs this suite.

A subclass gives the fixture `journal`, and `again(journal)`: the same storage as a process that starts anew would see it (an
adapter that forgets gives itself back).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from alarmcore.bindings import slot_text
from alarmcore.model.alarm import Alarm, AlarmEvent, Fix, Slot
from alarmcore.ports import Batch, Journal, OpenAlarm, Quarantined, StoredState

NOW = datetime(2026, 1, 14, 2, 12, 30, 123_456, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "press")
ALARM = Alarm(
    id="a1",
    slot=SLOT,
    cause="button",
    priority="critical",
    chain="standard",
    why="pressed",
    raised_at=NOW,
    happened_at=NOW - timedelta(hours=2),
    late_s=7200,
    fix=Fix(58.0, 12.0, NOW, 20.0),
)
STATE = StoredState("chain", "grastorp/r1/press/", "grastorp", NOW + timedelta(seconds=60), b"\x00state\xff")


def event(name: str, alarm: str = "a1", **more: Any) -> AlarmEvent:
    return AlarmEvent(at=NOW, event=name, tenant="grastorp", alarm=alarm, **more)


class JournalContract:
    """The suite."""

    async def again(self, journal: Any) -> Journal:
        """The storage as a new process sees it."""
        raise NotImplementedError

    async def alarms_of(self, journal: Any) -> dict[str, Alarm]:
        """Every alarm that is stored."""
        raise NotImplementedError

    async def events_of(self, journal: Any) -> list[AlarmEvent]:
        """Every event that is stored, in order."""
        raise NotImplementedError

    async def test_a_batch_is_read_as_it_was_stored(self, journal: Any) -> None:
        batch = Batch(
            NOW, states=[STATE], alarms=[ALARM], events=[event("alarm.raised", late_s=7200)], effects=[("e1", b"\xfftell")]
        )
        await journal.commit(batch)
        found = await self.again(journal)
        assert list(await found.states()) == [STATE]
        assert await found.effects() == [("e1", b"\xfftell")]
        assert await self.alarms_of(found) == {"a1": ALARM}
        assert await self.events_of(found) == [event("alarm.raised", late_s=7200)]

    async def test_the_latest_moment_of_a_decision_is_remembered(self, journal: Any) -> None:
        """So that a clock that is set back while nothing runs does not make every timer late."""
        assert await journal.decided_at() is None
        await journal.commit(Batch(NOW, states=[STATE]))
        await journal.commit(Batch(NOW - timedelta(hours=1), events=[event("alarm.raised")]))
        assert await (await self.again(journal)).decided_at() == NOW
        await journal.commit(Batch(NOW + timedelta(microseconds=1)))
        assert await journal.decided_at() == NOW + timedelta(microseconds=1)

    async def test_a_state_without_a_timer_is_kept_too(self, journal: Any) -> None:
        asleep = replace(STATE, wake_at=None)
        await journal.commit(Batch(NOW, states=[asleep]))
        assert list(await (await self.again(journal)).states()) == [asleep]

    async def test_a_newer_state_takes_the_place_of_the_older(self, journal: Any) -> None:
        newer = replace(STATE, wake_at=None, data=b"newer")
        other = replace(STATE, machine="lifecycle")
        await journal.commit(Batch(NOW, states=[STATE, other]))
        await journal.commit(Batch(NOW, states=[newer]))
        found = {(s.machine, s.key): s for s in await (await self.again(journal)).states()}
        assert found == {("chain", STATE.key): newer, ("lifecycle", STATE.key): other}

    async def test_some_states_are_reread_and_what_is_not_there_is_left_out(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, states=[STATE, replace(STATE, machine="lifecycle")]))
        assert await journal.reread([("chain", STATE.key), ("watch", "grastorp/r9")]) == [STATE]
        assert await journal.reread([]) == []

    async def test_events_are_placed_in_order_and_the_first_place_is_given(self, journal: Any) -> None:
        first = await journal.commit(Batch(NOW, events=[event("alarm.raised"), event("alarm.told")]))
        following = await journal.commit(Batch(NOW, events=[event("alarm.taken")]))
        assert following == first + 2
        assert [e.event for e in await self.events_of(journal)] == ["alarm.raised", "alarm.told", "alarm.taken"]

    async def test_effects_are_given_oldest_first_until_they_are_settled(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, effects=[("z", b"1"), ("a", b"2")]))
        await journal.commit(Batch(NOW, effects=[("m", b"3")], settled=["a", "never stored"]))
        assert await (await self.again(journal)).effects() == [("z", b"1"), ("m", b"3")]

    async def test_an_effect_settled_in_its_own_batch_is_not_kept(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, effects=[("e1", b"1")], settled=["e1"]))
        assert await journal.effects() == []

    async def test_an_identity_is_known_with_its_digest_for_seven_days(self, journal: Any) -> None:
        low, high = -(1 << 63), (1 << 63) - 1
        await journal.commit(Batch(NOW, identities=[(low, high), (high, low), (0, 7)]))
        found = await self.again(journal)
        week = NOW + timedelta(days=7)
        assert await found.known([low, high, 0, 1], NOW) == {low: high, high: low, 0: 7}
        assert await found.known([low], week) == {low: high}
        assert await found.known([low], week + timedelta(milliseconds=1)) == {}
        assert await found.known([], NOW) == {}

    async def test_an_identity_that_was_forgotten_can_be_known_anew(self, journal: Any) -> None:
        later = NOW + timedelta(days=8)
        await journal.commit(Batch(NOW, identities=[(5, 1)]))
        await journal.commit(Batch(later, identities=[(5, 2)]))
        assert await journal.known([5], later) == {5: 2}

    async def test_one_alarm_may_be_resolved_and_the_next_raised_in_one_batch(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, alarms=[ALARM]))
        ended = replace(ALARM, state="resolved", outcome="helped", resolved_at=NOW)
        await journal.commit(Batch(NOW, alarms=[ended, replace(ALARM, id="a2")]))
        assert await self.alarms_of(await self.again(journal)) == {"a1": ended, "a2": replace(ALARM, id="a2")}

    async def test_a_second_open_alarm_in_one_slot_is_refused_with_all_of_its_batch(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, alarms=[ALARM]))
        wrong = Batch(
            NOW,
            states=[STATE],
            alarms=[replace(ALARM, id="a2")],
            events=[event("alarm.raised", "a2")],
            effects=[("e2", b"2")],
            identities=[(9, 9)],
        )
        refused = False
        try:
            await journal.commit(wrong)
        except Exception:  # noqa: BLE001 - each adapter has its own, and it is none that says "try again"
            refused = True
        assert refused
        found = await self.again(journal)
        assert await self.alarms_of(found) == {"a1": ALARM}
        assert list(await found.states()) == []
        assert await found.effects() == []
        assert await self.events_of(found) == []
        assert await found.known([9], NOW) == {}

    async def test_alarms_of_two_slots_are_open_beside_each_other(self, journal: Any) -> None:
        others = [
            replace(ALARM, id="a2", slot=Slot("grastorp", "r1", "fall")),
            replace(ALARM, id="a3", slot=Slot("tanum", "r1", "press")),
            replace(ALARM, id="a4", slot=Slot("grastorp", "", "unknown_device", "x")),
            replace(ALARM, id="a5", slot=Slot("grastorp", "", "unknown_device", "y")),
        ]
        await journal.commit(Batch(NOW, alarms=[ALARM, *others]))
        assert len(await self.alarms_of(journal)) == 5

    async def test_an_empty_batch_says_whether_anything_can_be_stored(self, journal: Any) -> None:
        await journal.commit(Batch(NOW))
        assert list(await journal.states()) == []

    async def test_what_could_not_be_used_is_kept_with_its_bytes(self, journal: Any) -> None:
        wrong = Quarantined(
            received_at=NOW,
            tenant="grastorp",
            device="gps-1",
            kind="position",
            reason="bad_field",
            payload=b"\xff\x00",
            field="lat",
        )
        await journal.commit(Batch(NOW, quarantined=[wrong]))
        assert await self.quarantine_of(await self.again(journal)) == [wrong]

    async def quarantine_of(self, journal: Any) -> list[Quarantined]:
        """Everything in quarantine, the oldest first."""
        raise NotImplementedError


class AuditedJournalContract(JournalContract):
    """The suite of those that an auditor can ask."""

    async def test_open_alarms_come_with_the_moments_stored_for_their_slots(self, journal: Any) -> None:
        soon, later = NOW + timedelta(seconds=60), NOW + timedelta(seconds=90)
        states = [
            StoredState("chain", "grastorp/r1/press/", "grastorp", soon, b""),
            StoredState("lifecycle", "grastorp/r1/press/", "grastorp", None, b""),
            StoredState("lifecycle", "grastorp/r2/press/", "grastorp", later, b""),
            StoredState("watch", "grastorp/r1", "grastorp", NOW, b""),
        ]
        second = replace(ALARM, id="a2", slot=Slot("grastorp", "r2", "press"))
        bare = replace(ALARM, id="a3", slot=Slot("grastorp", "r3", "press"))
        ended = replace(ALARM, id="a4", slot=Slot("grastorp", "r4", "press"), state="resolved")
        await journal.commit(Batch(NOW, states=states, alarms=[bare, second, ALARM, ended]))
        again: Any = await self.again(journal)
        assert await again.open_alarms("", 100) == [
            OpenAlarm(ALARM, (None, soon)),
            OpenAlarm(second, (later, None)),
            OpenAlarm(bare, (None, None)),
        ]

    async def test_open_alarms_are_read_in_pages_by_the_keys_of_their_slots(self, journal: Any) -> None:
        alarms = [replace(ALARM, id=f"a{n}", slot=Slot("grastorp", f"r{n}", "press")) for n in range(5)]
        await journal.commit(Batch(NOW, alarms=alarms[::-1]))
        first = await journal.open_alarms("", 3)
        rest = await journal.open_alarms(slot_text(first[-1].alarm.slot), 3)
        assert [one.alarm.id for one in first] == ["a0", "a1", "a2"]
        assert [one.alarm.id for one in rest] == ["a3", "a4"]

    async def test_an_alarm_that_is_resolved_is_no_longer_among_the_open_ones(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, alarms=[ALARM]))
        assert [one.alarm for one in await journal.open_alarms("", 10)] == [ALARM]
        await journal.commit(Batch(NOW, alarms=[replace(ALARM, state="resolved")]))
        assert await journal.open_alarms("", 10) == []

    async def test_the_oldest_unsettled_effects_are_given_up_to_a_limit(self, journal: Any) -> None:
        await journal.commit(Batch(NOW, effects=[("z", b"1"), ("a", b"2"), ("m", b"3")]))
        await journal.commit(Batch(NOW, settled=["a"]))
        assert await journal.unsettled(1) == [("z", b"1")]
        assert await journal.unsettled(10) == [("z", b"1"), ("m", b"3")]
