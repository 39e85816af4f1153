"""Rule `missed_medication`: a dose that was not taken."""

from __future__ import annotations

from tests.stories import told, town

DOSE = town("[{id: dose, kind: missed_medication, chain: quiet}]")


def test_a_missed_dose_raises_an_alarm_and_each_further_one_is_added() -> None:
    told(
        DOSE,
        """
        >> 08:00 motion-1 medication taken=true
        >> 12:00 motion-1 medication taken=false
        << 12:00 alarm.raised dose cause=missed_medication priority=high why=dose_missed
        << 12:00 alarm.told dose unit:centre
        >> 18:00 motion-1 medication taken=false
        << 18:00 alarm.repeated dose
        """,
    )


def test_a_dose_that_says_nothing_of_being_taken_is_rejected() -> None:
    told(
        DOSE,
        """
        >> 12:00 motion-1 medication
        << 12:00 reading.rejected bad_field
        """,
    )
