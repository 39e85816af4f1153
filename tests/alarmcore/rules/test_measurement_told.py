"""Rules `measurement` and `door_open`: what is remembered between values, and what exactly is said of a change or of a door."""

from __future__ import annotations

from typing import Final

import pytest

from alarmcore.model.reading import Measurement as Measured
from alarmcore.rules.door_open import DoorOpen
from alarmcore.rules.measurement import Measurement
from tests.diary import Diary

FEVER: Final = Measurement(id="fever", quantity="temp", rises_by=1.5, falls_by=2.0, within_s=7200.0)
PULSE: Final = Measurement(id="pulse", quantity="pulse", above=120.0, clear=100.0)


def measured(diary: Diary, clock: str, *values: float, quantity: str = "temp") -> None:
    """Values eleven minutes apart, from that time of the first day on: of each twelfth of two hours one is kept."""
    hour, minute = map(int, clock.split(":"))
    for number, value in enumerate(values):
        total = hour * 60 + minute + 11 * number
        diary.read(diary.at(0, f"{total // 60:02}:{total % 60:02}"), "t-1", "measurement", Measured(quantity, value, None))


@pytest.mark.parametrize(
    ("after", "beyond"), [(38.5, "rises"), (34.9, "falls"), (38.3, None), (35.2, None)], ids=["rise", "fall", "less", "less far"]
)
def test_a_rise_and_a_fall_have_each_their_own_measure_and_are_called_what_they_are(after: float, beyond: str | None) -> None:
    diary = Diary(FEVER)
    measured(diary, "12:00", 37.0, 37.0, 37.0, after, after, after)
    assert [one.facts.beyond for _, one in diary.found if one.facts is not None] == ([beyond] if beyond else [])
    for _, one in diary.found:
        assert one.facts is not None
        assert (one.facts.before, one.facts.value) == (37.0, after)
        assert one.why == "measured_changing"


def test_what_has_been_measured_is_still_known_when_a_change_is_over() -> None:
    """Else the next change would need values of its own to come from."""
    diary = Diary(FEVER)
    measured(diary, "12:00", 37.0, 37.0, 38.6, 38.6)
    assert len(diary.found) == 1
    measured(diary, "12:44", 37.0, 37.0)
    assert [end.why for _, end in diary.ended] == ["measured_steady"]
    assert diary.memory.holds is False
    assert len(diary.memory.sources) >= 2
    measured(diary, "13:06", 38.6, 38.6)
    assert len(diary.found) == 2


def test_one_value_back_does_not_end_a_change_and_two_do() -> None:
    diary = Diary(FEVER)
    measured(diary, "12:00", 37.0, 37.0, 38.6, 38.6, 37.0, 38.6)
    assert diary.ended == []
    measured(diary, "13:06", 37.0)
    assert diary.ended == []
    measured(diary, "13:17", 37.0)
    assert len(diary.ended) == 1


def test_the_same_value_again_changes_nothing() -> None:
    diary = Diary(PULSE)
    measured(diary, "12:00", 130.0, quantity="pulse")
    assert len(diary.found) == 1
    measured(diary, "12:05", 110.0, quantity="pulse")
    before = diary.memory
    measured(diary, "12:05", 110.0, quantity="pulse")
    assert diary.memory is before


def test_a_value_that_is_over_leaves_nothing_behind() -> None:
    diary = Diary(PULSE)
    measured(diary, "12:00", 130.0, 90.0, quantity="pulse")
    assert (diary.memory.holds, diary.memory.sources) == (False, ())
    measured(diary, "12:10", 91.0, quantity="pulse")
    assert diary.memory.holds is False


def test_a_door_whose_name_has_a_slash_is_told_by_its_device_and_its_whole_name() -> None:
    diary = Diary(DoorOpen(id="door", limit_s=600.0))
    diary.door(0, "12:00", "altan/norr", is_open=True)
    diary.pass_until(diary.at(0, "13:00"))
    ((_, find),) = diary.found
    assert find.device == "doors"
    assert find.facts is not None
    assert (find.facts.door, find.facts.for_s) == ("altan/norr", 600)
