"""Several devices of one person: each is believed by itself, and what they say together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alarmcore.rules.base import BLANK, End, Find, Memory, Setting, Span
from alarmcore.rules.voices import DEVICES_MAX, heard_of
from alarmcore.rules.witness import BATCH_S, QUIET_S
from alarmcore.rules.zone import ZoneRule
from geofence.belief import Belief
from tests.zones import HELD, LOST, NOON, PLAIN, RULES, SETTING, WATER, Delivery, fix, late, played, reasons, status

DEVICES = ("gps-1", "phone")
every_rule = pytest.mark.parametrize("rule", RULES, ids=("exit", "lost", "enter"))


def there(rule: ZoneRule) -> float:
    """On which side the rule is concerned."""
    return -1.0 if rule is WATER else 1.0


def finds(said: list[Any], rule: ZoneRule) -> list[Find]:
    return [one for one in said if isinstance(one, Find) and one.why == rule.why]


walks = st.lists(st.tuples(st.integers(0, 7_200), st.floats(-600, 3_000), st.none() | st.floats(1, 300)), max_size=20)


def carried_by(device: str, walk: list[tuple[int, float, float | None]]) -> list[Delivery]:
    return [fix(at_s, far_m, claim_m, device) for at_s, far_m, claim_m in sorted({one[0]: one for one in walk}.values())]


# -- left at home, and taken along ----------------------------------------------------------------------------------------


@every_rule
@pytest.mark.parametrize("every_s", [10, 30, 60])
@pytest.mark.parametrize("late_s", [0, 45])
def test_a_device_left_at_home_hides_nobody_who_walks_off_with_another(rule: ZoneRule, every_s: int, late_s: int) -> None:
    sign = there(rule)
    home = [fix(n * every_s, -sign * (100.0 + n % 3), 10.0, "phone") for n in range(7_200 // every_s)]
    walk = [fix(n * 60, sign * (n * 60 - 300.0), 10.0) for n in range(120)]
    arriving = [late(one, one[1] + timedelta(seconds=late_s)) for one in walk]
    memory, said = played(rule, sorted([*home, *arriving], key=lambda one: one[1]))
    (find,) = finds(said, rule)
    assert find.facts is not None
    assert find.facts.disputed, "the other one says the contrary"
    assert memory.found
    assert not [one for one in said if isinstance(one, End)]


@every_rule
@given(walk=walks, every_s=st.sampled_from([20, 60, 300]))
def test_what_one_device_is_believed_to_say_is_the_same_whatever_another_one_says(
    rule: ZoneRule, walk: list[tuple[int, float, float | None]], every_s: int
) -> None:
    mine = carried_by("gps-1", walk)
    other = [fix(n * every_s + 0.5, -300.0 - n % 5, 10.0, "phone") for n in range(7_200 // every_s)]
    both, _ = played(rule, sorted([*mine, *other], key=lambda one: one[1]))
    alone, _ = played(rule, mine)
    assert [one.belief for one in both.devices if one.device == "gps-1"] == [one.belief for one in alone.devices]


@given(walk=walks)
def test_whoever_is_found_by_one_device_is_found_beside_another_that_stays_at_home(
    walk: list[tuple[int, float, float | None]],
) -> None:
    mine = carried_by("gps-1", walk)
    home = [fix(n * 60 + 0.5, -100.0 - n % 3, 10.0, "phone") for n in range(121)]
    _, alone = played(PLAIN, mine)
    _, both = played(PLAIN, sorted([*mine, *home], key=lambda one: one[1]))
    assert [one.happened_at for one in finds(both, PLAIN)] == [one.happened_at for one in finds(alone, PLAIN)]


@every_rule
def test_it_is_over_when_each_that_said_so_says_otherwise_by_itself(rule: ZoneRule) -> None:
    sign = there(rule)
    out = [fix(n * 60 + k, sign * (300.0 + n), 10.0, device) for n in range(3) for k, device in enumerate(DEVICES)]
    memory, said = played(rule, out)
    assert len(finds(said, rule)) == 1
    one_back, said = played(rule, [fix(600 + n * 60, -sign * (300.0 + n), 10.0) for n in range(5)], memory)
    assert said == []
    _, said = played(rule, [fix(900 + n * 60, -sign * (300.0 + n), 10.0, "phone") for n in range(2)], one_back)
    assert reasons(said) == [rule.ended]


@pytest.mark.parametrize("off", [{"worn": False}, {"charging": True}])
def test_a_device_that_was_laid_down_out_there_is_outvoted_by_one_that_comes_home(off: dict[str, bool]) -> None:
    out = [fix(n * 60, 300.0 + n, 10.0, "phone") for n in range(3)]
    memory, _ = played(PLAIN, [*out, status(200, "phone", **off)])
    _, said = played(PLAIN, [fix(600 + n * 60, -300.0 - n) for n in range(2)], memory)
    assert reasons(said) == ["inside_a_zone"]


def test_a_device_that_has_been_silent_for_long_out_there_is_outvoted_by_one_at_home() -> None:
    memory, _ = played(PLAIN, [fix(n * 60, 300.0 + n, 10.0, "phone") for n in range(3)])
    home = [fix(600 + n * 600, -300.0 - n % 3) for n in range(36)]
    last_s = 120 + QUIET_S
    before, said = played(PLAIN, [one for one in home if one[1] <= NOON + timedelta(seconds=last_s)], memory)
    assert said == []
    _, said = played(PLAIN, [fix(last_s + 1, -300.0)], before)
    assert reasons(said) == ["inside_a_zone"]


def test_somebody_whose_bracelet_fell_silent_out_there_is_missed_whatever_the_phone_at_home_says() -> None:
    walk = [fix(n * 60, 300.0 + n) for n in range(3)]
    home = [fix(n * 60 + 1, -300.0 - n % 3, 10.0, "phone") for n in range(40)]
    _, said = played(LOST, sorted([*walk, *home], key=lambda one: one[1]))
    assert reasons(said) == ["outside_all_zones", "position_lost"]


def test_one_wild_fix_of_one_device_makes_nobody_missed_whom_another_one_sees_at_home() -> None:
    home = [fix(n * 60, -300.0 - n % 3, 10.0, "phone") for n in range(120)]
    wild = [fix(-20, -300.0), fix(-10, -301.0), fix(30, 5_000.0)]
    _, said = played(LOST, sorted([*home, *wild], key=lambda one: one[1]), until_s=7_000)
    assert said == []


def test_a_device_that_is_somebody_else_s_by_now_finds_and_misses_nobody_any_more() -> None:
    memory, _ = played(LOST, [fix(0, 300.0)])
    handed = Setting(SETTING.tz, (0, 1), devices=(("gps-1", Span(HELD.from_, NOON + timedelta(seconds=100))), ("phone", HELD)))
    _, said = played(LOST, [], memory, 5_000, handed)
    assert said == []
    _, said = played(LOST, [], memory, 5_000)
    assert reasons(said) == ["position_lost"]


def test_so_many_devices_are_followed_and_one_that_finds_something_is_not_forgotten_for_others() -> None:
    names = [f"spare-{n}" for n in range(DEVICES_MAX + 2)]
    setting = Setting(SETTING.tz, (0, 1), devices=tuple((name, HELD) for name in ("gps-1", *names)))
    memory, said = played(PLAIN, [fix(0, 300.0), fix(60, 301.0)], setting=setting)
    assert len(finds(said, PLAIN)) == 1
    for n, name in enumerate(names):
        memory, _ = played(PLAIN, [fix(100 + n, -300.0, 10.0, name)], memory, setting=setting)
    assert [one.device for one in memory.devices] == ["gps-1", *names[-DEVICES_MAX + 1 :]]


# -- stored before each device had a belief of its own ---------------------------------------------------------------------


@pytest.mark.parametrize("found", [True, False])
def test_what_was_believed_of_the_person_becomes_that_of_the_next_device_that_speaks(found: bool) -> None:
    side: Any = "outside" if found else "inside"
    belief = Belief(side, NOON - timedelta(hours=1), NOON - timedelta(seconds=60), 3, 300.0 if found else -300.0, 10.0)
    old = Memory(holds=found, since_at=belief.since_at, found=found, heard_at=belief.last_at, cause=7, device="x", belief=belief)
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(old))[: Memory.__struct_fields__.index("devices")]
    loaded = msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=Memory)
    assert loaded == old
    far = 301.0 if found else -301.0
    same, said = played(PLAIN, [fix(0, far, device="phone")], loaded)
    assert said == []
    assert (same.found, same.holds, same.belief.side if same.belief else None) == (found, found, side)
    assert [(one.device, one.stands) for one in same.devices] == [("phone", found)]
    _, said = played(PLAIN, [fix(60 + n * 60, -far, device="phone") for n in range(2)], same)
    assert reasons(said) == (["inside_a_zone"] if found else ["outside_all_zones"])


@every_rule
@given(walk=walks)
def test_what_is_stored_goes_on_as_if_it_had_not_been(rule: ZoneRule, walk: list[tuple[int, float, float | None]]) -> None:
    deliveries = carried_by("gps-1", walk)
    half = len(deliveries) // 2
    memory, _ = played(rule, deliveries[:half])
    loaded = msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=Memory)
    assert loaded == memory
    assert played(rule, deliveries[half:], loaded) == played(rule, deliveries[half:], memory)


# -- within one batch --------------------------------------------------------------------------------------------------------


@every_rule
@given(walk=walks.map(lambda walk: walk[:15]), chance=st.randoms(use_true_random=False))
def test_within_a_batch_the_order_of_receipt_does_not_matter(
    rule: ZoneRule, walk: list[tuple[int, float, float | None]], chance: Any
) -> None:
    known, _ = played(rule, [fix(-600, -300.0 * there(rule)), fix(-540, -301.0 * there(rule))])
    came_at = NOON + timedelta(seconds=7_200)
    batch = [late(one, came_at + timedelta(seconds=n * BATCH_S / 20)) for n, one in enumerate(carried_by("gps-1", walk))]
    moments = [one[1] for one in batch]
    ordered, _ = played(rule, batch, known)
    chance.shuffle(batch)
    shuffled, _ = played(rule, [late(one, now) for one, now in zip(batch, moments, strict=True)], known)
    assert shuffled.belief == ordered.belief
    assert [one.stands for one in shuffled.devices] == [one.stands for one in ordered.devices] or shuffled.belief == Belief()


def test_newest_first_or_last_the_same_is_found() -> None:
    batch = [late(fix(60 + n * 30, 300.0 + n * 5), NOON + timedelta(seconds=400)) for n in range(4)]
    home, _ = played(PLAIN, [fix(-60, -300.0), fix(0, -301.0)])
    for order in (batch, batch[::-1], batch[2:] + batch[:2]):
        assert len(finds(played(PLAIN, order, home)[1], PLAIN)) == 1


def test_what_comes_after_the_batch_does_not_move_the_present() -> None:
    home, _ = played(PLAIN, [fix(600 + n * 60, -300.0 - n) for n in range(3)])
    after, said = played(
        PLAIN, [late(fix(n * 30, 300.0 + n), NOON + timedelta(seconds=720 + BATCH_S + 1)) for n in range(9)], home
    )
    assert (after.belief, said) == (home.belief, [])


def test_of_a_long_batch_newest_first_the_newest_fixes_are_judged_in_order() -> None:
    batch = [late(fix(n * 10, 300.0 + n), NOON + timedelta(seconds=2_000)) for n in range(200)]
    memory, said = played(PLAIN, batch[::-1])
    assert len(finds(said, PLAIN)) == 1
    assert heard_of(memory.devices[0]) == NOON + timedelta(seconds=1_990)
    assert played(PLAIN, batch[::-1], replace(BLANK))[0] == memory
