"""Telling one recipient: the first of their channels that hands over, tried again until one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from alarmcore.model.site import Channel
from dispatch.plan import Recipient
from dispatch.telling import CONSOLE_S, RETRY_S, TRIES_MAX, Telling, after_failure, attempt
from tests.alarms import opened

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
EVA = Recipient("contact:eva", (Channel("sms", "+46700000001"), Channel("email", "eva@example.org")))
FRESH = Telling("contact:eva", 0, 3, "chain_turn", NOW)


def test_every_try_has_its_own_id_and_all_share_the_tellings() -> None:
    first, tell = attempt(FRESH, EVA, opened(), NOW)
    _, again = attempt(first, EVA, opened(), NOW)
    assert tell.telling == again.telling
    assert tell.id != again.id
    assert (tell.number, tell.channel, tell.to) == (3, "sms", "+46700000001")


def test_only_a_console_that_is_not_alone_is_given_a_time() -> None:
    alone = Recipient("unit:centre", (Channel("console"),))
    both = Recipient("unit:centre", (Channel("console"), Channel("voice", "+46100000000")))
    assert attempt(FRESH, alone, opened(), NOW)[0].next_at is None
    assert attempt(FRESH, both, opened(), NOW)[0].next_at == NOW + timedelta(seconds=CONSOLE_S)
    assert attempt(FRESH, EVA, opened(), NOW)[0].next_at is None


def test_channels_are_tried_in_order_and_then_from_the_first_after_a_wait() -> None:
    second, at_once = after_failure(FRESH, EVA, permanent=False, now=NOW)
    assert (second.channel, at_once) == (1, True)
    third, at_once = after_failure(second, EVA, permanent=False, now=NOW)
    assert (third.channel, at_once, third.next_at) == (0, False, NOW + timedelta(seconds=RETRY_S[0]))


def test_waits_grow_to_a_minute_and_stay_there() -> None:
    telling, waits = FRESH, []
    for _ in range(7):
        telling, _ = after_failure(telling, EVA, permanent=False, now=NOW)
        telling, _ = after_failure(telling, EVA, permanent=False, now=NOW)
        assert telling.next_at is not None
        waits.append((telling.next_at - NOW).total_seconds())
    assert waits == [*RETRY_S, RETRY_S[-1], RETRY_S[-1]]


def test_a_channel_that_is_useless_is_left_out_from_then_on() -> None:
    telling, _ = after_failure(FRESH, EVA, permanent=True, now=NOW)
    telling, at_once = after_failure(telling, EVA, permanent=False, now=NOW)
    assert (telling.channel, at_once) == (1, False)


def test_a_channel_stays_useless_in_the_rounds_to_come_and_is_no_longer_being_tried() -> None:
    trying = replace(FRESH, channel=1, tries=2, trying=True, dead=(0,))
    again, at_once = after_failure(trying, EVA, permanent=False, now=NOW)
    assert not at_once
    assert again == replace(trying, rounds=1, trying=False, next_at=NOW + timedelta(seconds=RETRY_S[0]))


def test_a_channel_that_gives_way_is_no_longer_being_tried() -> None:
    trying = replace(FRESH, tries=1, trying=True, next_at=NOW)
    following, at_once = after_failure(trying, EVA, permanent=False, now=NOW)
    assert at_once
    assert following == replace(trying, channel=1, trying=False, next_at=None)


def test_what_is_given_up_is_never_tried_again() -> None:
    worn = replace(FRESH, tries=TRIES_MAX, trying=True, next_at=NOW)
    given_up, at_once = after_failure(worn, EVA, permanent=True, now=NOW)
    assert not at_once
    assert given_up == replace(worn, dead=(0,), given_up=True, trying=False, next_at=None)


def test_a_try_waits_for_its_answer_and_not_for_an_earlier_moment() -> None:
    assert attempt(replace(FRESH, next_at=NOW), EVA, opened(), NOW)[0].next_at is None


def test_a_site_that_has_fewer_channels_now_is_tried_by_the_first() -> None:
    """The telling goes on from that one too, or its failure would count for a channel that is not there."""
    left = Recipient("contact:eva", (Channel("sms", "+46700000001"),))
    for channel in (1, 2):
        tried, tell = attempt(replace(FRESH, channel=channel), left, opened(), NOW)
        assert (tell.channel, tried.channel) == ("sms", 0)


def test_it_is_given_up_when_every_channel_is_useless_or_it_was_tried_often_enough() -> None:
    telling, _ = after_failure(FRESH, EVA, permanent=True, now=NOW)
    telling, at_once = after_failure(telling, EVA, permanent=True, now=NOW)
    assert (telling.given_up, telling.pending, at_once) == (True, False, False)
    worn = Telling("contact:eva", 0, 0, "chain_turn", NOW, tries=TRIES_MAX)
    assert after_failure(worn, EVA, permanent=False, now=NOW)[0].given_up
