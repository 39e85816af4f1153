"""What a municipality says of a limit that is learned."""

from __future__ import annotations

from typing import Final

import msgspec

ONCE_IN_DAYS: Final = 100.0
"""Three months without a needless alarm: what staff still take seriously at night."""


FOUND_WEIGHT: Final = 0.3
FOUND_FACTOR: Final = 1.35
"""What is taught by something that was found: a third of another, and at most this much above its limit. An incident hardly moves
what is usual; a new habit moves it within a few weeks."""

USUALLY: Final = 0.9
"""What a sentence calls usual: nine times in ten."""


class Usual(msgspec.Struct, frozen=True):
    """Between what, in seconds, a learned limit lies, and how rarely it may be wrong: about once in so many days."""

    min_s: float
    max_s: float
    once_in_days: float = ONCE_IN_DAYS

    def bounded(self, limit_s: float, most_s: float) -> float:
        """A limit in whole seconds, as people say them and every machine works them out alike, within the bounds."""
        return min(max(float(round(limit_s)), self.min_s), most_s)
