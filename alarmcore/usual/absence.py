"""Somebody went out by a door that leads out: for how long, and when they are plainly at home again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

HOME_S: Final = 900.0
HOME_MIN_S: Final = 120.0
"""Somebody is at home again once two sensors were set off within a quarter of an hour, or one for two minutes. A single one goes
on by sun or heating with nobody there: that of the kitchen in *kasterenB* does, at most for some seconds."""

PASSAGE_S: Final = 300.0
"""A door is opened and closed in less. Later it is somebody coming home, if something else is then set off as well."""


class Absence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """It began at `at`, about `hour` of the local day. `stir` is the sensor that was set off since, and when first.

    `found_s` is the limit by which it was found, if a sensor was set off after that.
    """

    at: datetime
    hour: float
    stir: str = ""
    stir_at: datetime | None = None
    found_s: float | None = None

    def ends(self, sensor: str, at: datetime) -> bool:
        """Whether a sensor that is set off now says that somebody is at home; a button (no sensor) always does."""
        if not sensor:
            return True
        since_at = self._stirring(at)
        return since_at is not None and (sensor != self.stir or (at - since_at).total_seconds() >= HOME_MIN_S)

    def stirred(self, sensor: str, at: datetime, found_s: float | None = None) -> Absence:
        """It goes on, though a sensor was set off; after the silence before that was found by the limit `found_s`."""
        absence = self if found_s is None or self.found_s is not None else replace(self, found_s=found_s)
        return absence if self._stirring(at) is not None else replace(absence, stir=sensor, stir_at=at)

    def _stirring(self, at: datetime) -> datetime | None:
        """Since when something stirs, if that is so recent that this may be the same."""
        if self.stir_at is None or (at - self.stir_at).total_seconds() > HOME_S:
            return None
        return self.stir_at


def passed(absence: Absence | None, sensor: str, at: datetime, hour: float) -> tuple[Absence, bool]:
    """The absence after a door that leads out was opened or closed, and whether an earlier one ended with that."""
    if absence is None:
        return Absence(at, hour), False
    if (at - absence.at).total_seconds() < PASSAGE_S:
        return absence, False
    return Absence(at, hour, sensor, at), True
