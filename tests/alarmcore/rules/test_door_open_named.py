"""Rule `door_open`: which doors count, which one an alarm is about, and what disorder does not do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import watch
from alarmcore.model.alarm import Facts
from alarmcore.model.site import Site
from alarmcore.rules.base import BLANK, Find, Memory
from alarmcore.watch import WOKE
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
ALL = town("[{id: draught, kind: door_open, limit_s: 600, chain: quiet}]")
FRONT = town("[{id: draught, kind: door_open, limit_s: 600, doors: [front, bed-1], chain: quiet}]")


def test_only_the_doors_and_devices_that_are_named_count() -> None:
    told(
        FRONT,
        """
        >> 12:00 door-1 door open=true door=fridge
        >> 12:01 door-1 door open=true
        >> 12:30 bed-1 door open=true door=any
        << 12:40 alarm.raised draught
        << 12:40 alarm.told draught unit:centre
        >> 12:41 door-1 door open=true door=front
        >> 12:42 bed-1 door open=false door=any
        << 12:42 alarm.condition_ended draught
        << 12:51 alarm.repeated draught
        >> 12:52 door-1 door open=false door=front
        << 12:52 alarm.condition_ended draught
        """,
    )


def test_a_door_that_says_open_again_counts_from_the_first_time() -> None:
    told(
        ALL,
        """
        >> 12:00 door-1 door open=true
        >> 12:09 door-1 door open=true
        << 12:10 alarm.raised draught
        << 12:10 alarm.told draught unit:centre
        >> 12:11 tick
        """,
    )


def test_late_word_that_it_was_closed_in_between_does_not_close_a_door_that_is_open() -> None:
    told(
        ALL,
        """
        >> 12:00 door-1 door open=true
        >> 12:08 door-1 door open=true
        >> 12:09 door-1 door open=false at=12:05
        << 12:18 alarm.raised draught
        << 12:18 alarm.told draught unit:centre
        >> 12:19 tick
        """,
    )


class Life:
    """One rule that is told of doors, and what it finds."""

    def __init__(self, site: Site) -> None:
        self.site = site
        watched = watch.plan_for(site, site.residents[0]).watched[0]
        self.rule, self.setting = watched.rule, watched.setting
        self.memory: Memory = BLANK
        self.said: list[Any] = []

    def door(self, minute: int, device: str, door: str, is_open: bool, *, late_min: int = 0) -> None:
        at = NOON + timedelta(minutes=minute)
        fields = {"device": device, "open": is_open, "door": door, "at": at.isoformat()}
        event = observed(self.site, "door", fields, at + timedelta(minutes=late_min))
        assert event is not None
        self.tell(event, event.reading.received_at)

    def tell(self, event: Any, now: datetime) -> None:
        outcome = self.rule.step(self.memory, event, self.setting, now)
        self.memory = outcome.state
        self.said += outcome.decisions


def test_when_one_door_is_closed_the_alarm_is_about_the_one_that_still_stands_open() -> None:
    life = Life(ALL)
    life.door(0, "door-1", "front", True)
    life.door(5, "motion-1", "back", True)
    life.door(6, "door-1", "front", False)
    life.tell(WOKE, NOON + timedelta(minutes=15))
    (find,) = life.said
    assert isinstance(find, Find)
    assert (find.device, find.facts) == ("motion-1", Facts(for_s=600, door="back"))


def test_a_door_without_a_name_is_named_by_its_device() -> None:
    life = Life(ALL)
    life.door(0, "door-1", "", True)
    life.tell(WOKE, NOON + timedelta(minutes=12))
    assert life.said[0].facts == Facts(for_s=720, door="door-1")


def test_a_name_of_any_length_is_borne() -> None:
    life = Life(ALL)
    for number in range(60):
        life.door(0, "door-1", f"{number}-" + "x" * 200, True)
        life.door(1, "door-1", f"{number}-" + "x" * 200, True)
    assert max(len(name) for name, _ in life.memory.sources) < 100
    assert len(life.memory.sources) <= 32


heard = st.lists(
    st.tuples(st.integers(0, 8), st.sampled_from(["front", "back"]), st.booleans(), st.integers(0, 20)), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(heard)
def test_telling_each_reading_twice_changes_nothing(readings: list[tuple[int, str, bool, int]]) -> None:
    once, twice, minute = Life(ALL), Life(ALL), 0
    for step, door, is_open, late in readings:
        minute += step
        once.door(minute - late, "door-1", door, is_open, late_min=late)
        twice.door(minute - late, "door-1", door, is_open, late_min=late)
        twice.door(minute - late, "door-1", door, is_open, late_min=late)
    assert (twice.said, twice.memory) == (once.said, once.memory)


@settings(max_examples=60, deadline=None)
@given(heard)
def test_at_any_moment_the_condition_is_that_the_newest_word_of_some_door_is_open(
    readings: list[tuple[int, str, bool, int]],
) -> None:
    life, minute = Life(ALL), 0
    newest: dict[str, tuple[int, bool]] = {}
    for step, door, is_open, late in readings:
        minute += step
        life.door(minute - late, "door-1", door, is_open, late_min=late)
        known = newest.get(door)
        if known is None or minute - late >= known[0]:
            newest[door] = (minute - late, is_open)
        assert life.memory.holds is any(on for _, on in newest.values())
