"""Whose a reading is, when it happened, and whether it may be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarmcore.admission import AHEAD_MAX, Registry, admit, identity_of, registry_of, timed
from alarmcore.codecs.native import parse
from alarmcore.errors import ReadingRejected
from alarmcore.model.reading import Reading
from tests.stories import built, document, resident, town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)


def taken(payload: bytes, kind: str = "heartbeat", device: str = "gps-1") -> Reading:
    return timed(parse(kind, payload), "grastorp", device, NOW)


def at(moment: datetime) -> bytes:
    return b'{"at":"%s"}' % moment.isoformat().encode()


def two(first: dict[str, Any], second: dict[str, Any]) -> Registry:
    """Two residents who have the same device, one after the other."""
    devices = [[{"id": "gps-1", "kind": "gps", **when}] for when in (first, second)]
    return registry_of(
        [built({**document(), "residents": [resident(devices=devices[0]), resident(id="r2", devices=devices[1])]})]
    )


def whose(registry: Registry, reading: Reading) -> str | None:
    plan = admit(registry, reading).plan
    return None if plan is None else plan.resident


def test_what_happened_and_what_was_received_are_both_kept() -> None:
    reading = taken(at(NOW - timedelta(hours=2)))
    assert (reading.at, reading.received_at, reading.late_s) == (NOW - timedelta(hours=2), NOW, 7200)


@pytest.mark.parametrize(("seconds", "late_s"), [(0, 0), (59.9, 0), (60, 60), (61.5, 61)])
def test_late_is_whole_seconds_from_sixty_on(seconds: float, late_s: int) -> None:
    assert taken(at(NOW - timedelta(seconds=seconds))).late_s == late_s


def test_a_clock_a_little_ahead_is_taken_for_now_and_one_far_ahead_is_not_believed() -> None:
    assert taken(at(NOW + AHEAD_MAX)).at == NOW
    with pytest.raises(ReadingRejected, match="from_future"):
        taken(at(NOW + AHEAD_MAX + timedelta(milliseconds=1)))
    pressed = taken(at(NOW + timedelta(days=1)), "fall")
    assert (pressed.at, pressed.set_aside, pressed.late_s) == (NOW, ("at",), 0)


def test_a_clock_that_began_anew_counts_as_now_marked_late() -> None:
    reading = taken(b'{"at":0}')
    assert (reading.at, reading.set_aside) == (NOW, ("at",))
    assert reading.late_s == int(NOW.timestamp())


def test_old_recordings_are_no_clocks_that_began_anew() -> None:
    then = datetime(2011, 5, 1, tzinfo=UTC)
    reading = timed(parse("heartbeat", at(then - timedelta(minutes=5))), "grastorp", "gps-1", then)
    assert (reading.at, reading.set_aside) == (then - timedelta(minutes=5), ())


def test_a_bracelet_is_whose_it_was_when_it_happened() -> None:
    registry = two({"until": "2026-01-12"}, {"from": "2026-01-13"})
    assert whose(registry, taken(at(datetime(2026, 1, 12, 22, 59, tzinfo=UTC)))) == "r1"
    assert whose(registry, taken(at(datetime(2026, 1, 12, 23, 0, tzinfo=UTC)))) == "r2"  # midnight in Sweden


def test_on_the_day_of_the_hand_over_it_is_whose_it_was_given_to() -> None:
    registry = two({"until": "2026-01-13"}, {"from": "2026-01-13"})
    assert whose(registry, taken(at(datetime(2026, 1, 13, 8, tzinfo=UTC)))) == "r2"


def test_what_is_handed_over_at_noon_is_whose_it_is_at_that_moment() -> None:
    noon = "2026-01-13T12:00:00+01:00"
    for first in ({"until": noon}, {"until": "2026-01-13"}):
        registry = two(first, {"from": noon})
        assert whose(registry, taken(at(datetime(2026, 1, 13, 10, 59, 59, tzinfo=UTC)))) == "r1"
        assert whose(registry, taken(at(datetime(2026, 1, 13, 11, tzinfo=UTC)))) == "r2"


def test_a_bracelet_whose_clock_began_anew_is_whose_it_is_now() -> None:
    registry = two({"until": "2026-01-12"}, {"from": "2026-01-13"})
    assert whose(registry, taken(b'{"at":5}', "button")) == "r2"


def test_what_was_buffered_before_the_hand_out_is_whose_it_is_now() -> None:
    registry = registry_of([town("[]", "devices: [{id: gps-1, kind: gps, from: 2026-01-14}]")])
    assert whose(registry, taken(at(NOW - timedelta(days=3)), "button")) == "r1"


@pytest.mark.parametrize(("kind", "payload"), [("button", b"{}"), ("fall", b"garbage"), ("floor", b'{"on_floor":true}')])
def test_a_cry_for_help_of_an_unknown_device_is_admitted_as_nobodys(kind: str, payload: bytes) -> None:
    assert whose(registry_of([town("[]")]), taken(payload, kind, "gps-9")) is None


@pytest.mark.parametrize(("kind", "payload"), [("heartbeat", b"{}"), ("floor", b'{"on_floor":false}')])
def test_anything_else_of_an_unknown_device_is_rejected(kind: str, payload: bytes) -> None:
    with pytest.raises(ReadingRejected, match="unknown_device"):
        admit(registry_of([town("[]")]), taken(payload, kind, "gps-9"))


def test_a_press_for_an_unknown_tenant_is_rejected() -> None:
    with pytest.raises(ReadingRejected, match="unknown_tenant"):
        admit(registry_of([town("[]")]), timed(parse("button", b"{}"), "tanum", "gps-1", NOW))


@pytest.mark.parametrize(
    ("consent", "positioned"),
    [
        ("{given: 2026-01-10, by: kin, basis: sol}", True),
        ("{given: 2026-01-10, by: kin, basis: sol, until: 2026-01-14}", True),
        ("{given: 2026-01-10, by: kin, basis: sol, until: 2026-01-13}", False),
        ("{given: 2026-01-15, by: kin, basis: sol}", False),
    ],
)
def test_a_position_may_be_used_while_the_consent_holds_and_a_press_always(consent: str, positioned: bool) -> None:
    registry = registry_of([town("[]", f"consent: {consent}")])
    place = b'{"lat":58.3,"lon":12.6}'
    assert admit(registry, taken(place, "position")).positioned is positioned
    assert admit(registry, taken(place, "button")).positioned


def test_an_identity_belongs_to_a_device_and_fits_a_database() -> None:
    parsed = parse("heartbeat", b'{"id":"1"}')
    found = {identity_of(parsed, t, d) for t, d in (("a", "x"), ("a", "y"), ("b", "x"), ("a", "x"))}
    assert len(found) == 3
    assert all(one is not None and -(1 << 63) <= one < 1 << 63 for one in found)
