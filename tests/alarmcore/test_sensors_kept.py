"""What is kept of a home's sensors: whose they are, which go when there are too many, and what their faults know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alarmcore.model.reading import Body, Door, Motion, Reading, Signal
from alarmcore.sensors import SENSORS_MAX, Fault, Health, Limits, Sensor, found, heard, hour_of, owned

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
LIMITS = Limits(36 * 3600.0, 2 * 86400.0, 5)


def reading(device: str, kind: str, body: Body, minutes: float) -> Reading:
    at = NOON + timedelta(minutes=minutes)
    return Reading("t", device, kind, at, at, body)


def fault(name: str, why: str = "sensor_silent") -> Fault:
    return Fault(name, why, NOON)


def test_only_the_persons_own_sensors_and_faults_are_kept() -> None:
    sensors = (Sensor("a/door/front/x", NOON), Sensor("b/bed", NOON))
    health = Health(sensors, (fault("a/door/front/x"), fault("b/bed")))
    assert owned(health, frozenset({"a", "b"})) is health
    assert owned(health, frozenset({"a"})) == Health(sensors[:1], health.faults[:1])
    assert owned(health, frozenset({"b"})) == Health(sensors[1:], health.faults[1:])
    orphan = Health(sensors[:1], (fault("b"),))
    assert owned(orphan, frozenset({"a"})) == Health(sensors[:1])
    assert owned(Health(sensors, health.faults[:1]), frozenset({"a"})) == Health(sensors[:1], health.faults[:1])


def test_of_too_many_the_one_that_was_heard_longest_ago_goes_with_its_fault() -> None:
    health = Health()
    for number in range(SENSORS_MAX):
        health = heard(health, reading(f"d{number}", "door", Door(False), number), LIMITS)
    health = heard(health, reading("d0", "heartbeat", Signal(), 50), LIMITS)
    health = Health(health.sensors, (fault("d1/door/"), fault("d2/door/")), health.hour, health.lived)
    after = heard(health, reading("new", "door", Door(False), 60), LIMITS)
    names = [one.name for one in after.sensors]
    assert len(names) == SENSORS_MAX
    assert "d1/door/" not in names
    assert names[0] == "d0/door/"
    assert names[-1] == "new/door/"
    assert after.faults == (fault("d2/door/"),)


def test_a_word_of_a_device_about_itself_ends_the_silence_of_its_own_sensors_only() -> None:
    sensors = (Sensor("a/door/x", NOON), Sensor("a/bed", NOON), Sensor("b/bed", NOON))
    faults = (fault("a/door/x"), fault("a/bed", "sensor_stuck"), fault("b/bed"))
    after = heard(Health(sensors, faults), reading("a", "heartbeat", Signal(), 9), LIMITS)
    assert after.faults == faults[1:]
    assert [one.heard_at for one in after.sensors] == [NOON + timedelta(minutes=9)] * 2 + [NOON]


def test_a_change_ends_silence_and_being_stuck_and_a_repeated_word_silence_only() -> None:
    sensor = Sensor("a/door/", NOON, NOON, False)
    others = fault("b/door/")
    for body, left in ((Door(True), ()), (Door(False), ("sensor_stuck",))):
        faults = (fault("a/door/"), fault("a/door/", "sensor_stuck"), others)
        after = heard(Health((sensor,), faults), reading("a", "door", body, 1), LIMITS)
        assert tuple(one.why for one in after.faults if one.name == "a/door/") == left
        assert others in after.faults


def test_a_sensor_that_goes_on_chattering_stays_one_fault_with_its_worst_hour() -> None:
    """Before another one's, which nothing is said of meanwhile."""
    health = heard(Health(), reading("a", "door", Door(False), 0), LIMITS)
    for minute in range(1, 17):
        health = heard(health, reading("a", "door", Door(minute % 2 == 1), minute), LIMITS)
    health = Health(health.sensors, (*health.faults, fault("z/bed")), health.hour, health.lived)
    first = health.faults[0]
    assert (first.why, first.count) == ("sensor_chatters", 8)
    for minute in range(61, 67):
        health = heard(health, reading("a", "door", Door(minute % 2 == 1), minute), LIMITS)
    again, other = health.faults
    assert (again.name, again.since_at, again.count) == (first.name, first.since_at, 8)
    assert again.until == NOON + timedelta(hours=26)
    assert other == fault("z/bed")


def test_closing_a_door_is_no_chatter() -> None:
    health = Health((Sensor("a/door/", NOON, NOON, True, hour=hour_of(NOON), count=9),))
    assert heard(health, reading("a", "door", Door(False), 1), LIMITS).faults == ()


def test_a_device_that_raises_too_much_is_a_fault_until_an_hour_after_the_one_in_which_it_did() -> None:
    health = Health()
    for minute in range(3):
        health, until = found(health, "a", 2, NOON + timedelta(minutes=minute))
    assert until == NOON + timedelta(hours=1)
    assert health.faults == (Fault("a", "alarms_folded", NOON + timedelta(minutes=2), 3, NOON + timedelta(hours=2)),)
    health, _ = found(health, "a", 2, NOON + timedelta(minutes=30))
    assert [(one.since_at, one.count) for one in health.faults] == [(NOON + timedelta(minutes=2), 4)]


def test_what_was_raised_is_still_counted_after_readings_of_any_sort() -> None:
    """Else a device that moves between its alarms would never be folded."""
    health, _ = found(Health(), "a", 2, NOON)
    finds = health.finds
    for minute, (device, body) in enumerate(
        [("a", Motion()), ("b", Motion()), ("c", Motion()), ("a", Motion()), ("b", Motion())]
    ):
        health = heard(health, reading(device, "motion", body, minute), LIMITS)
        assert health.finds == finds
    health = heard(health, reading("a", "motion", Motion(), 70), LIMITS)
    health = heard(health, reading("b", "motion", Motion(), 71), LIMITS)
    assert health.finds == finds
    assert health.lived > 0


def test_an_hour_counts_once_two_sensors_have_noticed_movement_in_it() -> None:
    health = Health()
    for device in ("a", "b", "c"):
        health = heard(health, reading(device, "motion", Motion(), 0), LIMITS)
    lived = health.lived
    health = heard(health, reading("a", "motion", Motion(), 60), LIMITS)
    assert (health.lived, health.mover) == (lived, "a")
    health = heard(health, reading("a", "motion", Motion(), 61), LIMITS)
    assert health.lived == lived
    health = heard(health, reading("b", "motion", Motion(), 62), LIMITS)
    assert (health.lived, health.mover) == (lived + 1, "")
    chattering = Health(health.sensors, (fault("c/motion", "sensor_chatters"),), health.hour, health.lived)
    health = heard(chattering, reading("c", "motion", Motion(), 120), LIMITS)
    assert (health.lived, health.mover) == (lived + 1, "")
    silent = Health(health.sensors, (fault("c/motion"),), chattering.hour, chattering.lived)
    assert heard(silent, reading("a", "motion", Motion(), 120), LIMITS).mover == "a"
    assert heard(chattering, reading("a", "motion", Motion(), 120), LIMITS).mover == "a"
