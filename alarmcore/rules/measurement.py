"""Rule `measurement`: a measured quantity has crossed a limit, or has changed quickly."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from msgspec.structs import replace

from alarmcore.model.alarm import Beyond, Facts
from alarmcore.model.reading import Measurement as Measured
from alarmcore.model.reading import Reading
from alarmcore.outcome import Outcome
from alarmcore.rules.base import Event, Memory, Observed, Setting
from alarmcore.rules.change import VALUE, Change, Samples, changed, noted, sample, unit_of, value_of
from alarmcore.rules.lasting import LastingRule, began, switched

ABOVE: Final = "above"
BELOW: Final = "below"
RISES: Final = "rises"
FALLS: Final = "falls"

AGED_S: Final = 900
"""A newest value that is older than this when it is found is said with its age: most devices would have measured again."""

AGREES: Final = "agrees"
"""Among the sources, once a second value beyond the limit has come: one alone is none that lasts."""


class Measurement(LastingRule, frozen=True, kw_only=True):
    """Fires when `quantity` rises above `above` or falls below `below`; over when it is back past `clear` (or the limit).

    With `lasting_s` it must have been beyond for so long, by at least two values. With `rises_by` or `falls_by` and `within_s`
    in place of limits it fires at a change. Of several devices the newest value counts, or only those of `devices`; with
    `unit`, values in another one say nothing.
    """

    kind: ClassVar[str] = "measurement"
    hears: ClassVar[frozenset[str]] = frozenset({"measurement"})
    why: ClassVar[str] = "measured_outside"
    ended: ClassVar[str] = "measured_inside"
    of_device: ClassVar[bool] = True

    quantity: str
    above: float | None = None
    below: float | None = None
    clear: float | None = None
    lasting_s: float | None = None
    rises_by: float | None = None
    falls_by: float | None = None
    within_s: float | None = None
    unit: str | None = None
    devices: tuple[str, ...] = ()

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """As for all that lasts; the value that agrees may be the one by which it has lasted, or is found again."""
        outcome = super().step(memory, event, setting, now)
        waits = self.lasting_s is not None or memory.again > 0
        if waits and isinstance(event, Observed) and outcome.state is not memory and not outcome.decisions:
            outcome = self._settle(outcome.state, event.reading, setting, now)
        if self.within_s is not None and outcome.decisions:
            return Outcome(outcome.state, tuple(map(_of_change, outcome.decisions)))
        return outcome

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """As for all that lasts; but a value that nobody has measured again since somebody saw to it is none that persists."""
        if memory.again and memory.again_at is not None:
            resolved_at = memory.again_at - timedelta(seconds=self.again_s)
            if not any(at > resolved_at for _, at in _values(memory)[-1:]):
                return None
        return super().due(memory, setting)

    def limit(self, memory: Memory, setting: Setting) -> float | None:
        """How long it must have been beyond; for ever, where one value alone says so."""
        del setting
        if self.lasting_s is None:
            return 0.0
        return self.lasting_s if any(name == AGREES for name, _ in memory.sources) else None

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Beyond a limit, or having changed, is the condition. `sources` begins with which limit or direction that is."""
        del setting
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Measured) or body.quantity != self.quantity or not self._counts(reading, body):
            return memory
        if self.within_s is not None:
            after = self._changed(memory, reading, body, self.within_s)
        elif memory.heard_at is not None and reading.at < memory.heard_at:
            return memory
        else:
            after = self._crossed(memory, reading, body)
        # The device of the newest value: what one said last that is gone by then counts no more.
        return after if after is memory or after.device == reading.device else replace(after, device=reading.device)

    def ending(self, after: Memory) -> str:
        """Back inside a limit, or no longer changing."""
        return self.ended if self.within_s is None else "measured_steady"

    def facts(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """The newest value, the limit or what it was before, and for how long."""
        del setting
        values, side = _values(memory), _side(memory)
        if not values or side is None or memory.since_at is None:
            return None
        if self.within_s is not None:
            return self._change_facts(self._change(values, side, 1.0))
        name, at = values[-1]
        age_s = int((now - at).total_seconds())
        return Facts(
            for_s=max(int((now - memory.since_at).total_seconds()), 0),
            quantity=self.quantity,
            value=value_of(name),
            unit=unit_of(name),
            beyond=side,
            limit=self.above if side == ABOVE else self.below,
            age_s=age_s if age_s >= AGED_S else None,
        )

    def _change_facts(self, change: Change | None) -> Facts | None:
        if change is None:
            return None
        return Facts(
            for_s=int((change.at - change.from_at).total_seconds()),
            quantity=self.quantity,
            value=change.value,
            unit=change.unit,
            beyond=RISES if change.value > change.from_value else FALLS,
            before=change.from_value,
        )

    def _counts(self, reading: Reading, body: Measured) -> bool:
        """Whether this value is one of those that the rule looks at. One without a unit is taken to be in the rule's."""
        if self.devices and reading.device not in self.devices:
            return False
        return self.unit is None or body.unit is None or body.unit == self.unit

    def _crossed(self, memory: Memory, reading: Reading, body: Measured) -> Memory:
        side = self._beyond(body.value)
        if side is None:
            if not self._cleared(memory, body.value):
                # Between the limit and `clear` it stays what it was.
                return _valued(memory, reading, body)
            after = switched(memory, reading, False)
            return replace(after, sources=()) if after.sources else after
        if memory.holds and side == _side(memory):
            return _valued(switched(memory, reading, True), reading, body)
        return replace(began(memory, reading, True, reading.at), sources=((side, reading.at), (sample(body), reading.at)))

    def _beyond(self, value: float) -> Beyond | None:
        if self.above is not None and value > self.above:
            return ABOVE
        return BELOW if self.below is not None and value < self.below else None

    def _cleared(self, memory: Memory, value: float) -> bool:
        """Whether a value inside the limits is far enough inside to end the condition. What was never found ends at once."""
        if not memory.holds or self.clear is None:
            return True
        if self.lasting_s is not None and not memory.found and not memory.again:
            return True
        return value <= self.clear if _side(memory) == ABOVE else value >= self.clear

    def _changed(self, memory: Memory, reading: Reading, body: Measured, within_s: float) -> Memory:
        before = _values(memory)
        values = noted(before, body, reading.at, within_s)
        if values is before:
            return memory
        held = _side(memory) if memory.holds else None
        for side in (RISES, FALLS):
            change = self._change(values, side, 1.0) if side != held else None
            if change is not None:
                after = began(memory, reading, True, change.at)
                return replace(after, sources=((side, change.at), *values))
        if held is None:
            return replace(memory, sources=values)
        if self._change(values, held, 0.5) or self._change(values[:-1], held, 0.5):
            return replace(memory, sources=(memory.sources[0], *values))
        return replace(began(memory, reading, False, reading.at), sources=values)

    def _change(self, values: Samples, side: str, share: float) -> Change | None:
        """The change in one direction, if it is at least a share of what is asked for; of less than all one value says so."""
        by = self.rises_by if side == RISES else self.falls_by
        if by is None or self.within_s is None:
            return None
        return changed(values, by * share, self.within_s, 1 if side == RISES else -1, alone=share < 1.0)


def _of_change(decision: Any) -> Any:
    """A finding or an end in the words for changes."""
    return replace(decision, why=decision.why.replace(Measurement.why, "measured_changing"))


def _valued(memory: Memory, reading: Reading, body: Measured) -> Memory:
    """Memory with the newest value of a stretch; a second one that lies beyond agrees with the first."""
    side, *others = memory.sources or ((ABOVE, reading.at),)
    newest = others[-1][1] if others else side[1]
    if reading.at < newest or (others and others[-1] == (sample(body), reading.at)):
        return memory
    agrees = ((AGREES, reading.at),) if reading.at > newest or len(others) > 1 else ()
    return replace(memory, sources=(side, *agrees, (sample(body), reading.at)))


def _values(memory: Memory) -> Samples:
    return tuple(one for one in memory.sources if one[0].startswith(VALUE))


def _side(memory: Memory) -> Beyond | None:
    """Beyond which limit, or changing in which direction."""
    name = memory.sources[0][0] if memory.sources else ""
    return next((side for side in (ABOVE, BELOW, RISES, FALLS) if side == name), None)
