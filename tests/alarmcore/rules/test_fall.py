"""Rule `fall`: a reported fall raises an alarm at the reading."""

from __future__ import annotations

from tests.stories import told, town


def test_a_fall_raises_a_critical_alarm_and_a_press_does_not_touch_it() -> None:
    told(
        town("[{id: fell, kind: fall, chain: quiet}]"),
        """
        >> 12:00 gps-1 button
        >> 12:01 gps-1 fall lat="?"
        << 12:01 alarm.raised fell cause=fall priority=critical why=fell+set_aside:lat
        << 12:01 alarm.told fell unit:centre
        """,
    )
