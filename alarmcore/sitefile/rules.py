"""Reader of a resident's rules, driven by the fields of each rule's own class: a new kind of rule needs no change here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from alarmcore.calendar import Window, longest_s
from alarmcore.model.site import PRIORITIES, Zone
from alarmcore.rules import RULES
from alarmcore.rules.base import Rule
from alarmcore.rules.zone_exit import ZoneExit
from alarmcore.sitefile.home_rules import check_home_rule, read_names, read_times
from alarmcore.sitefile.ledger import Entry, sort_of
from alarmcore.sitefile.surroundings import Surroundings, Uniqueness
from alarmcore.sitefile.values import percent, seconds
from alarmcore.usual.bounds import ONCE_IN_DAYS, Usual

USUAL: Final = ("min_s", "max_s", "once_in_days")

ONCE_IN_DAYS_MAX: Final = 10_000.0
"""Nobody's habits can be known so well that a limit is wrong more rarely than once in a generation."""

TOLD: Final = frozenset({"hours"})
"""Fields that a rule has and its file has not: see `with_hours`."""

ALWAYS: Final = frozenset({"button", "fall"})
"""Kinds by which a person asks for help: limiting them to some hours is hardly ever meant."""

LOST_SHORT_S: Final = 300.0
"""A tracker without a view of the sky tries for some minutes, and many send no oftener than every five."""

COUNTED_FROM_WINDOW_NOT: Final = frozenset({"silent"})
"""Kinds whose limit may be longer than the window: they look at the device, not at what happens inside the window."""


def read_rules(resident: Entry, known: Surroundings, zones: dict[str, None]) -> tuple[Rule, ...]:
    """The rules of one resident; `zones` are the ids of that person's zones."""
    once = Uniqueness("rule of this person")
    found: list[Rule] = []
    for entry in resident.entries("rules"):
        kind = entry.choice("kind", RULES)
        if entry.fields.get("kind") != kind:
            continue  # noted; which fields such a rule may have is not known
        rule = _rule(entry, RULES[kind], known, zones)
        once.check(entry, rule.id)
        found.append(rule)
    return tuple(found)


@cache
def rule_fields(cls: type[Rule]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a kind of rule by their name in the file: `id` and `kind` first, what all rules share last."""
    own = {field.encode_name: field for field in msgspec.structs.fields(cls) if field.encode_name not in TOLD}
    shared = [field.encode_name for field in msgspec.structs.fields(Rule) if field.encode_name != "id"]
    return {name: own[name] for name in ("id", *(n for n in own if n != "id" and n not in shared), *shared)}


def with_hours(rules: tuple[Rule, ...], zones: tuple[Zone, ...]) -> tuple[Rule, ...]:
    """The rules, told the hours of the person's zones where they heed them. Of most persons no zone has any."""
    hours = tuple((place, zone.active) for place, zone in enumerate(zones) if zone.active)
    if not hours:
        return rules
    return tuple(msgspec.structs.replace(rule, hours=hours) if isinstance(rule, ZoneExit) else rule for rule in rules)


def _rule(entry: Entry, cls: type[Rule], known: Surroundings, zones: dict[str, None]) -> Rule:
    fields = rule_fields(cls)
    entry.check_fields(("id", "kind", *(name for name in fields if name != "id")))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in _READERS:
            values[field.name] = _READERS[name](entry, name, field, known)
        elif name == "zones":
            values[field.name] = _zones(entry, zones)
        elif entry.fields.get(name) is not None:
            values[field.name] = _plain(entry, name, field)
        elif field.required:
            entry.missing(name)
    rule = _built(cls, {name: value for name, value in values.items() if value is not None})
    _check(entry, rule)
    return rule


def _built(cls: type[Rule], values: dict[str, Any]) -> Rule:
    """The rule, with stand-ins for what is missing: the mistake has been noted, and the rule will not be used."""
    for field in rule_fields(cls).values():
        if field.required and field.name not in values:
            values[field.name] = () if field.name == "zones" else ""
    return cls(**values)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return None if field.default is msgspec.NODEFAULT else field.default


Reader = Callable[[Entry, str, msgspec.structs.FieldInfo, Surroundings], Any]

_READERS: Final[dict[str, Reader]] = {
    "id": lambda entry, name, _field, _known: entry.ident(name),
    "priority": lambda entry, name, field, _known: entry.choice(name, PRIORITIES, _default(field)),
    "active": lambda entry, name, _field, known: known.windows.read(entry, name),
    "chain": lambda entry, name, _field, known: known.chain(entry, name),
    "usual": lambda entry, name, _field, _known: _usual(entry, name),
    "doors": lambda entry, name, _field, _known: read_names(entry, name),
    "devices": lambda entry, name, _field, _known: read_names(entry, name),
    "times": lambda entry, name, _field, _known: read_times(entry, name),
}
"""Fields that mean the same in every rule. The others are read by their type."""


def _plain(entry: Entry, name: str, field: msgspec.structs.FieldInfo) -> Any:
    """A value by the ending of its name and its type."""
    if name.endswith("_s"):
        return seconds(entry, name)
    if name.endswith("_pct"):
        return percent(entry, name, _default(field) or 0.0)
    if field.type in (float, float | None):
        return entry.number(name)
    if field.type in (str, str | None):
        return entry.text(name)
    try:
        return msgspec.convert(entry.fields[name], field.type)
    except msgspec.ValidationError:
        entry.error(name, f"is {sort_of(entry.fields[name])} and cannot be used; see the page of the site file for this field")
        return None


def _usual(entry: Entry, name: str) -> Usual | None:
    """Bounds of a limit that is learned."""
    found = entry.entry(name, USUAL)
    if found is None:
        return None
    least, most = seconds(found, "min_s"), seconds(found, "max_s")
    if least is None or most is None:
        return None
    if least > most:
        found.error("min_s", f"is {least:g} and above max_s ({most:g}); exchange them")
    if found.fields.get("once_in_days") is None:
        return Usual(least, most)
    return Usual(least, most, _once(found))


def _once(entry: Entry) -> float:
    """In how many days a learned limit may be wrong once."""
    days = entry.number("once_in_days")
    if days is not None and not 1.0 <= days <= ONCE_IN_DAYS_MAX:
        entry.error("once_in_days", f"is {days:g}; give 1 to {ONCE_IN_DAYS_MAX:g}, or leave it out for {ONCE_IN_DAYS:g}")
    return days or ONCE_IN_DAYS


def _zones(entry: Entry, zones: dict[str, None]) -> tuple[str, ...]:
    found: list[str] = []
    for index, value in enumerate(entry.listed("zones")):
        if isinstance(value, str) and value in zones:
            found.append(value)
            continue
        guess = entry.ledger.suggestion(value, zones)
        entry.error("zones", f"is no zone of this person{guess}; correct it or add the zone", index)
    if entry.fields.get("zones") in (None, []):
        entry.error("zones", "names no zone; give the ids of zones of this person")
    return tuple(dict.fromkeys(found))


def _check(entry: Entry, rule: Rule) -> None:
    """What must hold between the fields of one rule."""
    if rule.kind in ALWAYS and rule.active:
        entry.warn("active", f"outside these hours a {rule.kind} would raise nothing; take active out unless that is meant")
    _check_limit(entry, rule)
    _check_levels(entry, rule)
    check_home_rule(entry, rule)


def _check_limit(entry: Entry, rule: Rule) -> None:
    if "usual" in rule.__struct_fields__:
        given = [name for name in ("limit_s", "usual") if entry.fields.get(name) is not None]
        if len(given) == 2:
            entry.error("usual", "stands beside limit_s; give one of the two")
        elif not given:
            entry.error("limit_s", "is missing; give it, or usual with min_s and max_s in its place")
    usual: Usual | None = getattr(rule, "usual", None)
    limit_s = usual.max_s if usual is not None else getattr(rule, "limit_s", None)
    if isinstance(limit_s, float):
        _check_reachable(entry, rule, "limit_s" if usual is None else "usual", limit_s, rule.active)
    if isinstance(rule, ZoneExit) and rule.lost_s is not None:
        _check_lost(entry, rule, rule.lost_s)


def _check_reachable(entry: Entry, rule: Rule, name: str, limit_s: float, active: tuple[Window, ...]) -> None:
    if not active or rule.kind in COUNTED_FROM_WINDOW_NOT:
        return
    longest = longest_s(active)
    if limit_s >= longest:
        entry.warn(
            name, f"{limit_s:g} s never pass inside its longest active window ({longest:g} s); shorten it, or lengthen active"
        )


def _check_lost(entry: Entry, rule: ZoneExit, lost_s: float) -> None:
    _check_reachable(entry, rule, "lost_s", lost_s, rule.active)
    if lost_s < LOST_SHORT_S:
        text = f"is {lost_s:g}: trackers save their batteries and are often silent for so long"
        entry.warn("lost_s", f"{text}; take {LOST_SHORT_S:g} or more, and more than the device's own interval")


def _check_levels(entry: Entry, rule: Rule) -> None:
    """Limits of a level and the level at which it counts as over."""
    below_pct, clear_pct = getattr(rule, "below_pct", None), getattr(rule, "clear_pct", None)
    if below_pct is not None and clear_pct is not None and clear_pct < below_pct:
        entry.error("clear_pct", f"is {clear_pct:g} and lies below below_pct ({below_pct:g}); give more, or leave it out")
    if not {"above", "below", "clear"} <= set(rule.__struct_fields__):
        return
    above, below, clear = getattr(rule, "above", None), getattr(rule, "below", None), getattr(rule, "clear", None)
    if above is not None and below is not None and below >= above:
        entry.error("below", "lies not below above, so that every value would fire; exchange them")
    if clear is not None and ((above is not None and clear > above) or (below is not None and clear < below)):
        entry.error("clear", "lies beyond the limit, so that an alarm would be over at once; give a value on the good side of it")
