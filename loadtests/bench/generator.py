"""The load, in a process of its own: prepares every packet, waits for a line on stdin, sends, says when it began and ended.

Started by `loadtests.bench.throughput`; everything is encoded beforehand, so that sending costs next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import uvloop

from loadtests.bench.wire import connect, encode
from loadtests.mix import mix

OVER_S: Final = 40.0
"""The readings happened evenly within so many seconds before they are sent: less than what counts as late."""


class Load(NamedTuple):
    """What to send, and where."""

    port: int
    persons: int
    readings: int
    seed: int
    with_ids: bool
    connections: int
    tenant: str = "bench"


def prepare(load: Load, now: datetime) -> list[list[bytes]]:
    """The packets of each connection. One device always uses the same connection, so that its readings stay in order."""
    lanes: list[list[bytes]] = [[] for _ in range(load.connections)]
    encoder = msgspec.json.Encoder()
    every_s = OVER_S / load.readings
    first_at = now - timedelta(seconds=OVER_S)
    for device, kind, fields in mix(load.persons, load.readings, load.seed, load.with_ids, first_at=first_at, every_s=every_s):
        lane = lanes[int(device[-5:]) % load.connections]
        lane.append(encode(f"alarmcore/v1/{load.tenant}/{device}/{kind}", encoder.encode(fields), len(lane)))
    return lanes


async def send(load: Load) -> tuple[float, float]:
    """Monotonic seconds of the first byte and of the last acknowledgement."""
    lanes = prepare(load, datetime.now(UTC))
    clients = [await connect(load.port, f"generator-{load.tenant}-{n}") for n in range(load.connections)]
    sys.stdout.write("prepared\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    began = time.monotonic()
    await asyncio.gather(*(client.publish(lane) for client, lane in zip(clients, lanes, strict=True)))
    ended = time.monotonic()
    for client in clients:
        client.transport.close()
    return began, ended


def main() -> None:
    """Read the load as JSON from the command line; print the two moments as JSON."""
    load = Load(**json.loads(sys.argv[1]))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        began, ended = runner.run(send(load))
    sys.stdout.write(json.dumps({"began": began, "ended": ended}) + "\n")


if __name__ == "__main__":
    main()
