"""What a screen is told: every change in order while it keeps up, the whole picture when it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.feed import MISSED_MAX, WAITING_MAX, Changed, Joined, Screen, SendChanges, SendSnapshot, Taken, step

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)


def after(screen: Screen, event: Any) -> tuple[Screen, tuple[Any, ...]]:
    outcome = step(screen, event, NOW)
    return outcome.state, outcome.decisions


def test_a_new_screen_gets_the_whole_picture_and_then_each_change() -> None:
    screen, sent = after(Screen(), Joined(None, 1, 7))
    assert sent == (SendSnapshot(7),)
    screen, sent = after(screen, Changed(8))
    assert sent == (SendChanges(7, 8),)
    assert screen.waiting == 2


def test_a_screen_that_comes_back_gets_what_it_missed() -> None:
    assert after(Screen(), Joined(4, 1, 7))[1] == (SendChanges(4, 7),)
    assert after(Screen(), Joined(7, 1, 7))[1] == ()
    assert after(Screen(), Joined(0, 1, 7))[1] == (SendChanges(0, 7),)


def test_a_screen_that_comes_back_goes_on_from_there() -> None:
    screen, _ = after(Screen(), Joined(7, 1, 7))
    assert screen == Screen(seq=7)
    assert after(screen, Changed(8))[1] == (SendChanges(7, 8),)
    screen, _ = after(Screen(), Joined(4, 1, 7))
    assert screen == Screen(seq=7, waiting=1)
    assert after(screen, Changed(8))[1] == (SendChanges(7, 8),)


def test_as_much_as_a_screen_may_have_missed_is_sent_change_by_change() -> None:
    assert after(Screen(), Joined(5, 1, MISSED_MAX + 5))[1] == (SendChanges(5, MISSED_MAX + 5),)


def test_what_cannot_be_sent_change_by_change_is_sent_as_a_whole() -> None:
    assert after(Screen(), Joined(3, 5, 9))[1] == (SendSnapshot(9),)  # too old: change 4 is gone
    assert after(Screen(), Joined(4, 5, 9))[1] == (SendChanges(4, 9),)
    assert after(Screen(), Joined(12, 5, 9))[1] == (SendSnapshot(9),)  # from another life of the server
    assert after(Screen(), Joined(0, 1, MISSED_MAX + 1))[1] == (SendSnapshot(MISSED_MAX + 1),)


def test_a_change_it_knows_is_not_sent_again() -> None:
    assert after(Screen(seq=9), Changed(9)) == (Screen(seq=9), ())
    assert after(Screen(seq=9), Changed(8)) == (Screen(seq=9), ())


def test_a_socket_that_has_taken_frames_has_room_for_more() -> None:
    screen, sent = after(Screen(seq=1, waiting=WAITING_MAX), Taken(WAITING_MAX - 1, 1))
    assert (screen, sent) == (Screen(seq=1, waiting=WAITING_MAX - 1), ())
    assert after(screen, Changed(2))[1] == (SendChanges(1, 2),)


def test_a_slow_screen_is_told_nothing_until_it_has_drained_and_then_everything() -> None:
    screen, sent = after(Screen(seq=1, waiting=WAITING_MAX), Changed(2))
    assert (screen.behind, sent) == (True, ())
    assert after(screen, Changed(3))[1] == ()
    screen, sent = after(screen, Taken(1, 3))
    assert sent == ()
    assert after(screen, Changed(3))[1] == ()
    screen, sent = after(screen, Taken(0, 3))
    assert sent == (SendSnapshot(3),)
    assert (screen.behind, screen.seq, screen.waiting) == (False, 3, 1)


@given(st.lists(st.sampled_from(["change", "take", "drain"]), max_size=600))
def test_a_screen_never_has_a_hole_in_what_it_was_sent(events: list[str]) -> None:
    screen, _ = after(Screen(), Joined(None, 1, 0))
    newest = knows = 0
    for event in events:
        if event == "change":
            newest += 1
            screen, sent = after(screen, Changed(newest))
        else:
            screen, sent = after(screen, Taken(0 if event == "drain" else max(0, screen.waiting - 1), newest))
        for one in sent:
            assert isinstance(one, SendSnapshot) or one.after == knows
            knows = one.seq
        assert screen.waiting <= WAITING_MAX
        assert screen.behind or knows == newest
