"""Generated walks: their truth is true, and their receivers are as wrong as is said."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Sequence

import pytest

from loadtests.evaluate.scenario import RADIUS_M, Fix, Scenario, distance_m, first_outside
from loadtests.evaluate.walks import KINDS, generate
from loadtests.evaluate.walks.life import Life, Point, live
from loadtests.evaluate.walks.parameters import PARAMETERS, PLACES
from loadtests.evaluate.walks.receiver import Receiver

WALKS = {one.name: one for one in generate(1, 4)}


def luck(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - what is wanted is the same luck each time


def of(kind: str) -> list[Scenario]:
    return [one for one in WALKS.values() if one.group == f"walk-{kind}"]


def still(place: str, hours: float) -> Life:
    return Life([Point(0, 0, 0, place), Point(hours * 3600, 0.001, 0, place)], hours * 3600, None)


def test_the_same_seed_gives_the_same_walks_and_another_one_others() -> None:
    assert list(generate(1, 2)) == [one for one in WALKS.values() if one.name.endswith(("/0", "/1"))]
    assert not {one.fixes for one in generate(2, 2)} & {one.fixes for one in WALKS.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_outside_before_crossing_and_who_leaves_crosses(kind: str) -> None:
    for seed in range(20):
        life = live(KINDS[kind], luck(seed))
        until_s = life.crosses_s if life.crosses_s is not None else life.ends_s
        assert all(life.distance_m(t) <= RADIUS_M for t in range(0, int(until_s), 5))
        assert (life.crosses_s is None) == (KINDS[kind].leaves == "no")
        if life.crosses_s is not None:
            assert life.leaves_s < life.crosses_s < life.ends_s
            assert life.distance_m(life.crosses_s) > RADIUS_M


def test_who_turns_back_soon_is_followed_until_they_are_inside_again() -> None:
    for seed in range(20):
        life = live(KINDS["off-and-back"], luck(seed))
        assert life.crosses_s is not None
        assert all(life.distance_m(t) > RADIUS_M for t in range(int(life.crosses_s) + 1, int(life.ends_s)))
        assert life.distance_m(life.ends_s) <= RADIUS_M


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_fixes_in_order_of_receipt(kind: str) -> None:
    for one in of(kind):
        assert one.fixes
        assert [fix.received_s for fix in one.fixes] == sorted(fix.received_s for fix in one.fixes)
        assert all(fix.accuracy_m is not None and fix.accuracy_m > 0 for fix in one.fixes)


def test_errors_hang_together_in_time() -> None:
    """Of two fixes close together the second is wrong in the first one's direction; of two far apart it is not."""
    receiver = Receiver(KINDS["garden"], still("open", 400), luck(3))
    near, far = [], []
    for n in range(400):
        t = n * 1000.0
        (e1, _), _ = receiver._by_satellites(Point(t, 0, 0, "street"))
        (e2, _), _ = receiver._by_satellites(Point(t + 5, 0, 0, "street"))
        near.append((e1, e2))
        far.append(e1)
    assert correlation(near) > 0.7
    assert abs(correlation(list(itertools.pairwise(far)))) < 0.2


def correlation(pairs: Sequence[tuple[float, float]]) -> float:
    return statistics.correlation([one for one, _ in pairs], [other for _, other in pairs])


def test_claims_are_right_in_the_middle_and_lie_in_both_directions() -> None:
    receiver = Receiver(KINDS["garden"], still("open", 1), luck(4))
    ratios = [receiver._claim(20.0) / (20.0 * 1.515) for _ in range(2000)]
    assert statistics.median(ratios) == pytest.approx(1, abs=0.1)
    assert sum(one < 1 / 4 for one in ratios) > 20
    assert sum(one > 4 for one in ratios) > 20


def test_worse_surroundings_make_worse_positions() -> None:
    errors = {}
    for place in ("open", "canyon", "concrete"):
        fixes = Receiver(KINDS["garden"], still(place, 200), luck(5)).fixes(58.0, 13.0, 0.0)
        errors[place] = statistics.median(distance_m(58.0, 13.0, fix.lat, fix.lon) for fix in fixes)
    assert errors["open"] < errors["canyon"] < errors["concrete"]
    assert errors["open"] == pytest.approx(4.9 * 0.77, abs=1.5)  # the median of a radius whose 68 % is 4.9 m


def test_who_looks_seldom_does_not_see_more_jumps() -> None:
    shares = []
    for every_s in (10, 1500):
        receiver = Receiver(KINDS["garden"], still("canyon", 1), luck(9))
        seen = [receiver._jumped(Point(n * every_s, 0, 0, "canyon"), every_s) for n in range(20_000)]
        shares.append(sum(one is not None for one in seen) / len(seen))
    around = PLACES["canyon"]
    lasting = around.jumps_per_h * around.jump_s / 3600
    assert shares == [pytest.approx(lasting / (1 + lasting), rel=0.25)] * 2


def walking(hours: float) -> Life:
    """Always on the way, so that nobody can be at the same place for long."""
    return Life([Point(0, 0, 0, "street"), Point(hours * 3600, 0, 5000, "street")], hours * 1800, None)


def longest_repeat_s(kind: str, seed: int) -> float:
    fixes = Receiver(KINDS[kind], walking(2), luck(seed)).fixes(58.0, 13.0, 0.0)
    groups = [list(group) for _, group in itertools.groupby(fixes, key=lambda fix: (fix.lat, fix.lon, fix.accuracy_m))]
    return max(group[-1].at_s - group[0].at_s for group in groups)


def test_a_frozen_receiver_says_its_last_position_with_new_times() -> None:
    assert max(longest_repeat_s("off-on-foot", seed) for seed in range(20)) < 100  # one hot spot may claim the same twice
    assert sum(longest_repeat_s("off-frozen", seed) >= 300 for seed in range(20)) > 10


def sent_together(kind: str, seed: int) -> list[Fix]:
    """The longest row of fixes that were received at one go."""
    life = live(KINDS[kind], luck(seed))
    fixes = sorted(Receiver(KINDS[kind], life, luck(seed)).fixes(58.0, 13.0, 0.0), key=lambda fix: fix.received_s)
    rows: list[list[Fix]] = [[fixes[0]]]
    for before, after in itertools.pairwise(fixes):
        if after.received_s - before.received_s < 0.06:
            rows[-1].append(after)
        else:
            rows.append([after])
    return max(rows, key=len)


def test_without_coverage_fixes_wait_and_come_together() -> None:
    late = [row for seed in range(40) if len(row := sent_together("off-late", seed)) > 2]
    assert len(late) > 15
    assert all(max(fix.received_s - fix.at_s for fix in row) > 30 for row in late)
    assert max(len(sent_together("off-on-foot", seed)) for seed in range(40)) <= 2


def test_some_devices_then_send_the_newest_first() -> None:
    late = [row for seed in range(40) if len(row := sent_together("off-late", seed)) > 2]
    backwards = [row for row in late if row[-1].at_s < row[0].at_s]
    assert 0 < len(backwards) < len(late) / 2


def test_under_ground_there_are_no_good_positions() -> None:
    receiver = Receiver(KINDS["off-by-tunnel"], still("underground", 100), luck(6))
    claims = [fix.accuracy_m or 0 for fix in receiver.fixes(58.0, 13.0, 0.0)]
    assert claims
    assert statistics.median(claims) >= 500


def test_a_device_that_knows_towers_only_is_hundreds_of_metres_off_by_the_same() -> None:
    fixes = Receiver(KINDS["off-by-cells"], still("house", 20), luck(7)).fixes(58.0, 13.0, 0.0)
    towers = [fix for fix in fixes if (fix.accuracy_m or 0) >= 500]
    assert len(towers) == len(fixes) > 0
    assert len({(fix.lat, fix.lon) for fix in towers}) == 1


def test_a_cold_start_comes_late_and_is_far_off_at_first() -> None:
    for one in of("off-cold"):
        assert min(fix.at_s for fix in one.fixes) >= one.leaves_s - 910
    receiver = Receiver(KINDS["garden"], still("open", 1), luck(8))
    receiver._started_s = 0.0
    first = [math.hypot(*receiver._by_satellites(Point(0, 0, 0, "open"))[0]) for _ in range(200)]
    later = [math.hypot(*receiver._by_satellites(Point(900, 0, 0, "open"))[0]) for _ in range(200)]
    assert statistics.median(first) > 60
    assert statistics.median(later) < 20


def test_exits_can_be_seen_by_somebody() -> None:
    leaving = [one for one in WALKS.values() if one.exits]
    assert sum(first_outside(one.seen(one.leaving())) is not None for one in leaving) > 0.9 * len(leaving)


def test_every_parameter_says_where_it_is_from() -> None:
    assert all(one.source and one.meaning for one in PARAMETERS)
    assert len({one.name for one in PARAMETERS}) == len(PARAMETERS)
    assert {place for kind in KINDS.values() for place in (kind.home, kind.way)} <= PLACES.keys()
