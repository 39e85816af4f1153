"""A batch of raw readings made ready for the machines: verdicts, identities, distances, quarantine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import metrics
from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import Admitted, admit, registry_of, timed
from alarmcore.codecs.native import parse
from alarmcore.intake import QUARANTINE_BYTES, Prepared, Raw, Verdict, measure, prepare, salvaged_id
from alarmcore.model.alarm import RaiseAlarm
from alarmcore.ports import Batch
from geofence import distance_m
from tests.stories import PLACES, town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
AREAS = (
    "zones: [{id: home, circle: {lat: 58.3345, lon: 12.6784, radius_m: 150}}, {id: village, area: {type: Polygon, coordinates:"
    " [[[12.67,58.33],[12.69,58.33],[12.69,58.34],[12.67,58.34],[12.67,58.33]]]}}]"
)
REGISTRY = registry_of(
    [town("[{id: wander, kind: zone_exit, zones: [home, village]}, {id: still, kind: inactivity, limit_s: 60}]", AREAS)]
)


def raw(kind: str, device: str = "gps-1", principal: str | None = None, **fields: Any) -> Raw:
    return Raw("grastorp", device, kind, json.dumps(fields).encode(), NOW, principal=principal)


async def prepared(*raws: Raw, journal: MemoryJournal | None = None) -> Prepared:
    return await prepare(list(raws), REGISTRY, journal or MemoryJournal(), NOW)


async def test_every_reading_has_one_verdict_and_one_place() -> None:
    found = await prepared(raw("heartbeat", id="a"), raw("bed", id="b"), raw("button"), raw("motion", "gps-9", id="d"))
    assert found.verdicts == [
        Verdict("a", "kept"),
        Verdict("b", "rejected", "bad_field"),
        Verdict(None, "kept"),
        Verdict("d", "rejected", "unknown_device"),
    ]
    assert [item is not None for item in found.items] == [True, False, True, False]
    assert [(q.reason, q.field) for q in found.quarantined] == [("bad_field", "occupied"), ("unknown_device", "device")]


async def test_nobody_speaks_for_another_device() -> None:
    found = await prepared(raw("button", principal="grastorp/gps-2"), raw("button", principal="grastorp/gps-1"))
    assert [v.reason for v in found.verdicts] == ["not_yours", None]


async def test_a_redelivery_is_answered_as_before_and_given_to_no_machine() -> None:
    found = await prepared(raw("heartbeat", id="a"), raw("heartbeat", id="a"))
    assert found.verdicts == [Verdict("a", "kept")] * 2
    assert [item is not None for item in found.items] == [True, False]
    assert len(found.identities) == 1


async def test_what_an_earlier_batch_has_kept_is_known() -> None:
    journal = MemoryJournal()
    first = await prepared(raw("heartbeat", id="a"), journal=journal)
    await journal.commit(Batch(NOW, identities=first.identities))
    again = await prepared(raw("heartbeat", id="a"), raw("motion", id="a"), journal=journal)
    assert [v.reason for v in again.verdicts] == [None, "id_reused"]
    assert again.items == [None, None]
    assert [q.reason for q in again.quarantined] == ["id_reused"]


async def test_what_was_rejected_may_be_said_again_and_better() -> None:
    journal = MemoryJournal()
    first = await prepared(raw("bed", id="a", occupied="?"), journal=journal)
    await journal.commit(Batch(NOW, identities=first.identities))
    assert (await prepared(raw("bed", id="a", occupied=True), journal=journal)).verdicts == [Verdict("a", "kept")]


async def test_fields_that_could_not_be_used_are_counted_and_none_by_a_name_that_a_device_made_up() -> None:
    counts = {name: metrics.SET_ASIDE.labels(*name)._value for name in (("position", "accuracy_m"), ("button", "extra"))}
    before = {name: count.get() for name, count in counts.items()}
    found = await prepared(raw("position", lat=58.3, lon=12.6, accuracy_m=-1), raw("button", made_up=1))
    assert [verdict.status for verdict in found.verdicts] == ["kept", "kept"]
    assert {name: count.get() - before[name] for name, count in counts.items()} == dict.fromkeys(counts, 1.0)


async def test_a_position_without_consent_is_told_so_and_measured_against_nothing() -> None:
    lapsed = registry_of([town("[]", "consent: {given: 2020-01-01, by: kin, basis: sol, until: 2021-01-01}\n" + AREAS)])
    found = await prepare([raw("position", lat=58.3, lon=12.6, id="p")], lapsed, MemoryJournal(), NOW)
    assert found.verdicts == [Verdict("p", "rejected", "not_consented")]
    assert found.quarantined == []  # a position is not kept where nobody may look at it
    assert found.items[0] is not None
    assert found.items[0].event.distances_m == ()


async def test_a_press_of_an_unknown_device_goes_to_the_centres_with_its_place() -> None:
    found = await prepared(raw("button", "gps-9", lat=58.3, lon=12.6, colour="red"), raw("fall", "Not An Id!"))
    first, second = (item.event for item in found.items if item is not None)
    assert isinstance(first, RaiseAlarm)
    assert (first.slot.resident, first.slot.device, first.why) == ("", "gps-9", "unknown_device set_aside:colour")
    assert first.fix is not None
    assert first.fix.lat == 58.3
    assert second.slot.device == "unreadable"


async def test_the_quarantine_keeps_no_more_than_is_needed() -> None:
    big = Raw("t" * 999, "d" * 999, "k" * 999, b"x" * 99_999, NOW)
    (kept,) = (await prepared(big)).quarantined
    assert (len(kept.tenant), len(kept.device), len(kept.kind), len(kept.payload)) == (64, 64, 32, QUARANTINE_BYTES)


@pytest.mark.parametrize(
    ("payload", "found"), [(b'{"id":"a","at":[]}', "a"), (b'{"id":5}', None), (b"[]", None), (b"{", None), (b'{"id":""}', None)]
)
def test_an_id_is_salvaged_so_that_its_device_can_be_told(payload: bytes, found: str | None) -> None:
    assert salvaged_id(payload) == found


anywhere = st.tuples(st.floats(-89, 89), st.floats(-180, 180)).filter(any)  # both 0 is said by receivers without a fix
degrees = anywhere | st.sampled_from(sorted(PLACES.values()))


@settings(max_examples=60, deadline=None)
@given(st.lists(degrees, max_size=30))
def test_many_distances_at_once_are_those_of_one_at_a_time(points: list[tuple[float, float]]) -> None:
    admitted: list[Admitted | None] = []
    for lat, lon in points:
        parsed = parse("position", json.dumps({"lat": lat, "lon": lon}).encode())
        admitted += [admit(REGISTRY, timed(parsed, "grastorp", "gps-1", NOW)), None]
    plan = REGISTRY.plans[("grastorp", "r1")]
    for (lat, lon), many in zip(points, measure(admitted)[::2], strict=True):
        alone = [distance_m(area, lat, lon) for area in plan.areas]
        assert len(many) == 3  # both zones, and the home for inactivity
        assert many == pytest.approx(alone, abs=0.01)


async def test_an_id_is_new_again_after_seven_days() -> None:
    journal = MemoryJournal()
    await journal.commit(Batch(NOW, identities=(await prepared(raw("heartbeat", id="a"))).identities))
    for days, seen in ((6.9, True), (7.1, False)):
        later = NOW + timedelta(days=days)
        known = await prepare([raw("motion", id="a")], REGISTRY, journal, later)
        assert (known.verdicts[0].reason == "id_reused") is seen
