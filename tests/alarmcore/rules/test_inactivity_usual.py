"""Rule `inactivity` with `usual`: silent for longer than this person usually is when it falls silent at this hour."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from alarmcore.model.reading import Bed, Motion
from alarmcore.rules.base import Memory
from alarmcore.rules.inactivity import Inactivity
from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, Usual
from alarmcore.usual.quiet import AWAY, Quiet, usual_s
from tests.diary import Diary, luck, worked_out

RULE = Inactivity(id="still", usual=Usual(1800.0, 14_400.0))


def day(diary: Diary, number: int, rng: random.Random, until: str = "22:30") -> None:
    """A day at home: up at about seven, a sign every quarter of an hour, a rest after dinner, to bed at half past ten."""
    at, end = diary.at(number, "07:00") + timedelta(minutes=rng.uniform(0, 20)), diary.at(number, until)
    while at < end:
        room = rng.choice(("kitchen", "living", "bathroom", "hall"))
        diary.read(at, f"pir-{room}", "motion", Motion(room))
        resting = diary.at(number, "13:00") <= at < diary.at(number, "13:30")
        at += timedelta(minutes=rng.uniform(50, 80) if resting else min(rng.expovariate(1 / 14), 45))


def lived(rule: Inactivity = RULE, days: int = 30, *, mat: bool = False, beds: str = "22:35") -> Diary:
    rng = luck(7)
    diary = Diary(rule)
    for number in range(days):
        day(diary, number, rng)
        if mat:
            diary.bed(number, beds, occupied=True)
            diary.bed(number + 1, "06:55", occupied=False)
    return diary


def test_thirty_days_of_an_ordinary_life_raise_nothing_after_the_first_nights() -> None:
    diary = lived()
    assert [number for number in diary.days() if number > 4] == []


def test_with_a_mat_even_the_first_nights_are_known_to_be_sleep() -> None:
    assert lived(mat=True).found == []


def test_a_stop_by_day_is_found_sooner_than_by_the_longest_limit() -> None:
    diary = lived()
    rng = luck(8)
    day(diary, 30, rng, until="10:00")
    before = len(diary.found)
    since_at = diary.memory.since_at
    assert since_at is not None
    diary.pass_until(diary.at(31, "10:00"))
    at, find = diary.found[before]
    assert at - since_at < timedelta(hours=3)
    assert find.facts is not None
    assert (find.facts.lasting, find.facts.bound, find.facts.out) == ("still", None, None)
    assert find.facts.usual_s == round(usual_s(diary.memory.quiet or Quiet(), 10.0, since_at)), "nine in ten are over by then"
    assert 600 < find.facts.usual_s < 3600


def test_a_stop_in_the_night_is_found_in_the_morning() -> None:
    diary = lived(mat=True)
    day(diary, 30, luck(9))
    diary.bed(30, "22:35", occupied=True)
    diary.pass_until(diary.at(32, "10:00"))
    assert diary.at(31, "06:00") < diary.found[-1][0] < diary.at(31, "14:40")


def test_somebody_unknown_is_found_within_the_bounds() -> None:
    diary = Diary(RULE)
    diary.motion(0, "12:00", "kitchen")
    diary.pass_until(diary.at(0, "20:00"))
    [(at, _)] = diary.found
    assert diary.at(0, "12:30") <= at <= diary.at(0, "16:00")


def test_who_goes_out_by_the_front_door_every_afternoon_is_away_and_not_silent() -> None:
    rng = luck(10)
    diary = Diary(RULE)
    for number in range(30):
        day(diary, number, rng, until="14:00")
        diary.door(number, "14:05", "front", is_open=True)
        diary.door(number, "14:06", "front", is_open=False)
        diary.door(number, "19:30", "front", is_open=True)
        diary.door(number, "19:31", "front", is_open=False)
        diary.motion(number, "19:32", "hall")
        diary.bed(number, "19:45", occupied=True)
        diary.bed(number + 1, "06:50", occupied=False)
    assert [number for number in diary.days() if number > 4] == []


def test_silence_after_somebody_else_has_gone_by_the_front_door_is_not_taken_for_absence_for_ever() -> None:
    """Home care comes and goes four times a day; she never goes out."""
    rng = luck(11)
    diary = lived(mat=True, days=1)
    for number in range(1, 30):
        for hour in (8, 12, 16, 20):
            diary.door(number, f"{hour:02}:00", "front", is_open=True)
            diary.door(number, f"{hour:02}:25", "front", is_open=False)
            diary.read(
                diary.at(number, f"{hour:02}:25") + timedelta(minutes=rng.uniform(11, 25)), "pir", "motion", Motion("living")
            )
            for minute in range(55, 180, 18):
                at = diary.at(number, f"{hour:02}:00") + timedelta(minutes=minute)
                diary.read(at, "pir", "motion", Motion("living"))
        diary.bed(number, "23:10", occupied=True)
        diary.bed(number + 1, "06:55", occupied=False)
    found = len(diary.found)
    diary.door(30, "12:00", "front", is_open=True)
    diary.door(30, "12:25", "front", is_open=False)
    diary.pass_until(diary.at(30, "20:00"))
    assert len(diary.found) > found
    assert diary.found[found][0] < diary.at(30, "15:00")


def test_a_timer_of_the_evening_does_not_hide_a_silence_of_the_morning() -> None:
    diary = lived(mat=True)
    diary.bed(30, "22:35", occupied=True)
    night = diary.memory.due_at
    diary.bed(31, "05:00", occupied=False)
    diary.motion(31, "05:10", "kitchen")
    assert diary.memory.due_at is not None
    assert night is not None
    assert diary.memory.due_at < night


def test_a_silence_that_was_found_hardly_teaches() -> None:
    diary = lived(mat=True)
    day(diary, 30, luck(12), until="10:00")
    limit = diary.memory.quiet
    assert limit is not None
    diary.pass_until(diary.at(30, "18:00"))
    day(diary, 31, luck(13), until="10:00")
    assert diary.memory.quiet is not None
    assert diary.memory.quiet.limit_s < 1.5 * limit.limit_s


def test_who_falls_silent_in_the_kitchen_at_night_is_not_taken_for_asleep() -> None:
    diary = lived(mat=True)
    day(diary, 30, luck(14))
    diary.bed(30, "22:35", occupied=True)
    diary.bed(31, "02:00", occupied=False)
    diary.motion(31, "02:02", "kitchen")
    diary.pass_until(diary.at(31, "20:00"))
    assert diary.at(31, "02:32") < diary.found[-1][0] <= diary.at(31, "06:02")


def test_of_who_does_not_go_to_bed_the_longest_limit_holds() -> None:
    """They may be asleep in a chair for once."""
    diary = lived(mat=True, beds="23:05")
    day(diary, 30, luck(14))
    diary.motion(30, "23:15", "kitchen")
    diary.pass_until(diary.at(31, "20:00"))
    assert diary.found[-1][0] == diary.at(31, "03:15")


def test_who_goes_back_to_bed_is_asleep_and_may_be_for_as_long_as_the_night_has_left() -> None:
    diary = lived(mat=True)
    day(diary, 30, luck(15))
    diary.bed(30, "22:35", occupied=True)
    early = RULE.due(diary.memory, diary.setting)
    diary.bed(31, "03:00", occupied=False)
    diary.motion(31, "03:02", "bathroom")
    diary.bed(31, "03:06", occupied=True)
    late = RULE.due(diary.memory, diary.setting)
    assert early is not None
    assert late is not None
    assert early - timedelta(hours=1.5) < late < early + timedelta(hours=1.5)
    diary.bed(31, "06:55", occupied=False)
    day(diary, 31, luck(16), until="10:00")
    assert [number for number in diary.days() if number > 4] == []


def test_somebody_bedridden_is_visited_and_her_rest_never_ends() -> None:
    """Home care comes to the bed four times a day; nobody rises. When nobody comes any more that is found."""
    diary = Diary(RULE)
    diary.bed(0, "07:00", occupied=True)
    for number in range(20):
        for clock in ("08:00", "12:30", "17:00", "21:30"):
            at = diary.at(number, clock)
            for minute in (0, 4, 9, 20):
                diary.read(at + timedelta(minutes=minute), "pir-room", "motion", Motion("room"))
            diary.bed(number, clock[:3] + "15" if clock.endswith("00") else clock[:3] + "45", occupied=False)
            diary.read(at + timedelta(minutes=30), "bed-1", "bed", Bed(True))
    assert [number for number in diary.days() if number > 4] == []
    diary.pass_until(diary.at(21, "12:00"))
    assert diary.at(20, "09:00") < diary.found[-1][0] <= diary.at(20, "14:00")


def test_a_life_stored_and_read_again_at_every_sign_is_the_same_life() -> None:
    one, restarted = Diary(RULE), Diary(RULE)
    for diary in (one, restarted):
        rng = luck(17)
        for number in range(3):
            day(diary, number, rng, until="14:00")
            diary.goes(number, "14:05")
            restart(diary, really=diary is restarted)
            diary.motion(number, "16:00", "kitchen")
            restart(diary, really=diary is restarted)
            diary.comes(number, "19:30")
            diary.bed(number, "22:35", occupied=True)
            restart(diary, really=diary is restarted)
            diary.bed(number + 1, "03:00", occupied=False)
            diary.motion(number + 1, "03:02", "bathroom")
            diary.bed(number + 1, "03:06", occupied=True)
            restart(diary, really=diary is restarted)
            diary.bed(number + 1, "06:55", occupied=False)
    assert restarted.memory == one.memory
    assert restarted.found == one.found


def restart(diary: Diary, *, really: bool) -> None:
    """What is remembered goes through both ways in which it is stored."""
    if really:
        packed = msgspec.msgpack.decode(msgspec.msgpack.encode(diary.memory), type=Memory)
        diary.memory = msgspec.json.decode(msgspec.json.encode(packed), type=Memory)


def test_two_processes_work_out_the_same() -> None:
    """Also the mark by which a limit is known again: another owner of the same person takes it over."""
    told = [
        subprocess.run(
            [sys.executable, "-c", "import tests.diary as d; print(d.worked_out())"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] == worked_out() + "\n"


def test_an_absence_that_was_found_teaches_a_third_and_not_much_more_than_its_limit() -> None:
    diary = Diary(RULE)
    diary.goes(0, "08:00")
    diary.comes(0, "19:00")
    n, x, _ = (diary.memory.quiet or Quiet()).habit.all_day(AWAY, diary.now)
    assert len(diary.found) == 1
    assert (n, (x / n) ** 3) == pytest.approx((FOUND_WEIGHT, FOUND_FACTOR * 14_400.0), rel=1e-3)


def test_who_presses_the_button_is_at_home_though_they_went_out() -> None:
    diary = Diary(RULE)
    diary.goes(0, "12:00")
    diary.press(0, "15:00")
    assert not (diary.memory.quiet or Quiet(out=True)).out


def test_an_alarm_about_somebody_who_went_out_says_so() -> None:
    diary = Diary(RULE)
    diary.goes(0, "12:00")
    diary.pass_until(diary.at(0, "20:00"))
    [(_, find)] = diary.found
    assert find.facts is not None
    assert (find.facts.out, find.facts.usual_s, find.facts.bound) == (True, None, "new")


def test_an_alarm_at_the_longest_limit_says_so_where_silences_are_usually_longer() -> None:
    diary = Diary(RULE)
    for number in (0, 1, 2):
        for clock in ("08:00", "08:40", "11:20", "14:00", "16:40", "19:20"):
            diary.motion(number, clock, "living")
    diary.rule = Inactivity(id="still", usual=Usual(600.0, 3600.0))
    diary.motion(3, "11:00", "living")
    diary.pass_until(diary.at(3, "13:00"))
    facts = diary.found[-1][1].facts
    assert facts is not None
    assert (facts.for_s, facts.usual_s, facts.bound) == (3600, None, "most")


@pytest.mark.parametrize(("rule", "waits_s"), [(RULE, 60.0), (Inactivity(id="still", limit_s=14_400.0), 0.0)])
def test_what_came_late_and_is_due_already_waits_for_what_comes_with_it(rule: Inactivity, waits_s: float) -> None:
    """A gateway was without coverage; a fixed limit has never waited."""
    diary = Diary(rule)
    received_at = diary.at(0, "18:00")
    diary.read(diary.at(0, "12:00"), "pir", "motion", Motion("living"), received_at=received_at)
    diary.pass_until(received_at + timedelta(hours=1))
    assert [at for at, _ in diary.found] == [received_at + timedelta(seconds=waits_s)]


def test_a_fixed_limit_is_what_it_was() -> None:
    diary = Diary(Inactivity(id="still", limit_s=3600.0))
    diary.motion(0, "12:00", "kitchen")
    diary.pass_until(diary.at(0, "13:30"))
    assert [at for at, _ in diary.found] == [diary.at(0, "13:00")]
    assert diary.memory.quiet is None


def test_what_is_remembered_is_stored_and_stays_small() -> None:
    diary = lived(mat=True)
    stored = msgspec.msgpack.encode(diary.memory)
    assert msgspec.msgpack.decode(stored, type=Memory) == diary.memory
    assert len(stored) < 1800
