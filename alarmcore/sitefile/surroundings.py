"""What is known of the whole file while one part of it is read: the zone of its times, and every id that may be referred to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.sitefile.ledger import ID, Entry, shown
from alarmcore.sitefile.values import Windows


class Surroundings(msgspec.Struct):
    """Taken from the document before its parts are read, so that a faulty part is still there for those that refer to it.

    The ids are dicts for their order; `now` is None where the time of checking is not known.
    """

    tz: ZoneInfo
    contacts: dict[str, None]
    units: dict[str, None]
    chains: dict[str, None]
    partners: dict[str, None]
    windows: Windows
    now: datetime | None = None

    def chain(self, entry: Entry, name: str) -> str | None:
        """A reference to a chain; None when it is left out or wrong."""
        return _reference(entry, name, self.chains, "chain")

    def unit(self, entry: Entry, name: str) -> str | None:
        """A reference to a unit (`unit:ID`)."""
        value = entry.fields.get(name)
        return None if value is None else self._told(entry, name, value, None, {f"unit:{one}": None for one in self.units})

    def recipient(self, entry: Entry, name: str, value: object, index: int) -> str | None:
        """A reference to a contact or unit, entry `index` of a list."""
        known = value in self.recipients if isinstance(value, str) else False
        return str(value) if known else self._told(entry, name, value, index, self.recipients)

    @property
    def recipients(self) -> dict[str, None]:
        """Every reference that a link may use."""
        return _prefixed(tuple(self.contacts), tuple(self.units))

    @staticmethod
    def _told(entry: Entry, name: str, value: object, index: int | None, known: dict[str, None]) -> str | None:
        if isinstance(value, str) and value in known:
            return value
        if not isinstance(value, str):
            entry.error(name, "is no text; give contact:ID or unit:ID", index)
            return None
        bare = [one for one in (f"contact:{value}", f"unit:{value}") if one in known]
        guess = f" (did you mean {bare[0]}?)" if bare else entry.ledger.suggestion(value, known)
        entry.error(
            name, f"{shown(value)} names nobody in this file{guess}; give contact:ID or unit:ID of one that is there", index
        )
        return None


def _reference(entry: Entry, name: str, known: Collection[str], what: str) -> str | None:
    value = entry.fields.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value in known:
        return value
    said = shown(value) if isinstance(value, str) else "this value"
    guess = entry.ledger.suggestion(value, known)
    entry.error(name, f"there is no {what} {said} in this file{guess}; correct it or add the {what}")
    return None
