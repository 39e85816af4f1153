"""Rule `inactivity` with `usual` in a home where a sensor is set off by no person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
import pytest

from alarmcore.model.reading import Bed, Door, Motion, Position, Press, Reading
from alarmcore.rules.base import Away, Memory, Observed, Setting
from alarmcore.rules.inactivity import Inactivity
from alarmcore.sensors import CHATTERS, STEADY, STEADY_HOURS
from alarmcore.usual.absence import Absence
from alarmcore.usual.bounds import Usual
from alarmcore.usual.noise import CALM_S, Noise, Seen
from alarmcore.usual.quiet import AWAY, Quiet
from tests.diary import TZ, Diary

RULE: Final = Inactivity(id="still", usual=Usual(1800.0, 3600.0))
"""Of somebody unknown the limit is the longest: an hour."""

MUCH: Final = CHATTERS["door"] + 1
MOMENT: Final = timedelta(seconds=2)


def quiet_of(diary: Diary) -> Quiet:
    assert diary.memory.quiet is not None
    return diary.memory.quiet


def rattle(diary: Diary, day: int, clock: str, times: int = MUCH, every_s: float = 20.0) -> datetime:
    """A cupboard's door is said to be closed and, a moment later, opened, so often; returns when that was for the last time."""
    at = diary.at(day, clock)
    for turn in range(times):
        at = diary.at(day, clock) + timedelta(seconds=turn * every_s)
        diary.read(at - MOMENT, "cupboard", "door", Door(False, "cupboard"))
        diary.read(at, "cupboard", "door", Door(True, "cupboard"))
    return at


def test_silence_behind_a_sensor_that_chatters_counts_from_the_newest_sign_of_another() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:55", "kitchen")
    known_at = rattle(diary, 0, "12:00")
    assert known_at < diary.at(0, "12:55")
    assert diary.found == []
    assert diary.memory.since_at == diary.at(0, "11:55")
    rattle(diary, 0, "12:30", 80)
    assert [(at, find.happened_at) for at, find in diary.found] == [(diary.at(0, "12:55"), diary.at(0, "11:55"))]


def test_what_is_due_already_when_that_is_known_is_found_at_once() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:00", "kitchen")
    known_at = rattle(diary, 0, "11:40", every_s=50.0)
    assert rattle(diary, 0, "11:40", MUCH - 1, every_s=50.0) < diary.at(0, "12:40")
    assert known_at > diary.at(0, "12:00")
    assert diary.found == []
    assert diary.memory.since_at is not None
    assert diary.memory.since_at > diary.at(0, "12:00"), "forty an hour may be somebody"
    known_at = rattle(diary, 0, "13:00")
    [(at, find)] = diary.found
    assert (at, find.happened_at) == (known_at, diary.at(0, "11:00"))
    assert diary.ended == []


def test_behind_two_sensors_that_chatter_silence_counts_from_what_a_third_one_said() -> None:
    diary = Diary(Inactivity(id="still", usual=Usual(1800.0, 7200.0)))
    diary.motion(0, "11:00", "kitchen")
    rattle(diary, 0, "12:00")
    for turn in range(MUCH):
        at = diary.at(0, "12:21") + timedelta(seconds=20 * turn)
        diary.read(at, "shed", "door", Door(False, "shed"))
        diary.read(at + MOMENT, "shed", "door", Door(True, "shed"))
    assert diary.memory.since_at == diary.at(0, "11:00")


def test_until_it_is_known_what_a_sensor_says_is_believed() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:55", "kitchen")
    last_at = rattle(diary, 0, "12:00", MUCH - 1)
    assert diary.memory.since_at == last_at
    assert not quiet_of(diary).noise.is_noisy("cupboard/cupboard/door", last_at)


def test_an_alarm_that_its_first_signs_ended_is_raised_again() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:55", "kitchen")
    rattle(diary, 0, "13:00", 5)
    assert (len(diary.found), len(diary.ended)) == (1, 1)
    rattle(diary, 0, "13:05")
    assert [find.happened_at for _, find in diary.found] == [diary.at(0, "11:55")] * 2
    assert len(diary.ended) == 1


def test_another_sensor_is_believed_meanwhile_and_it_is_again_after_two_calm_hours() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:55", "kitchen")
    rattle(diary, 0, "12:00")
    diary.motion(0, "12:40", "kitchen")
    last_at = rattle(diary, 0, "12:45", 5)
    assert diary.memory.since_at == diary.at(0, "12:40")
    diary.motion(0, "13:30", "kitchen")
    diary.motion(0, "14:15", "kitchen")
    assert diary.at(0, "14:45") < last_at + timedelta(seconds=CALM_S) < diary.at(0, "14:47")
    rattle(diary, 0, "14:45", 1)
    assert diary.memory.since_at == diary.at(0, "14:15")
    rattle(diary, 0, "14:47", 1)
    assert diary.memory.since_at == diary.at(0, "14:47")
    assert diary.found == []


def test_a_button_is_pressed_by_somebody_however_often() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:55", "kitchen")
    for turn in range(3 * MUCH):
        diary.read(diary.at(0, "12:00") + timedelta(seconds=turn), "pendant", "button", Press())
    assert diary.memory.since_at == diary.at(0, "12:00") + timedelta(seconds=3 * MUCH - 1)
    assert [one.sensor for one in quiet_of(diary).noise.counts] == ["pir-kitchen/kitchen"]


def test_a_life_may_begin_with_a_press() -> None:
    diary = Diary(RULE)
    diary.press(0, "12:00")
    assert diary.memory.since_at == diary.at(0, "12:00")
    assert quiet_of(diary).noise == Noise(last=Seen(diary.at(0, "12:00")))


def test_of_names_from_outside_only_the_beginning_is_kept() -> None:
    diary = Diary(RULE)
    diary.read(diary.at(0, "12:00"), "d" * 63, "motion", Motion("r" * 300))
    [count] = quiet_of(diary).noise.counts
    assert count.sensor == "d" * 63 + "/" + "r" * 32


def test_a_press_amid_the_noise_is_the_newest_sign() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:55", "kitchen")
    rattle(diary, 0, "12:00", 20)
    diary.press(0, "12:08")
    rattle(diary, 0, "12:09")
    assert diary.memory.since_at == diary.at(0, "12:08")
    assert diary.found == []


def test_one_that_tells_every_minute_for_a_day_is_no_sign_of_life() -> None:
    diary = Diary(Inactivity(id="still", usual=Usual(1800.0, 50_000.0)))
    diary.motion(0, "07:00", "kitchen")
    last_at = diary.at(0, "08:00") + timedelta(hours=STEADY_HOURS)
    for minute in range(0, STEADY_HOURS * 60 + 1, 60 // STEADY):
        at = diary.at(0, "08:00") + timedelta(minutes=minute)
        diary.read(at, "pir-hall", "motion", Motion("hall"))
        assert (diary.found == []) is (at < last_at)
    assert [(at, find.happened_at) for at, find in diary.found] == [(last_at, diary.at(0, "07:00"))]


def test_a_home_whose_only_sensor_chatters_is_silent_since_it_was_believed() -> None:
    diary = Diary(RULE)
    known_at = rattle(diary, 0, "12:00")
    assert diary.memory.since_at == known_at - MOMENT
    rattle(diary, 0, "13:00", 90)
    assert [at for at, _ in diary.found] == [known_at - MOMENT + timedelta(hours=1)]


# A mat.


def flap(diary: Diary, day: int, clock: str, times: int, every_s: float = 15.0) -> datetime:
    """A mat that lets go and says a moment later that somebody lies there, so often; at last it lets go."""
    at = diary.at(day, clock)
    for turn in range(times):
        at = diary.at(day, clock) + timedelta(seconds=turn * every_s)
        diary.read(at - MOMENT, "bed-1", "bed", Bed(False))
        diary.read(at, "bed-1", "bed", Bed(True))
    diary.read(at + MOMENT, "bed-1", "bed", Bed(False))
    return at


def test_a_mat_that_chatters_is_no_sign_but_says_that_somebody_may_be_asleep() -> None:
    diary = Diary(RULE)
    flap(diary, 0, "12:01", MUCH)
    diary.motion(0, "12:20", "hall")
    assert not quiet_of(diary).lies
    due_at = diary.memory.due_at
    assert due_at == diary.at(0, "13:20")
    diary.bed(0, "12:30", occupied=True)
    assert quiet_of(diary).lies
    assert diary.memory.since_at == diary.at(0, "12:20")
    assert diary.memory.due_at is not None
    assert diary.memory.due_at > due_at + timedelta(hours=6)
    diary.bed(0, "12:31", occupied=False)
    assert quiet_of(diary).lies, "it lets go when somebody turns"


def test_who_was_said_to_lie_on_a_mat_that_chatters_may_be_asleep_since_the_sign_before() -> None:
    diary = Diary(RULE)
    diary.motion(0, "12:00", "hall")
    flap(diary, 0, "12:01", MUCH)
    assert diary.memory.since_at == diary.at(0, "12:00")
    assert quiet_of(diary).lies


def test_nor_does_it_bring_anybody_home() -> None:
    diary = Diary(RULE)
    flap(diary, 0, "09:00", MUCH)
    diary.motion(0, "09:30", "hall")
    diary.goes(0, "10:00")
    diary.bed(0, "10:20", occupied=True)
    assert (quiet_of(diary).out, quiet_of(diary).lies) == (True, False)
    assert diary.memory.since_at == diary.at(0, "10:01")


def test_who_lay_in_bed_when_another_sensor_began_to_chatter_lies_there_still() -> None:
    diary = Diary(RULE)
    diary.bed(0, "21:50", occupied=True)
    diary.bed(0, "22:10", occupied=False)
    assert quiet_of(diary).lies
    rattle(diary, 0, "22:12", MUCH - 1)
    assert not quiet_of(diary).lies
    diary.door(0, "22:40", "pantry", is_open=True)
    rattle(diary, 0, "22:45", 1)
    assert diary.memory.since_at == diary.at(0, "22:40"), "the door of the pantry was somebody"
    assert not quiet_of(diary).lies


def test_and_is_taken_for_lying_there_again_once_that_is_known() -> None:
    diary = Diary(RULE)
    diary.bed(0, "21:50", occupied=True)
    diary.bed(0, "22:10", occupied=False)
    rattle(diary, 0, "22:12")
    assert quiet_of(diary).lies
    assert diary.memory.since_at == diary.at(0, "22:10")
    assert diary.memory.due_at is not None
    assert diary.memory.due_at > diary.at(1, "04:00")


# Who is at home.


def test_a_sensor_that_goes_on_while_somebody_is_out_brings_them_home_only_until_it_is_known() -> None:
    diary = Diary(Inactivity(id="still", usual=Usual(600.0, 7200.0)))
    diary.motion(0, "11:50", "hall")
    diary.goes(0, "12:00")
    rattle(diary, 0, "12:30", MUCH - 1)
    assert not quiet_of(diary).out, "two minutes of one sensor are somebody"
    assert quiet_of(diary).habit.all_day(AWAY, diary.now).n == pytest.approx(1.0, rel=1e-2)
    rattle(diary, 0, "12:51", 1)
    assert diary.memory.since_at == diary.at(0, "12:01")
    assert (quiet_of(diary).out, quiet_of(diary).lies) == (True, False)
    assert quiet_of(diary).away == Absence(diary.at(0, "12:00"), 12.0)


def test_during_an_absence_by_position_noise_changes_nothing() -> None:
    diary = Diary(RULE, Setting(TZ, home=0))
    diary.motion(0, "09:00", "hall")
    rattle(diary, 0, "09:01")
    placed(diary, "09:40", 500.0)
    assert diary.memory.holds is False
    rattle(diary, 0, "10:00", 30)
    assert diary.memory.holds is False
    assert diary.memory.due_at is None


def placed(diary: Diary, clock: str, far_m: float) -> None:
    """Positions of some minutes, so many metres outside the home (inside: less than none)."""
    for minute in range(6):
        at = diary.at(0, clock) + timedelta(minutes=minute)
        body = Position(58.0, 12.0 + far_m / 60_000.0, 10.0)
        diary.pass_until(at)
        outcome = diary.rule.step(
            diary.memory, Observed(Reading("t", "gps", "position", at, at, body), (far_m,)), diary.setting, at
        )
        diary.memory = outcome.state


def test_of_somebody_who_came_home_by_position_silence_counts_from_that_and_not_from_before_they_left() -> None:
    diary = Diary(RULE, Setting(TZ, home=0))
    diary.motion(0, "09:00", "hall")
    placed(diary, "09:10", 500.0)
    placed(diary, "15:00", -100.0)
    home_at = diary.memory.since_at
    assert home_at is not None
    assert home_at >= diary.at(0, "15:00")
    rattle(diary, 0, "15:10")
    assert diary.found == []
    assert diary.memory.since_at == home_at


@pytest.mark.parametrize(("until", "moved"), [("11:56", False), ("11:54", True)])
def test_nor_from_before_a_stay_away_from_home(until: str, moved: bool) -> None:
    stay = Away(Diary.at(0, "11:53"), Diary.at(0, until))
    diary = Diary(RULE, Setting(TZ, stays=(stay,)))
    diary.motion(0, "11:55", "kitchen")
    last_at = rattle(diary, 0, "12:00")
    expected = diary.at(0, "11:55") if moved else last_at - MOMENT
    assert diary.memory.since_at == expected


def test_all_of_this_is_stored_and_goes_on_after_a_restart() -> None:
    one, restarted = Diary(RULE), Diary(RULE)
    for diary in (one, restarted):
        diary.motion(0, "11:55", "kitchen")
        diary.goes(0, "11:57")
        for turn in range(2 * MUCH + 2):
            at = diary.at(0, "12:05") + timedelta(seconds=10 * turn)
            diary.read(at, "cupboard", "door", Door(turn % 2 == 0, "cupboard"))
            if diary is restarted:
                stored = msgspec.msgpack.encode(diary.memory)
                diary.memory = msgspec.msgpack.decode(stored, type=Memory)
                diary.memory = msgspec.json.decode(msgspec.json.encode(diary.memory), type=Memory)
    assert restarted.memory == one.memory
    assert restarted.found == one.found
    assert quiet_of(one).out
