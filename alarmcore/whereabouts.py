"""What is to be said of where a person is when nobody may ask (no consent), or when an outing is over and nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from alarmcore.model.alarm import EndCondition, Slot
from alarmcore.model.outing import Look, Outing
from alarmcore.plan import Plan, Watched
from alarmcore.rules.base import BLANK, Find, Memory
from alarmcore.rules.lasting import LastingRule
from alarmcore.rules.zone import is_safe
from alarmcore.rules.zone_exit import ZoneExit

WHEREABOUTS: Final = frozenset({"zone_exit", "zone_enter"})
"""Kinds of rules about where the person is, which need a consent and find nothing during an outing. A press, a fall or a flat
battery is one anywhere."""

KNOWN_FOR: Final = timedelta(hours=4)
"""How old the newest position may be that says, when an outing lapses, that the person is home again. A device at rest indoors
tells of itself every hour or few, so that a shorter time would find somebody after many an afternoon at home; whoever came home
in the morning may have gone again by evening."""

SOON: Final = timedelta(minutes=15)
"""How long after a position that does not say so another one is waited for, where the rule itself has no `lost_s`: whoever is out
is seen every few minutes, and one position alone decides nothing."""

Memories = Sequence[Memory]


def forgotten(memory: Memory) -> Memory:
    """What a rule about zones may remember without consent: which devices nobody wears. The same object where that is all."""
    # The names of devices' switches hold a slash, those of what was found of positions do not.
    switches = tuple([source for source in memory.sources if "/" in source[0]])
    left = Memory(sources=switches) if switches else BLANK
    return memory if left == memory else left


def unconsented(plan: Plan, memories: Memories, outing: Outing | None) -> tuple[list[Memory], Outing | None, list[EndCondition]]:
    """What is left to know without consent, and what is not watched any more: its alarms are left to people."""
    left, ends = list(memories), []
    for place, watched in enumerate(plan.watched):
        if watched.rule.kind in WHEREABOUTS:
            if left[place].found or is_missed(outing, watched.slot):
                ends.append(EndCondition(watched.slot, "consent_lapsed"))
            left[place] = forgotten(left[place])
    return left, outing if outing is None or not outing.looks else replace(outing, looks=()), ends


def seen(memory: Memory) -> tuple[datetime | None, bool]:
    """When the newest position was measured that says anything of the person, and whether that is that they are inside."""
    belief = memory.belief
    return (None, False) if belief is None else (belief.last_at, belief.last_at is not None and is_safe(belief))


def is_home(memory: Memory, outing: Outing, now: datetime) -> bool:
    """Whether a position says that the person is inside: one since the outing began, and not too old by now."""
    at, inside = seen(memory)
    return inside and at is not None and outing.begun_at < at and now - at < KNOWN_FOR


def is_out(memory: Memory) -> bool:
    """Whether the rule itself has found the person, or will when it may: they are believed to be outside."""
    return memory.found or bool(memory.holds)


def is_missed(outing: Outing | None, slot: Slot) -> bool:
    """Whether it has been found that nobody knows whether somebody is back, and is so still."""
    return outing is not None and any(look.rule == slot.rule and look.at is None for look in outing.looks)


def asked_at(watched: Watched, memory: Memory, now: datetime) -> datetime | None:
    """When it may be said that nothing is known: not yet while positions come, nor while the rule does not watch.

    None: never, or the rule itself is about to say so.
    """
    rule, setting = watched.rule, watched.setting
    if not isinstance(rule, ZoneExit):
        return None
    at, _ = seen(memory)
    soon = SOON if rule.lost_s is None else timedelta(seconds=rule.lost_s)
    from_at = now if at is None else max(now, at + soon)
    due_at = rule.opened(LastingRule.due(rule, Memory(since_at=from_at), setting), setting)
    itself = rule.lost_s is not None and memory.due_at is not None and due_at is not None and memory.due_at <= due_at
    return None if itself else due_at


def looked(plan: Plan, memories: Memories, outing: Outing, now: datetime) -> tuple[Outing, list[tuple[Watched, Find]]]:
    """Ask, for each rule whose moment has come, whether anything says that the person is back."""
    left: list[Look] = []
    finds: list[tuple[Watched, Find]] = []
    for look, watched, memory in _looks(plan, memories, outing):
        if look.at is None or look.at > now:
            left.append(look)
        elif not is_out(memory) and not is_home(memory, outing, now):
            at = asked_at(watched, memory, now)
            if at is not None:
                left.append(replace(look, at=None if at <= now else at))
            if at is not None and at <= now:
                finds.append((watched, missing(watched, memory, outing, look.again, now)))
    return replace(outing, looks=tuple(left)), finds


def missing(watched: Watched, memory: Memory, outing: Outing, again: int, now: datetime) -> Find:
    """That nobody knows whether somebody is back."""
    assert isinstance(watched.rule, ZoneExit), "only a rule about leaving misses anybody"  # noqa: S101
    why = f"outing_over {watched.rule.lost}{' again' if again else ''}"
    facts = watched.rule.last_known(memory, watched.setting, now)
    return Find(why, int(outing.until.timestamp() * 1000), "", outing.until, 0, again, facts)


def back(plan: Plan, memories: Memories, outing: Outing, now: datetime) -> tuple[Outing, list[EndCondition]]:
    """After a position: whoever is found otherwise, or seen to be home, is missed no more."""
    left: list[Look] = []
    ends: list[EndCondition] = []
    for look, watched, memory in _looks(plan, memories, outing):
        home = is_home(memory, outing, now)
        if home and look.at is None and isinstance(watched.rule, ZoneExit):
            ends.append(EndCondition(watched.slot, watched.rule.ended))
        if not home and not is_out(memory):
            left.append(look)
    return outing if len(left) == len(outing.looks) else replace(outing, looks=tuple(left)), ends


def forgiven(plan: Plan, outing: Outing, slot: Slot, now: datetime) -> Outing:
    """After the alarm was resolved: who is still missed is found again by and by."""
    again_s = next((watched.rule.again_s for watched in plan.watched if watched.slot == slot), None)
    if again_s is None or not is_missed(outing, slot):
        return outing
    again_at = now + timedelta(seconds=again_s)
    looks = [replace(look, at=again_at, again=look.again + 1) if look.rule == slot.rule else look for look in outing.looks]
    return replace(outing, looks=tuple(looks))


def _looks(plan: Plan, memories: Memories, outing: Outing) -> list[tuple[Look, Watched, Memory]]:
    """What is looked for, beside the rule and what it knows; without what the site no longer has."""
    known = {watched.rule.id: (watched, memory) for watched, memory in zip(plan.watched, memories, strict=True)}
    return [(look, *known[look.rule]) for look in outing.looks if look.rule in known]
