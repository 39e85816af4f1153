"""The codec: what a client's packets say, checked against packets made by another implementation and by hand."""

from __future__ import annotations

from collections.abc import Callable

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.mqtt_listener import answers, packets
from alarmcore.adapters.mqtt_listener.codes import Code
from alarmcore.adapters.mqtt_listener.properties import PacketInvalid

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
TOPIC = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=40)
PACKET_ID = st.integers(1, 65_535)


def field(raw: str | bytes) -> bytes:
    """A length and then the bytes."""
    raw = raw.encode() if isinstance(raw, str) else raw
    return len(raw).to_bytes(2) + raw


def packet(first: int, body: bytes) -> bytes:
    """A whole packet."""
    return bytes((first,)) + answers.varint(len(body)) + body


def connect(
    level: int = 4,
    client_id: str = "c1",
    *,
    username: str | None = "t1/d1",
    password: str | bytes | None = "secret",  # noqa: S107 - a throw-away secret
    clean: bool = True,
    keep_alive_s: int = 60,
    will: tuple[str, bytes] | None = None,
    properties: bytes = b"",
) -> bytes:
    """A client's CONNECT."""
    flags = 0x80 * (username is not None) | 0x40 * (password is not None) | 0x02 * clean | 0x0C * (will is not None)
    v5 = level == 5
    body = field("MQIsdp" if level == 3 else "MQTT") + bytes((level, flags)) + keep_alive_s.to_bytes(2)
    body += (answers.varint(len(properties)) + properties if v5 else b"") + field(client_id)
    if will is not None:
        body += (b"\0" if v5 else b"") + field(will[0]) + field(will[1])
    return packet(0x10, body + b"".join(field(part) for part in (username, password) if part is not None))


def publish(topic: str, payload: bytes, qos: int = 1, packet_id: int = 1, *, v5: bool = False, flags: int = 0) -> bytes:
    """A client's PUBLISH."""
    head = field(topic) + (packet_id.to_bytes(2) if qos else b"") + (b"\0" if v5 else b"")
    return packet(0x30 | qos << 1 | flags, head + payload)


def subscribe(topic_filter: str, qos: int = 1, packet_id: int = 7, *, v5: bool = False, properties: bytes = b"") -> bytes:
    """A client's SUBSCRIBE to one filter."""
    head = packet_id.to_bytes(2) + (answers.varint(len(properties)) + properties if v5 else b"")
    return packet(0x82, head + field(topic_filter) + bytes((qos,)))


def body_of(raw: bytes) -> bytes:
    """What follows the fixed header."""
    at = 1
    while raw[at] > 127:
        at += 1
    return raw[at + 1 :]


def head_of(raw: bytes, *, v5: bool) -> tuple[str, int, bytes]:
    body = body_of(raw)
    topic, packet_id, at = packets.publish_head(body, 0, len(body), qos=raw[0] >> 1 & 3, v5=v5)
    return topic, packet_id, body[at:]


@given(TOPIC, st.binary(max_size=300), st.integers(0, 2), PACKET_ID, st.lists(st.tuples(TEXT, TEXT), max_size=3), st.booleans())
def test_a_publish_of_mqtt_5_is_read_as_another_implementation_wrote_it(
    topic: str, payload: bytes, qos: int, packet_id: int, user: list[tuple[str, str]], rich: bool
) -> None:
    given_id = packet_id if qos else None
    written = mqtt5.PublishPacket(
        topic,
        payload,
        qos=mqtt5.QoS(qos),
        packet_id=given_id,
        user_properties=user,
        content_type="application/json" if rich else None,
        correlation_data=b"\x00\x01" if rich else None,
        message_expiry_interval=60 if rich else None,
    ).write()
    assert head_of(written, v5=True) == (topic, given_id or 0, payload)


@given(TOPIC, st.binary(max_size=300), st.integers(0, 2), PACKET_ID)
def test_a_publish_of_mqtt_3_1_1_is_read_as_written(topic: str, payload: bytes, qos: int, packet_id: int) -> None:
    assert head_of(publish(topic, payload, qos, packet_id), v5=False) == (topic, packet_id if qos else 0, payload)


@given(TEXT, TEXT, st.binary(max_size=40), st.one_of(st.none(), st.tuples(TOPIC, st.binary(max_size=60))), st.integers(1, 65_535))
def test_a_connect_of_mqtt_5_is_read_as_another_implementation_wrote_it(
    client_id: str, username: str, password: bytes, will: tuple[str, bytes] | None, receive_max: int
) -> None:
    left = mqtt5.Will(will[0], payload=will[1], qos=mqtt5.QoS.AT_LEAST_ONCE, will_delay_interval=5) if will else None
    written = mqtt5.ConnectPacket(
        client_id,
        username=username,
        password=password,
        will=left,
        keep_alive=90,
        clean_start=True,
        receive_max=receive_max,
        session_expiry_interval=300,
        user_properties=[("firmware", "7")],
    ).write()
    assert packets.read_connect(body_of(written)) == packets.Connect(
        level=5,
        client_id=client_id,
        clean=True,
        keep_alive_s=90,
        username=username,
        password=password,
        will=packets.Will(*will) if will else None,
        receive_max=receive_max,
    )


@pytest.mark.parametrize("level", [3, 4, 5])
def test_a_connect_is_read_at_every_level(level: int) -> None:
    read = packets.read_connect(body_of(connect(level, "dev", keep_alive_s=30, will=("t", b"bye"))))
    assert (read.level, read.client_id, read.keep_alive_s) == (level, "dev", 30)
    assert (read.username, read.password, read.will) == ("t1/d1", b"secret", packets.Will("t", b"bye"))


def test_a_subscribe_of_mqtt_5_is_read_as_another_implementation_wrote_it() -> None:
    filters = [mqtt5.TopicFilter("a/+", max_qos=mqtt5.QoS.AT_LEAST_ONCE, no_local=True), mqtt5.TopicFilter("b/#")]
    written = mqtt5.SubscribePacket(9, filters, subscription_id=3).write()
    assert packets.read_subscribe(body_of(written), v5=True) == packets.Subscribe(9, [("a/+", 1), ("b/#", 2)], numbered=True)
    assert packets.read_unsubscribe(body_of(mqtt5.UnsubscribePacket(4, ["a/+"]).write()), v5=True).filters == ["a/+"]


@given(PACKET_ID, st.sampled_from([0, 0x10, 0x80, 0x83, 0x87, 0x97]))
def test_an_acknowledgement_of_mqtt_5_is_read_as_another_implementation_wrote_it(packet_id: int, code: int) -> None:
    written = mqtt5.PubAckPacket(packet_id, reason_code=mqtt5.PubAckReasonCode(code), reason_str="why").write()
    assert packets.read_ack(body_of(written), v5=True) == (packet_id, code)


@given(TOPIC, st.binary(max_size=300), st.integers(0, 65_535))
def test_another_implementation_reads_what_we_publish(topic: str, payload: bytes, packet_id: int) -> None:
    raw = answers.publish(topic, payload, packet_id=packet_id, v5=True)
    read, length = mqtt5.read(memoryview(raw))
    assert isinstance(read, mqtt5.PublishPacket)
    assert (read.topic, read.payload, read.packet_id, int(read.qos)) == (topic, payload, packet_id or None, int(packet_id > 0))
    assert length == len(raw)


def test_another_implementation_reads_our_connack_with_what_we_cannot_do() -> None:
    raw = answers.connack(Code.SUCCESS, v5=True, receive_max=1024, packet_max=1 << 20, assigned="auto-1")
    read, _ = mqtt5.read(memoryview(raw))
    assert isinstance(read, mqtt5.ConnAckPacket)
    assert (read.receive_max, read.max_packet_size, read.assigned_client_id) == (1024, 1 << 20, "auto-1")
    assert (read.session_present, read.session_expiry_interval, read.topic_alias_max) == (False, 0, 0)
    assert (read.retain_available, read.subscription_id_available, read.shared_subscription_available) == (False, False, False)
    assert read.wildcard_subscription_available
    assert read.max_qos == mqtt5.QoS.EXACTLY_ONCE


@pytest.mark.parametrize("code", [Code.BAD_CREDENTIALS, Code.SERVER_UNAVAILABLE, Code.CLIENT_ID_INVALID])
def test_a_refusal_is_said_in_the_clients_own_words(code: Code) -> None:
    read, _ = mqtt5.read(memoryview(answers.connack(code, v5=True)))
    assert isinstance(read, mqtt5.ConnAckPacket)
    assert int(read.reason_code) == code
    assert answers.connack(code, v5=False) == bytes((0x20, 2, 0, {0x86: 4, 0x88: 3, 0x85: 2}[code]))


def test_a_refusal_an_old_client_has_no_word_for_is_no_bytes() -> None:
    assert answers.connack(Code.PROTOCOL_ERROR, v5=False) == b""


def test_answers_to_filters_are_narrowed_to_what_an_old_client_knows() -> None:
    codes = [0, 1, Code.NOT_AUTHORIZED, Code.FILTER_INVALID]
    assert answers.suback(3, [int(code) for code in codes], v5=False) == b"\x90\x06\x00\x03\x00\x01\x80\x80"
    assert answers.suback(3, [int(code) for code in codes], v5=True) == b"\x90\x07\x00\x03\x00\x00\x01\x87\x8f"
    assert answers.unsuback(3, [0], v5=False) == b"\xb0\x02\x00\x03"
    assert answers.unsuback(3, [0x11], v5=True) == b"\xb0\x04\x00\x03\x00\x11"


WRONG_CONNECTS = {
    "nothing": b"",
    "another protocol": field("HTTP") + b"\x04\x02\x00\x3c" + field("c"),
    "reserved flag": field("MQTT") + b"\x04\x03\x00\x3c" + field("c"),
    "will at QoS 3": field("MQTT") + b"\x04\x1e\x00\x3c" + field("c") + field("t") + field("p"),
    "will flags without a will": field("MQTT") + b"\x04\x22\x00\x3c" + field("c"),
    "password without a user": field("MQTT") + b"\x04\x42\x00\x3c" + field("c") + field("p"),
    "will for a filter": field("MQTT") + b"\x04\x06\x00\x3c" + field("c") + field("a/#") + field("p"),
    "too short": field("MQTT") + b"\x04\x02\x00\x3c\x00\x09c",
    "too long": field("MQTT") + b"\x04\x02\x00\x3c" + field("c") + b"!",
    "not UTF-8": field("MQTT") + b"\x04\x02\x00\x3c" + field(b"\xff"),
    "a surrogate": field("MQTT") + b"\x04\x02\x00\x3c" + field(b"\xed\xa0\x80"),
    "a null character": field("MQTT") + b"\x04\x02\x00\x3c" + field("a\0b"),
    "receive maximum 0": field("MQTT") + b"\x05\x02\x00\x3c\x03\x21\x00\x00" + field("c"),
    "a property twice": field("MQTT") + b"\x05\x02\x00\x3c\x06\x21\x00\x01\x21\x00\x01" + field("c"),
    "a property of another packet": field("MQTT") + b"\x05\x02\x00\x3c\x03\x23\x00\x01" + field("c"),
    "an unknown property": field("MQTT") + b"\x05\x02\x00\x3c\x02\x7e\x00" + field("c"),
    "a flag property of 2": field("MQTT") + b"\x05\x02\x00\x3c\x02\x17\x02" + field("c"),
    "properties beyond the packet": field("MQTT") + b"\x05\x02\x00\x3c\x7f\x21\x00\x01",
    "a property cut off": field("MQTT") + b"\x05\x02\x00\x3c\x02\x21\x00" + field("c"),
}


@pytest.mark.parametrize("name", WRONG_CONNECTS)
def test_a_wrong_connect_is_refused(name: str) -> None:
    with pytest.raises(PacketInvalid) as caught:
        packets.read_connect(WRONG_CONNECTS[name])
    assert caught.value.code in {Code.MALFORMED, Code.PROTOCOL_ERROR, Code.TOPIC_INVALID}


def test_a_protocol_level_nobody_knows_is_told_apart() -> None:
    with pytest.raises(PacketInvalid) as caught:
        packets.read_connect(field("MQTT") + b"\x06\x02\x00\x3c" + field("c"))
    assert caught.value.code == Code.UNSUPPORTED_LEVEL


WRONG_PUBLISHES = {
    "empty": (0x32, b"", Code.MALFORMED),
    "topic beyond the packet": (0x32, b"\x00\x09abc", Code.MALFORMED),
    "no packet identifier": (0x32, field("t"), Code.MALFORMED),
    "packet identifier 0": (0x32, field("t") + b"\0\0\0", Code.PROTOCOL_ERROR),
    "QoS 3": (0x36, field("t") + b"\0\1\0", Code.MALFORMED),
    "to a filter": (0x32, field("a/+") + b"\0\1\0", Code.TOPIC_INVALID),
    "to nobody": (0x32, field("") + b"\0\1\0", Code.TOPIC_INVALID),
    "a topic alias": (0x32, field("t") + b"\0\1\x03\x23\0\1", Code.TOPIC_ALIAS_INVALID),
    "no properties": (0x32, field("t") + b"\0\1", Code.MALFORMED),
    "properties beyond the packet": (0x32, field("t") + b"\0\1\x09\x01", Code.MALFORMED),
    "a subscription identifier from a client": (0x32, field("t") + b"\0\1\x02\x0b\1", Code.PROTOCOL_ERROR),
}


@pytest.mark.parametrize("name", WRONG_PUBLISHES)
def test_a_wrong_publish_is_refused_with_the_standards_code(name: str) -> None:
    first, body, code = WRONG_PUBLISHES[name]
    with pytest.raises(PacketInvalid) as caught:
        packets.publish_head(body, 0, len(body), qos=first >> 1 & 3, v5=True)
    assert caught.value.code == code


def test_a_publish_never_reads_beyond_its_own_end() -> None:
    """The next packet's bytes stand right behind; a topic length that reaches into them must not be believed."""
    data = b"\x00\x05ab" + b"cdefgh"
    with pytest.raises(PacketInvalid):
        packets.publish_head(data, 0, 4, qos=0, v5=False)


@pytest.mark.parametrize("count", [0, packets.FILTERS_MAX + 1])
def test_a_packet_with_no_filter_or_too_many_is_refused(count: int) -> None:
    with pytest.raises(PacketInvalid):
        packets.read_subscribe(b"\0\1" + count * (field("a") + b"\0"), v5=False)
    with pytest.raises(PacketInvalid):
        packets.read_unsubscribe(b"\0\1" + count * field("a"), v5=False)


@given(st.binary(max_size=120), st.booleans())
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes, v5: bool) -> None:
    reads: list[Callable[[], object]] = [
        lambda: packets.read_connect(body),
        lambda: packets.read_connect(field("MQTT") + (b"\x05" if v5 else b"\x04") + body),
        lambda: packets.read_subscribe(body, v5=v5),
        lambda: packets.read_unsubscribe(body, v5=v5),
        lambda: packets.read_ack(body, v5=v5),
        lambda: packets.read_disconnect(body, v5=v5),
        lambda: packets.publish_head(body, 0, len(body), qos=1, v5=v5),
    ]
    refused = []
    for read in reads:
        try:
            read()
        except PacketInvalid as error:
            refused.append(error.code)
    assert all(code >= Code.UNSPECIFIED for code in refused)
