"""Histories of positions that come late, doubled and in disorder, from clocks that are ahead and devices that changed hands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.calendar import Window
from alarmcore.rules.base import BLANK, End, Find, Resolved, Setting, Span
from alarmcore.rules.voices import NEVER, heard_of
from alarmcore.rules.zone import ZoneRule
from alarmcore.rules.zone_exit import ZoneExit
from geofence.belief import DOUBT, ROUGH_M
from tests.stories import built, document, resident, told, town
from tests.zones import LOST, NOON, PLAIN, RULES, SETTING, WATER, Delivery, fix, late, played, reasons, status

moments = st.integers(0, 7_200)
accuracies = st.none() | st.floats(1, 2_000)
fixes = st.builds(fix, moments, st.floats(-600, 3_000), accuracies, st.sampled_from(["gps-1", "phone"]))
histories = st.lists(fixes, max_size=25, unique_by=lambda one: one[1]).map(lambda found: sorted(found, key=lambda one: one[1]))


def only(history: list[Delivery], device: str, *, good: bool = False) -> list[Delivery]:
    """The fixes of one device; `good`: those that are no network's guess."""
    found = [one for one in history if one[0].reading.device == device]
    return [one for one in found if not good or (one[0].reading.body.accuracy_m or 0.0) <= ROUGH_M]  # type: ignore[union-attr]


every_rule = pytest.mark.parametrize("rule", RULES, ids=("exit", "lost", "enter"))


# -- doubled, late, in disorder -------------------------------------------------------------------------------------------


@every_rule
@given(history=histories, data=st.data())
def test_what_is_delivered_again_is_as_if_it_had_come_once(rule: ZoneRule, history: list[Delivery], data: st.DataObject) -> None:
    """Also where nothing recognises a redelivery: the same memory, the same decisions."""
    delivered: list[Delivery] = []
    for place, one in enumerate(history):
        again = data.draw(st.lists(st.sampled_from(history[: place + 1]), max_size=2))
        delivered += [one, *(late(old, one[1]) for old in again)]
    assert played(rule, delivered, until_s=20_000) == played(rule, history, until_s=20_000)


@every_rule
@given(history=histories.filter(bool), chance=st.randoms(use_true_random=False))
def test_in_any_order_the_present_is_that_of_the_newest_fix(rule: ZoneRule, history: list[Delivery], chance: Any) -> None:
    end = history[-1][1]
    shuffled = [late(one, end) for one in history]
    chance.shuffle(shuffled)
    newest = BLANK
    for event, now in shuffled:
        before = newest
        newest = rule.step(before, event, SETTING, now).state
        known = {one.device: heard_of(one) for one in before.devices}
        assert all(heard_of(one) >= known.get(one.device, NEVER) for one in newest.devices)
    assert max(map(heard_of, newest.devices)) == end


@every_rule
@given(history=histories, chance=st.randoms(use_true_random=False))
def test_whatever_the_order_one_wild_fix_finds_nobody(rule: ZoneRule, history: list[Delivery], chance: Any) -> None:
    """All fixes but one are far from where the rule is concerned."""
    sign = -1.0 if isinstance(rule, ZoneExit) else 1.0
    calm = [fix(n * 7, sign * (300.0 + n), 20.0) for n in range(len(history))]
    wild = [fix(3_000, -sign * 5_000.0)] if history else []
    deliveries = [late(one, NOON + timedelta(hours=3)) for one in (*calm, *wild)]
    chance.shuffle(deliveries)
    last = [(fix(20_000, sign * 300.0)), fix(20_060, sign * 301.0)]
    _, said = played(rule, [*deliveries, *last], until_s=40_000)
    assert [one for one in said if isinstance(one, Find) and one.why == rule.why] == []


@given(histories)
def test_a_backlog_finds_what_was_found_as_it_happened_and_says_how_late_it_is(history: list[Delivery]) -> None:
    _, live = played(PLAIN, history)
    _, later = played(PLAIN, [late(one, NOON + timedelta(hours=2)) for one in history])
    assert [(type(one), one.why) for one in later] == [(type(one), one.why) for one in live]
    finds = [one for one in later if isinstance(one, Find)]
    assert [(one.cause, one.happened_at) for one in finds] == [(o.cause, o.happened_at) for o in live if isinstance(o, Find)]
    newest = max((one[1] for one in history), default=NOON)
    assert all(one.late_s >= 60 for one in finds) or NOON + timedelta(hours=2) - newest < timedelta(seconds=60)


@every_rule
@given(history=histories, old=histories)
def test_once_it_is_known_what_holds_now_older_fixes_decide_nothing(
    rule: ZoneRule, history: list[Delivery], old: list[Delivery]
) -> None:
    last = [fix(n * 100 + 8_000, -300.0 - n, device=device) for n in range(3) for device in ("gps-1", "phone")]
    known, _ = played(rule, [*history, *last])
    now = NOON + timedelta(seconds=8_301)
    for one in old:
        outcome = rule.step(known, late(one, now)[0], SETTING, now)
        assert (outcome.state.belief, outcome.decisions) == (known.belief, ())


@every_rule
@given(history=histories, old=st.lists(st.builds(fix, st.integers(0, 7_200), st.floats(-600, 3_000)), max_size=25))
def test_what_one_device_kept_for_long_begins_nothing_against_what_another_says_now(
    rule: ZoneRule, history: list[Delivery], old: list[Delivery]
) -> None:
    away = 300.0 if rule is WATER else -300.0
    known, _ = played(rule, [*only(history, "phone"), *(fix(n * 100 + 8_000, away + n, device="phone") for n in range(4))])
    now = NOON + timedelta(seconds=8_301)
    _, said = played(rule, [late(one, now) for one in sorted(old, key=lambda one: one[1])], known)
    assert [one for one in said if isinstance(one, Find) and one.why == rule.why] == []


@every_rule
@given(history=histories, data=st.data())
def test_a_rule_s_decisions_take_turns(rule: ZoneRule, history: list[Delivery], data: st.DataObject) -> None:
    """Nothing ends that was not found, and it is not over twice; with statuses and disorder in between."""
    said_of = st.builds(status, moments, st.sampled_from(["gps-1", "phone"]), charging=st.booleans(), worn=st.booleans())
    mixed = data.draw(st.permutations([*history, *data.draw(st.lists(said_of, max_size=5))]))
    clock, deliveries = NOON, []
    for one in mixed:
        clock = max(clock, one[1])
        deliveries.append(late(one, clock))
    _, said = played(rule, deliveries, until_s=30_000)
    is_open = False
    for one in said:
        assert is_open or isinstance(one, Find)
        is_open = isinstance(one, Find)


# -- lost -----------------------------------------------------------------------------------------------------------------


@given(histories.map(lambda history: only(history, "gps-1", good=True)))
def test_nobody_is_lost_before_that_much_time_has_passed_without_a_fix(history: list[Delivery]) -> None:
    for place in range(1, len(history) + 1):
        memory, _ = played(LOST, history[:place])
        soon = history[place - 1][1] + timedelta(seconds=899)
        _, more = played(LOST, [], memory, (soon - NOON).total_seconds())
        assert "position_lost" not in reasons(more)


@given(histories.map(lambda history: only(history, "gps-1", good=True)).filter(bool))
def test_whoever_was_not_inside_when_last_seen_is_found_outside_or_lost_in_time(history: list[Delivery]) -> None:
    memory, _ = played(LOST, history)
    assert memory.belief is not None
    _, later = played(LOST, [], memory, (history[-1][1] - NOON).total_seconds() + 901)
    belief, seen_inside = memory.belief, memory.belief.distance_m <= -memory.belief.error_m
    if belief.side == "outside" or (belief.side == "unknown" and belief.evidence > -DOUBT and not seen_inside):
        assert reasons(later) == ["position_lost"]
    elif (belief.side == "unknown" and seen_inside) or (belief.side == "inside" and belief.evidence == 0):
        assert later == []


def test_what_was_found_outside_and_lost_was_resolved_once() -> None:
    """How often it was raised before is part of an alarm's identity."""
    memory, said = played(LOST, [fix(0, 400.0), fix(30, 401.0)], until_s=2_000)
    assert reasons(said) == ["outside_all_zones", "position_lost"]
    forgiven = LOST.step(memory, Resolved(), SETTING, NOON + timedelta(hours=1)).state
    assert (forgiven.again, forgiven.again_at) == (1, NOON + timedelta(hours=2))


def test_a_fix_inside_leaves_nothing_found_and_nothing_to_be_raised_again() -> None:
    memory, _ = played(LOST, [fix(0, 400.0)], until_s=2_000)
    back, said = played(LOST, [fix(2_100, -400.0)], memory, until_s=40_000)
    assert (reasons(said), back.found, back.sources) == (["inside_a_zone"], False, ())


def test_a_silence_of_somebody_outside_is_not_what_was_raised_before() -> None:
    memory, _ = played(LOST, [fix(0, 400.0), fix(30, 401.0)])
    forgiven = LOST.step(memory, Resolved(), SETTING, NOON + timedelta(seconds=31)).state
    _, said = played(LOST, [fix(3_000, 402.0)], forgiven, until_s=5_000)
    assert reasons(said) == ["outside_all_zones again", "position_lost"]
    assert [one.again for one in said] == [1, 0]


def test_whoever_was_seen_inside_once_and_then_near_the_border_is_not_missed() -> None:
    _, said = played(LOST, [fix(0, -400.0), fix(60, 0.0)], until_s=40_000)
    assert said == []


def test_a_fix_that_only_pushes_the_timer_ahead_leaves_it_where_it_is() -> None:
    """Every fix of everybody outside does that; the timer asks once more when it comes."""
    first, _ = played(LOST, [fix(0, 400.0)])
    second, said = played(LOST, [fix(60, 0.0)], first)
    assert (second.due_at, said) == (first.due_at, [])
    _, later = played(LOST, [], second, until_s=959)
    assert later == []
    _, later = played(LOST, [], second, until_s=961)
    assert reasons(later) == ["position_lost"]


def test_whoever_was_lost_and_forgiven_comes_back_without_a_word() -> None:
    memory, said = played(LOST, [fix(0, 400.0)], until_s=2_000)
    assert reasons(said) == ["position_lost"]
    forgiven = LOST.step(memory, Resolved(), SETTING, NOON + timedelta(seconds=2_000)).state
    back, said = played(LOST, [fix(2_100, -400.0), fix(2_200, -401.0)], forgiven, until_s=40_000)
    assert (said, back.again_at, back.again, back.due_at) == ([], None, 0, None)


# -- devices that nobody wears, and that changed hands --------------------------------------------------------------------


@given(histories)
def test_a_device_that_is_not_worn_never_says_that_somebody_is_back(history: list[Delivery]) -> None:
    off = [status(-10, "gps-1", worn=False), status(-10, "phone", charging=True)]
    out, said = played(PLAIN, [fix(-60, 400), fix(-30, 401), *off])
    assert reasons(said) == ["outside_all_zones"]
    _, more = played(PLAIN, history, out)
    assert [one for one in more if isinstance(one, End)] == []


@every_rule
def test_of_a_device_that_is_always_worn_nothing_is_kept(rule: ZoneRule) -> None:
    """Most readings of most devices that tell of themselves say just that."""
    memory, _ = played(rule, [fix(0, 400.0)])
    event, now = status(10, worn=True, charging=False, battery_pct=80.0)
    assert rule.step(memory, event, SETTING, now).state is memory


@given(histories)
def test_what_an_unworn_device_says_of_being_elsewhere_counts_in_full(history: list[Delivery]) -> None:
    outside = [one for one in history if one[0].distances_m[0] >= 0.0]
    off = [status(-10, "gps-1", worn=False), status(-10, "phone", worn=False)]
    worn, unworn = played(PLAIN, outside), played(PLAIN, [*off, *outside])
    assert (unworn[0].belief, unworn[1]) == (worn[0].belief, worn[1])


@every_rule
@given(history=histories)
def test_what_a_device_measured_before_it_was_somebody_s_says_nothing_of_them(rule: ZoneRule, history: list[Delivery]) -> None:
    """One that was buffered on the shelf is given to whoever has it now; it is a sign of life, and no place of theirs."""
    now = NOON + timedelta(hours=3)
    handed = Setting(SETTING.tz, (0, 1), devices=(("gps-1", Span(now, None)), ("phone", Span(now, None))))
    old = [late(one, now) for one in history if (now - one[1]).total_seconds() >= 60]
    assert played(rule, old, setting=handed) == (BLANK, [])


def test_the_former_person_s_fixes_are_theirs_and_the_shelf_s_are_nobody_s() -> None:
    rules = [{"id": "wander", "kind": "zone_exit", "zones": ["home"], "chain": "quiet", "lost_s": 3600}]
    site = built(
        {
            **document(),
            "residents": [
                resident(rules=rules, devices=[{"id": "gps-1", "kind": "gps", "until": "2026-01-11"}]),
                resident(id="r2", rules=rules, devices=[{"id": "gps-1", "kind": "gps", "from": "2026-01-14"}]),
            ],
        }
    )
    told(
        site,
        """
        >> 12:00 gps-1 position @away at=2026-01-12T12:00
        >> 12:00 gps-1 position @away at=2026-01-12T12:01
        >> 12:00 gps-1 position @away at=2026-01-11T12:00
        >> 12:00 gps-1 position @away at=2026-01-11T12:01
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 position @home
        >> 20:00 tick
        """,
    )


# -- clocks and zones that change -----------------------------------------------------------------------------------------


def test_a_clock_that_is_ahead_is_now_and_one_far_ahead_is_nothing() -> None:
    told(
        town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]"),
        """
        >> 12:00 gps-1 position @away at=12:09
        >> 12:01 gps-1 position @away at=12:30
        << 12:01 reading.rejected from_future
        >> 12:02 gps-1 position @away
        << 12:02 alarm.raised wander
        << 12:02 alarm.told wander unit:centre
        >> 12:03 gps-1 position @home at=12:12
        >> 12:04 gps-1 position @home
        << 12:04 alarm.condition_ended wander
        """,
    )


@given(histories, histories, st.booleans())
def test_after_a_zone_was_drawn_anew_four_good_fixes_decide_as_if_it_had_always_been_so(
    before: list[Delivery], after: list[Delivery], out: bool
) -> None:
    """Memory outlives an edit: what was believed of the zone as it was is corrected by what is seen of it as it is."""
    memory, _ = played(PLAIN, only(before, "gps-1"))
    side = 1.0 if out else -1.0
    memory, _ = played(PLAIN, [*(late(one, one[1] + timedelta(hours=2)) for one in only(after, "gps-1"))], memory)
    settled, _ = played(PLAIN, [fix(20_000 + n * 60, side * (300.0 + n)) for n in range(4)], memory)
    assert settled.belief is not None
    assert settled.belief.side == ("outside" if out else "inside")
    assert settled.found is out


@given(histories)
def test_one_fix_alone_never_finds_anybody_whichever_zones_count(history: list[Delivery]) -> None:
    """Zones that open and close: a finding needs two fixes since the zones that count are these, or more of them."""
    hours = tuple((place, (WINDOWS[place],)) for place in (0, 1))
    rule = ZoneExit(id="wander", zones=("home", "village"), hours=hours)
    spread = [fix(place * 3_600, *_seen(one)) for place, one in enumerate(history)]
    memory = BLANK
    for event, now in spread:
        outcome = rule.step(memory, event, SETTING, now)
        if any(isinstance(one, Find) for one in outcome.decisions):
            assert outcome.state.belief is not None
            assert outcome.state.belief.agreed >= 2
            assert rule.counting(SETTING, now) != ()
            assert outcome.state.since_at is not None
            assert set(rule.counting(SETTING, now)) <= set(rule.counting(SETTING, outcome.state.since_at))
        memory = outcome.state


def _seen(delivery: Delivery) -> tuple[float, float | None]:
    body: Any = delivery[0].reading.body
    return delivery[0].distances_m[0], body.accuracy_m


WINDOWS: Final = (
    Window(NOON.time().replace(hour=6), NOON.time().replace(hour=16)),
    Window(NOON.time().replace(hour=12), NOON.time().replace(hour=20)),
)
