"""What a person's devices say together of where they are: who may speak, who is heard, and whether they disagree. Pure.

A device that is confidently where the rule is concerned makes the finding, whatever another one says that may have been left
at home. It is over when each that said so has said otherwise by itself; only one that lies unworn, or is silent, is outvoted.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from alarmcore.model.reading import Reading
from alarmcore.rules.base import Memory, Setting
from alarmcore.rules.signs import is_hers
from alarmcore.rules.switches import Switches
from alarmcore.rules.witness import FRESH_S, QUIET_S, UNDECIDED, Witness, is_safe
from geofence.belief import Belief, standing

DEVICES_MAX: Final = 4
"""Devices of one person that are followed at a time: a bracelet, a phone, and as many again while they are changed."""

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

Witnesses = tuple[Witness, ...]


def of_memory(memory: Memory) -> Witnesses:
    """The devices of a memory; one without a name where it was stored before each had a belief of its own."""
    belief = memory.belief
    if memory.devices or belief is None or belief.last_at is None:
        return memory.devices
    return (Witness("", belief.last_at, belief, belief, stands=bool(memory.holds)),)


def spoken(memory: Memory, reading: Reading) -> tuple[Witnesses, int, Witness]:
    """The devices, the place of the one that speaks among them (after the last: it is new), and what it has said so far.

    What was believed before each device had a belief of its own becomes that of the next one that speaks.
    """
    devices = memory.devices or of_memory(memory)
    for place, one in enumerate(devices):
        if one.device == reading.device:
            return devices, place, one
    if devices and not devices[0].device:
        return devices, 0, replace(devices[0], device=reading.device)
    return devices, len(devices), Witness(reading.device, reading.received_at)


def kept(devices: Witnesses, place: int, witness: Witness) -> Witnesses:
    """The devices after one has spoken. Of too many, one goes that finds nothing, and of those the one heard longest ago."""
    if place < len(devices):
        return (*devices[:place], witness, *devices[place + 1 :])
    if len(devices) < DEVICES_MAX:
        return (*devices, witness)
    gone = min(devices, key=lambda one: (one.stands, one.received_at))
    return (*(one for one in devices if one is not gone), witness)


def standing_by(devices: Witnesses, side: str) -> Witnesses:
    """The devices with whether each has said what the rule is about, and not the contrary since then.

    What begins to say so only now, of a time long before another one said the contrary, says nothing of the present.
    """
    contrary = max([heard_of(one) for one in devices if one.belief.side not in (side, "unknown")], default=NEVER)
    return tuple([_standing(one, side, contrary) for one in devices])


def _standing(witness: Witness, side: str, contrary: datetime) -> Witness:
    stands = witness.stands
    if witness.belief.side == side:
        stands = stands or (contrary - heard_of(witness)).total_seconds() <= FRESH_S
    elif witness.belief.side != "unknown":
        stands = False
    return witness if stands == witness.stands else replace(witness, stands=stands)


def voice(devices: Witnesses, side: str) -> Belief:
    """What is believed of the person: what a device says that stands by a finding; else the newest, doubts before the others."""
    if len(devices) == 1:
        return devices[0].belief
    if not devices:
        return UNDECIDED
    newest = max(map(heard_of, devices))

    def weight(one: Witness) -> tuple[bool, bool, bool, datetime]:
        return one.stands, is_doubtful(one, newest, side), one.belief.side != "unknown", heard_of(one)

    return max(devices, key=weight).belief


def is_doubtful(witness: Witness, newest: datetime, side: str) -> bool:
    """Whether a device, heard of about as lately as any, did not leave the person safe."""
    lately = (newest - heard_of(witness)).total_seconds() <= FRESH_S
    return lately and witness.belief.side != side and not is_safe(witness.belief)


def heard_of(witness: Witness) -> datetime:
    """When the newest fix of a device was measured."""
    return witness.belief.last_at or NEVER


def is_idle(sources: Switches, device: str, at: datetime) -> bool:
    """Whether a device was charging or not worn at `at`, as far as is known."""
    idle = (f"{device}/charging=1", f"{device}/off=1")
    return any(known in idle and since_at <= at for known, since_at in sources)


def counted(devices: Witnesses, sources: Switches, side: str, setting: Setting, now: datetime) -> Witnesses:
    """The devices that may speak now: the person's own, but for those that are outvoted."""
    hers = tuple([one for one in devices if is_hers(one.device, setting, now)])
    if len(hers) == 1:
        return hers
    weak = [is_idle(sources, one.device, now) or (now - heard_of(one)).total_seconds() > QUIET_S for one in hers]
    contrary = [
        heard_of(one) for one, is_weak in zip(hers, weak, strict=True) if not is_weak and one.belief.side not in (side, "unknown")
    ]
    if not contrary:
        return hers
    newest = max(contrary)
    return tuple([one for one, is_weak in zip(hers, weak, strict=True) if not (is_weak and heard_of(one) < newest)])


def disputed(memory: Memory, setting: Setting, now: datetime) -> bool:
    """Whether another device, heard of lately, says the contrary of what is believed."""
    if len(memory.devices) < 2 or memory.belief is None:
        return False
    contrary = "inside" if memory.belief.side == "outside" else "outside"
    return any(is_hers(one.device, setting, now) and standing(one.belief, now) == contrary for one in memory.devices)
