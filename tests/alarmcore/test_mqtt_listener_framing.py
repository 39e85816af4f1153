"""Packets are found in a client's bytes however these are cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_mqtt_listener_packets import packet

from alarmcore.adapters.mqtt_listener import framing
from alarmcore.adapters.mqtt_listener.framing import Sizes, Stream

SIZES = Sizes(publish=400, control=300, packet=5000)


def walk(stream: Stream) -> list[tuple[int, bytes]]:
    """First byte and body of every frame that is at hand."""
    found = []
    while True:
        found += [(first, stream.data[body:after]) for first, body, after in stream.frames]
        if not stream.more():
            return found


@given(st.lists(st.tuples(st.integers(0x20, 0xEF), st.binary(max_size=290)), max_size=12), st.data())
def test_any_cutting_gives_the_same_packets(sent: list[tuple[int, bytes]], data: st.DataObject) -> None:
    raw = b"".join(packet(first, body) for first, body in sent)
    stream, found, at = Stream(SIZES), [], 0
    while at < len(raw):
        step = data.draw(st.integers(1, len(raw)))
        stream.add(raw[at : at + step], hold=data.draw(st.booleans()))
        found += walk(stream)
        at += step
    assert found + walk(stream) == sent


def test_one_byte_at_a_time_is_enough() -> None:
    raw = packet(0x30, b"x" * 200) + packet(0xC0, b"")
    stream, found = Stream(SIZES), []
    for byte in raw:
        stream.add(bytes((byte,)), hold=False)
        found += walk(stream)
    assert found == [(0x30, b"x" * 200), (0xC0, b"")]


def test_walking_may_stop_anywhere_and_go_on() -> None:
    stream = Stream(SIZES)
    stream.add(packet(0x30, b"a") + packet(0x31, b"b"), hold=False)
    assert next(stream.frames)[0] == 0x30
    stream.add(packet(0x32, b"c"), hold=True)
    assert [first for first, _ in walk(stream)] == [0x31, 0x32]


def test_a_tail_is_not_looked_at_before_it_can_be_whole() -> None:
    """Otherwise one byte at a time would cost the square of the packet's length."""
    raw = packet(0x30, b"x" * 350)
    _, tail_at, need = framing.split(raw[:10], SIZES)
    assert (tail_at, need) == (0, len(raw))


@pytest.mark.parametrize("length", [b"\xff\xff\xff\xff", b"\x80\x80\x80\x80\x01"])
def test_a_length_of_more_than_four_bytes_is_a_broken_frame_after_the_good_ones(length: bytes) -> None:
    frames, tail_at, _ = framing.split(packet(0x30, b"a") + b"\x30" + length, SIZES)
    assert [first for first, _, _ in frames] == [0x30, framing.BROKEN]
    assert tail_at == 3 + 1 + len(length)


def test_a_length_that_is_not_complete_waits() -> None:
    assert framing.split(b"\x30\xff\xff", SIZES) == ([], 0, 4)


def test_a_publish_that_is_too_long_is_shown_once_its_beginning_is_there() -> None:
    raw = packet(0x30, b"x" * 1000)
    assert framing.split(raw[:402], SIZES) == ([], 0, 3 + 400)
    assert framing.split(raw[:403], SIZES)[0] == [(0x30, 3, len(raw))]
    frames, tail_at, _ = framing.split(raw[:450], SIZES)
    assert frames == [(0x30, 3, len(raw))]
    assert tail_at == 450


@pytest.mark.parametrize(("first", "length"), [(0x82, 301), (0x30, 5001), (0x10, 5001)])
def test_what_is_never_collected_is_shown_at_its_first_bytes(first: int, length: int) -> None:
    raw = packet(first, b"x" * length)
    assert framing.split(raw[:5], SIZES)[0] == [(first, 3, len(raw))]
