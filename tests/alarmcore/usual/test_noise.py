"""Which sensors are set off by no person, and which sign was the newest that another one gave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

from alarmcore.sensors import CHATTERS, STEADY, STEADY_HOURS
from alarmcore.usual.absence import Absence
from alarmcore.usual.noise import CALM_S, SENSORS_MAX, Count, Noise, Seen, heard, noted

SINCE: Final = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
HOUR_S: Final = 3600.0


def at(seconds: float) -> datetime:
    return SINCE + timedelta(seconds=seconds)


def going_on(times: int, every_s: float, *, kind: str = "door", noise: Noise | None = None, from_s: float = 0.0) -> Noise:
    """A sensor that is set off so many times."""
    noise = noise or Noise()
    for turn in range(times):
        noise = heard(noise, "it", kind, at(from_s + turn * every_s))
    return noise


def test_the_numbers_are_those_that_were_measured_and_chosen() -> None:
    assert (CALM_S, SENSORS_MAX, STEADY, STEADY_HOURS) == (7200.0, 16, 20, 20)


@pytest.mark.parametrize("kind", sorted(CHATTERS))
def test_a_sensor_that_is_set_off_more_often_than_any_person_is_noise(kind: str) -> None:
    most = CHATTERS[kind]
    usual, much = going_on(most, 1.0, kind=kind), going_on(most + 1, 1.0, kind=kind)
    assert not usual.is_noisy("it", at(most))
    assert much.is_noisy("it", at(most))
    assert not much.is_noisy("other", at(most))


def test_of_what_is_neither_a_door_nor_a_movement_nothing_is_too_much() -> None:
    assert not going_on(3000, 1.0, kind="gate").is_noisy("it", at(3000))


def test_a_door_that_is_closed_is_not_set_off_once_more() -> None:
    noise = going_on(60, 1.0)
    for turn in range(60):
        noise = heard(noise, "it", "door", at(60 + turn), on=False)
    assert noise.counts[0].times == 60
    assert not noise.is_noisy("it", at(120))
    assert heard(noise, "it", "door", at(HOUR_S), on=False).counts == (Count("it", noise.counts[0].hour + 1, 0, 1),)


def test_what_was_set_off_in_another_hour_is_not_counted() -> None:
    noise = going_on(60, 60.0)
    assert noise.counts == (Count("it", noise.counts[0].hour, 60),)
    noise = going_on(40, 60.0, noise=noise, from_s=HOUR_S)
    assert noise.counts == (Count("it", noise.counts[0].hour, 40, 1),)
    assert not noise.is_noisy("it", at(2 * HOUR_S))


def test_it_is_believed_again_after_two_calm_hours() -> None:
    noise = going_on(61, 1.0)
    assert noise.is_noisy("it", at(60 + CALM_S - 1))
    assert not noise.is_noisy("it", at(60 + CALM_S))


def test_half_as_much_is_not_calm() -> None:
    noise = going_on(61, 1.0)
    calm = going_on(30, 60.0, noise=noise, from_s=HOUR_S)
    assert calm.counts[0].noisy_until == at(60 + CALM_S)
    still = going_on(31, 60.0, noise=noise, from_s=HOUR_S)
    assert still.counts[0].noisy_until == at(HOUR_S + 30 * 60.0 + CALM_S)
    well = going_on(31, 60.0, noise=noise, from_s=3 * HOUR_S)
    assert well.counts[0].noisy_until == at(60 + CALM_S)


def steady(hours: int, times: int = STEADY, *, from_hour: int = 0, noise: Noise | None = None) -> Noise:
    for hour in range(from_hour, from_hour + hours):
        noise = going_on(times, 60.0, kind="motion", noise=noise, from_s=hour * HOUR_S)
    return noise or Noise()


def test_one_that_goes_on_for_twenty_hours_on_end_is_noise_from_then_on() -> None:
    noise = steady(STEADY_HOURS)
    assert not noise.is_noisy("it", at(STEADY_HOURS * HOUR_S))
    noise = steady(1, 1, from_hour=STEADY_HOURS, noise=noise)
    assert noise.is_noisy("it", at(STEADY_HOURS * HOUR_S))
    assert noise.counts[0].noisy_until == at(STEADY_HOURS * HOUR_S + CALM_S)


@pytest.mark.parametrize(("rest_hour", "times"), [(10, STEADY - 1), (10, 0), (19, STEADY - 1)])
def test_one_hour_of_rest_in_twenty_is_a_person(rest_hour: int, times: int) -> None:
    noise = steady(rest_hour)
    noise = steady(1, times, from_hour=rest_hour, noise=noise)
    noise = steady(STEADY_HOURS - rest_hour, from_hour=rest_hour + 1, noise=noise)
    assert not noise.is_noisy("it", at(21 * HOUR_S))
    assert noise.counts[0].noisy_until is None


def test_a_clock_that_is_set_back_counts_nothing_twice() -> None:
    noise = steady(3)
    assert going_on(50, 1.0, kind="motion", noise=noise).counts == noise.counts


def test_sensors_are_counted_apart_and_those_set_off_longest_ago_are_forgotten() -> None:
    noise = Noise()
    for place in range(SENSORS_MAX + 2):
        noise = heard(noise, f"s{place}", "door", at(place))
        noise = heard(noise, "s0", "door", at(place))
    names = [one.sensor for one in noise.counts]
    assert len(names) == SENSORS_MAX
    assert names[0] == f"s{3}"
    assert names[-1] == "s0"
    assert noise.counts[-1].times == SENSORS_MAX + 3
    assert [one.times for one in noise.counts[:-1]] == [1] * (SENSORS_MAX - 1)


def test_one_that_is_counted_is_not_yet_a_sign() -> None:
    noise = noted(Noise(), "a", Seen(at(0)))
    after = heard(noise, "b", "door", at(5))
    assert (after.newest, after.last, after.other) == ("a", Seen(at(0)), None)


def test_the_newest_sign_of_another_sensor_is_remembered_with_how_it_left_somebody() -> None:
    door, out = Seen(at(0), away=Absence(at(0), 9.0)), Seen(at(60), lies=True)
    noise = noted(heard(Noise(), "a", "door", at(0)), "a", door)
    assert (noise.newest, noise.last, noise.other) == ("a", door, None)
    noise = noted(noise, "b", out)
    assert (noise.newest, noise.last, noise.other) == ("b", out, door)
    noise = noted(noise, "b", Seen(at(90)))
    assert (noise.newest, noise.last, noise.other) == ("b", Seen(at(90)), door)
    noise = noted(noise, "", Seen(at(100)))
    assert (noise.newest, noise.last, noise.other) == ("", Seen(at(100)), Seen(at(90)))
    assert [one.sensor for one in noise.counts] == ["a"]


def test_what_was_believed_of_one_that_turned_out_to_be_noise_is_no_other_sign() -> None:
    noise = noted(noted(Noise(), "a", Seen(at(0))), "it", Seen(at(5)))
    noisy = going_on(61, 1.0, noise=noise)
    assert noted(noisy, "b", Seen(at(90))).other == Seen(at(0))
    assert noted(noisy, "b", Seen(at(60 + CALM_S))).other == Seen(at(5)), "it is believed again"
    assert noted(noise, "b", Seen(at(90))).other == Seen(at(5))


def test_the_first_sign_of_all_has_none_before_it_also_where_it_was_a_button() -> None:
    noise = noted(Noise(), "", Seen(at(0)))
    assert (noise.last, noise.other) == (Seen(at(0)), None)
    assert noted(noise, "a", Seen(at(9))).other == Seen(at(0))


def test_it_is_stored_and_read_again() -> None:
    noise = noted(going_on(61, 1.0), "it", Seen(at(61), away=Absence(at(0), 9.0, "hall", at(5), 600.0)))
    noise = noted(noise, "other", Seen(at(70), lies=True))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(noise), type=Noise) == noise
    assert msgspec.json.decode(msgspec.json.encode(noise), type=Noise) == noise
    assert msgspec.json.decode(msgspec.json.encode(Noise()), type=Noise) == Noise()
