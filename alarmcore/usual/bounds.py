"""What a municipality says of a limit that is learned."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

ONCE_IN_DAYS: Final = 100.0
"""Three months without a needless alarm: what staff still take seriously at night."""


FOUND_WEIGHT: Final = 0.3
FOUND_FACTOR: Final = 1.35
"""What is taught by something that was found: a third of another, and at most this much above its limit. An incident hardly moves
what is usual; a new habit moves it within a few weeks."""

USUALLY: Final = 0.9
"""What a sentence calls usual: nine times in ten."""


KNOWN_MIN: Final = 5.0
"""Of so many one may say what is usual: a few nights, or half a day."""

Bound = Literal["new", "most"]
"""Why something is an alarm where no usual time says so: too little is known of the person, or it has lasted as long as the
municipality lets anything last."""


class Usual(msgspec.Struct, frozen=True):
    """Between what, in seconds, a learned limit lies, and how rarely it may be wrong: about once in so many days."""

    min_s: float
    max_s: float
    once_in_days: float = ONCE_IN_DAYS

    def key(self) -> tuple[float, ...]:
        """What tells these bounds from others."""
        return self.min_s, self.max_s, self.once_in_days

    def bounded(self, limit_s: float, most_s: float) -> float:
        """A limit in whole seconds, as people say them and every machine works them out alike, within the bounds."""
        return min(max(float(round(limit_s)), self.min_s), most_s)


def said(usual_s: float, seen: float, for_s: float, usual: Usual) -> tuple[int | None, Bound | None]:
    """What can be said of something that has lasted `for_s`: what is usual for somebody of whom so many were seen, or a bound."""
    if seen < KNOWN_MIN:
        return None, "new"
    if usual_s < for_s:
        return round(usual_s), None
    return None, "most" if for_s >= usual.max_s else None


def taught(lasted_s: float, found_s: float | None) -> tuple[float, float]:
    """As how long, in seconds, something counts that was found after `found_s` (None: it was not), and how much it weighs."""
    return (lasted_s, 1.0) if found_s is None else (min(lasted_s, FOUND_FACTOR * found_s), FOUND_WEIGHT)
