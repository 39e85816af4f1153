"""The closed vocabulary in which every decision says why.

The same words stand in the log, the metrics, the timeline, replay output and the tests. A `why` is one of them, or several
joined by a space; a word that needs a detail carries it after a colon (`set_aside:lat`). Adding a word is an addition to the
front door; changing one is a new version of it.
"""

from __future__ import annotations

from typing import Final

REJECTIONS: Final = frozenset(
    {
        "not_json",
        "bad_field",
        "unknown_kind",
        "unknown_device",
        "unknown_tenant",
        "not_yours",
        "too_large",
        "id_reused",
        "from_future",
        "not_consented",
        "internal",
    }
)
"""Why a reading was not kept. `internal` is our own fault; it also stands beside what was raised in spite of it."""

FINDINGS: Final = frozenset(
    {
        "pressed",
        "fell",
        "outside_all_zones",
        "position_lost",
        "inside_zone",
        "out_of_bed_too_long",
        "on_floor_too_long",
        "inactive_too_long",
        "silent_too_long",
        "battery_below",
        "door_open_too_long",
        "measured_outside",
        "measured_changing",
        "dose_missed",
        "dose_unanswered",
        "sensor_silent",
        "sensor_stuck",
        "sensor_chatters",
        "alarms_folded",
        "unknown_device",
    }
)
"""What a rule found."""

ENDINGS: Final = frozenset(
    {
        "inside_a_zone",
        "outside_zone",
        "back_in_bed",
        "up_for_the_day",
        "off_the_floor",
        "active_again",
        "heard_again",
        "battery_recovered",
        "door_closed",
        "measured_inside",
        "measured_steady",
        "dose_taken",
        "sensor_behaves",
        "device_reset",
        "outing_begun",
        "consent_lapsed",
    }
)
"""Why a condition ended."""

QUALIFIERS: Final = frozenset({"again", "set_aside", "reset_clock", "outing_over"})
"""What is added to a finding: it persists after its alarm was resolved, a field of the reading could not be used, or an outing is
over."""

CHAIN: Final = frozenset(
    {
        "chain_turn",
        "all_declined",
        "no_answer",
        "not_handed_over",
        "nobody_on_duty",
        "no_channel",
        "asked",
        "follow_up_lapsed",
        "taker_declined",
        "last_link_repeats",
        "no_next_step",
    }
)
"""Why a chain went on, skipped or began again."""

OUTCOMES: Final = ("helped", "no_need", "false_alarm", "test", "moved_to_112", "technical", "other")
"""How a person says that an alarm ended."""

VOCABULARY: Final = REJECTIONS | FINDINGS | ENDINGS | QUALIFIERS | CHAIN | frozenset(OUTCOMES)
