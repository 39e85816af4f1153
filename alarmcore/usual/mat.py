"""Whether a home's bed has a mat, and whether what it says is to be believed."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

FLIPS_MAX: Final = 12.0
"""Releases within about an hour beyond which a mat chatters: nobody leaves the bed every five minutes."""

FLIPS_S: Final = 3600.0
CHATTERS_S: Final = 3.0 * 86_400.0
"""How long a mat that has chattered is doubted: some do so in every second night."""

LAIN_S: Final = 3.0 * 86_400.0
"""How long ago a mat may have said that somebody lies in it, for its saying otherwise to mean that nobody does."""

LAIN_STEP_S: Final = 6.0 * 3600.0
"""How exactly that is known: written down a few times a day."""


class Mat(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is known of it.

    `flips` counts how often it let go, fading within the hour before `at`; `chatters_at` is when that was last too often.
    `lain_at` is when it last said that somebody lies in it.
    """

    flips: float = 0.0
    at: datetime | None = None
    chatters_at: datetime | None = None
    lain_at: datetime | None = None

    def is_doubted(self, at: datetime) -> bool:
        """Whether it has let go more often lately than anybody leaves a bed."""
        return self.chatters_at is not None and (at - self.chatters_at).total_seconds() < CHATTERS_S

    def tells(self, at: datetime) -> bool:
        """Whether it would say that somebody lies in the bed."""
        return self.lain_at is not None and (at - self.lain_at).total_seconds() < LAIN_S and not self.is_doubted(at)


def told(mat: Mat, at: datetime, *, occupied: bool) -> Mat:
    """The mat after it spoke."""
    if occupied:
        fresh = mat.lain_at is not None and (at - mat.lain_at).total_seconds() < LAIN_STEP_S
        return mat if fresh else replace(mat, lain_at=at)
    flips = 1.0 + faded(mat.flips, mat.at, at, FLIPS_S)
    return replace(mat, flips=flips, at=at, chatters_at=at if flips > FLIPS_MAX else mat.chatters_at)


def faded(amount: float, since_at: datetime | None, now: datetime, over_s: float) -> float:
    """An amount that halves in about two thirds of `over_s`."""
    if since_at is None:
        return 0.0
    return amount * math.pow(0.5, max((now - since_at).total_seconds(), 0.0) / (over_s * 0.7))
