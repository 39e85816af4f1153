"""Readings per second through Mosquitto: `alarmcore serve` against a subscriber in C that does nothing, in turns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Self, cast

import msgspec

from loadtests.bench.generator import Load
from loadtests.bench.servers import NotStarted, Usage, alarmcore, mosquitto, program
from loadtests.site import bench_site

DRAIN_WITHIN_S: Final = 300.0
"""A round that takes longer has lost something."""

POLL_S: Final = 0.05
"""How often the service is asked how far it is: the error of a round's time."""

SETTLE_S: Final = 0.5
"""Time for a subscriber to connect."""


class Round(msgspec.Struct, frozen=True):
    """One subscriber, one burst. `cpu_us` is what a reading cost the service."""

    subject: str
    with_ids: bool
    readings: int
    seconds: float
    per_s: float
    publish_s: float
    cpu_us: float | None = None


class Generator:
    """The load in a process of its own, prepared and waiting."""

    def __init__(self, load: Load) -> None:
        command = [sys.executable, "-m", "loadtests.bench.generator", json.dumps(load._asdict())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._line() != "prepared":
            raise NotStarted("the generator could not prepare its load; its output says why")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def go(self) -> None:
        """Begin."""
        stdin = cast("IO[str]", self._process.stdin)
        stdin.write("go\n")
        stdin.flush()

    def times(self) -> tuple[float, float]:
        """When it began, and when the broker had acknowledged everything (monotonic)."""
        said = json.loads(self._line() or "{}")
        if not said:
            raise NotStarted("the generator broke off; its output says why")
        return said["began"], said["ended"]

    def _line(self) -> str:
        return cast("IO[str]", self._process.stdout).readline().strip()


def only_generator(folder: Path, load: Load) -> Round:
    """Nobody listens: what the generator and the broker can do at most."""
    with mosquitto(folder) as port, Generator(load._replace(port=port)) as generator:
        generator.go()
        began, ended = generator.times()
    return _round("generator alone", load, began, ended, ended)


def c_subscriber(folder: Path, load: Load) -> Round:
    """`mosquitto_sub`: ends by itself at the last message."""
    with mosquitto(folder) as port, Generator(load._replace(port=port)) as generator:
        command = [program("mosquitto_sub"), "-p", str(port), "-V", "mqttv5", "-q", "1", "-t", "alarmcore/v1/#", "--nodelay"]
        command += ["-D", "connect", "receive-maximum", "1000", "-C", str(load.readings)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as subscriber:
            time.sleep(SETTLE_S)
            generator.go()
            try:
                subscriber.wait(DRAIN_WITHIN_S)
            finally:
                subscriber.kill()
            drained = time.monotonic()
        began, ended = generator.times()
    return _round("C subscriber", load, began, ended, drained)


def service(folder: Path, load: Load) -> Round:
    """`alarmcore serve`, fresh: drained when it has counted every reading as kept, which it does after the commit."""
    site = folder / "site.json"
    folder.mkdir(parents=True, exist_ok=True)
    site.write_text(json.dumps(bench_site(load.persons, seed=load.seed)))
    with mosquitto(folder) as port, alarmcore(folder, site, broker=port) as served:
        with Generator(load._replace(port=port)) as generator:
            usage = Usage(served.pid)
            before = usage.cpu_s()
            generator.go()
            began, ended = generator.times()
            drained = _drained(served.kept, load.readings)
        cpu_us = (usage.cpu_s() - before) / load.readings * 1e6
    return msgspec.structs.replace(_round("alarmcore", load, began, ended, drained), cpu_us=cpu_us)


def _drained(count: Callable[[], int], wanted: int) -> float:
    """When the last reading was counted."""
    deadline = time.monotonic() + DRAIN_WITHIN_S
    seen = 0
    while time.monotonic() < deadline:
        seen = count()
        if seen >= wanted:
            return time.monotonic()
        time.sleep(POLL_S)
    raise NotStarted(f"only {seen} of {wanted} readings were kept within {DRAIN_WITHIN_S:g} s; something was lost")


def _round(subject: str, load: Load, began: float, ended: float, drained: float) -> Round:
    seconds = max(drained, ended) - began
    return Round(subject, load.with_ids, load.readings, seconds, load.readings / seconds, ended - began)


SUBJECTS: Final[dict[str, Callable[[Path, Load], Round]]] = {
    "generator": only_generator,
    "c": c_subscriber,
    "alarmcore": service,
}


def run(folder: Path, load: Load, rounds: int, subjects: list[str], say: Callable[[str], None]) -> list[Round]:
    """Every subject with and without ids, in turns, so that whatever else the machine does meets all alike."""
    done = []
    for number in range(rounds):
        for with_ids in (True, False):
            for name in subjects:
                measured = SUBJECTS[name](folder / f"{number}-{name}-{with_ids}", load._replace(with_ids=with_ids))
                say(f"round {number + 1}: {measured.subject}, ids {with_ids}: {measured.per_s:,.0f}/s")
                done.append(measured)
    return done


def table(rounds: list[Round]) -> list[list[str]]:
    """Medians, and the service's share of what the C subscriber did."""
    rows = [["", "readings/s", "of the C subscriber", "lowest", "highest", "CPU µs each"]]
    for with_ids in (True, False):
        rates = {
            s: [r for r in rounds if r.subject == s and r.with_ids == with_ids] for s in dict.fromkeys(r.subject for r in rounds)
        }
        limit = [r.per_s for r in rates.get("C subscriber", [])]
        for subject, measured in rates.items():
            per_s = [r.per_s for r in measured]
            cpu = [r.cpu_us for r in measured if r.cpu_us is not None]
            share = f"{statistics.median(per_s) / statistics.median(limit):.2f}" if limit else "–"
            cost = f"{statistics.median(cpu):.1f}" if cpu else "–"
            name = f"{subject}, {'with' if with_ids else 'without'} ids"
            rows.append([name, f"{statistics.median(per_s):,.0f}", share, f"{min(per_s):,.0f}", f"{max(per_s):,.0f}", cost])
    return rows
