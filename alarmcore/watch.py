"""Is something wrong with this person, here, now? A pure machine with one state per resident, which runs the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from alarmcore.model.alarm import AlarmEvent, EndCondition, Fix, FollowPerson, ForgiveRule, KeepFix, RaiseAlarm, Refuse, Slot
from alarmcore.model.outing import BeginOuting, EndOuting, Outing, unfit
from alarmcore.model.reading import BODIES, Position, Press
from alarmcore.model.site import Resident, Site
from alarmcore.outcome import Outcome
from alarmcore.rules import RULES
from alarmcore.rules.base import BLANK, Away, End, Find, Memory, Observed, Resolved, Rule, Setting, Span, Woke
from alarmcore.track import sighting
from geofence import Area, circle

HOME_M = 200.0
"""Radius, in metres, around the home address within which somebody counts as at home: a block, plus GPS error indoors."""

HEARINGS_MAX = 4096
"""Different sets of rules for which it is kept who hears what: far more than municipalities have templates."""

WHEREABOUTS = frozenset({"zone_exit", "zone_enter"})
"""Kinds of rules that find nothing during an outing: where the person is. A press, a fall or a flat battery is one anywhere."""

LAPSE = "+outing"
"""In the place of the rule that wants to be asked: the end of an outing. No rule can have this id, and it comes before them."""

WOKE = Woke()
RESOLVED = Resolved()


class Path(msgspec.Struct, frozen=True, gc=False):
    """Where alarms go, and after how long, in seconds, a taken one is followed up."""

    chain: str
    follow_up_s: float


class Watched(msgspec.Struct, frozen=True, gc=False):
    """One rule as it applies to one person: what it must know of the person, and where its alarms go.

    `elsewhere` are the paths of the stays that have a chain of their own, for a rule that walks the person's usual one.
    """

    rule: Rule
    slot: Slot
    setting: Setting
    path: Path
    elsewhere: tuple[tuple[Span, Path], ...] = ()

    def path_at(self, now: datetime) -> Path:
        """Where an alarm raised now goes."""
        return next((path for span, path in self.elsewhere if span.holds(now)), self.path)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """Everything that is set up for one person, ready for `step`.

    `areas` are the zones, and the home itself last where a rule needs it; an observation brings one distance for each.
    `hearing` says which rules (by place) want to see a kind of reading.
    """

    tenant: str
    resident: str
    watched: tuple[Watched, ...]
    areas: tuple[Area, ...]
    hearing: dict[str, tuple[int, ...]]


class WatchState(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of one person: one memory for each rule of the plan, in its order, the latest fix and outing.

    `followed`: an alarm is open, and each position is said to whoever keeps the track.
    """

    plan: Plan
    memories: tuple[Memory, ...]
    fix: Fix | None = None
    wake_at: datetime | None = None
    wake_rule: str = ""
    outing: Outing | None = None
    followed: bool = False


Event = Observed | Woke | ForgiveRule | FollowPerson | BeginOuting | EndOuting


def plan_for(site: Site, resident: Resident) -> Plan:
    """The plan of one resident of a checked site."""
    areas = [zone.area for zone in resident.zones]
    place = {zone.id: i for i, zone in enumerate(resident.zones)}
    home = None
    if resident.home is not None and any(rule.kind == "inactivity" for rule in resident.rules):
        home = len(areas)
        areas.append(circle(resident.home.lat, resident.home.lon, HOME_M))
    devices = tuple((d.id, Span(d.from_, d.until)) for d in resident.devices)
    tenant, tz = site.tenant.id, site.tenant.tz
    # Most rules have no zones and see the stays alike: they share what they must know of the person.
    usual = Setting(tz, (), home, devices, _stays(resident, place, own=False))
    watched = tuple(
        Watched(
            rule,
            Slot(tenant, resident.id, rule.id),
            usual if not hasattr(rule, "zones") else _zoned(usual, resident, rule, place),
            _path(site, _chain_of(resident, rule)),
            _elsewhere(site, resident, rule) if resident.stays else (),
        )
        for rule in resident.rules
    )
    return Plan(site.tenant.id, resident.id, watched, tuple(areas), _hearing(tuple(rule.kind for rule in resident.rules)))


@lru_cache(maxsize=HEARINGS_MAX)
def _hearing(kinds: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Which rules, by place, want to see a kind of reading; one for all persons with rules of these kinds. Not to be changed."""
    return {kind: tuple(i for i, rule in enumerate(kinds) if kind in RULES[rule].hears) for kind in BODIES}


def _chain_of(resident: Resident, rule: Rule) -> str:
    if rule.chain:
        return rule.chain
    technical = rule.priority == "technical" and resident.technical_chain
    return technical or resident.chain


def _path(site: Site, chain: str) -> Path:
    return Path(chain, site.chain_by_id[chain].follow_up_s)


def _zoned(usual: Setting, resident: Resident, rule: Rule, place: dict[str, int]) -> Setting:
    zones = tuple(place[zone] for zone in getattr(rule, "zones", ()))
    stays = _stays(resident, place, own=True) if rule.kind == "zone_exit" else usual.stays
    return Setting(usual.tz, zones, usual.home, usual.devices, stays)


def _stays(resident: Resident, place: dict[str, int], *, own: bool) -> tuple[Away, ...]:
    """The stays, with zones of their `own`: they say where the person may be; what is to be kept out of stays so."""
    return tuple(
        Away(s.from_, s.until, tuple(place[z] for z in s.zones), s.zones) if own else Away(s.from_, s.until)
        for s in resident.stays
    )


def _elsewhere(site: Site, resident: Resident, rule: Rule) -> tuple[tuple[Span, Path], ...]:
    """The paths of stays for alarms that walk the person's usual chain; technical ones and a rule's own chain are not that."""
    if rule.chain or rule.priority == "technical":
        return ()
    return tuple((Span(s.from_, s.until), _path(site, s.chain or resident.chain)) for s in resident.stays)


def fresh(plan: Plan) -> WatchState:
    """The state of somebody of whom nothing is known yet."""
    return WatchState(plan, (BLANK,) * len(plan.watched))


def step(state: WatchState, event: Event, now: datetime) -> Outcome[WatchState]:
    """Let the rules that are concerned see one event.

    An outing whose time is over ends first, whether or not its timer was asked. At that very moment what comes in goes before it.
    """
    outing = state.outing
    if outing is None or not outing.lasts or now < outing.until or (now == outing.until and not isinstance(event, Woke)):
        return _step(state, event, now)
    lapsed = _over(state, outing, "", "", now)
    after = _step(lapsed.state, event, now)
    return Outcome(after.state, lapsed.decisions + after.decisions)


def _step(state: WatchState, event: Event, now: datetime) -> Outcome[WatchState]:
    match event:
        case Observed():
            return _observed(state, event, now)
        case Woke():
            places = [i for i, w in enumerate(state.plan.watched) if w.rule.id == state.wake_rule]
            return _stepped(state, places, WOKE, now)
        case ForgiveRule():
            places = [i for i, w in enumerate(state.plan.watched) if w.slot == event.slot]
            return _stepped(state, places, RESOLVED, now)
        case FollowPerson():
            return _followed(state, follow=event.follow)
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
    ends: list[Any] = [_said(state, "outing.begun", now, to=event.by, via=event.via, text=event.company, until=event.until)]
    memories = list(state.memories)
    for place, watched in enumerate(state.plan.watched):
        if watched.rule.kind in WHEREABOUTS:
            ends += [EndCondition(watched.slot, "outing_begun")] if memories[place].found else []
            memories[place] = _put_off(memories[place])
    out = Outing(now, event.until, event.by, event.company)
    return Outcome(_timed(replace(state, memories=tuple(memories), outing=out)), tuple(ends))


def _put_off(memory: Memory) -> Memory:
    """Memory of a rule that finds nothing for now. What it had found counts as found once, so that the next has another id."""
    if not memory.found and memory.due_at is None and memory.again_at is None:
        return memory
    return replace(memory, found=False, due_at=None, again_at=None, again=memory.again + memory.found)


def _over(state: WatchState, outing: Outing, by: str, via: str, now: datetime) -> Outcome[WatchState]:
    """End an outing, and ask the rules about whereabouts: what holds now is found now."""
    ended = replace(state, outing=replace(outing, ended_at=now, ended_by=by))
    said = _said(state, "outing.ended" if by else "outing.lapsed", now, to=by or None, via=via or None, text=outing.company)
    places = [place for place, watched in enumerate(state.plan.watched) if watched.rule.kind in WHEREABOUTS]
    asked = _stepped(ended, places, WOKE, now)
    return Outcome(_timed(asked.state), (said, *(_after_outing(decision) for decision in asked.decisions)))


def _after_outing(decision: Any) -> Any:
    """A finding at the end of an outing says so; that it may have been raised before the outing is of no interest."""
    if not isinstance(decision, RaiseAlarm):
        return decision
    return replace(decision, why=f"outing_over {decision.why.removesuffix(' again')}")


def _said(state: WatchState, event: str, now: datetime, **more: Any) -> AlarmEvent:
    return AlarmEvent(at=now, event=event, tenant=state.plan.tenant, resident=state.plan.resident, **more)


def _timed(state: WatchState) -> WatchState:
    wake_at, wake_rule = next_wake(state.plan, state.memories, state.outing)
    return replace(state, wake_at=wake_at, wake_rule=wake_rule)


def _observed(state: WatchState, event: Observed, now: datetime) -> Outcome[WatchState]:
    reading = event.reading
    fix = fix_of(event)
    if fix is not None and (state.fix is None or fix.at >= state.fix.at):
        state = replace(state, fix=fix)
    result = _stepped(state, state.plan.hearing[reading.kind], event, now)
    if state.followed and fix is not None:
        result = Outcome(result.state, (*result.decisions, _sighting(result.state, fix)))
    if reading.kind != "reset":
        return result
    resets = tuple(EndCondition(w.slot, "device_reset", reading.device) for w in state.plan.watched)
    return Outcome(result.state, result.decisions + resets)


def _followed(state: WatchState, *, follow: bool) -> Outcome[WatchState]:
    """Begin to say each position, with where the person is known to be already; or end that."""
    after = state if state.followed == follow else replace(state, followed=follow)
    return Outcome(after, (_sighting(after, after.fix),) if follow and after.fix is not None else ())


def _sighting(state: WatchState, fix: Fix) -> KeepFix:
    """A position, and what is believed of the person by now."""
    believed = [(w.rule.id, m.belief) for w, m in zip(state.plan.watched, state.memories, strict=True) if m.belief is not None]
    return sighting(Slot(state.plan.tenant, state.plan.resident, ""), fix, believed)


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
        before = state.memories[place]
        outcome = watched.rule.step(before, event, watched.setting, now)
        if out and watched.rule.kind in WHEREABOUTS:
            outcome = _unfound(before, outcome)
        if outcome.state is not before:
            memories = memories or list(state.memories)
            memories[place] = outcome.state
        if outcome.decisions:
            decisions += [_addressed(decision, watched, state.fix, now) for decision in outcome.decisions]
    if memories is None:
        return Outcome(state, tuple(decisions))
    wake_at, wake_rule = next_wake(state.plan, memories, state.outing)
    return Outcome(
        WatchState(state.plan, tuple(memories), state.fix, wake_at, wake_rule, state.outing, state.followed), tuple(decisions)
    )


def _unfound(before: Memory, outcome: Outcome[Memory]) -> Outcome[Memory]:
    """What a rule decides during an outing: what it finds it has not found, and it has no timer: it is asked at the end."""
    kept = tuple(decision for decision in outcome.decisions if not isinstance(decision, Find))
    after = outcome.state
    if after.found or after.due_at is not None:
        after = replace(after, found=False, due_at=None)
    return Outcome(before if after == before else after, kept)


def next_wake(plan: Plan, memories: Sequence[Memory], outing: Outing | None = None) -> tuple[datetime | None, str]:
    """The earliest moment at which a rule wants to be asked or an outing ends, and which; of one instant by their ids."""
    wake_at: datetime | None = None
    wake_rule = ""
    if outing is not None and outing.lasts:
        wake_at, wake_rule = outing.until, LAPSE
    for watched, memory in zip(plan.watched, memories, strict=True):
        due_at = memory.due_at
        if due_at is None or (wake_at is not None and due_at > wake_at):
            continue
        if wake_at is None or due_at < wake_at or watched.rule.id < wake_rule:
            wake_at, wake_rule = due_at, watched.rule.id
    return wake_at, wake_rule


def _addressed(decision: Find | End, watched: Watched, fix: Fix | None, now: datetime) -> RaiseAlarm | EndCondition:
    """A rule's decision, addressed to the alarm of its slot."""
    if isinstance(decision, End):
        return EndCondition(watched.slot, decision.why)
    path = watched.path_at(now)
    return RaiseAlarm(
        slot=watched.slot,
        cause=watched.rule.kind,
        priority=watched.rule.priority,
        chain=path.chain,
        follow_up_s=path.follow_up_s,
        why=decision.why,
        reading=decision.cause,
        device=decision.device,
        happened_at=decision.happened_at,
        late_s=decision.late_s,
        again=decision.again,
        fix=fix,
        facts=decision.facts,
    )
