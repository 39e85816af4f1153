"""Safety zones: nobody who stayed near home raises an alarm for leaving, and whoever has truly gone is found.

Nobody is found while they are out with somebody, and no outing lasts beyond its time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tests.simulation.history import Closing, Committed, Gone, Left, Looked, Record

Who = tuple[str, str]

OVERDUE_S: Final = 5.0
"""How late the end of an outing may be in a world that is well, as any timer."""

RAISING = ("alarm.raised", "alarm.repeated")


class Zones:
    """Who truly left, who was truly gone at the end, and of whom it was said."""

    sees = (Left, Gone, Committed, Looked, Closing)

    def __init__(self) -> None:
        self.left: set[Who] = set()
        self.gone: set[Who] = set()
        self.found: set[Who] = set()
        self.out: dict[Who, datetime] = {}

    def see(self, record: Record) -> Iterator[str]:
        """Compare."""
        match record:
            case Left():
                self.left.add((record.tenant, record.resident))
            case Gone():
                self.gone.add((record.tenant, record.resident))
            case Committed():
                yield from self.commit(record)
            case Looked():
                late = record.now - timedelta(seconds=OVERDUE_S)
                yield from (f"no outing is for ever: {who} until {until:%T}" for who, until in self.out.items() if until < late)
            case Closing():
                yield from (
                    f"who is gone is found: not {tenant}/{resident}" for tenant, resident in sorted(self.gone - self.found)
                )

    def commit(self, record: Committed) -> Iterator[str]:
        """What was raised of leaving home, and of coming to the lake, which is far off."""
        for event in record.batch.events:
            if event.event == "outing.begun" and event.until is not None:
                self.out[(event.tenant, event.resident or "")] = event.until
            elif event.event in {"outing.ended", "outing.lapsed"}:
                self.out.pop((event.tenant, event.resident or ""), None)
            if event.rule not in {"wander", "shore"} or event.event not in RAISING:
                continue
            who = (event.tenant, event.resident or "")
            if who in self.out:
                yield f"nobody is found during an outing: {event.event} of {who[0]}/{who[1]} ({event.rule})"
            if event.rule == "wander":
                self.found.add(who)
            if who not in self.left:
                yield f"nobody at home has left: {event.event} of {who[0]}/{who[1]} ({event.rule}), who never did"
