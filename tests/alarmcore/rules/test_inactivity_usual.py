"""Rule `inactivity` with `usual`: silent for longer than this person usually is when it falls silent at this hour."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec

from alarmcore.model.reading import Motion
from alarmcore.rules.base import Memory
from alarmcore.rules.inactivity import Inactivity
from alarmcore.usual.bounds import Usual
from tests.diary import Diary, luck

RULE = Inactivity(id="still", usual=Usual(1800.0, 14_400.0))


def day(diary: Diary, number: int, rng: random.Random, until: str = "22:30") -> None:
    """A day at home: up at about seven, a sign every quarter of an hour, a rest after dinner, to bed at half past ten."""
    at, end = diary.at(number, "07:00") + timedelta(minutes=rng.uniform(0, 20)), diary.at(number, until)
    while at < end:
        room = rng.choice(("kitchen", "living", "bathroom", "hall"))
        diary.read(at, f"pir-{room}", "motion", Motion(room))
        resting = diary.at(number, "13:00") <= at < diary.at(number, "13:30")
        at += timedelta(minutes=rng.uniform(50, 80) if resting else min(rng.expovariate(1 / 14), 45))


def lived(rule: Inactivity = RULE, days: int = 30, *, mat: bool = False) -> Diary:
    rng = luck(7)
    diary = Diary(rule)
    for number in range(days):
        day(diary, number, rng)
        if mat:
            diary.bed(number, "22:35", occupied=True)
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
    assert find.facts.lasting == "still"
    assert (find.facts.usual_s or 0) < 3600


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
