"""Is something wrong with this person, here, now? A pure machine with one state per resident, which runs the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from alarmcore.folding import fold
from alarmcore.model.alarm import (
    AlarmEvent,
    EndCondition,
    Fix,
    FollowPerson,
    ForgiveRule,
    KeepFix,
    NoteOuting,
    RaiseAlarm,
    Refuse,
    Slot,
)
from alarmcore.model.outing import BeginOuting, EndOuting, Look, Outing, unfit
from alarmcore.model.reading import Position, Press
from alarmcore.outcome import Outcome
from alarmcore.plan import Path, Plan, Watched, addressed, plan_for
from alarmcore.rules.base import BLANK, Find, Memory, Observed, Resolved, Woke
from alarmcore.track import sighting
from alarmcore.whereabouts import WHEREABOUTS, back, forgiven, is_missed, looked, unconsented

LAPSE = "+outing"
"""In the place of the rule that wants to be asked: the end of an outing. No rule can have this id, and it comes before them."""

UNCONSENTED = "+consent"
"""The same for the end of a consent, which comes before that of an outing."""

__all__ = ["LAPSE", "RESOLVED", "UNCONSENTED", "WHEREABOUTS", "WOKE", "Path", "Plan", "WatchState", "Watched", "plan_for", "step"]
# What others ask of the watch is also what it has of the plan.


class ForgetPerson(msgspec.Struct, frozen=True):
    """The person is set up no more: nothing of them is to be remembered, where they were, or what is usual for them."""


WOKE = Woke()
RESOLVED = Resolved()


class WatchState(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of one person: one memory for each rule of the plan, in its order, the latest fix and outing.

    `followed`: an alarm is open, and each position is said to whoever keeps the track. `lapsed`: positions may not be used, and
    nothing that they said is known any more. `changed`: the rules are others than those by which its timers were set.
    """

    plan: Plan
    memories: tuple[Memory, ...]
    fix: Fix | None = None
    wake_at: datetime | None = None
    wake_rule: str = ""
    outing: Outing | None = None
    followed: bool = False
    lapsed: bool = False
    changed: bool = False


Event = Observed | Woke | ForgiveRule | FollowPerson | BeginOuting | EndOuting | ForgetPerson


def fresh(plan: Plan) -> WatchState:
    """The state of somebody of whom nothing is known yet."""
    return WatchState(plan, (BLANK,) * len(plan.watched))


def resumed(
    plan: Plan,
    memories: Sequence[Memory],
    fix: Fix | None,
    outing: Outing | None,
    *,
    followed: bool,
    lapsed: bool = False,
    mark: int = 0,
) -> WatchState:
    """The state of somebody as it was stored, on the plan of today: what was believed of zones that are no more is not.

    `mark` is that of the plan under which it was stored (0: of none that had one). Under another one every rule is asked with the
    next event, whatever that is: a limit that is shorter now counts for what stands already, and does not wait for the timer of
    the longer one.
    """
    held = zip(plan.watched, memories, strict=True)
    known = tuple([m if not m.mark else w.rule.redrawn(m, w.setting, plan.areas) for w, m in held])
    changed = mark not in {0, plan.mark} and any(memory is not BLANK for memory in memories)
    return _timed(WatchState(plan, known, fix, None, "", outing, followed, lapsed, changed))


def step(state: WatchState, event: Event, now: datetime) -> Outcome[WatchState]:
    """Let the rules that are concerned see one event.

    An outing whose time is over ends first, whether or not its timer was asked. At that very moment what comes in goes before it.
    Nothing that a consent has to allow is decided from its last moment on, whatever was to be asked then.
    """
    if state.plan.consents(now) is state.lapsed:
        consented = _consented(state)
        after = step(consented.state, event, now)
        if after.state is consented.state and replace(after.state, lapsed=state.lapsed) == state:
            return Outcome(state, after.decisions)  # of whom nothing is known nothing is to be forgotten, nor stored
        return Outcome(after.state, consented.decisions + after.decisions)
    if state.changed:
        asked = _stepped(replace(state, changed=False), range(len(state.plan.watched)), WOKE, now)
        after = step(asked.state, event, now)
        return Outcome(after.state, asked.decisions + after.decisions)
    outing = state.outing
    due_at = None if outing is None else outing.wake_at
    if outing is None or due_at is None or now < due_at or (now == due_at and not isinstance(event, Woke)):
        return _step(state, event, now)
    lapsed = _over(state, outing, "", "", now) if outing.lasts else _missed(state, outing, now)
    after = _step(lapsed.state, event, now)
    return Outcome(after.state, lapsed.decisions + after.decisions)


def _consented(state: WatchState) -> Outcome[WatchState]:
    """Begin to watch positions again, or stop that."""
    if state.lapsed:
        return Outcome(_timed(replace(state, lapsed=False)))
    memories, outing, ends = unconsented(state.plan, state.memories, state.outing)
    return Outcome(_timed(replace(state, memories=tuple(memories), fix=None, outing=outing, lapsed=True)), tuple(ends))


def _step(state: WatchState, event: Event, now: datetime) -> Outcome[WatchState]:
    match event:
        case Observed():
            return _observed(state, event, now)
        case Woke():
            places = [i for i, w in enumerate(state.plan.watched) if w.rule.id == state.wake_rule]
            return _stepped(state, places, WOKE, now)
        case ForgiveRule():
            places = [i for i, w in enumerate(state.plan.watched) if w.slot == event.slot]
            if state.outing is not None and is_missed(state.outing, event.slot):
                state = _timed(replace(state, outing=forgiven(state.plan, state.outing, event.slot, now)))
            return _stepped(state, places, RESOLVED, now)
        case FollowPerson():
            return _followed(state, follow=event.follow)
        case ForgetPerson():
            return Outcome(replace(fresh(state.plan), followed=state.followed))
        case BeginOuting():
            return _out(state, event, now)
        case EndOuting():
            lasts = state.outing is not None and state.outing.lasts
            return _over(state, state.outing, event.by, event.via, now) if state.outing and lasts else Outcome(state)


def _out(state: WatchState, event: BeginOuting, now: datetime) -> Outcome[WatchState]:
    """Begin an outing: what the rules about whereabouts had found has somebody with it now, and they ask again at its end."""
    refused = unfit(event.until, now)
    if refused is not None:
        return Outcome(state, (Refuse(refused),))
    ends: list[Any] = _said(state, "outing.begun", now, to=event.by, via=event.via, text=event.company, until=event.until)
    memories = list(state.memories)
    for place, watched in enumerate(state.plan.watched):
        if watched.rule.kind in WHEREABOUTS:
            found = memories[place].found or is_missed(state.outing, watched.slot)
            ends += [EndCondition(watched.slot, "outing_begun")] if found else []
            memories[place] = _put_off(memories[place])
    out = Outing(now, event.until, event.by, event.company)
    return Outcome(_timed(replace(state, memories=tuple(memories), outing=out)), tuple(ends))


def _put_off(memory: Memory) -> Memory:
    """Memory of a rule that finds nothing for now. What it had found counts as found once, so that the next has another id."""
    if not memory.found and memory.due_at is None and memory.again_at is None:
        return memory
    return replace(memory, found=False, due_at=None, again_at=None, again=memory.again + memory.found)


def _over(state: WatchState, outing: Outing, by: str, via: str, now: datetime) -> Outcome[WatchState]:
    """End an outing, and ask the rules about whereabouts: what holds now is found now.

    Whoever ends it knows where the person is. Where nobody does, something has to say that they are back.
    """
    places = [place for place, watched in enumerate(state.plan.watched) if watched.rule.kind in WHEREABOUTS]
    looks = () if by or state.lapsed else tuple([Look(state.plan.watched[place].rule.id, now) for place in places])
    ended = replace(outing, ended_at=now, ended_by=by, looks=looks)
    said = _said(state, "outing.ended" if by else "outing.lapsed", now, to=by or None, via=via or None, text=outing.company)
    asked = _stepped(replace(state, outing=ended), places, WOKE, now)
    missed = _missed(asked.state, ended, now)
    return Outcome(missed.state, (*said, *(_after_outing(decision) for decision in asked.decisions), *missed.decisions))


def _missed(state: WatchState, outing: Outing, now: datetime) -> Outcome[WatchState]:
    """Ask whether anybody is missed after an outing."""
    after, finds = looked(state.plan, state.memories, outing, now)
    missed = [addressed(find, watched, state.fix, now) for watched, find in finds]
    return Outcome(_timed(replace(state, outing=after)), tuple(missed))


def _after_outing(decision: Any) -> Any:
    """A finding at the end of an outing says so; that it may have been raised before the outing is of no interest."""
    if not isinstance(decision, RaiseAlarm):
        return decision
    return replace(decision, why=f"outing_over {decision.why.removesuffix(' again')}")


def _said(state: WatchState, event: str, now: datetime, **more: Any) -> list[Any]:
    """What has happened with an outing, of the person and, while an alarm is open, of that."""
    said: list[Any] = [AlarmEvent(at=now, event=event, tenant=state.plan.tenant, resident=state.plan.resident, **more)]
    noted = f"alarm.{event.replace('.', '_')}"
    return said + [NoteOuting(slot=watched.slot, event=noted, **more) for watched in state.plan.watched if state.followed]


def _timed(state: WatchState) -> WatchState:
    wake_at, wake_rule = next_wake(state.plan, state.memories, state.outing, lapsed=state.lapsed)
    return replace(state, wake_at=wake_at, wake_rule=wake_rule)


def _observed(state: WatchState, event: Observed, now: datetime) -> Outcome[WatchState]:
    reading = event.reading
    if state.lapsed and event.positioned and isinstance(reading.body, Position):
        # It came while there was a consent, and its turn has come when there is none.
        event = replace(event, positioned=False)
    fix = fix_of(event)
    if fix is not None and (state.fix is None or fix.at >= state.fix.at):
        state = replace(state, fix=fix)
    result = _stepped(state, state.plan.hearing[reading.kind], event, now)
    if fix is not None and state.outing is not None and state.outing.looks:
        outing, ends = back(result.state.plan, result.state.memories, state.outing, now)
        if outing is not state.outing:
            result = Outcome(_timed(replace(result.state, outing=outing)), (*result.decisions, *ends))
    if state.followed and fix is not None:
        result = Outcome(result.state, (*result.decisions, _sighting(result.state, fix, reading.device)))
    if reading.kind != "reset":
        return result
    resets = tuple(EndCondition(w.slot, "device_reset", reading.device) for w in state.plan.watched)
    return Outcome(result.state, result.decisions + resets)


def _followed(state: WatchState, *, follow: bool) -> Outcome[WatchState]:
    """Begin to say each position, with where the person is known to be already; or end that."""
    after = state if state.followed == follow else replace(state, followed=follow)
    return Outcome(after, (_sighting(after, after.fix, None),) if follow and after.fix is not None else ())


def _sighting(state: WatchState, fix: Fix, device: str | None) -> KeepFix:
    """A position, and what is believed of the person by now. `device` is None for where they were known to be."""
    believed = [(w.rule.id, m.belief) for w, m in zip(state.plan.watched, state.memories, strict=True) if m.belief is not None]
    exits = frozenset(w.rule.id for w in state.plan.watched if w.rule.kind == "zone_exit")
    return sighting(Slot(state.plan.tenant, state.plan.resident, ""), fix, believed, exits, device)


def fix_of(event: Observed) -> Fix | None:
    """The position that a reading carries, if it may be used."""
    body = event.reading.body
    if not event.positioned or not isinstance(body, (Position, Press)) or body.lat is None or body.lon is None:
        return None
    return Fix(body.lat, body.lon, event.reading.at, body.accuracy_m)


def _stepped(state: WatchState, places: Any, event: Any, now: datetime) -> Outcome[WatchState]:
    memories: list[Memory] | None = None
    decisions: list[Any] = []
    out = state.outing is not None and state.outing.lasts
    for place in places:
        watched = state.plan.watched[place]
        before = (memories or state.memories)[place]
        outcome = watched.rule.step(before, event, watched.setting, now)
        if out and watched.rule.kind in WHEREABOUTS:
            outcome = _unfound(before, outcome)
        if outcome.decisions and (folded := fold(state.plan.watched, memories or state.memories, place, outcome, now)):
            memories = memories or list(state.memories)
            outcome, guard, memories[guard], finds = folded
            decisions += [addressed(find, state.plan.watched[guard], state.fix, now) for find in finds]
        if outcome.state is not before:
            memories = memories or list(state.memories)
            memories[place] = outcome.state
        if outcome.decisions:
            decisions += [addressed(decision, watched, state.fix, now) for decision in outcome.decisions]
    if memories is None:
        return Outcome(state, tuple(decisions))
    wake_at, wake_rule = next_wake(state.plan, memories, state.outing, lapsed=state.lapsed)
    after = WatchState(state.plan, tuple(memories), state.fix, wake_at, wake_rule, state.outing, state.followed, state.lapsed)
    return Outcome(after, tuple(decisions))


def _unfound(before: Memory, outcome: Outcome[Memory]) -> Outcome[Memory]:
    """What a rule decides during an outing: what it finds it has not found, and it has no timer: it is asked at the end."""
    kept = tuple(decision for decision in outcome.decisions if not isinstance(decision, Find))
    after = outcome.state
    if after.found or after.due_at is not None:
        after = replace(after, found=False, due_at=None)
    return Outcome(before if after == before else after, kept)


def next_wake(
    plan: Plan, memories: Sequence[Memory], outing: Outing | None = None, *, lapsed: bool = False
) -> tuple[datetime | None, str]:
    """The earliest moment at which a rule wants to be asked, or a consent or an outing ends, and which; at one instant by id."""
    wake_at: datetime | None = None
    wake_rule = ""
    if plan.consent is not None and plan.consent.until is not None and not lapsed:
        wake_at, wake_rule = plan.consent.until, UNCONSENTED
    due_at = None if outing is None else outing.wake_at
    if due_at is not None and (wake_at is None or due_at < wake_at):
        wake_at, wake_rule = due_at, LAPSE
    for watched, memory in zip(plan.watched, memories, strict=True):
        due_at = memory.due_at
        if due_at is None or (wake_at is not None and due_at > wake_at):
            continue
        if wake_at is None or due_at < wake_at or watched.rule.id < wake_rule:
            wake_at, wake_rule = due_at, watched.rule.id
    return wake_at, wake_rule
