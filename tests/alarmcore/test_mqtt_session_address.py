"""A broker's URL is read whole or refused with a sentence that repeats no password."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.mqtt_session.address import Address, parse
from alarmcore.adapters.mqtt_session.backoff import FIRST_S, LONGEST_S, jittered
from alarmcore.errors import OptionInvalid


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://localhost", Address("localhost", 1883)),
        ("mqtts://broker.example:9999/", Address("broker.example", 9999, tls=True)),
        ("mqtts://broker.example", Address("broker.example", 8883, tls=True)),
        ("mqtts://broker.example?ca=/etc/a%20b.crt", Address("broker.example", 8883, tls=True, ca="/etc/a b.crt")),
        ("mqtt://core:p%40ss%2F@10.0.0.1:1884", Address("10.0.0.1", 1884, user="core", password=b"p@ss/")),
        ("mqtt://a%2Fb:x@[::1]:1", Address("::1", 1, user="a/b", password=b"x")),
    ],
)
def test_a_url_names_host_port_and_sign_in(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:1883",
        "http://secret@h",
        "mqtt://",
        "mqtt://h:secret",
        "mqtt://h:70000",
        "mqtt://u:secret@h/topic",
        "mqtt://h?x=secret",
        "mqtts://h?x=secret",
        "mqtts://h?ca=x&x=secret",
        "mqtts://h?secret",
        "mqtt://h?ca=secret",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(OptionInvalid) as refused:
        parse(url)
    assert "secret" not in str(refused.value)
    assert "mqtt://host:port" in str(refused.value)


def test_an_address_shows_no_credentials() -> None:
    address = parse("mqtt://core:secret@h:1")
    assert "secret" not in f"{address} {address!r}"
    assert "core" not in f"{address} {address!r}"


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_the_wait_is_between_half_of_the_first_and_the_longest(failures: int, chance: float) -> None:
    wait = jittered(lambda: chance)(failures)
    assert FIRST_S / 2 < wait <= LONGEST_S
    assert wait <= jittered(lambda: 0.0)(failures + 1)
