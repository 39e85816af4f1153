"""A stream of packets is read the same however it is cut, and one bad packet does not block those behind it."""

from __future__ import annotations

import contextlib

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.mqtt_session.packets import PACKET_MAX, Packets, Unreadable

Q1 = mqtt5.QoS.AT_LEAST_ONCE


def publish(topic: bytes, payload: bytes, *, packet_id: int = 7, properties: bytes = b"") -> bytes:
    """A PUBLISH of QoS 1 built by hand, so that it can be wrong."""
    body = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big") + bytes([len(properties)]) + properties + payload
    return b"\x32" + bytes([len(body)]) + body


messages = st.lists(
    st.builds(
        mqtt5.PublishPacket,
        st.sampled_from(["alarmcore/v1/a/b/button", "owntracks/a/b"]),
        st.binary(max_size=300),
        qos=st.just(Q1),
        packet_id=st.integers(1, 65535),
    ),
    max_size=8,
)


@given(messages, st.lists(st.integers(1, 60), min_size=1))
def test_a_stream_reads_the_same_however_it_is_cut(sent: list[mqtt5.PublishPacket], cuts: list[int]) -> None:
    raw = b"".join(p.write() for p in sent)
    packets, at = Packets(), 0
    got: list[mqtt5.Packet] = []
    while at < len(raw):
        size = cuts[len(got) % len(cuts)]
        got += list(packets.feed(raw[at : at + size]))
        at += size
    assert [(p.topic, p.payload, p.packet_id) for p in got if isinstance(p, mqtt5.PublishPacket)] == [
        (p.topic, p.payload, p.packet_id) for p in sent
    ]
    assert len(got) == len(sent)


# The codec panics at text that is not UTF-8, and its panic is said a second time when it is thrown away.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("raw", "topic"),
    [
        (publish(b"a/b", b"help", properties=b"\x7f\x01"), "a/b"),
        (publish(b"a/b", b"help", properties=b"\x01\x01\x01\x01"), "a/b"),
        (publish(b"a/\xff", b"help"), "a/\ufffd"),
        (publish(b"", b"help"), "?"),
    ],
    ids=["unknown property", "property twice", "topic not UTF-8", "no topic"],
)
def test_a_message_that_the_codec_refuses_is_handed_over_and_so_is_the_next(raw: bytes, topic: str) -> None:
    got = list(Packets().feed(raw + publish(b"next", b"x", packet_id=8)))
    assert [(p.topic, p.payload, p.packet_id) for p in got if isinstance(p, mqtt5.PublishPacket)] == [
        (topic, b"help", 7),
        ("next", b"x", 8),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n" + b" " * 200,
        b"\x32\xff\xff\xff\xff\x01",
        b"\x32\x05\x00\x09a/b",
        publish(b"a", b"x", properties=b"\x7f")[:6] + b"\xff" * 20,
        b"\x36" + publish(b"a", b"x", properties=b"\x7f\x01")[1:],
    ],
    ids=["not MQTT", "length without end", "topic longer than the packet", "properties without end", "QoS 3"],
)
def test_what_makes_no_sense_is_said_and_not_guessed(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        list(Packets().feed(raw))


def test_a_packet_larger_than_allowed_is_refused_by_its_length_before_it_is_stored() -> None:
    def head(body: int) -> bytes:
        return b"\x32" + bytes([body & 0x7F | 0x80, body >> 7 & 0x7F | 0x80, body >> 14])

    assert list(Packets().feed(head(PACKET_MAX - 4))) == []
    with pytest.raises(Unreadable, match=f"{PACKET_MAX + 1} bytes"):
        list(Packets().feed(head(PACKET_MAX - 3)))


@given(st.binary(max_size=60), st.integers(0, 60))
def test_no_bytes_whatever_raise_anything_but_unreadable(raw: bytes, cut: int) -> None:
    packets = Packets()
    with contextlib.suppress(Unreadable):
        for part in (raw[:cut], raw[cut:]):
            assert len(list(packets.feed(part))) <= len(raw) / 2
