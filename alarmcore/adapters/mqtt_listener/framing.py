"""Where packets begin and end in the bytes a socket happens to read, in pieces of any size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from alarmcore.adapters.mqtt_listener.codes import PUBLISH

Frame = tuple[int, int, int]
"""First byte of a packet, where its body begins, and where the packet ends."""

BROKEN: Final = 0
"""First byte of a frame whose length cannot be read. Packet type 0 is reserved, so no valid packet begins with it."""

LENGTH_BYTES_MAX: Final = 4
"""A packet's length has at most four bytes (MQTT 5, section 2.1.4)."""

INCOMPLETE: Final = -1
TOO_LONG: Final = -2


class Sizes(msgspec.Struct, frozen=True):
    """How much of one packet may be collected: of a PUBLISH (a longer one is looked at without its end), of any other, at all."""

    publish: int
    control: int
    packet: int


def split(data: bytes, sizes: Sizes) -> tuple[list[Frame], int, int]:
    """The frames in `data`; where the tail that belongs to none begins; how long the tail must get to be worth another look.

    A packet longer than may be collected is a frame as soon as it can be judged; it then ends beyond `data`, without a tail.
    """
    frames: list[Frame] = []
    at, end = 0, len(data)
    while end - at >= 2:
        length, body = data[at + 1], at + 2
        if length > 127:
            length, body = _length(data, at + 1)
            if length == INCOMPLETE:
                return frames, at, end - at + 1
            if length == TOO_LONG:
                frames.append((BROKEN, end, end))
                return frames, end, 2
        after = body + length
        if after > end:
            wanted = body + _worth_waiting_for(data[at], length, sizes)
            if end < wanted:
                return frames, at, wanted - at
            frames.append((data[at], body, after))
            return frames, end, 2
        frames.append((data[at], body, after))
        at = after
    return frames, at, 2


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A packet's length and where its body begins; or why there is no length."""
    value = 0
    for index in range(LENGTH_BYTES_MAX):
        if at + index >= len(data):
            return INCOMPLETE, at
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    return TOO_LONG, at


def _worth_waiting_for(first: int, length: int, sizes: Sizes) -> int:
    if length > sizes.packet:
        return 0
    if first >> 4 == PUBLISH:
        return min(length, sizes.publish)
    return length if length <= sizes.control else 0


class Stream:
    """A client's bytes: the frames at hand in `data`, and the tail that waits for its end.

    Whoever walks over `frames` may stop anywhere and go on later; `more` brings the next ones. Collecting costs the same for one
    byte at a time as for all at once: the tail is looked at again only when it has become as long as it must be.
    """

    __slots__ = ("_need", "_sizes", "_tail", "data", "frames")

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._tail = bytearray()
        self._need = 2
        self.data = b""
        self.frames: Iterator[Frame] = iter(())

    def add(self, data: bytes, *, hold: bool) -> None:
        """Take what was read; with `hold` just keep it."""
        if hold or self._tail:
            self._tail += data
        else:
            self._cut(data)

    def more(self) -> bool:
        """Whether there are new frames, after those at hand were used up."""
        self.data = b""
        if len(self._tail) < self._need:
            return False
        self._cut(bytes(self._tail))
        return True

    def clear(self) -> None:
        """Forget everything."""
        self.data, self.frames, self._tail = b"", iter(()), bytearray()

    def _cut(self, data: bytes) -> None:
        frames, tail_at, self._need = split(data, self._sizes)
        self.data, self.frames = data, iter(frames)
        self._tail = bytearray(data[tail_at:]) if tail_at < len(data) else bytearray()
