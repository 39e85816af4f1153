"""Zones that are drawn otherwise under the same id: what was believed of the old drawing is not believed of the new one."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from alarmcore.model.outing import BeginOuting, EndOuting
from alarmcore.model.reading import Reading, Status
from alarmcore.rules.base import Memory, Observed, combined
from alarmcore.rules.witness import FRESH_S
from geofence import circle, corridor, region
from geofence.belief import IMPLAUSIBLE
from tests.drawings import BY_NIGHT, LOST, NIGHTLY, NOON, PERSON, PLAIN, STAY, Life, drawn

# -- as people would tell it ----------------------------------------------------------------------------------------------


def test_whoever_was_just_seen_outside_of_a_zone_that_shrank_is_found_at_once() -> None:
    life = Life(drawn(PLAIN, 500))
    for _ in range(5):
        life.seen(400)
    assert life.belief.side == "inside"
    life.draw(drawn(PLAIN, 100))
    assert life.belief.side == "unknown"
    life.wait(1)
    assert life.told() == ["outside_all_zones"]
    facts = life.said[0][1].facts
    assert (facts.fixes, facts.for_s, facts.distance_m) == (2, 60, 110)


@pytest.mark.parametrize("fixes", [1, 2, 5])
def test_whoever_was_seen_there_longer_ago_is_found_once_fixes_say_so(fixes: int) -> None:
    life = Life(drawn(PLAIN, 500))
    for _ in range(fixes):
        life.seen(400)
    life.wait(FRESH_S + 1)
    life.draw(drawn(PLAIN, 100))
    life.wait(600)
    assert life.told() == []
    life.seen(400)
    assert life.told() == [], "one fix alone never finds anybody"
    life.seen(400)
    assert life.told() == ["outside_all_zones"]
    assert life.said[0][1].facts.fixes == 2


def test_one_fix_alone_finds_nobody_when_a_zone_shrinks() -> None:
    life = Life(drawn(PLAIN, 500))
    life.seen(400)
    life.draw(drawn(PLAIN, 100))
    life.wait(3600)
    assert life.told() == []


def test_whoever_is_found_outside_is_back_at_once_where_the_zone_grew_over_them() -> None:
    life = Life(drawn(PLAIN, 100))
    for _ in range(3):
        life.seen(400)
    life.draw(drawn(PLAIN, 900))
    assert life.state.memories[0].found, "the alarm is as open as it was"
    life.wait(1)
    assert life.told() == ["outside_all_zones", "inside_a_zone"]


def test_whoever_was_found_outside_long_ago_is_back_once_fixes_say_so_where_the_zone_grew_over_them() -> None:
    life = Life(drawn(PLAIN, 100))
    for _ in range(3):
        life.seen(400)
    life.wait(FRESH_S + 1)
    life.draw(drawn(PLAIN, 900))
    life.seen(400)
    assert life.told() == ["outside_all_zones"]
    life.seen(400)
    assert life.told() == ["outside_all_zones", "inside_a_zone"]


def test_an_open_alarm_of_somebody_who_is_outside_of_the_new_zone_too_is_repeated_with_its_numbers() -> None:
    life = Life(drawn(PLAIN, 100))
    for _ in range(3):
        life.seen(400)
    life.wait(FRESH_S + 1)
    life.draw(drawn(PLAIN, 110))
    for _ in range(5):
        life.seen(400)
    assert life.told() == ["outside_all_zones", "outside_all_zones"]
    assert life.said[-1][1].facts.fixes == 2


def test_it_is_repeated_at_once_where_the_newest_fixes_say_the_same_of_the_new_zone() -> None:
    life = Life(drawn(PLAIN, 100))
    for _ in range(3):
        life.seen(400)
    life.draw(drawn(PLAIN, 110))
    life.wait(1)
    assert life.told() == ["outside_all_zones", "outside_all_zones"]
    assert life.belief.side == "outside"


def test_a_window_that_begins_finds_nobody_by_what_was_believed_of_the_old_zone() -> None:
    life = Life(drawn(NIGHTLY, 100))
    for _ in range(3):
        life.seen(400)
    life.draw(drawn(NIGHTLY, 900))
    life.wait(4 * 3600)
    assert life.told() == []


def test_the_end_of_an_outing_finds_nobody_by_what_was_believed_of_the_old_zone() -> None:
    life = Life(drawn(PLAIN, 100))
    life.take(BeginOuting(NOON + timedelta(hours=2), "contact:eva", "contact:eva", "link"))
    for _ in range(3):
        life.seen(400)
    life.draw(drawn(PLAIN, 900))
    life.take(EndOuting("contact:eva", "link"))
    assert life.told() == []
    life.draw(drawn(PLAIN, 100))
    life.seen(400)
    life.seen(400)
    assert life.told() == ["outside_all_zones"]


def test_an_alarm_that_was_resolved_is_not_raised_again_by_what_was_believed_of_the_old_zone() -> None:
    life = Life(drawn(PLAIN, 100))
    for _ in range(3):
        life.seen(400)
    life.resolve()
    life.draw(drawn(PLAIN, 900))
    life.wait(3 * 3600)
    assert life.told() == ["outside_all_zones"]


def test_whoever_slept_at_home_is_not_missed_because_the_zone_was_drawn_anew() -> None:
    life = Life(drawn(LOST, 150))
    for _ in range(3):
        life.seen(0)
    life.wait(7200)
    life.draw(drawn(LOST, 160))
    life.wait(7200)
    life.take(Observed(Reading("grastorp", "gps-1", "status", life.now, life.now, Status(battery_pct=50.0))))
    life.wait(7200)
    assert life.told() == []


def test_whoever_was_not_inside_of_either_drawing_when_last_seen_is_missed() -> None:
    life = Life(drawn(LOST, 100))
    for _ in range(3):
        life.seen(0)
    life.seen(400)  # perhaps
    life.draw(drawn(LOST, 110))
    life.wait(3600)
    assert life.told() == ["position_lost"]
    assert life.said[0][0] == NOON + timedelta(seconds=240 + 900)
    facts = life.said[0][1].facts
    assert (facts.lost, facts.distance_m) == (True, 110), "measured from the zone of today"
    life.seen(0)
    life.seen(0)
    assert life.told() == ["position_lost", "inside_a_zone"]


def test_whoever_was_inside_of_the_new_drawing_when_last_seen_is_not_missed() -> None:
    life = Life(drawn(LOST, 100))
    for _ in range(3):
        life.seen(0)
    life.seen(400)
    life.draw(drawn(LOST, 900))
    life.wait(7200)
    assert life.told() == []


def test_whoever_is_missed_again_after_a_drawing_gets_an_alarm_of_its_own_each_time() -> None:
    life = Life(drawn(LOST, 100))
    for _ in range(3):
        life.seen(400)
    life.draw(drawn(LOST, 110))
    for _ in range(4):
        life.wait(4000)
        life.resolve()
    raised = [(one.reading, one.again) for _, one in life.said]
    assert len(raised) > 3
    assert len(set(raised)) == len(raised)


def test_a_fix_older_than_the_last_one_says_nothing_of_the_new_zone_either() -> None:
    life = Life(drawn(PLAIN, 500))
    for _ in range(3):
        life.seen(400)
    life.draw(drawn(PLAIN, 100))
    life.wait(60)
    before = life.state
    life.take(life.fix(400, 10, NOON + timedelta(seconds=170)))
    assert life.state == before


def test_memory_from_before_there_were_marks_is_taken_as_it_is_and_marked_by_the_next_fix() -> None:
    life = Life(drawn(PLAIN, 100))
    for _ in range(3):
        life.seen(0)
    stored = msgspec.msgpack.decode(life.machine.encode(life.state))
    ((_, _, memory),) = stored[1]
    place = Memory.__struct_fields__.index("mark")
    assert memory[place] == life.plan.watched[0].setting.mark
    del memory[place:]
    life._plan(drawn(PLAIN, 120))
    life.state = life.machine.decode(PERSON, msgspec.msgpack.encode(stored))
    assert (life.belief.side, life.state.memories[0].mark) == ("inside", 0)
    life.seen(0)
    assert life.state.memories[0].mark == life.plan.watched[0].setting.mark != 0
    life.draw(drawn(PLAIN, 130))
    assert life.belief.side == "unknown"


def test_zones_that_do_not_count_just_then_may_be_drawn_anew() -> None:
    """On a stay it is not the home that counts, and after hours not the day centre."""
    staying, centre = (
        Life(drawn(PLAIN, 100, more=STAY)),
        Life(drawn(PLAIN, 100, hours=BY_NIGHT)),
    )
    for _ in range(3):
        staying.seen(250)
        centre.seen(0)
    staying.draw(drawn(PLAIN, 700, more=STAY))
    centre.draw(drawn(PLAIN, 100, 90, hours=BY_NIGHT))
    assert (staying.belief.side, centre.belief.side) == ("inside", "inside")
    staying.draw(drawn(PLAIN, 700, 60, more=STAY))
    centre.draw(drawn(PLAIN, 100, 90))
    assert (staying.belief.side, centre.belief.side) == ("unknown", "unknown")


def test_a_way_is_too_fast_from_a_place_that_no_zone_was_there_for_too() -> None:
    life = Life(drawn(PLAIN, 100, home=BY_NIGHT, hours=BY_NIGHT))
    life.seen(0)
    life.draw(drawn(PLAIN, 100))
    newcomer = Life(drawn(PLAIN, 100), life.now)
    for one in (life, newcomer):
        one.seen(5_000, after_s=20)
    assert life.belief.evidence == newcomer.belief.evidence * IMPLAUSIBLE


# -- marks ----------------------------------------------------------------------------------------------------------------


def test_drawings_that_differ_in_anything_have_different_marks() -> None:
    ring = [[12.0, 58.0], [12.1, 58.0], [12.1, 58.1], [12.0, 58.0]]
    moved = [[12.0, 58.0], [12.1, 58.0], [12.1, 58.1000001], [12.0, 58.0]]
    way = [[12.0, 58.0], [12.1, 58.1], [12.2, 58.1], [12.3, 58.2]]
    line = {"type": "LineString", "coordinates": way}
    parted = {"type": "MultiLineString", "coordinates": [way[:2], way[2:]]}
    areas = [
        circle(58.0, 12.0, 100.0),
        circle(58.0, 12.0, 100.5),
        circle(12.0, 58.0, 100.0),
        region({"type": "Polygon", "coordinates": [ring]}),
        region({"type": "Polygon", "coordinates": [moved]}),
        corridor(line, 30.0),
        corridor(line, 31.0),
        corridor(parted, 30.0),
    ]
    marks = [area.mark() for area in areas]
    assert len(set(marks)) == len(marks)
    assert all(0 <= mark < 1 << 32 for mark in marks)
    assert marks[0] == 672_987_121, "it is stored: every process and every version must find the same"


def test_several_areas_have_one_mark_in_whichever_order_and_none_has_one_too() -> None:
    assert combined([5, 7]) == combined([7, 5]) != combined([5])
    assert combined([5, 5]) != combined([5])
    assert combined([]) == combined([(1 << 32) - 1]) == 1
