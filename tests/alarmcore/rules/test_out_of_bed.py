"""Rule `out_of_bed`: the bed has been empty for `limit_s`, inside the rule's hours."""

from __future__ import annotations

from tests.stories import told, town

BED = town("[{id: up, kind: out_of_bed, limit_s: 1800, chain: quiet}]")
NIGHT = town('[{id: up, kind: out_of_bed, limit_s: 1800, chain: quiet, active: [{from: "22:00", to: "06:00"}]}]')


def test_an_empty_bed_is_found_when_the_limit_is_reached_and_not_before() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        >> 12:30 tick
        << 12:30 alarm.raised up cause=out_of_bed priority=high why=out_of_bed_too_long
        << 12:30 alarm.told up unit:centre
        >> 12:30:01 tick
        >> 12:40 bed-1 bed occupied=true
        << 12:40 alarm.condition_ended up why=back_in_bed
        """,
    )


def test_somebody_who_comes_back_at_the_very_instant_is_in_time() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        >> 12:30 bed-1 bed occupied=true
        >> 14:00 tick
        """,
    )


def test_saying_it_again_does_not_begin_it_again() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        >> 12:20 bed-1 bed occupied=false
        << 12:30 alarm.raised up
        << 12:30 alarm.told up unit:centre
        >> 12:31 tick
        """,
    )


def test_a_bed_of_which_nothing_is_known_is_not_empty() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 status battery_pct=80
        >> 20:00 tick
        """,
    )


def test_the_evening_does_not_count_for_the_night() -> None:
    told(
        NIGHT,
        """
        >> 19:00 bed-1 bed occupied=false
        << 21:30 alarm.raised up               # the night begins at 21:00 UTC
        << 21:30 alarm.told up unit:centre
        >> 22:00 tick
        """,
    )


def test_a_night_reaches_over_midnight() -> None:
    told(
        NIGHT,
        """
        >> 22:45 bed-1 bed occupied=false
        << 23:15 alarm.raised up
        << 23:15 alarm.told up unit:centre
        >> 23:30 tick
        """,
    )


def test_what_begins_too_late_in_the_night_waits_for_the_next_one() -> None:
    told(
        NIGHT,
        """
        day 2026-01-15
        >> 04:30 bed-1 bed occupied=false      # the night ends at 05:00 UTC
        >> 21:29 tick
        << 21:30 alarm.raised up
        << 21:30 alarm.told up unit:centre
        >> 22:00 tick
        """,
    )


def test_a_limit_is_elapsed_time_over_the_jump_of_the_clock_in_spring() -> None:
    told(
        town('[{id: up, kind: out_of_bed, limit_s: 7200, chain: quiet, active: [{from: "01:30", to: "06:00"}]}]'),
        """
        day 2026-03-29
        >> 00:00 bed-1 bed occupied=false      # 01:00, and 01:30 is at 00:30 UTC; at 01:00 UTC it is 03:00
        << 02:30 alarm.raised up
        << 02:30 alarm.told up unit:centre
        >> 03:00 tick
        """,
    )


def test_the_hour_that_comes_twice_in_autumn_belongs_to_the_window() -> None:
    told(
        town('[{id: up, kind: out_of_bed, limit_s: 5400, chain: quiet, active: [{from: "02:00", to: "03:00"}]}]'),
        """
        day 2026-10-24
        >> 23:00 bed-1 bed occupied=false      # 02:00 is at 00:00 UTC, and 03:00 at 02:00 UTC
        day 2026-10-25
        << 01:30 alarm.raised up
        << 01:30 alarm.told up unit:centre
        >> 03:00 tick
        """,
    )


def test_what_is_told_late_is_found_at_once_and_marked_late() -> None:
    told(
        BED,
        """
        >> 14:00 bed-1 bed occupied=false at=12:00
        << 14:00 alarm.raised up late_s=7200
        << 14:00 alarm.told up unit:centre
        """,
    )


def test_what_is_told_late_but_in_time_is_found_in_time() -> None:
    told(
        BED,
        """
        >> 12:10 bed-1 bed occupied=false at=12:00
        << 12:30 alarm.raised up
        << 12:30 alarm.told up unit:centre
        >> 12:31 tick
        """,
    )


def test_an_older_reading_does_not_undo_a_newer_one() -> None:
    told(
        BED,
        """
        >> 12:10 bed-1 bed occupied=true
        >> 12:11 bed-1 bed occupied=false at=12:00
        >> 18:00 tick
        """,
    )


def test_it_is_raised_again_an_hour_after_the_resolution_while_it_persists() -> None:
    found = told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        << 12:30 alarm.raised up
        << 12:30 alarm.told up unit:centre
        >> 12:31 unit:centre resolve
        << 12:31 alarm.resolved up unit:centre why=other
        << 13:31 alarm.raised up why=out_of_bed_too_long+again
        << 13:31 alarm.told up unit:centre
        >> 13:40 unit:centre resolve outcome=no_need
        << 13:40 alarm.resolved up unit:centre why=no_need
        >> 14:00 bed-1 bed occupied=true
        >> 20:00 tick
        """,
    )
    assert found[0]["alarm"] != found[3]["alarm"]


def test_again_s_is_the_rules_own() -> None:
    told(
        town("[{id: up, kind: out_of_bed, limit_s: 60, again_s: 600, chain: quiet}]"),
        """
        >> 12:00 bed-1 bed occupied=false
        << 12:01 alarm.raised up
        << 12:01 alarm.told up unit:centre
        >> 12:02 unit:centre resolve
        << 12:02 alarm.resolved up unit:centre
        << 12:12 alarm.raised up
        << 12:12 alarm.told up unit:centre
        >> 12:20 tick
        """,
    )


def test_again_waits_for_the_rules_hours_and_counts_from_their_beginning() -> None:
    told(
        NIGHT,
        """
        day 2026-01-15
        >> 04:00 bed-1 bed occupied=false
        << 04:30 alarm.raised up
        << 04:30 alarm.told up unit:centre
        >> 04:40 unit:centre resolve
        << 04:40 alarm.resolved up unit:centre
        << 21:30 alarm.raised up why=out_of_bed_too_long+again
        << 21:30 alarm.told up unit:centre
        >> 22:00 tick
        """,
    )


def test_a_new_night_out_of_bed_is_not_again() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        << 12:30 alarm.raised up
        << 12:30 alarm.told up unit:centre
        >> 12:31 unit:centre resolve
        << 12:31 alarm.resolved up unit:centre
        >> 12:40 bed-1 bed occupied=true
        >> 12:50 bed-1 bed occupied=false
        << 13:20 alarm.raised up why=out_of_bed_too_long
        << 13:20 alarm.told up unit:centre
        >> 13:30 tick
        """,
    )


def test_hours_are_looked_at_far_enough_ahead() -> None:
    """Nineteen short windows a week and one long enough for the limit: the one is found."""
    short = ", ".join(f'{{from: "{h:02}:00", to: "{h:02}:20"}}' for h in (8, 12, 16))
    long = '{from: "20:00", to: "23:00", days: [wed]}'
    told(
        town(f"[{{id: up, kind: out_of_bed, limit_s: 3600, chain: quiet, active: [{short}, {long}]}}]"),
        """
        day 2026-01-15
        >> 12:00 bed-1 bed occupied=false
        day 2026-01-21
        << 20:00 alarm.raised up
        << 20:00 alarm.told up unit:centre
        >> 23:00 tick
        """,
    )


def test_the_usual_means_its_upper_bound_until_it_is_learned() -> None:
    told(
        town("[{id: up, kind: out_of_bed, usual: {min_s: 600, max_s: 3600}, chain: quiet}]"),
        """
        >> 12:00 bed-1 bed occupied=false
        << 13:00 alarm.raised up
        << 13:00 alarm.told up unit:centre
        >> 14:00 tick
        """,
    )


def test_resolving_an_alarm_that_has_ended_does_not_put_off_the_next() -> None:
    """The person is up again and waited for: nobody has looked at that yet."""
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        << 12:30 alarm.raised up
        << 12:30 alarm.told up unit:centre
        >> 12:40 bed-1 bed occupied=true
        << 12:40 alarm.condition_ended up
        >> 12:50 bed-1 bed occupied=false
        >> 13:00 unit:centre resolve
        << 13:00 alarm.resolved up unit:centre
        << 13:20 alarm.raised up why=out_of_bed_too_long
        << 13:20 alarm.told up unit:centre
        >> 14:00 tick
        """,
    )


def test_each_time_it_is_raised_again_is_another_alarm() -> None:
    found = told(
        town("[{id: up, kind: out_of_bed, limit_s: 60, again_s: 600, chain: quiet}]"),
        """
        >> 12:00 bed-1 bed occupied=false
        << 12:01 alarm.raised up
        << 12:01 alarm.told up unit:centre
        >> 12:02 unit:centre resolve
        << 12:02 alarm.resolved up unit:centre
        << 12:12 alarm.raised up why=out_of_bed_too_long+again
        << 12:12 alarm.told up unit:centre
        >> 12:13 unit:centre resolve
        << 12:13 alarm.resolved up unit:centre
        << 12:23 alarm.raised up why=out_of_bed_too_long+again
        << 12:23 alarm.told up unit:centre
        >> 12:30 tick
        """,
    )
    assert len({line["alarm"] for line in found if line["event"] == "alarm.raised"}) == 3


def test_again_within_the_same_hours_waits_its_time() -> None:
    told(
        NIGHT,
        """
        >> 21:00 bed-1 bed occupied=false
        << 21:30 alarm.raised up
        << 21:30 alarm.told up unit:centre
        >> 21:40 unit:centre resolve
        << 21:40 alarm.resolved up unit:centre
        << 22:40 alarm.raised up why=out_of_bed_too_long+again
        << 22:40 alarm.told up unit:centre
        >> 23:00 tick
        """,
    )


def test_of_two_readings_of_one_second_the_later_word_counts() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=false
        >> 12:00 bed-1 bed occupied=true
        >> 14:00 tick
        """,
    )


def test_news_that_are_older_than_the_last_confirmation_say_nothing() -> None:
    told(
        BED,
        """
        >> 12:00 bed-1 bed occupied=true
        >> 12:20 bed-1 bed occupied=true
        >> 12:21 bed-1 bed occupied=false at=12:10
        >> 14:00 tick
        """,
    )
