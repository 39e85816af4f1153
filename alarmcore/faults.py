"""What becomes of an input at which our own code fails: nothing urgent is lost by it, and nobody else waits for it. Pure.

A step that raises will raise again. The reading goes into quarantine as `internal`; a press, a fall or a person on the floor is
raised past the rules, straight to the alarm centres; so is a timer, since nobody can say what it would have done.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from alarmcore.admission import Registry, never_rejected
from alarmcore.codecs.native import parse
from alarmcore.intake import Raw
from alarmcore.model.alarm import RaiseAlarm, Slot
from alarmcore.model.reading import URGENT
from alarmcore.runner import Item

FAULT: Final = "internal"
"""The rule and the reason of what is raised or refused because of a fault of ours."""

CAUSES: Final = {"button": ("button", "pressed"), "fall": ("fall", "fell"), "floor": ("on_floor", "on_floor_too_long")}
"""What each kind that must not be lost is raised as."""


def fault_of_reading(raw: Raw, registry: Registry) -> Item | None:
    """The alarm in place of a press, a fall or a person on the floor at which a step fails; None for anything else."""
    if raw.tenant not in registry.tenants or not _never_lost(raw):
        return None
    cause, why = CAUSES[raw.kind]
    assignment = registry.assignment(raw.tenant, raw.device, raw.received_at)
    resident = assignment.plan.resident if assignment is not None else ""
    slot = Slot(raw.tenant, resident, FAULT, "" if resident else raw.device.replace("/", "_"))
    return _raised(slot, cause, why, raw.device, raw.received_at)


def fault_of_timer(item: Item, now: datetime) -> Item | None:
    """The alarm that says that somebody's timer fails; None when it is that very alarm's own."""
    tenant, resident, *rest = item.key
    rule = rest[0] if rest else ""
    if rule == FAULT:
        return None
    # An alarm of a device that nobody is known to carry has no resident; the device tells such slots apart.
    return _raised(Slot(tenant, resident, FAULT, rest[1] if rest and not resident else ""), FAULT, FAULT, "", now)


def _never_lost(raw: Raw) -> bool:
    if raw.kind in URGENT or raw.kind not in CAUSES:
        return raw.kind in URGENT
    try:
        return never_rejected(raw.parsed or parse(raw.kind, raw.payload))
    except Exception:  # noqa: BLE001 - reading it may be the very fault; what cannot be read might be somebody on the floor
        return True


def _raised(slot: Slot, cause: str, why: str, device: str, at: datetime) -> Item:
    words: Any = (why, FAULT) if why != FAULT else (FAULT,)
    raised = RaiseAlarm(
        slot=slot,
        cause=cause,
        priority="critical",
        chain="",  # no chain of the site: its centres, all at once
        follow_up_s=1800.0,
        why=" ".join(words),
        reading=int(at.timestamp() * 1000),
        device=device,
        happened_at=at,
    )
    return Item("lifecycle", slot, raised)
