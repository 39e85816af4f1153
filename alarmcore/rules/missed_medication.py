"""Rule `missed_medication`: a dispenser says that a dose was not taken."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.model.reading import Medication, Reading
from alarmcore.rules.base import MomentRule


class MissedMedication(MomentRule, frozen=True, kw_only=True):
    """Fires at every dose that was not taken."""

    kind: ClassVar[str] = "missed_medication"
    hears: ClassVar[frozenset[str]] = frozenset({"medication"})
    why: ClassVar[str] = "dose_missed"

    def fires(self, reading: Reading) -> bool:
        """Only `taken: false` is a finding."""
        return isinstance(reading.body, Medication) and not reading.body.taken
