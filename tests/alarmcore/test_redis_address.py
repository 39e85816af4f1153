from __future__ import annotations

import pytest

from alarmcore.adapters.redis_shared.address import NODES_MAX, Address, parse
from alarmcore.errors import OptionInvalid


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://127.0.0.1", Address(nodes=(("127.0.0.1", 6379),))),
        ("redis://r.example:7000/3", Address(nodes=(("r.example", 7000),), number=3)),
        ("redis://[::1]:7000/", Address(nodes=(("::1", 7000),))),
        ("redis://:p%40ss@h", Address(nodes=(("h", 6379),), password="p@ss")),
        ("redis://us%3Aer:p%2Fw@h", Address(nodes=(("h", 6379),), user="us:er", password="p/w")),
        ("rediss://h:1", Address(nodes=(("h", 1),), tls=True)),
        (
            "rediss://h?ca=/etc/ca.pem&cert=/a%20b.pem&key=k",
            Address(nodes=(("h", 6379),), tls=True, ca="/etc/ca.pem", cert="/a b.pem", key="k"),
        ),
        ("redis+cluster://a,b:7001,[::1]:7002", Address(nodes=(("a", 6379), ("b", 7001), ("::1", 7002)), cluster=True)),
        ("rediss+cluster://u:p@a:1/0", Address(nodes=(("a", 1),), cluster=True, tls=True, user="u", password="p")),
    ],
)
def test_a_url_says_where_a_redis_is_and_how_to_sign_in(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://:hunter2@h", "scheme 'http'"),
        ("", "scheme 'none'"),
        ("redis://", "no host"),
        ("redis://:hunter2@/0", "no host"),
        ("redis://:hunter2@h:port", "cannot be read"),
        ("redis://:hunter2@h:70000", "cannot be read"),
        ("redis://:hunter2@[::1/0", "cannot be read"),
        ("redis://:hunter2@a,b", "2 hosts"),
        ("redis+cluster://:hunter2@a,,b", "no host"),
        ("redis+cluster://:hunter2@" + ",".join(["a"] * (NODES_MAX + 1)), "17 hosts"),
        ("redis+cluster://:hunter2@a/1", "there is not"),
        ("redis://:hunter2@h/one", "not a number"),
        ("redis://:hunter2@h/²", "not a number"),
        ("redis://:hunter2@h?ca=x", "only TLS"),
        ("rediss://:hunter2@h?ssl_cert_reqs=none", "other than ca"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_password(url: str, what: str) -> None:
    with pytest.raises(OptionInvalid) as raised:
        parse(url)
    assert what in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_an_address_can_be_logged() -> None:
    address = parse("rediss+cluster://user:hunter2@a:1,[::1]:2")
    assert str(address) == "a:1,[::1]:2"
    assert "hunter2" not in repr(address)
    assert "user" not in repr(address)
