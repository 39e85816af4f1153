"""Readings' identities of the last seven days in little memory: twenty bytes each, looked up a batch at a time.

New ones stand in a dictionary. When it is full it becomes a sorted segment; segments of like size are merged, so that there are
always few, and one whose newest entry is too old is dropped whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from alarmcore.ports import REMEMBERED

RECENT_MAX: Final = 1 << 15
"""Identities in the dictionary: a few megabytes, and seldom enough full that sorting costs nothing to speak of."""

SPAN_MAX_S: Final = 86_400.0
"""Segments are not merged beyond this, so that memory is given back a day at a time."""


class Segment(msgspec.Struct, frozen=True):
    """Sorted identities with their digests and when, in seconds since 1970, each was seen."""

    identities: Any
    digests: Any
    seen_s: Any
    oldest_s: float
    newest_s: float


class Seen:
    """All identities that are remembered."""

    def __init__(self) -> None:
        self.recent: dict[int, tuple[int, float]] = {}
        self.segments: list[Segment] = []

    def known(self, identities: Sequence[int], now: datetime) -> dict[int, int]:
        """Of these, those seen within seven days before `now`, with their digests."""
        since_s = (now - REMEMBERED).timestamp()
        found: dict[int, int] = {}
        for identity in identities:
            seen = self.recent.get(identity)
            if seen is not None and seen[1] >= since_s:
                found[identity] = seen[0]
        if self.segments and identities:
            wanted = np.array(identities, dtype=np.int64)
            for segment in reversed(self.segments):
                look(segment, wanted, since_s, found)
        return found

    def add(self, identities: Sequence[tuple[int, int]], now: datetime) -> None:
        """Remember identities with their digests as seen at `now`."""
        seen_s = now.timestamp()
        for identity, digest in identities:
            self.recent[identity] = (digest, seen_s)
        if len(self.recent) >= RECENT_MAX:
            self._settle(seen_s - REMEMBERED.total_seconds())

    def _settle(self, since_s: float) -> None:
        """Make a segment of what is recent, drop what is too old, merge what is of like size."""
        self.segments = [segment for segment in self.segments if segment.newest_s >= since_s]
        self.segments.append(segment_of(self.recent))
        self.recent = {}
        while len(self.segments) > 1 and fit(*self.segments[-2:]):
            newer, older = self.segments.pop(), self.segments.pop()
            self.segments.append(merged(older, newer))


def look(segment: Segment, wanted: Any, since_s: float, found: dict[int, int]) -> None:
    """Add to `found` what a segment knows and no newer one did."""
    places = np.searchsorted(segment.identities, wanted)
    places[places == len(segment.identities)] = 0
    hits = (segment.identities[places] == wanted) & (segment.seen_s[places] >= since_s)
    for at in np.flatnonzero(hits):
        found.setdefault(int(wanted[at]), int(segment.digests[places[at]]))


def segment_of(recent: dict[int, tuple[int, float]]) -> Segment:
    """A segment of what the dictionary holds."""
    identities = np.fromiter(recent, dtype=np.int64, count=len(recent))
    digests = np.fromiter((digest for digest, _ in recent.values()), dtype=np.int64, count=len(recent))
    seen_s = np.fromiter((at for _, at in recent.values()), dtype=np.float64, count=len(recent))
    # Whole seconds fit 32 bits until 2106; rounded up, nothing is forgotten early.
    return in_order(identities, digests, np.ceil(seen_s).astype(np.uint32), float(seen_s.min()), float(seen_s.max()))


def in_order(identities: Any, digests: Any, seen_s: Any, oldest_s: float, newest_s: float) -> Segment:
    """A sorted segment."""
    order = np.argsort(identities, kind="stable")
    return Segment(identities[order], digests[order], seen_s[order], oldest_s, newest_s)


def fit(older: Segment, newer: Segment) -> bool:
    """Whether two segments should become one."""
    alike = len(older.identities) < 2 * len(newer.identities)
    return alike and newer.newest_s - older.oldest_s <= SPAN_MAX_S


def merged(older: Segment, newer: Segment) -> Segment:
    """Both in one. An identity in both (seen again after seven days) stands there twice, its newer self found first."""
    return in_order(
        np.concatenate((newer.identities, older.identities)),
        np.concatenate((newer.digests, older.digests)),
        np.concatenate((newer.seen_s, older.seen_s)),
        older.oldest_s,
        newer.newest_s,
    )
