"""Rule `missed_medication` with `times`: a dose of which nothing is said is missed as well."""

from __future__ import annotations

from datetime import UTC, datetime

from alarmcore.rules.base import BLANK
from alarmcore.watch import plan_for
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)

# Stockholm is an hour ahead of UTC in January.
TIMES = town(
    '[{id: dose, kind: missed_medication, times: ["20:00", "08:00"], within_s: 5400, chain: quiet}]',
)


def test_a_dose_of_which_nothing_is_said_is_found_and_ends_when_it_is_taken_late() -> None:
    told(
        TIMES,
        """
        >> 07:05 motion-1 medication taken=true
        << 20:30 alarm.raised dose cause=missed_medication priority=high why=dose_unanswered
        << 20:30 alarm.told dose unit:centre
        >> 20:40 motion-1 medication taken=true
        << 20:40 alarm.condition_ended dose why=dose_taken
        """,
    )


def test_nothing_is_waited_for_before_a_dispenser_was_heard() -> None:
    told(
        TIMES,
        """
        >> 05:00 door-1 door open=true
        day 2026-01-15
        >> 12:00 tick
        """,
    )


def test_a_dose_may_be_taken_an_hour_before_its_time_and_not_earlier() -> None:
    told(
        TIMES,
        """
        >> 18:00 motion-1 medication taken=true
        day 2026-01-15
        >> 05:59 motion-1 medication taken=true
        << 08:30 alarm.raised dose why=dose_unanswered
        << 08:30 alarm.told dose unit:centre
        >> 08:31 tick
        """,
    )


def test_one_that_said_not_taken_has_been_found_and_is_not_found_twice() -> None:
    told(
        TIMES,
        """
        >> 07:10 motion-1 medication taken=false
        << 07:10 alarm.raised dose why=dose_missed
        << 07:10 alarm.told dose unit:centre
        >> 08:20 unit:centre resolve outcome=helped
        << 08:20 alarm.resolved dose unit:centre
        >> 12:00 tick
        """,
    )


def test_news_that_comes_late_of_a_dose_taken_in_time_ends_what_was_found() -> None:
    told(
        TIMES,
        """
        >> 07:00 motion-1 medication taken=true
        << 20:30 alarm.raised dose
        << 20:30 alarm.told dose unit:centre
        >> 21:00 motion-1 medication taken=true at=19:10
        << 21:00 alarm.condition_ended dose
        """,
    )


def test_late_news_of_the_dose_before_does_not_end_it() -> None:
    told(
        TIMES,
        """
        >> 07:00 motion-1 medication taken=true
        << 20:30 alarm.raised dose
        << 20:30 alarm.told dose unit:centre
        >> 21:00 motion-1 medication taken=true at=07:02
        """,
    )


def test_it_is_not_raised_again_before_the_next_dose() -> None:
    told(
        TIMES,
        """
        >> 07:00 motion-1 medication taken=true
        << 20:30 alarm.raised dose
        << 20:30 alarm.told dose unit:centre
        >> 20:40 unit:centre resolve outcome=helped
        << 20:40 alarm.resolved dose unit:centre
        day 2026-01-15
        << 08:30 alarm.raised dose why=dose_unanswered
        << 08:30 alarm.told dose unit:centre
        >> 08:31 tick
        """,
    )


def test_the_times_are_those_of_the_wall_clock_before_and_after_it_changes() -> None:
    """On the last Sunday of March, 02:00 becomes 03:00: a time between does not come, and the jump counts."""
    told(
        town('[{id: dose, kind: missed_medication, times: ["02:30"], within_s: 1800, chain: quiet}]'),
        """
        day 2026-03-27
        >> 12:00 motion-1 medication taken=true
        << 2026-03-28T02:00 alarm.raised dose
        << 2026-03-28T02:00 alarm.told dose unit:centre
        >> 2026-03-28T12:00 unit:centre resolve outcome=helped
        << 2026-03-28T12:00 alarm.resolved dose
        << 2026-03-29T01:30 alarm.raised dose
        << 2026-03-29T01:30 alarm.told dose unit:centre
        >> 2026-03-29T12:00 unit:centre resolve outcome=helped
        << 2026-03-29T12:00 alarm.resolved dose
        << 2026-03-30T01:00 alarm.raised dose
        << 2026-03-30T01:00 alarm.told dose unit:centre
        >> 2026-03-30T02:00 tick
        """,
    )


def test_outside_the_rules_windows_no_dose_is_waited_for() -> None:
    told(
        town(
            '[{id: dose, kind: missed_medication, times: ["08:00", "20:00"], chain: quiet,'
            ' active: [{from: "18:00", to: "22:00"}]}]'
        ),
        """
        >> 05:00 motion-1 medication taken=true
        << 20:00 alarm.raised dose
        << 20:00 alarm.told dose unit:centre
        day 2026-01-15
        >> 18:59 tick
        """,
    )


def test_news_at_the_very_moment_does_not_put_the_question_off() -> None:
    told(
        TIMES,
        """
        >> 07:00 motion-1 medication taken=true
        >> 20:30 motion-1 medication taken=true at=07:02
        << 20:30 alarm.raised dose
        << 20:30 alarm.told dose unit:centre
        >> 20:31 tick
        """,
    )


def test_the_same_answer_is_remembered_once() -> None:
    watched = plan_for(TIMES, TIMES.residents[0]).watched[0]
    memory = BLANK
    for _ in range(20):
        event = observed(TIMES, "medication", {"device": "motion-1", "taken": True, "at": NOON.isoformat()}, NOON)
        assert event is not None
        memory = watched.rule.step(memory, event, watched.setting, NOON).state
    assert memory.sources == (("taken=1", NOON),)


def test_told_twice_it_counts_once() -> None:
    told(
        TIMES,
        """
        >> 07:00 motion-1 medication taken=true id=a
        >> 07:00 motion-1 medication taken=true id=a
        >> 19:00 motion-1 medication taken=true id=b
        >> 19:01 motion-1 medication taken=true at=07:00 id=c
        day 2026-01-15
        >> 08:00 tick
        """,
    )


def test_the_evenings_dose_does_not_make_up_for_the_mornings() -> None:
    told(
        town('[{id: dose, kind: missed_medication, times: ["08:00", "20:00"], chain: quiet}]'),
        """
        >> 07:30 motion-1 medication taken=false
        << 07:30 alarm.raised dose why=dose_missed
        << 07:30 alarm.told dose unit:centre
        >> 18:05 motion-1 medication taken=true
        >> 19:05 motion-1 medication taken=true
        day 2026-01-15
        >> 06:00 tick
        """,
    )


def test_a_dose_taken_late_makes_up_for_it_until_the_next_one_may_be_taken() -> None:
    told(
        town('[{id: dose, kind: missed_medication, times: ["08:00", "20:00"], chain: quiet}]'),
        """
        >> 07:30 motion-1 medication taken=false
        << 07:30 alarm.raised dose why=dose_missed
        << 07:30 alarm.told dose unit:centre
        >> 17:59 motion-1 medication taken=true
        << 17:59 alarm.condition_ended dose why=dose_taken
        """,
    )


def test_of_two_missed_doses_the_second_one_taken_late_does_not_end_what_was_found_of_the_first() -> None:
    told(
        town('[{id: dose, kind: missed_medication, times: ["08:00", "20:00"], chain: quiet}]'),
        """
        >> 05:00 motion-1 medication taken=true
        << 08:00 alarm.raised dose why=dose_unanswered
        << 08:00 alarm.told dose unit:centre
        << 20:00 alarm.repeated dose why=dose_unanswered
        >> 20:30 motion-1 medication taken=true
        >> 20:31 tick
        """,
    )


def test_once_the_mornings_is_resolved_the_evenings_taken_late_ends_what_was_found_of_the_evenings() -> None:
    told(
        town('[{id: dose, kind: missed_medication, times: ["08:00", "20:00"], chain: quiet}]'),
        """
        >> 05:00 motion-1 medication taken=true
        << 08:00 alarm.raised dose why=dose_unanswered
        << 08:00 alarm.told dose unit:centre
        >> 09:00 unit:centre resolve outcome=helped
        << 09:00 alarm.resolved dose
        << 20:00 alarm.raised dose why=dose_unanswered
        << 20:00 alarm.told dose unit:centre
        >> 20:30 motion-1 medication taken=true
        << 20:30 alarm.condition_ended dose why=dose_taken
        """,
    )


def test_of_doses_that_follow_closely_each_answer_is_about_the_nearer_one() -> None:
    told(
        town('[{id: dose, kind: missed_medication, times: ["08:00", "08:30"], within_s: 600, chain: quiet}]'),
        """
        >> 07:02 motion-1 medication taken=false
        << 07:02 alarm.raised dose
        << 07:02 alarm.told dose unit:centre
        >> 07:16 motion-1 medication taken=true
        >> 07:17 motion-1 medication taken=true at=07:14
        << 07:17 alarm.condition_ended dose
        """,
    )
