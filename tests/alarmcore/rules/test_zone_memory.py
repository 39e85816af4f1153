"""What rules about zones carry on from one moment to the next: beliefs about other zones, doubts, silences."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from alarmcore.calendar import Window
from alarmcore.rules.base import Find, Memory, Resolved, Woke, combined
from alarmcore.rules.zone import FORGET, UNDECIDED, ZoneRule, carried, is_safe, lies_inside
from alarmcore.rules.zone_exit import ZoneExit, is_out, marked, says_inside
from geofence.belief import DOUBT, Belief
from tests.stories import told, town
from tests.zones import LOST, NOON, PLAIN, SETTING, WATER, Delivery, fix, late, played, status

INSIDE = Belief("inside", NOON, NOON, 3, -80.0, 10.0)
OUTSIDE = Belief("outside", NOON, NOON, 4, 80.0, 10.0)
FORGET_S = FORGET.total_seconds()

# -- from some zones to others ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("belief", "old", "new"),
    [(INSIDE, (0,), (0, 1)), (INSIDE, (1,), (0, 1)), (OUTSIDE, (0, 1), (1,)), (OUTSIDE, (0, 1), (0,)), (INSIDE, (0, 1), (1, 0))],
)
def test_inside_of_fewer_is_inside_of_more_and_outside_of_more_is_outside_of_fewer(
    belief: Belief, old: tuple[int, ...], new: tuple[int, ...]
) -> None:
    """It holds since the same moment; the distances to other zones say nothing, so that the next fix counts whenever it was."""
    assert carried(belief, old, new) == Belief(belief.side, NOON, None, belief.agreed)


@pytest.mark.parametrize(
    ("belief", "old", "new"),
    [
        (INSIDE, (0, 1), (0,)),
        (INSIDE, (0,), (1,)),
        (OUTSIDE, (0,), (0, 1)),
        (OUTSIDE, (0,), (1,)),
        (OUTSIDE, (), (0,)),
        (Belief(evidence=1.0, run=1, run_at=NOON, last_at=NOON), (0,), (0,)),
    ],
)
def test_of_all_others_nothing_is_known(belief: Belief, old: tuple[int, ...], new: tuple[int, ...]) -> None:
    assert carried(belief, old, new) == UNDECIDED


@pytest.mark.parametrize(
    "memory", [Memory(mark=7), Memory(belief=replace(INSIDE, last_at=None), mark=7)], ids=["nothing", "no moment"]
)
def test_memory_that_is_about_no_place_is_as_good_for_zones_drawn_anew(memory: Memory) -> None:
    known = replace(SETTING, marks=(3, 4), mark=combined([3, 4]))
    for rule in (PLAIN, opening((0, (MORNING,)))):
        assert rule.redrawn(memory, known) is memory
        nobody_says = Memory(belief=INSIDE, mark=7)
        assert rule.redrawn(nobody_says, SETTING) is nobody_says


def test_memory_of_zones_that_are_drawn_otherwise_is_marked_as_of_those_of_today() -> None:
    known = replace(SETTING, marks=(3, 4), mark=combined([3, 4]))
    after = PLAIN.redrawn(Memory(belief=INSIDE, mark=7), known)
    assert (after.mark, after.belief is not None and after.belief.side) == (known.mark, "unknown")
    assert PLAIN.redrawn(after, known) is after


# -- what a device that nobody wears takes back ------------------------------------------------------------------------------


def doubted(far_m: float, rule: ZoneRule) -> list[Delivery]:
    """The belief settled where nothing is wrong, then one fix on the other side, then the device is taken off."""
    side = 1.0 if rule is PLAIN else -1.0
    settled = [fix(0, -80 * side), fix(60, -81 * side)]
    return [*settled, fix(120, far_m * side, 40.0), status(130, worn=False)]


@pytest.mark.parametrize("rule", [PLAIN, WATER], ids=["exit", "enter"])
@pytest.mark.parametrize("far_m", [8.0, 400.0])
def test_a_doubt_is_forgotten_once_an_unworn_device_contradicts_it_long_after(rule: ZoneRule, far_m: float) -> None:
    side = 1.0 if rule is PLAIN else -1.0
    before, _ = played(rule, doubted(far_m, rule))
    assert before.belief is not None
    assert before.belief.evidence * side > 0.0
    early, _ = played(rule, [fix(120 + FORGET_S - 1, -80 * side)], before)
    assert early.belief == before.belief
    assert early == before
    forgotten, said = played(rule, [fix(120 + FORGET_S, -80 * side)], before)
    assert forgotten.belief == replace(before.belief, evidence=0.0, run=0, run_at=None, best=0.0)
    assert said == []


@pytest.mark.parametrize("rule", [PLAIN, WATER], ids=["exit", "enter"])
def test_what_speaks_against_the_condition_is_never_forgotten_for_an_unworn_device(rule: ZoneRule) -> None:
    side = 1.0 if rule is PLAIN else -1.0
    before, _ = played(rule, [fix(0, -8 * side, 40.0), status(10, worn=False)])
    assert before.belief is not None
    assert before.belief.evidence * side < 0.0
    after, _ = played(rule, [fix(2 * FORGET_S, -80 * side)], before)
    assert after.belief == before.belief


def test_a_fix_of_the_very_moment_at_which_the_device_was_taken_off_says_nothing() -> None:
    before, _ = played(PLAIN, [fix(0, 80), status(60, worn=False)])
    same, _ = played(PLAIN, [fix(60, -80)], before)
    assert same.belief == before.belief


@pytest.mark.parametrize(
    ("rule", "far_m", "counts"), [(WATER, 0.0, True), (WATER, 0.5, False), (PLAIN, 0.0, True), (PLAIN, -0.5, False)]
)
def test_an_unworn_device_on_the_border_says_what_it_says(rule: ZoneRule, far_m: float, counts: bool) -> None:
    memory, _ = played(rule, [status(0, worn=False), fix(60, far_m)])
    assert (memory.belief is not None) is counts


# -- the hours of zones --------------------------------------------------------------------------------------------------------


def opening(*hours: tuple[int, tuple[Window, ...]], **more: Any) -> ZoneExit:
    return ZoneExit(id="wander", zones=("home", "village"), hours=hours, **more)


MORNING = Window(time(7), time(9))
EVENING = Window(time(19), time(21))
NIGHT = NOON.replace(hour=2)


def test_of_two_zones_that_are_closed_the_one_that_opens_first_is_waited_for() -> None:
    rule = opening((0, (EVENING,)), (1, (MORNING,)))
    assert rule.opened(NIGHT, SETTING) == NIGHT.replace(hour=6)  # seven there
    assert rule.opened(NIGHT.replace(hour=8), SETTING) == NIGHT.replace(hour=18)


def test_zones_that_never_open_are_waited_for_by_nobody() -> None:
    never = Window(time(7), time(9), frozenset())
    assert opening((0, (never,)), (1, (never,))).opened(NIGHT, SETTING) is None
    assert opening((0, (MORNING,)), active=(never,)).opened(NIGHT, SETTING) is None


@pytest.mark.parametrize("hours", [(), ((0, (Window(time(12), time(11)),)),)], ids=["always", "nearly always"])
def test_what_can_never_come_waits_for_no_zone(hours: Any) -> None:
    """A silence that is longer than the rule ever watches."""
    rule = opening(*hours, lost_s=7_200.0, active=(Window(time(22), time(23)),))
    assert rule.opened(None, SETTING) is None
    assert played(rule, [fix(0, 80)], until_s=200_000)[1] == []


# -- facts ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "far_m", "said_m"),
    [
        ("outside", 0.5, 0),
        ("outside", 1.6, 2),
        ("outside", 0.0, None),
        ("inside", 0.0, 0),
        ("inside", -1.6, 2),
        ("inside", 0.5, None),
    ],
)
def test_a_distance_is_said_when_the_last_fix_lies_on_the_side_that_is_believed(
    side: Any, far_m: float, said_m: int | None
) -> None:
    facts = PLAIN.facts(Memory(belief=Belief(side, NOON, NOON, 2, far_m, 10.0)), SETTING, NOON)
    assert facts is not None
    assert facts.distance_m == said_m


@pytest.mark.parametrize("belief", [None, UNDECIDED, Belief(last_at=NOON), Belief("inside", NOON, None, 2)])
def test_nothing_is_said_of_what_nobody_has_seen(belief: Belief | None) -> None:
    assert PLAIN.facts(Memory(belief=belief), SETTING, NOON) is None


# -- nobody seen is not missed; a silence is one --------------------------------------------------------------------------------


def test_a_device_that_has_lain_on_its_charger_from_the_start_is_nobody_lost() -> None:
    told(
        town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet, lost_s: 1800}]"),
        """
        >> 12:00 gps-1 status charging=true
        >> 12:01 gps-1 position @home
        >> 23:00 tick
        """,
    )


def test_a_fix_on_the_border_is_no_end_of_a_silence() -> None:
    told(
        town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet, lost_s: 1800}]"),
        """
        >> 12:00 gps-1 position @edge
        << 12:30 alarm.raised wander why=position_lost
        << 12:30 alarm.told wander unit:centre
        >> 13:00 gps-1 position @edge
        << 13:30 alarm.repeated wander why=position_lost
        >> 13:31 tick
        """,
    )


def test_who_is_safe_where_nothing_was_known() -> None:
    likely = Belief(evidence=-DOUBT, run=1, run_at=NOON, last_at=NOON, distance_m=-330.0, error_m=603.0)
    assert is_safe(likely)
    assert not is_safe(replace(likely, evidence=-DOUBT + 0.01))
    assert not is_safe(replace(likely, evidence=DOUBT))
    assert is_safe(replace(likely, evidence=0.5, distance_m=-20.0, error_m=20.0))


def test_who_is_safe_where_it_was_known() -> None:
    assert is_safe(INSIDE)
    assert is_safe(replace(INSIDE, evidence=DOUBT - 0.01))
    assert not is_safe(replace(INSIDE, evidence=DOUBT))
    assert not is_safe(replace(OUTSIDE, evidence=-DOUBT, distance_m=-80.0))
    assert says_inside(replace(OUTSIDE, evidence=-DOUBT, distance_m=-80.0))


def test_a_fix_lies_inside_from_its_own_error_on_and_none_does_not() -> None:
    assert lies_inside(Belief(distance_m=-10.0, error_m=10.0))
    assert not lies_inside(Belief(distance_m=-9.9, error_m=10.0))
    assert not lies_inside(Belief())


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        (Memory(), False),
        (Memory(holds=True), False),
        (Memory(belief=OUTSIDE), False),
        (Memory(holds=True, belief=INSIDE), False),
        (Memory(holds=True, belief=UNDECIDED), False),
        (Memory(holds=False, belief=OUTSIDE), False),
        (Memory(holds=True, belief=OUTSIDE), True),
    ],
)
def test_somebody_is_out_who_is_believed_so_with_the_zones_of_today(memory: Memory, expected: bool) -> None:
    assert is_out(memory) is expected


def test_neither_lost_nor_heard_of_is_said_without_a_moment() -> None:
    others = (("gps-1/off=1", NOON),)
    known = Memory(sources=(*others, ("lost=1", NOON)))
    assert marked(known, None, NOON).sources == others
    assert marked(known, True, None).sources == others
    later = NOON + timedelta(seconds=1)
    assert marked(known, False, later).sources == (*others, ("lost=0", later))


def test_a_silence_names_the_last_fix_that_came_and_what_it_left() -> None:
    """Its cause is the moment of that fix: the same silence is one alarm, whoever finds it, and the next is another."""
    outside, _ = played(LOST, [fix(0, 80), fix(60, 90)])
    assert outside.due_at == NOON + timedelta(seconds=60 + 900)
    (find,) = LOST.step(outside, Woke(), SETTING, outside.due_at).decisions
    heard_at = NOON + timedelta(seconds=60)
    said = replace(find, facts=None)
    assert said == Find("position_lost", int(heard_at.timestamp() * 1000), "gps-1", heard_at, 0, 0)
    assert find.facts is not None
    assert (find.facts.side, find.facts.zones, find.facts.distance_m) == ("outside", ("home", "village"), 90)


def test_a_silence_that_was_resolved_waits_to_be_found_again_once() -> None:
    lost, said = played(LOST, [fix(0, 80)], until_s=1_000)
    assert [one.why for one in said] == ["position_lost"]
    now = NOON + timedelta(seconds=2_000)
    waiting = LOST.step(lost, Resolved(), SETTING, now).state
    assert waiting.found is False
    assert (waiting.again, waiting.again_at) == (1, now + timedelta(seconds=LOST.again_s))


def test_the_newest_fix_delivered_again_is_no_sign_that_another_came() -> None:
    """Even where nothing recognises it: else a device that repeats its last report would never be lost."""
    once, _ = played(LOST, [fix(0, 80)])
    again, said = played(LOST, [late(fix(0, 80), NOON + timedelta(seconds=600))], once)
    assert (again, said) == (once, [])


def test_of_somebody_who_was_never_lost_no_silence_is_remembered() -> None:
    memory, _ = played(LOST, [fix(0, 80), fix(60, 81), fix(120, -80)])
    assert memory.sources == ()
