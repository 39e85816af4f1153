"""Rule `inactivity` with `usual`: what a silence was, who is at home, and which limit holds after that."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from alarmcore.model.reading import Bed, Body, Door, Floor, Motion, Position, Reading
from alarmcore.rules.base import Away, Memory, Observed, Setting, Span
from alarmcore.rules.inactivity import Inactivity, lies
from alarmcore.usual.bed import STUCK_S
from alarmcore.usual.bounds import FOUND_WEIGHT, Usual
from alarmcore.usual.noise import Seen
from alarmcore.usual.quiet import AWAY, PAUSE, REST, Quiet, limit_s
from tests.diary import TZ, Diary

BOUNDS = Usual(1800.0, 14_400.0)
RULE = Inactivity(id="still", usual=BOUNDS)
HOME = Setting(TZ, home=0)
NAMES = ("Main", "outside-1", "Way out", "entré", "entre-2", "Ytterdörr", "ytterdorr", "Altan", "balcony", "Terrace")


def quiet_of(diary: Diary) -> Quiet:
    assert diary.memory.quiet is not None
    return diary.memory.quiet


def learned(diary: Diary, way: int) -> float:
    """How many silences of a sort are remembered."""
    return quiet_of(diary).habit.all_day(way, diary.now).n


def seen(diary: Diary, at: datetime, device: str, kind: str, body: Body, far_m: float = 0.0) -> None:
    """A reading that arrives now, or when it happened if that is later."""
    diary.pass_until(max(at, diary.now))
    event = Observed(Reading("t", device, kind, at, diary.now, body), (far_m,))
    outcome = diary.rule.step(diary.memory, event, diary.setting, diary.now)
    diary.memory = outcome.state


def placed(diary: Diary, day: int, clock: str, far_m: float) -> None:
    """Positions of some minutes, so many metres outside the home (inside: less than none)."""
    for minute in range(6):
        at = diary.at(day, clock) + timedelta(minutes=minute)
        seen(diary, at, "gps", "position", Position(58.0, 12.0 + far_m / 60_000.0, 10.0), far_m)


# What a silence was.


def test_a_pause_by_day_is_one_and_a_silence_of_hours_is_sleep() -> None:
    diary = Diary(RULE)
    for clock in ("09:00", "09:30", "12:45"):
        diary.motion(0, clock, "kitchen")
    assert (learned(diary, PAUSE), learned(diary, REST)) == pytest.approx((1.0, 1.0), rel=1e-2)
    assert quiet_of(diary).limit_s == limit_s(quiet_of(diary), 12.75, diary.now, BOUNDS)


def test_silence_of_somebody_in_bed_is_rest_and_what_comes_after_they_rose_is_not() -> None:
    diary = Diary(RULE)
    diary.bed(0, "13:00", occupied=True)
    assert quiet_of(diary).lies
    diary.bed(0, "13:30", occupied=False)
    assert quiet_of(diary).lies, "mats let go when somebody turns"
    diary.motion(0, "13:32", "kitchen")
    assert not quiet_of(diary).lies
    diary.motion(0, "14:00", "kitchen")
    assert (learned(diary, PAUSE), learned(diary, REST)) == pytest.approx((1.0, 1.0), rel=1e-2)


def test_a_mat_that_was_replaced_or_has_been_on_for_a_day_keeps_nobody_in_bed() -> None:
    now = Diary.at(3, "12:00")
    on = (("bed-1/bed=1", now - timedelta(seconds=STUCK_S - 1)),)
    assert lies(on, Setting(TZ), now)
    assert not lies(on, Setting(TZ), now + timedelta(seconds=1))
    assert not lies((("bed-1/bed=0", now),), Setting(TZ), now)
    assert not lies((("mat/floor=1", now), ("front/door/=1", now)), Setting(TZ), now)
    until = Setting(TZ, devices=(("bed-1", Span(None, now)), ("bed-2", Span(None, None))))
    assert lies(on, until, now - timedelta(seconds=1))
    assert not lies(on, until, now)
    assert lies((*on, ("bed-2/bed=1", now)), until, now)


def test_after_a_mat_was_replaced_a_pause_by_day_is_a_pause() -> None:
    replaced_at = Diary.at(1, "12:00")
    diary = Diary(RULE, Setting(TZ, devices=(("bed-0", Span(None, replaced_at)), ("bed-1", Span(replaced_at, None)))))
    diary.bed(0, "22:30", occupied=True, device="bed-0")
    diary.motion(1, "09:00", "kitchen")
    assert quiet_of(diary).lies
    diary.motion(1, "14:00", "kitchen")
    assert not quiet_of(diary).lies


@pytest.mark.parametrize(
    ("doors", "door", "out"),
    [
        ((), "front", True),
        ((), "Front door", True),
        ((), "hall-entrance", True),
        *(((), name, True) for name in NAMES),
        ((), "fridge", False),
        ((), "", False),
        (("garden",), "garden", True),
        (("garden",), "front", False),
        (("doors",), "fridge", True),
    ],
)
def test_a_door_leads_out_by_its_name_or_where_the_rule_says_so(doors: tuple[str, ...], door: str, out: bool) -> None:
    diary = Diary(replace(RULE, outside_doors=doors))
    diary.door(0, "12:00", door, is_open=True)
    assert quiet_of(diary).out is out
    diary.motion(0, "12:06", "hall")
    diary.motion(0, "12:07", "kitchen")
    assert quiet_of(diary).out is False


def test_silence_after_a_door_that_leads_out_is_absence() -> None:
    diary = Diary(RULE)
    diary.goes(0, "12:00")
    diary.comes(0, "13:00")
    assert (learned(diary, AWAY), learned(diary, PAUSE)) == pytest.approx((1.0, 0.0), rel=1e-3)


def test_a_stay_of_a_week_teaches_nobody_to_be_away_for_days() -> None:
    stay = Away(Diary.at(2, "12:00"), Diary.at(9, "12:00"))
    for leaves in (True, False):
        diary = Diary(RULE, Setting(TZ, stays=(stay,)))
        diary.motion(2, "11:00", "hall")
        if leaves:
            diary.door(2, "11:02", "front", is_open=False)
        diary.motion(9, "12:30", "hall")
        assert diary.found == []
        assert [learned(diary, way) for way in (PAUSE, REST, AWAY)] == [0.0, 0.0, 0.0]


def test_what_is_heard_of_the_home_during_a_stay_is_somebody_else() -> None:
    stay = Away(Diary.at(2, "12:00"), Diary.at(9, "12:00"))
    diary = Diary(RULE, Setting(TZ, stays=(stay,)))
    diary.motion(3, "11:00", "hall")
    diary.motion(3, "11:30", "hall")
    assert learned(diary, PAUSE) == 0.0
    diary.motion(10, "11:00", "hall")
    diary.motion(10, "11:30", "hall")
    assert learned(diary, PAUSE) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("resolved", [False, True])
def test_a_silence_that_was_found_teaches_a_little_also_when_its_alarm_was_resolved_before(resolved: bool) -> None:
    diary = Diary(RULE)
    diary.motion(0, "08:00", "kitchen")
    diary.pass_until(diary.at(0, "12:30"))
    assert len(diary.found) == 1
    if resolved:
        diary.resolve()
    diary.motion(0, "12:40", "kitchen")
    assert learned(diary, PAUSE) + learned(diary, REST) == pytest.approx(FOUND_WEIGHT, rel=1e-3)
    diary.motion(0, "13:10", "kitchen")
    assert learned(diary, PAUSE) == pytest.approx(1.0, rel=1e-2)


def test_one_that_was_found_by_a_fixed_limit_teaches_in_full_what_it_lasted() -> None:
    diary = Diary(Inactivity(id="still", limit_s=3600.0))
    diary.motion(0, "12:00", "kitchen")
    diary.pass_until(diary.at(0, "14:00"))
    assert len(diary.found) == 1
    diary.rule = RULE
    diary.motion(0, "14:30", "kitchen")
    n, x, _ = quiet_of(diary).habit.all_day(PAUSE, diary.now)
    assert (n, (x / n) ** 3) == pytest.approx((1.0, 9000.0), rel=1e-3)


@pytest.mark.parametrize("from_clock", ["11:00", "13:00"])
def test_a_stay_of_some_hours_is_no_silence(from_clock: str) -> None:
    stay = Away(Diary.at(0, from_clock), Diary.at(0, "14:00"))
    diary = Diary(RULE, Setting(TZ, stays=(stay,)))
    diary.motion(0, "12:00", "hall")
    diary.motion(0, "14:30", "hall")
    assert [learned(diary, way) for way in (PAUSE, REST, AWAY)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("stay", [Away(None, Diary.at(0, "12:00")), Away(Diary.at(0, "12:31"), None)])
def test_what_came_before_or_after_a_stay_is_one(stay: Away) -> None:
    diary = Diary(RULE, Setting(TZ, stays=(stay,)))
    diary.motion(0, "12:00", "hall")
    diary.motion(0, "12:30", "hall")
    assert learned(diary, PAUSE) == 1.0


# Who lies in bed, and who went out.


@pytest.mark.parametrize(("lain_s", "out"), [(6 * 3600 - 1, False), (6 * 3600, True)])
def test_who_lay_down_within_six_hours_did_not_go_out_by_the_door(lain_s: float, out: bool) -> None:
    diary = Diary(RULE)
    diary.bed(0, "08:00", occupied=True)
    diary.read(diary.at(0, "08:00") + timedelta(seconds=lain_s), "doors", "door", Door(False, "front"))
    assert (quiet_of(diary).out, quiet_of(diary).lies) == (out, True)


def test_a_mat_that_chatters_is_not_believed_against_the_door() -> None:
    diary = Diary(RULE)
    for turn in range(42):
        diary.bed(0, f"11:{turn:02}", occupied=turn % 2 == 0)
    diary.bed(0, "11:45", occupied=True)
    diary.door(0, "11:46", "front", is_open=True)
    assert quiet_of(diary).out


def test_who_is_home_again_by_position_lies_in_bed_only_if_a_mat_says_so() -> None:
    for occupied in (True, False):
        diary = Diary(RULE, HOME)
        diary.bed(0, "08:30", occupied=True)
        if not occupied:
            diary.bed(0, "08:45", occupied=False)
        assert quiet_of(diary).lies
        placed(diary, 0, "09:05", 500.0)
        placed(diary, 0, "15:00", -100.0)
        assert quiet_of(diary).lies is occupied
        assert quiet_of(diary).noise.last == Seen(diary.memory.since_at or diary.now, lies=occupied)


# What comes late, or at the same instant.


def test_who_lies_down_at_the_very_second_of_a_movement_lies_in_bed() -> None:
    diary = Diary(RULE)
    diary.motion(0, "12:30", "bedroom")
    by_day_at = diary.memory.due_at
    diary.bed(0, "12:30", occupied=True)
    assert quiet_of(diary).lies
    assert diary.memory.since_at == diary.at(0, "12:30")
    assert by_day_at is not None
    assert diary.memory.due_at is not None
    assert diary.memory.due_at > by_day_at + timedelta(hours=4)


@pytest.mark.parametrize("occupied", [True, False])
def test_what_a_mat_said_before_the_newest_sign_holds_though_it_comes_after_it(occupied: bool) -> None:
    late, ordered = Diary(RULE), Diary(RULE)
    bed_at, moved_at = Diary.at(0, "22:30"), Diary.at(0, "22:31")
    for diary in (late, ordered):
        diary.bed(0, "21:00", occupied=not occupied)
        if diary is late:
            diary.read(moved_at, "pir", "motion", Motion("bedroom"))
        diary.read(bed_at, "bed-1", "bed", Bed(occupied), received_at=max(bed_at, diary.now))
        if diary is ordered:
            diary.read(moved_at, "pir", "motion", Motion("bedroom"))
        assert quiet_of(diary).lies is occupied
        assert diary.memory.since_at == moved_at
    assert RULE.due(late.memory, HOME) == RULE.due(ordered.memory, HOME)
    assert late.memory.due_at == RULE.due(late.memory, HOME), "and is timed for that"


def test_a_mat_that_flickers_within_a_second_leaves_the_sleeper_in_bed() -> None:
    diary = Diary(RULE)
    diary.bed(0, "22:30", occupied=True)
    before = diary.memory.due_at
    diary.bed(0, "22:30", occupied=False)
    assert quiet_of(diary).lies
    assert diary.memory.due_at == before


def test_another_sensor_that_speaks_late_says_nothing_of_who_lies_in_bed() -> None:
    diary = Diary(RULE)
    diary.bed(0, "22:00", occupied=True)
    diary.bed(0, "23:00", occupied=False)
    before = diary.memory
    diary.read(diary.at(0, "22:59"), "pir", "motion", Motion("bedroom"), received_at=diary.now)
    assert diary.memory is before
    assert quiet_of(diary).lies


def test_a_mat_that_speaks_late_of_somebody_who_went_out_brings_nobody_home() -> None:
    diary = Diary(RULE)
    diary.motion(0, "11:50", "hall")
    diary.door(0, "12:00", "front", is_open=False)
    diary.read(diary.at(0, "11:55"), "bed-1", "bed", Bed(True), received_at=diary.now)
    assert (quiet_of(diary).out, quiet_of(diary).lies) == (True, False)
    floor = diary.memory
    diary.read(diary.at(0, "11:55"), "mat", "floor", Floor(False), received_at=diary.now)
    assert diary.memory.quiet is floor.quiet


# Which limit holds.


def test_a_finding_says_how_long_it_has_been_silent_and_what_is_usual() -> None:
    diary = Diary(RULE)
    diary.motion(0, "12:00", "kitchen")
    diary.pass_until(diary.at(1, "00:00"))
    [(at, find)] = diary.found
    assert find.facts is not None
    assert (find.facts.for_s, find.facts.lasting) == ((at - diary.at(0, "12:00")).total_seconds(), "still")
    assert (find.facts.usual_s, find.facts.bound) == (None, "new"), "nothing is known of her"


def test_bounds_that_are_changed_hold_for_the_silence_under_way() -> None:
    diary = Diary(RULE)
    diary.motion(0, "12:05", "kitchen")
    diary.rule = Inactivity(id="still", usual=Usual(600.0, 1500.0))
    diary.motion(0, "12:10", "kitchen")
    diary.pass_until(diary.at(0, "15:00"))
    assert [at for at, _ in diary.found] == [diary.at(0, "12:35")]


def test_signs_that_only_push_the_timer_ahead_leave_it_where_it_is() -> None:
    """Also into the next half hour, whose limit is the same."""
    diary = Diary(RULE)
    diary.motion(0, "12:24", "kitchen")
    due_at = diary.memory.due_at
    assert due_at is not None
    for clock in ("12:29", "12:33"):
        diary.motion(0, clock, "kitchen")
        assert diary.memory.since_at == diary.at(0, clock)
        assert diary.memory.due_at == due_at


def test_a_fixed_limit_holds_again_when_the_municipality_goes_back_to_it() -> None:
    diary = Diary(RULE)
    for clock in ("09:00", "09:30", "10:15"):
        diary.motion(0, clock, "kitchen")
    diary.rule = Inactivity(id="still", limit_s=1200.0)
    diary.motion(0, "20:00", "kitchen")
    found = len(diary.found)
    diary.pass_until(diary.at(1, "20:00"))
    assert [(at, find.facts) for at, find in diary.found[found:]] == [(diary.at(0, "20:20"), None)]


# Who is at home.


def test_who_is_away_by_position_teaches_nothing_and_is_not_waited_for() -> None:
    diary = Diary(RULE, HOME)
    diary.motion(0, "09:00", "hall")
    placed(diary, 0, "09:05", 500.0)
    assert diary.memory.holds is False
    assert diary.memory.due_at is None
    diary.motion(0, "11:00", "hall")
    assert diary.memory.holds
    assert [learned(diary, way) for way in (PAUSE, REST, AWAY)] == [0.0, 0.0, 0.0]


def test_what_happened_at_home_before_somebody_went_brings_them_not_back() -> None:
    diary = Diary(RULE, HOME)
    diary.motion(0, "09:00", "hall")
    placed(diary, 0, "09:05", 500.0)
    gone_at = diary.memory.since_at
    assert gone_at is not None
    seen(diary, gone_at - timedelta(seconds=30), "pir", "motion", Motion("hall"))
    assert diary.memory.holds is False
    assert diary.memory.since_at == gone_at


def test_who_is_home_again_by_position_is_not_away_whatever_door_they_left_by() -> None:
    diary = Diary(RULE, HOME)
    diary.motion(0, "08:30", "hall")
    diary.door(0, "09:00", "front", is_open=True)
    assert learned(diary, PAUSE) == 1.0
    placed(diary, 0, "09:05", 500.0)
    assert quiet_of(diary).out
    placed(diary, 0, "15:00", -100.0)
    assert diary.memory.holds
    assert (quiet_of(diary).lies, quiet_of(diary).out, quiet_of(diary).away) == (False, False, None)
    assert diary.memory.belief is not None
    assert (diary.memory.belief.lat, diary.memory.belief.lon) == (58.0, 12.0 - 100.0 / 60_000.0)
    assert diary.memory.since_at is not None
    assert diary.memory.due_at == diary.memory.since_at + timedelta(
        seconds=limit_s(quiet_of(diary), 15.25, diary.memory.since_at, BOUNDS)
    )


def test_positions_that_change_nothing_leave_the_memory_as_it_is() -> None:
    diary = Diary(RULE, HOME)
    diary.motion(0, "09:00", "hall")
    placed(diary, 0, "09:05", -100.0)
    assert diary.memory.holds
    assert diary.memory.since_at == diary.at(0, "09:00")
    before = diary.memory
    old = Reading("t", "gps", "position", diary.at(0, "09:00"), diary.now, Position(58.0, 12.0, 10.0))
    assert RULE.sense(before, Observed(old, (-100.0,)), HOME) is before


def test_memory_of_a_fixed_limit_comes_home_without_anything_learned() -> None:
    diary = Diary(Inactivity(id="still", limit_s=3600.0), HOME)
    diary.motion(0, "09:00", "hall")
    placed(diary, 0, "09:05", 500.0)
    placed(diary, 0, "15:00", -100.0)
    assert diary.memory.holds
    assert diary.memory.quiet is None
    assert isinstance(diary.memory, Memory)
