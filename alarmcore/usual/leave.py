"""A leave of the bed that may go on: a mat says *occupied* also of a cat, or of a blanket that slides off it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Leave(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """Began at `at`, and seemed to be over at `lain_at`.

    `found_s` is the limit if it had been found; `again` and `again_at` are what a rule remembers of an alarm that was resolved.
    """

    at: datetime
    lain_at: datetime
    found_s: float | None = None
    again: int = 0
    again_at: datetime | None = None
