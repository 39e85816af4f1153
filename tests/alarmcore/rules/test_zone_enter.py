"""Rule `zone_enter`: when belief becomes inside any of the rule's zones."""

from __future__ import annotations

from tests.stories import told, town


def test_coming_into_a_zone_raises_an_alarm_until_it_is_left() -> None:
    told(
        town("[{id: water, kind: zone_enter, zones: [lake], chain: quiet}]"),
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 position @lake
        >> 12:03 gps-1 position @lake
        << 12:03 alarm.raised water cause=zone_enter priority=high why=inside_zone
        << 12:03 alarm.told water unit:centre
        >> 12:04 gps-1 position @home
        >> 12:05 gps-1 position @home
        << 12:05 alarm.condition_ended water why=outside_zone
        """,
    )


def test_somebody_who_is_first_seen_inside_is_found() -> None:
    told(
        town("[{id: water, kind: zone_enter, zones: [home, lake], chain: quiet}]"),
        """
        >> 12:02 gps-1 position @lake
        >> 12:03 gps-1 position @home
        << 12:03 alarm.raised water
        << 12:03 alarm.told water unit:centre
        """,
    )


def test_a_stay_does_not_change_what_is_to_be_kept_out_of() -> None:
    told(
        town(
            "[{id: water, kind: zone_enter, zones: [lake], chain: quiet}]",
            "stays: [{from: 2026-01-14, until: 2026-01-14, zones: [cottage]}]",
        ),
        """
        >> 12:00 gps-1 position @cottage
        >> 12:01 gps-1 position @cottage
        >> 13:02 gps-1 position @lake
        >> 13:03 gps-1 position @lake
        << 13:03 alarm.raised water
        << 13:03 alarm.told water unit:centre
        """,
    )
