"""What is known of the whole file while one part of it is read: the zone of its times, and every id that may be referred to."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.sitefile.ledger import ID, Entry, shown, sort_of
from alarmcore.sitefile.values import Windows


class Surroundings(msgspec.Struct):
    """Taken from the document before its parts are read, so that a faulty part is still there for those that refer to it.

    `units` and `recipients` hold references (`unit:ID`), the others ids; all are dicts for their order. `now` is None where
    the time of checking is not known.
    """

    tenant: str
    tz: ZoneInfo
    units: dict[str, None]
    recipients: dict[str, None]
    chains: dict[str, None]
    partners: dict[str, None]
    windows: Windows
    now: datetime | None = None
    receiving: frozenset[str] = frozenset()
    """Partners that may see our alarms."""

    def chain(self, entry: Entry, name: str) -> str | None:
        """A reference to a chain; None when it is left out or wrong."""
        value = entry.fields.get(name)
        if value is None or (isinstance(value, str) and value in self.chains):
            return value
        if not isinstance(value, str):
            entry.error(name, f"is {sort_of(value)}; give the id of a chain")
            return None
        guess = entry.ledger.suggestion(value, self.chains)
        entry.error(name, f"there is no chain {shown(value)} in this file{guess}; correct it or add the chain")
        return None

    def unit(self, entry: Entry, name: str) -> str | None:
        """A reference to a unit; None when it is left out or wrong."""
        value = entry.fields.get(name)
        return None if value is None else reference(entry, (name, None), value, self.units)

    def recipient(self, entry: Entry, name: str, index: int, value: object) -> str | None:
        """A reference to a contact or unit, entry `index` of a list."""
        return reference(entry, (name, index), value, self.recipients)


def reference(entry: Entry, at: tuple[str, int | None], value: object, known: dict[str, None]) -> str | None:
    """`value` if it is one of the `known` references; else the mistake is noted."""
    if isinstance(value, str) and value in known:
        return value
    form = "contact:ID or unit:ID" if any(one.startswith("contact:") for one in known) else "unit:ID"
    if not isinstance(value, str):
        entry.error(at[0], f"is {sort_of(value)}; give {form}", at[1])
        return None
    bare = [one for one in (f"contact:{value}", f"unit:{value}") if one in known]
    guess = f" (did you mean {bare[0]}?)" if bare else entry.ledger.suggestion(value, known)
    entry.error(at[0], f"{shown(value)} is nobody in this file{guess}; give {form} of somebody who is there", at[1])
    return None


def declared(entry: Entry, name: str, prefix: str = "", field: str = "id") -> dict[str, None]:
    """The ids that the entries of a list give themselves, without a look at anything else."""
    found: dict[str, None] = {}
    value = entry.fields.get(name)
    for one in value if isinstance(value, list) else ():
        ident = one.get(field) if isinstance(one, dict) else None
        if isinstance(ident, str) and ID.fullmatch(ident):
            found[prefix + ident] = None
    return found


class Uniqueness:
    """Notes an id that stands twice among things of the same sort."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._seen: dict[str, Entry] = {}

    def check(self, entry: Entry, ident: str, field: str = "id") -> None:
        """Let one more id count."""
        if not ident:
            return
        first = self._seen.setdefault(ident, entry)
        if first is not entry:
            entry.error(field, f"{ident} is the id of another {self._what} already ({first.path()}); choose another")
