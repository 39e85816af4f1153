"""A recipient's link can be read back by us alone, and belongs to one person and one alarm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.answers import TOKEN_CHARS_MAX, AnswerKey, AnswerLinks

LINKS = AnswerLinks(b"installation secret", "https://larm.example/")
KEY = AnswerKey("grastorp", "A1b2C3", "contact:eva")
IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
ALARMS = st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True)


@given(tenant=IDS, alarm=ALARMS, kind=st.sampled_from(["contact", "unit"]), id_=IDS)
def test_what_was_signed_is_read_back_and_needs_no_escaping_in_a_url(tenant: str, alarm: str, kind: str, id_: str) -> None:
    key = AnswerKey(tenant, alarm, f"{kind}:{id_}")
    token = LINKS.token(key)
    assert LINKS.read(token) == key
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert len(token) <= TOKEN_CHARS_MAX


def test_a_common_link_leaves_an_sms_room_for_words() -> None:
    assert LINKS.url(KEY).startswith("https://larm.example/a/grastorp.A1b2C3.c.eva.")
    assert len(LINKS.url(KEY)) <= 70


@given(place=st.integers(0, len(LINKS.token(KEY)) - 1), character=st.characters(codec="utf-8"))
def test_a_link_with_one_character_changed_opens_nothing(place: int, character: str) -> None:
    token = LINKS.token(KEY)
    changed = token[:place] + character + token[place + 1 :]
    assert (LINKS.read(changed) is None) is (changed != token)


@given(place=st.integers(0, len(LINKS.token(KEY))), character=st.sampled_from("=!.A \n\x00%"))
def test_a_link_with_one_character_more_opens_nothing(place: int, character: str) -> None:
    token = LINKS.token(KEY)
    assert LINKS.read(token[:place] + character + token[place:]) is None


@given(st.text(max_size=400))
def test_whatever_is_in_a_url_is_read_without_an_error(garbage: str) -> None:
    assert LINKS.read(garbage) is None


def test_links_of_another_installation_or_purpose_open_nothing() -> None:
    assert LINKS.read(AnswerLinks(b"another secret").token(KEY)) is None
    assert LINKS.read("") is None
    assert LINKS.read("x" * 10_000) is None


def test_no_two_keys_have_one_token() -> None:
    others = [
        AnswerKey("grastorp", "A1b2C3", "unit:eva"),
        AnswerKey("grastorp", "A1b2C4", "contact:eva"),
        AnswerKey("essunga", "A1b2C3", "contact:eva"),
    ]
    assert len({LINKS.token(key).rsplit(".", 1)[1] for key in [KEY, *others]}) == 4


@pytest.mark.parametrize("recipient", ["eva", "operator:anna", "contact:", "contact:Eva", "contact:a.b", "contact:a/b"])
def test_no_link_is_made_that_could_not_be_read_back(recipient: str) -> None:
    with pytest.raises(ValueError, match="no link"):
        LINKS.token(AnswerKey("grastorp", "A1", recipient))


def test_a_signature_written_differently_opens_nothing_though_it_decodes_to_the_same() -> None:
    """The last of 22 base64 characters has four bits that mean nothing."""
    token = LINKS.token(KEY)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert [last for last in alphabet if LINKS.read(token[:-1] + last)] == [token[-1]]
