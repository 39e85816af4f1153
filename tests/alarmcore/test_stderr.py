"""The log's stream: whatever becomes of its file, its pipe or its reader, nobody who writes a line notices."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from alarmcore.adapters.stderr import PART_MAX, PatientStderr

LINE = "x" * 99 + "\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, PatientStderr]]:
    """A pipe's reading end, and the stream into it."""
    reading, writing = os.pipe()
    yield reading, PatientStderr(writing)
    for number in (reading, writing):
        try:
            os.close(number)
        except OSError:
            continue


def fill(stream: PatientStderr) -> int:
    """Lines until nothing more goes in."""
    for count in range(100_000):
        stream.write(LINE)
        if stream.lost:
            return count
    raise AssertionError("it never filled")


def test_lines_arrive_as_they_were_written_each_at_once(pipe: tuple[int, PatientStderr]) -> None:
    reading, stream = pipe
    print("åäö", 1, file=stream)
    assert os.read(reading, 100) == "åäö 1\n".encode()
    print("no end", end="", file=stream, flush=True)
    assert os.read(reading, 100) == b"no end"


def test_a_line_longer_than_a_pipe_takes_at_once_arrives_whole(pipe: tuple[int, PatientStderr]) -> None:
    reading, stream = pipe
    text = "".join(str(n % 10) for n in range(3 * PART_MAX + 7)) + "\n"
    stream.write(text)
    assert os.read(reading, 10 * PART_MAX) == text.encode()


def test_a_full_disk_is_no_fault_of_who_writes() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        stream = PatientStderr(full.fileno())
        print("one", file=stream, flush=True)
        print("two", file=stream, flush=True)
        assert stream.lost == 2


def test_a_reader_that_is_gone_is_no_fault_of_who_writes(pipe: tuple[int, PatientStderr]) -> None:
    reading, stream = pipe
    os.close(reading)
    print("one", file=stream, flush=True)
    assert stream.lost == 1


def test_a_reader_that_reads_no_more_holds_nobody_up_and_hears_later_how_much_is_missing(
    pipe: tuple[int, PatientStderr],
) -> None:
    reading, stream = pipe
    written = fill(stream)
    assert written > 100
    stream.write(LINE)
    assert stream.lost == 2
    heard = os.read(reading, 1 << 20).decode()
    assert heard == LINE * written
    stream.write("after\n")
    said, after = os.read(reading, 1000).decode().splitlines()
    assert json.loads(said) == {"lost": 2, "level": "error", "event": "log_could_not_be_written"}
    assert after == "after"
    assert stream.lost == 0


def test_a_line_that_was_broken_off_swallows_no_other(pipe: tuple[int, PatientStderr]) -> None:
    reading, stream = pipe
    stream.write("y" * (1 << 20) + "\n")
    assert stream.lost == 1
    heard = os.read(reading, 1 << 20).decode()
    assert set(heard) == {"y"}
    stream.write("after\n")
    first, said, after = os.read(reading, 1000).decode().split("\n", 2)
    assert first == ""
    assert json.loads(said)["lost"] == 1
    assert after == "after\n"


def test_what_cannot_be_encoded_is_written_as_well_as_can_be(pipe: tuple[int, PatientStderr]) -> None:
    reading, stream = pipe
    stream.write("a\udcffb\n")
    assert os.read(reading, 100) == b"a\\udcffb\n"
