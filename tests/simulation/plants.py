"""Bugs to be planted, one at a time: each breaks a promise. What the simulation does not notice it cannot guard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import pytest
import xxhash
from msgspec.structs import replace

from alarmcore import admission, lifecycle
from alarmcore.errors import CommitFailed, Unavailable
from alarmcore.intake import Raw, Verdict, salvaged_id
from alarmcore.outcome import Outcome
from alarmcore.runner import Runner, Turn
from alarmcore.service import Service
from dashboard.doors import MqttDoor
from dispatch import chain, telling
from dispatch.binding import ChainMachine
from dispatch.chain import Walk
from tests.simulation.plants_decided import DECIDED

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def confirm_before_commit(patch: Patch) -> None:
    """A device is told that its reading is kept as soon as it is there."""
    accept = Service.accept

    def eager(self: Service, raw: Raw) -> None:
        name = salvaged_id(raw.payload)
        if name is not None:
            self.confirm(raw.tenant, raw.device, Verdict(name, "kept"))
        accept(self, raw)

    patch.setattr(Service, "accept", eager)


def acknowledge_before_commit(patch: Patch) -> None:
    """The broker is told that a message is kept as soon as it is there."""

    def eager(self: MqttDoor, topic: str, payload: bytes, principal: str | None, done: Callable[[bool], None]) -> None:
        raw = self.raw(topic, payload, principal)
        done(True)
        if raw is not None:
            with suppress(Unavailable):
                self.taker.accept(raw)

    patch.setattr(MqttDoor, "accept", eager)


def timer_as_an_effect(patch: Patch) -> None:
    """The moment at which a chain goes on is set, but not stored with it."""
    encode = ChainMachine.encode
    patch.setattr(ChainMachine, "encode", lambda self, state: encode(self, replace(state, wake_at=None)))
    batch = Turn.batch

    def timeless(self: Turn, *given: Any) -> Any:
        made = batch(self, *given)
        made.states = [replace(one, wake_at=None) if one.machine == "chain" else one for one in made.states]
        return made

    patch.setattr(Turn, "batch", timeless)


def lost_wake_up(patch: Patch) -> None:
    """After a start, states are there and their moments are not."""
    load, schedule = Runner.load, Runner.schedule
    loading: list[bool] = []

    async def deaf(self: Runner) -> None:
        loading.append(True)
        try:
            await load(self)
        finally:
            loading.pop()

    def scheduled(self: Runner, machine: Any, key: Any, state: Any) -> None:
        if not loading:
            schedule(self, machine, key, state)

    patch.setattr(Runner, "load", deaf)
    patch.setattr(Runner, "schedule", scheduled)


def known_by_time(patch: Patch) -> None:
    """Two presses within a minute count as one."""

    def minute(parsed: Any, tenant: str, device: str) -> int | None:
        if parsed.at is None:
            return None
        return xxhash.xxh3_64_intdigest(f"{tenant}/{device}/{parsed.kind}/{parsed.at:%Y%m%d%H%M}".encode()) - (1 << 63)

    patch.setattr(admission, "identity_of", minute)


def cached_after_failure(patch: Patch) -> None:
    """What a failed commit would have stored is taken for stored."""

    async def remembers(self: Runner, touched: Iterable[Any]) -> None:
        del self, touched

    patch.setattr(Runner, "_forget", remembers)


def decline_stops(patch: Patch) -> None:
    """Somebody who cannot help ends it for everybody."""

    def stopped(self: Walk, by: str) -> None:
        del by
        self.state = replace(self.state, state="stopped")

    patch.setattr(Walk, "declined", stopped)


def repeat_opens_another(patch: Patch) -> None:
    """A second press is a second alarm beside the first."""
    patch.setattr(lifecycle, "_repeated", lambda _alarm, event, now: lifecycle._raised(event, now))


def second_press_swallowed(patch: Patch) -> None:
    """A press while an alarm is open is not shown."""
    patch.setattr(lifecycle, "_repeated", lambda alarm, _event, _now: Outcome(alarm))


def told_before_commit(patch: Patch) -> None:
    """A message goes out although what it is about could not be stored."""
    run = Runner.run

    async def hasty(self: Runner, items: Any, now: Any, *more: Any) -> Any:
        turn = Turn(self, now)
        states = {name: dict(kept) for name, kept in self.cache.items()}
        wakes, heap = dict(self.wakes), list(self.heap)
        with suppress(Exception):
            for item in items:
                turn.feed(item)
        self.cache, self.wakes, self.heap = states, wakes, heap
        for effect in turn.effects:
            self._begin(effect)
        return await run(self, items, now, *more)

    patch.setattr(Runner, "run", hasty)


def told_after_the_end(patch: Patch) -> None:
    """Resolving does not stop the chain."""
    patch.setattr(Walk, "stop", lambda self, **_: None)


def early_turn(patch: Patch) -> None:
    """The next link's turn comes ten seconds too soon."""
    turn_at = Walk.turn_at
    patch.setattr(Walk, "turn_at", lambda self: turn_at(self) - timedelta(seconds=10))


def two_takers(patch: Patch) -> None:
    """A second person takes what somebody has already."""
    taken = lifecycle._taken
    patch.setattr(lifecycle, "_taken", lambda alarm, event, now: taken(replace(alarm, taken_by=None), event, now))


def follow_up_forgotten(patch: Patch) -> None:
    """Whoever took an alarm is believed for ever."""
    held = lifecycle._held
    patch.setattr(lifecycle, "_held", lambda *given: replace(held(*given), wake_at=None))


def somebody_elses_address(patch: Patch) -> None:
    """A recipient is told by an address that was remembered by their name alone."""
    attempt = telling.attempt
    known: dict[tuple[str, str], str | None] = {}

    def mixed(one: Any, who: Any, alarm: Any, now: Any) -> Any:
        tried, tell = attempt(one, who, alarm, now)
        return tried, replace(tell, to=known.setdefault((tell.ref, tell.channel), tell.to))

    patch.setattr(chain, "attempt", mixed)


def dead_channels_stay_dead(patch: Patch) -> None:
    """A channel that once failed for good is not tried again while the console waits for somebody to look."""
    begin = Walk.begin

    def as_it_was(self: Walk, who: Any, why: str) -> None:
        dead = {t.ref: t.dead for t in self.state.tellings if t.pending}
        begin(self, who, why)
        if who.ref in dead:
            mine = next(t for t in self.state.tellings if t.ref == who.ref)
            self.keep(replace(mine, dead=dead[who.ref]))

    patch.setattr(Walk, "begin", as_it_was)


def unheard_for_ever(patch: Patch) -> None:
    """A try by a channel that the site has no longer is waited for, whatever becomes of it."""
    begin, told = Walk.begin, Walk.told

    def as_it_was(self: Walk, who: Any, why: str) -> None:
        before = {t.ref: t.next_at for t in self.state.tellings if t.pending}
        begin(self, who, why)
        if who.ref in before:
            mine = next(t for t in self.state.tellings if t.ref == who.ref)
            self.keep(replace(mine, next_at=before[who.ref]))

    def heard(self: Walk, event: Any) -> None:
        mine = self.telling(event.alarm, event.ref, event.number)
        who = None if mine is None else self.who(mine)
        kinds = [] if mine is None or who is None else [channel.kind for channel in who.channels]
        if mine is None or event.ok or event.channel in kinds[mine.channel : mine.channel + 1]:
            told(self, event)

    patch.setattr(Walk, "begin", as_it_was)
    patch.setattr(Walk, "told", heard)


def stopped_but_still_stored(patch: Patch) -> None:
    """Of a telling that was handed over by one channel, tries by others are begun again after a restart."""
    keep = Walk.keep

    def as_it_was(self: Walk, telling: Any) -> None:
        said = len(self.decisions)
        keep(self, telling)
        del self.decisions[said:]

    patch.setattr(Walk, "keep", as_it_was)


def failure_is_an_answer(patch: Patch) -> None:
    """A commit that failed is answered as if it had worked."""
    commit = Runner.run

    async def hopeful(self: Runner, *given: Any) -> Any:
        with suppress(CommitFailed):
            return await commit(self, *given)

    patch.setattr(Runner, "run", hopeful)


PLANTS: Final[tuple[Plant, ...]] = (
    confirm_before_commit,
    acknowledge_before_commit,
    timer_as_an_effect,
    lost_wake_up,
    known_by_time,
    cached_after_failure,
    decline_stops,
    repeat_opens_another,
    second_press_swallowed,
    told_before_commit,
    told_after_the_end,
    early_turn,
    two_takers,
    follow_up_forgotten,
    somebody_elses_address,
    dead_channels_stay_dead,
    unheard_for_ever,
    stopped_but_still_stored,
    failure_is_an_answer,
    *DECIDED,
)
