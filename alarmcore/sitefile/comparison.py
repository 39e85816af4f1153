"""What is different between two sites, field by field, for a person who decides whether that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from alarmcore.model.site import Site
from alarmcore.sitefile.ledger import shown

PRIVATE: Final = frozenset(
    {"name", "to", "address", "lat", "lon", "radius_m", "coordinates", "by", "area", "circle", "corridor", "line"}
)
"""Fields whose values are not repeated: personal data, or where somebody lives."""

_IDS: Final = ("id", "with")

_CLOCK: Final = re.compile(r"\d\d:\d\d")
"""A time of day, which is nobody's private matter."""


def difference(old: Site, new: Site) -> list[str]:
    """One line for each thing that was added, removed or changed, in order; empty when both say the same.

    What has an id is named by it (`residents[r1].rules[night].limit_s: changed from 1800 to 900`), so that an entry that only
    moved is not taken for another one. Two files that mean the same, as one that writes out a default, have no difference.
    """
    if msgspec.structs.replace(old, source={}) == msgspec.structs.replace(new, source={}):
        return []
    return list(_compared("", "", old.source, new.source))


def _compared(path: str, name: str, old: Any, new: Any) -> Iterator[str]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(path, old, new)
    elif isinstance(old, list) and isinstance(new, list) and name not in PRIVATE:
        yield from _lists(path, name, old, new)
    elif old != new:
        yield f"{path}: changed{_values(name, old, new)}"


def _values(name: str, old: Any, new: Any) -> str:
    if name in PRIVATE or isinstance(old, dict | list) or isinstance(new, dict | list):
        return ""
    return f" from {_said(old)} to {_said(new)}"


def _said(value: Any) -> str:
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return value
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else shown(value)


def _mappings(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*old, *new)):
        where = f"{path}.{name}" if path else str(name)
        before, after = old.get(name), new.get(name)
        if before is None and after is not None:
            yield from _whole(where, after, "added")
        elif before is not None and after is None:
            yield from _whole(where, before, "removed")
        else:
            yield from _compared(where, name, before, after)


def _whole(path: str, value: Any, what: str) -> Iterator[str]:
    """A list of things with ids is named thing by thing."""
    named = _by_id(value) if isinstance(value, list) else None
    if named:
        yield from (f"{path}[{ident}]: {what}" for ident in named)
    else:
        yield f"{path}: {what}"


def _lists(path: str, name: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    before, after = _by_id(old), _by_id(new)
    if before is None or after is None:
        yield from _positions(path, name, old, new)
        return
    for ident in dict.fromkeys((*before, *after)):
        if ident not in after:
            yield f"{path}[{ident}]: removed"
        elif ident not in before:
            yield f"{path}[{ident}]: added"
        else:
            yield from _compared(f"{path}[{ident}]", name, before[ident], after[ident])
    if [ident for ident in before if ident in after] != [ident for ident in after if ident in before]:
        yield f"{path}: order changed"


def _positions(path: str, name: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    for index in range(max(len(old), len(new))):
        if index >= len(new):
            yield f"{path}[{index}]: removed"
        elif index >= len(old):
            yield f"{path}[{index}]: added"
        else:
            yield from _compared(f"{path}[{index}]", name, old[index], new[index])


def _by_id(entries: list[Any]) -> dict[str, Any] | None:
    """The entries by id; None when they are not all mappings with an id of their own."""
    found: dict[str, Any] = {}
    for entry in entries:
        ident = next((entry[key] for key in _IDS if key in entry), None) if isinstance(entry, dict) else None
        if not isinstance(ident, str) or ident in found:
            return None
        found[ident] = entry
    return found
