"""What one device's readings raise too often is held together: the rest waits for the hour's end, and one technical alarm tells.

Only for persons with a rule `sensor_fault`, and only what lasts and is found again when the hour is over. A press, a fall,
somebody on the floor, a missed dose and whatever the municipality calls critical are never held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from msgspec.structs import replace

from alarmcore.outcome import Outcome
from alarmcore.rules.base import Find, Memory, Rule, Setting
from alarmcore.rules.sensor_fault import SensorFault

FOLDED: Final = frozenset({"measurement", "door_open", "out_of_bed", "battery_low"})
"""Kinds of rules whose findings may wait: one reading can begin and end them (a mat that chatters ends being out of bed each
time), and they are raised again if they still hold. Being still for too long takes its time by itself. Where somebody is, is
never held back either: the fifth time may be the one that counts, and what is believed of a border has its own hysteresis."""


class Watches(Protocol):
    """A rule as it applies to one person."""

    @property
    def rule(self) -> Rule:
        """The rule."""

    @property
    def setting(self) -> Setting:
        """What it must know of the person."""


class Folded(NamedTuple):
    """What a rule decides, less what waits; and what the rule about sensors, at `place`, remembers and finds of that."""

    outcome: Outcome[Memory]
    place: int
    memory: Memory
    finds: tuple[Find, ...]


def fold(
    watched: Sequence[Watches], memories: Sequence[Memory], place: int, outcome: Outcome[Memory], now: datetime
) -> Folded | None:
    """What becomes of what the rule at `place` decides, by the memories before it; None where nothing has to be counted."""
    rule = watched[place].rule
    if rule.kind not in FOLDED or rule.priority == "critical":
        return None
    finding = next((one for one in outcome.decisions if isinstance(one, Find) and one.device), None)
    guard = next((i for i, one in enumerate(watched) if isinstance(one.rule, SensorFault)), None)
    if finding is None or guard is None:
        return None
    about: Any = watched[guard].rule
    memory, until, finds = about.counted(memories[guard], finding.device, watched[guard].setting, now)
    if until is None or memories[place].found:
        # What was found before and is found anew, such as the other limit, has not ended: it is a repeat, and stays found.
        return Folded(outcome, guard, memory, finds)
    if not rule.is_active(watched[place].setting, until):
        # When the hour is over the rule no longer watches: it would wait for the next night.
        return Folded(outcome, guard, memory, finds)
    waiting = replace(outcome.state, found=False, due_at=until, again_at=until)
    kept = tuple(one for one in outcome.decisions if not isinstance(one, Find))
    return Folded(Outcome(waiting, kept), guard, memory, finds)
