"""Until when an outing lasts, as people say it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from test_watch import NOW

from alarmcore.model.outing import OUTING_MAX, local_moment

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("16:30", "2026-01-14T12:00", "2026-01-14T15:30"),
        ("16:30", "2026-07-14T12:00", "2026-07-14T14:30"),
        ("12:59", "2026-01-14T12:00", "2026-01-15T11:59"),  # it is 13:00 there: tomorrow's
        ("13:00", "2026-01-14T12:00", "2026-01-15T12:00"),  # not this very moment
        ("00:15", "2026-01-14T23:30", "2026-01-15T23:15"),  # there it is the next day already
        ("2026-01-14T16:30", "2026-01-14T12:00", "2026-01-14T15:30"),
        ("2026-01-14 16:30", "2026-01-14T12:00", "2026-01-14T15:30"),
        ("2026-01-14T16:30:00+05:00", "2026-01-14T10:00", "2026-01-14T11:30"),
        ("2026-01-14T16:30:00Z", "2026-01-14T12:00", "2026-01-14T16:30"),
        # The clocks go forward at two: half past two is when it would have been, and afternoons are an hour earlier.
        ("02:30", "2026-03-29T00:00", "2026-03-29T01:30"),
        ("14:00", "2026-03-29T00:00", "2026-03-29T12:00"),
        # They go back at three: half past two comes twice.
        ("02:30", "2026-10-25T00:00", "2026-10-25T00:30"),
        ("02:30", "2026-10-25T00:45", "2026-10-25T01:30"),
        ("2026-10-25T02:30", "2026-10-25T00:45", "2026-10-25T01:30"),
        ("14:00", "2026-10-25T00:00", "2026-10-25T13:00"),
    ],
)
def test_a_local_time_is_the_next_moment_at_which_clocks_there_show_it(text: str, now: str, expected: str) -> None:
    found = local_moment(text, STOCKHOLM, utc(now))
    assert found == utc(expected)
    assert found is not None
    assert found.tzinfo is UTC, "whatever the clock of the machine shows"


def test_a_local_moment_that_is_over_is_not_moved_to_another_day() -> None:
    assert local_moment("2026-01-14T10:00", STOCKHOLM, utc("2026-01-14T12:00")) == utc("2026-01-14T09:00")
    assert local_moment("2026-10-25T02:30", STOCKHOLM, utc("2026-10-25T12:00")) == utc("2026-10-25T01:30")  # shown twice


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-01-14", "16:30+01:00", "T", "9999-12-31T23:59", "0001-01-01T00:00"])
def test_what_is_no_moment_is_none(text: str) -> None:
    found = local_moment(text, STOCKHOLM, NOW)
    assert found is None or not NOW < found <= NOW + OUTING_MAX
