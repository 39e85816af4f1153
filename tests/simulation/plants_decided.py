"""Bugs to be planted in what is decided, in which order, and what is remembered of it; each breaks a promise."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from msgspec.structs import replace

from alarmcore import admission, lifecycle, watch
from alarmcore.bindings import WatchMachine
from alarmcore.errors import ReadingRejected
from alarmcore.model.alarm import AnswerAlarm, StopChain, described
from alarmcore.model.reading import NEVER_REJECTED
from alarmcore.outcome import Outcome
from alarmcore.rules import zone
from alarmcore.rules.lasting import LastingRule, switched
from alarmcore.runner import Runner
from alarmcore.service import Service
from dispatch.binding import ChainMachine
from dispatch.chain import Walk
from dispatch.message import message_of
from dispatch.plan import Recipient
from dispatch.teller import Teller
from geofence.belief import step as believe

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]

# -- order ----------------------------------------------------------------------------------------------------------------


def batch_in_disorder(patch: Patch) -> None:
    """What was taken together is handled last come, first served."""
    take = Service._take

    def turned(self: Service, telemetry_max: int) -> Any:
        raws, acts = take(self, telemetry_max)
        return raws[::-1], acts

    patch.setattr(Service, "_take", turned)


def telemetry_first(patch: Patch) -> None:
    """What is not urgent is handled before what is."""
    take = Service._take

    def turned(self: Service, telemetry_max: int) -> Any:
        raws, acts = take(self, telemetry_max)
        return sorted(raws, key=lambda raw: raw.kind in NEVER_REJECTED), acts

    patch.setattr(Service, "_take", turned)


def decided_in_disorder(patch: Patch) -> None:
    """The runner steps through its items by key instead of in their order: backwards."""
    run = Runner.run

    async def backwards(self: Runner, items: Any, *more: Any) -> Any:
        return await run(self, items[::-1], *more)

    patch.setattr(Runner, "run", backwards)


def latest_fix_counts(patch: Patch) -> None:
    """Where somebody is follows the order in which fixes came, not when they were made."""
    observed = watch._observed

    def latest(state: Any, event: Any, now: Any) -> Any:
        fix = watch.fix_of(event)
        return observed(state if fix is None else replace(state, fix=fix), event, now)

    patch.setattr(watch, "_observed", latest)


def old_word_counts(patch: Patch) -> None:
    """A bed is taken for what it said last, also when that is older than what it said before."""
    patch.setattr("alarmcore.rules.out_of_bed.switched", lambda memory, *said: switched(replace(memory, heard_at=None), *said))


# -- memory and chance ----------------------------------------------------------------------------------------------------


def rounds_in_memory_only(patch: Patch) -> None:
    """How often channels were tried is not stored."""
    encode = ChainMachine.encode

    def partly(self: ChainMachine, state: Any) -> bytes:
        return encode(self, replace(state, tellings=tuple(replace(one, rounds=0) for one in state.tellings)))

    patch.setattr(ChainMachine, "encode", partly)


def times_in_memory_only(patch: Patch) -> None:
    """When a rule was told something last is not stored."""
    encode = WatchMachine.encode

    def partly(self: WatchMachine, state: Any) -> bytes:
        return encode(self, replace(state, memories=tuple(replace(one, heard_at=None) for one in state.memories)))

    patch.setattr(WatchMachine, "encode", partly)


def remembered_in_the_machine(patch: Patch) -> None:
    """A machine counts for itself how many alarms it has raised, and lets that decide."""
    step = Walk.go
    seen: dict[int, int] = {}

    def counted(self: Walk, link: int, why: str) -> None:
        count = seen[id(self.before.book)] = seen.get(id(self.before.book), 0) + 1
        step(self, link, why if count % 7 else "asked")

    patch.setattr(Walk, "go", counted)


def left_to_chance(patch: Patch) -> None:
    """The next link's turn comes up to a second later, so that not all come at once."""
    turn_at = Walk.turn_at
    patch.setattr(Walk, "turn_at", lambda self: turn_at(self) + timedelta(seconds=random.random()))  # noqa: S311 - the bug itself


def own_clock(patch: Patch) -> None:
    """A machine asks for the time itself."""
    raised = lifecycle._raised
    patch.setattr(lifecycle, "_raised", lambda event, _now: raised(event, datetime.now(UTC)))


def timers_gone_after_a_failure(patch: Patch) -> None:
    """After a commit that failed, states are read again, and their moments are not."""
    reread, schedule = Runner.reread, Runner.schedule
    rereading: list[bool] = []

    async def deaf(self: Runner) -> None:
        rereading.append(True)
        try:
            await reread(self)
        finally:
            rereading.pop()

    def scheduled(self: Runner, machine: Any, key: Any, state: Any) -> None:
        if not rereading:
            schedule(self, machine, key, state)

    patch.setattr(Runner, "reread", deaf)
    patch.setattr(Runner, "schedule", scheduled)


# -- alarms ---------------------------------------------------------------------------------------------------------------


def over_by_itself(patch: Patch) -> None:
    """An alarm is resolved when its condition ends, though nobody has looked."""

    def resolved(alarm: Any, event: Any, now: Any) -> Any:
        if alarm is None or alarm.state == "resolved":
            return Outcome(alarm)
        after = replace(alarm, state="resolved", outcome="other", resolved_at=now, wake_at=None, ended_at=now)
        return Outcome(after, (described(alarm, "alarm.condition_ended", now, why=event.why), StopChain(alarm.slot, final=True)))

    patch.setattr(lifecycle, "_ended", resolved)


def not_over_after_all(patch: Patch) -> None:
    """Somebody takes an alarm that is resolved, and has it."""
    answered = lifecycle._answered

    def taken(alarm: Any, event: Any, now: Any) -> Any:
        if alarm is not None and alarm.state == "resolved" and event.answer == "take":
            return lifecycle._taken(replace(alarm, taken_by=None), event, now)
        return answered(alarm, event, now)

    patch.setattr(lifecycle, "_answered", taken)


def let_go_and_forgotten(patch: Patch) -> None:
    """Whoever had an alarm cannot help after all, and nobody else is told."""
    declined = lifecycle._declined

    def alone(alarm: Any, event: Any, now: Any) -> Any:
        outcome = declined(alarm, event, now)
        return outcome if alarm.taken_by is None else replace(outcome, decisions=outcome.decisions[:-1])

    patch.setattr(lifecycle, "_declined", alone)


def followed_up_early(patch: Patch) -> None:
    """A taken alarm is opened again in half the time."""
    held = lifecycle._held
    patch.setattr(
        lifecycle,
        "_held",
        lambda alarm, *rest: replace(
            held(replace(alarm, follow_up_s=alarm.follow_up_s / 2), *rest), follow_up_s=alarm.follow_up_s
        ),
    )


def found_early(patch: Patch) -> None:
    """A condition is found ten seconds before it has lasted."""
    due = LastingRule.due

    def early(self: Any, memory: Any, setting: Any) -> Any:
        due_at = due(self, memory, setting)
        return due_at and due_at - timedelta(seconds=10)

    patch.setattr(LastingRule, "due", early)


def again_at_once(patch: Patch) -> None:
    """What persists after its alarm was resolved is raised again at once."""
    resolved = LastingRule._resolved

    def at_once(self: Any, *given: Any) -> Any:
        return resolved(replace(self, again_s=1.0), *given)

    patch.setattr(LastingRule, "_resolved", at_once)


def late_not_said(patch: Patch) -> None:
    """An alarm does not say that its press is old."""
    patch.setattr(admission, "LATE_FROM_S", float("inf"))


def press_from_the_future(patch: Patch) -> None:
    """A press by a clock that is far ahead is rejected."""
    timed = admission.timed

    def strictly(parsed: Any, tenant: str, device: str, received_at: datetime) -> Any:
        if parsed.at is not None and parsed.at - received_at > admission.AHEAD_MAX:
            raise ReadingRejected("from_future", "at")
        return timed(parsed, tenant, device, received_at)

    patch.setattr("alarmcore.intake.timed", strictly)


def one_fix_is_enough(patch: Patch) -> None:
    """A single fix that is far off makes somebody gone."""

    def at_once(before: Any, fix: Any) -> Any:
        return believe(believe(before, fix), replace(fix, at=fix.at + timedelta(seconds=31)))

    patch.setattr("alarmcore.rules.witness.believe", at_once)


def gone_is_not_found(patch: Patch) -> None:
    """A fix that is far off is taken for wrong, however many of them come."""
    sense = zone.ZoneRule.sense

    def near(self: Any, memory: Any, event: Any, setting: Any) -> Any:
        far = event.distances_m and min(event.distances_m) > 500
        return memory if far else sense(self, memory, event, setting)

    patch.setattr(zone.ZoneRule, "sense", near)


# -- chains, people, messages ---------------------------------------------------------------------------------------------


def never_on_duty(patch: Patch) -> None:
    """Whoever has hours of duty is taken for off duty."""
    patch.setattr(Recipient, "on_duty", lambda self, _tz, _now: not self.duty)


def always_on_duty(patch: Patch) -> None:
    """Hours of duty are not looked at."""
    patch.setattr(Recipient, "on_duty", lambda _self, _tz, _now: True)


def link_left_out(patch: Patch) -> None:
    """When nobody could be reached, the link after the next is told."""
    forward = Walk.forward

    def hop(self: Walk, why: str) -> None:
        if why == "not_handed_over" and self.state.link + 1 < self.plan.last:
            self.state = replace(self.state, link=self.state.link + 1)
        forward(self, why)

    patch.setattr(Walk, "forward", hop)


def last_link_falls_silent(patch: Patch) -> None:
    """The last link's turn comes again and again, and whoever was told twice is told no more."""
    begin = Walk.begin

    def twice(self: Walk, who: Any, why: str) -> None:
        if why != "last_link_repeats" or all(one.number < 1 for one in self.state.tellings if one.ref == who.ref):
            begin(self, who, why)

    patch.setattr(Walk, "begin", twice)


def told_is_told(patch: Patch) -> None:
    """Whoever was told of an alarm once is taken for told ever after."""
    hand_over = Teller._hand_over

    async def remembered(self: Teller, tell: Any, wait_s: float) -> None:
        if tell.number == 0:
            await hand_over(self, tell, wait_s)

    patch.setattr(Teller, "_hand_over", remembered)


def done_without_doing(patch: Patch) -> None:
    """Somebody who cannot help is thanked, and nothing is stored."""
    answer = Service.answer

    async def thanked(self: Service, said: AnswerAlarm) -> None:
        if said.answer != "decline":
            await answer(self, said)

    patch.setattr(Service, "answer", thanked)


def somebody_elses_place(patch: Patch) -> None:
    """A message shows where the one before was about."""
    shown: list[Any] = []

    def mixed(tell: Any, *given: Any) -> Any:
        fix = tell.alarm.fix
        if fix is not None:
            shown.append(fix)
        return message_of(replace(tell, alarm=replace(tell.alarm, fix=shown[-2] if len(shown) > 1 else fix)), *given)

    patch.setattr("tests.simulation.process.message_of", mixed)


def neighbours_confirmation(patch: Patch) -> None:
    """A device is told of what another one sent."""
    tell_device = Service._tell_device
    before: list[Any] = []

    def mixed(self: Service, raw: Any, verdict: Any) -> None:
        before.append(raw)
        tell_device(self, replace(raw, principal=before[-2].principal) if len(before) > 1 else raw, verdict)

    patch.setattr(Service, "_tell_device", mixed)


DECIDED: Final[tuple[Plant, ...]] = (
    batch_in_disorder,
    telemetry_first,
    decided_in_disorder,
    latest_fix_counts,
    old_word_counts,
    rounds_in_memory_only,
    times_in_memory_only,
    remembered_in_the_machine,
    left_to_chance,
    own_clock,
    timers_gone_after_a_failure,
    over_by_itself,
    not_over_after_all,
    let_go_and_forgotten,
    followed_up_early,
    found_early,
    again_at_once,
    late_not_said,
    press_from_the_future,
    one_fix_is_enough,
    gone_is_not_found,
    never_on_duty,
    always_on_duty,
    link_left_out,
    last_link_falls_silent,
    told_is_told,
    done_without_doing,
    somebody_elses_place,
    neighbours_confirmation,
)
