"""Rule `missed_medication`: what exactly is found of a dose, by whose dispenser, and what an answer leaves behind."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Medication
from alarmcore.rules.base import BLANK, End, Find, Woke
from alarmcore.rules.missed_medication import ANSWERS_MAX, MissedMedication
from tests.diary import Diary

MORNING: Final = MissedMedication(id="dose", times=(time(8),), within_s=1800.0)


def said(diary: Diary, day: int, clock: str, device: str = "disp-1", *, taken: bool = True) -> None:
    diary.read(diary.at(day, clock), device, "medication", Medication(taken))


def test_a_dose_of_which_nothing_was_said_is_found_with_its_hour_and_the_newest_dispenser() -> None:
    diary = Diary(MORNING)
    said(diary, 0, "08:01", "disp-1")
    said(diary, 0, "09:00", "disp-2")
    diary.pass_until(diary.at(1, "12:00"))
    dose = diary.at(1, "08:00")
    find = Find("dose_unanswered", int(dose.timestamp() * 1000), "disp-2", dose, facts=Facts(for_s=1800, dose="08:00"))
    assert diary.found == [(diary.at(1, "08:30"), find)]
    assert (diary.memory.found, diary.memory.since_at) == (True, dose)
    assert diary.memory.due_at == diary.at(2, "08:30")


def test_a_dose_that_was_not_taken_is_remembered_until_one_is_taken() -> None:
    diary = Diary(MORNING)
    said(diary, 0, "08:01", taken=False)
    assert (diary.memory.found, diary.memory.since_at) == (True, diary.at(0, "08:00"))
    said(diary, 0, "06:59")
    assert diary.ended == [], "more than an hour before the dose it was another one"
    said(diary, 0, "08:20")
    assert [one for _, one in diary.ended] == [End("dose_taken")]
    assert (diary.memory.found, diary.memory.since_at) == (False, None)
    said(diary, 0, "08:40")
    assert len(diary.ended) == 1, "it is over but once"


def test_a_dose_that_was_taken_just_an_hour_before_its_time_was_taken() -> None:
    diary = Diary(MORNING)
    said(diary, 0, "08:00")
    diary.pass_until(diary.at(1, "09:00"))
    assert len(diary.found) == 1
    said(diary, 1, "07:00")
    assert [one for _, one in diary.ended] == [End("dose_taken")]


def test_an_answer_counts_from_an_hour_before_the_dose_until_its_waiting_is_over() -> None:
    for clock, found in (("06:59", 1), ("07:00", 0), ("08:30", 0)):
        diary = Diary(MORNING)
        said(diary, 0, "08:00")
        diary.read(diary.at(1, clock), "disp-1", "medication", Medication(True), received_at=diary.at(1, clock))
        diary.pass_until(diary.at(1, "12:00"))
        assert len(diary.found) == found, clock


def test_the_same_answer_again_changes_nothing() -> None:
    diary = Diary(MORNING)
    said(diary, 0, "08:00")
    before = diary.memory
    said(diary, 0, "08:00")
    assert diary.memory is before


def test_answers_are_kept_in_order_of_time_and_the_oldest_go_first() -> None:
    """However late they come: what was said newest is what counts."""
    diary = Diary(MORNING)
    late = diary.at(0, "20:00")
    for minute in reversed(range(ANSWERS_MAX + 2)):
        at = diary.at(0, "07:00") + timedelta(minutes=minute)
        diary.read(at, "disp-1", "medication", Medication(minute % 2 == 0), received_at=late)
    times = [at for _, at in diary.memory.sources]
    assert times == sorted(times)
    assert len(times) == ANSWERS_MAX
    assert times[-1] == diary.at(0, "07:00") + timedelta(minutes=ANSWERS_MAX + 1)


def test_answers_are_forgotten_a_day_after_they_could_count() -> None:
    diary = Diary(MissedMedication(id="dose", times=(time(8), time(20)), within_s=3600.0))
    for clock in ("07:30", "08:40", "20:10"):
        said(diary, 0, clock)
    diary.pass_until(diary.at(1, "09:30"))
    assert [at for _, at in diary.memory.sources] == [diary.at(0, "08:40"), diary.at(0, "20:10")]
    diary.pass_until(diary.at(3, "00:00"))
    assert diary.memory.sources == ()


def test_after_a_standstill_only_the_newest_dose_is_found() -> None:
    diary = Diary(MissedMedication(id="dose", times=(time(8), time(20)), within_s=1800.0))
    said(diary, 0, "08:00")
    later = diary.at(2, "09:00")
    outcome = diary.rule.step(diary.memory, Woke(), diary.setting, later)
    (find,) = outcome.decisions
    assert find.happened_at == diary.at(2, "08:00")
    assert outcome.state.due_at == diary.at(2, "20:30")


def test_who_is_asked_too_early_waits_on() -> None:
    diary = Diary(MORNING)
    assert diary.rule.step(BLANK, Woke(), diary.setting, diary.now).state is BLANK
    said(diary, 0, "08:00")
    outcome = diary.rule.step(diary.memory, Woke(), diary.setting, diary.at(0, "08:29"))
    assert outcome.state is diary.memory
    assert outcome.decisions == ()


def test_a_rule_whose_times_were_taken_away_waits_for_none() -> None:
    diary = Diary(MORNING)
    said(diary, 0, "08:00")
    assert diary.memory.due_at is not None
    diary.rule = MissedMedication(id="dose")
    outcome = diary.rule.step(diary.memory, Woke(), diary.setting, diary.at(1, "08:30"))
    assert outcome.state == MissedMedication(id="dose").step(outcome.state, Woke(), diary.setting, diary.at(1, "08:31")).state
    assert outcome.state.due_at is None
    assert outcome.state.sources == diary.memory.sources
    assert outcome.decisions == ()
    said(diary, 1, "08:00", taken=False)
    assert [one.why for _, one in diary.found] == ["dose_missed"]


def test_what_a_person_resolved_leaves_the_next_dose_to_be_waited_for() -> None:
    diary = Diary(MORNING)
    said(diary, 0, "08:00")
    diary.pass_until(diary.at(1, "09:00"))
    diary.resolve()
    assert diary.memory.due_at == diary.at(2, "08:30")
    diary.pass_until(diary.at(2, "09:00"))
    assert len(diary.found) == 2
