"""An outing: somebody takes the person out, and until a set time it is no alarm where the two of them are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

OUTING_MAX: Final = timedelta(hours=24)
"""The longest outing: one that nobody ends must not leave the person unwatched for good. Whoever is away for days is on a stay,
which has zones and a chain of its own."""

COMPANY_CHARS_MAX: Final = 80
"""Who is along: a name and a telephone number, no story."""

DAY: Final = timedelta(days=1)


class Look(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """That somebody may be missed after an outing has lapsed, by one rule: when it looks (None: it has found that they are).

    `again` is how often that was found and resolved before.
    """

    rule: str
    at: datetime | None = None
    again: int = 0

    def found(self, rule: str) -> bool:
        """Whether this rule has found that they are missed, and nobody has resolved it."""
        return self.rule == rule and self.at is None


class Outing(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """Somebody's latest outing, and how it ended: `ended_by` is empty when nobody ended it and its time was over.

    `company` is who is along: a recipient (`contact:eva`), or words. `looks`: by which rules they may be missed since it lapsed.
    """

    begun_at: datetime
    until: datetime
    by: str
    company: str
    ended_at: datetime | None = None
    ended_by: str = ""
    looks: tuple[Look, ...] = ()

    @property
    def wake_at(self) -> datetime | None:
        """When something is to be asked: at its end, and then whether anybody is missed."""
        return self.until if self.lasts else min([look.at for look in self.looks if look.at is not None], default=None)

    @property
    def lasts(self) -> bool:
        """Whether they are out. After `until` they still are, until the watch has been asked: that is the moment it looks."""
        return self.ended_at is None


class BeginOuting(msgspec.Struct, frozen=True):
    """A person's act: from now until `until` the person is out with `company`. Takes the place of an outing that lasts."""

    until: datetime
    company: str
    by: str
    via: str


class EndOuting(msgspec.Struct, frozen=True):
    """A person's act: the outing is over. Without one there is nothing to do."""

    by: str
    via: str


def unfit(until: datetime, now: datetime) -> str | None:
    """Why an outing cannot last until then: the code of a refusal, or None."""
    if until <= now:
        return "outing_past"
    return "outing_too_long" if until - now > OUTING_MAX else None


def local_moment(text: str, tz: ZoneInfo, now: datetime) -> datetime | None:
    """The moment at which clocks in `tz` show `text`: `16:30` (the next time they do), or `2026-01-14T16:30`; None if it is none.

    With an offset `text` says itself which moment it is. Of a time that clocks show twice, the first that is still to come
    counts; one that they jump over is read by the clock as it was before the jump.
    """
    try:
        given = datetime.fromisoformat(text) if "T" in text or " " in text else None
        shown = time.fromisoformat(text) if given is None else None
        if given is not None:
            return given.astimezone(UTC) if given.tzinfo is not None else _upcoming((given,), tz, now)
        if shown is None or shown.tzinfo is not None:
            return None
        today = now.astimezone(tz).date()
        return _upcoming([datetime.combine(day, shown) for day in (today, today + DAY)], tz, now)
    except (ValueError, OverflowError):
        return None


def _upcoming(walls: Sequence[datetime], tz: ZoneInfo, now: datetime) -> datetime:
    """The first moment after `now` at which a clock shows one of `walls`; the last of all when none lies ahead."""
    moments = [wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)]
    return next((at for at in moments if at > now), moments[-1])
