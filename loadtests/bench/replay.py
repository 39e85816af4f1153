"""`alarmcore replay` on a long recording: readings per second on one core, and whether its memory stays flat."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtests.bench.servers import NotStarted, Usage, command
from loadtests.mix import mix
from loadtests.site import bench_site

SAMPLE_S: Final = 0.5
"""How often its memory is looked at."""

WITHIN_S: Final = 3600.0
"""A run that takes longer is given up."""

SHOWN: Final = 10
"""Looks at the memory that are shown."""


def record(folder: Path, persons: int, readings: int, seed: int) -> tuple[Path, Path]:
    """A site file and its recording, in order of receipt."""
    folder.mkdir(parents=True, exist_ok=True)
    site, events = folder / "site.json", folder / "events.jsonl"
    site.write_text(json.dumps(bench_site(persons, seed=seed)))
    encoder = msgspec.json.Encoder()
    with events.open("wb") as out:
        for device, kind, fields in mix(persons, readings, seed, True):
            out.write(encoder.encode({"device": device, "kind": kind, **fields}) + b"\n")
    return site, events


def run(folder: Path, *, persons: int, readings: int, seed: int) -> dict[str, Any]:
    """Replay it on one core; starting with the same site and no reading is measured first, and taken off."""
    site, events = record(folder, persons, readings, seed)
    nothing = folder / "nothing.jsonl"
    nothing.touch()
    start_s = _replay(folder, site, nothing)["seconds"]
    result = _replay(folder, site, events)
    return {
        "readings": readings,
        "persons": persons,
        "start_s": start_s,
        "per_s": readings / max(1e-9, result["seconds"] - start_s),
        **result,
    }


def _replay(folder: Path, site: Path, events: Path) -> dict[str, Any]:
    """One run; what it says goes to a file, whose lines are counted."""
    said = folder / "decisions.jsonl"
    line = [*command(), "replay", "--site", str(site), str(events)]
    began = time.monotonic()
    with said.open("wb") as out, (folder / "replay.log").open("wb") as log:
        running = subprocess.Popen(line, stdout=out, stderr=log)
        os.sched_setaffinity(running.pid, {max(os.sched_getaffinity(0))})
        looks = _watch(running, began)
    seconds = time.monotonic() - began
    if running.returncode != 0:
        raise NotStarted(f"alarmcore replay ended with {running.returncode}: {(folder / 'replay.log').read_text()[-1000:]}")
    with said.open("rb") as lines:
        decisions = sum(1 for _ in lines)
    return {
        "seconds": seconds,
        "cpu_s": looks[-1][1] if looks else None,
        "decisions": decisions,
        "rss_mb": [[round(at, 1), round(rss, 1)] for at, _, rss in looks],
    }


def _watch(running: subprocess.Popen[bytes], began: float) -> list[tuple[float, float, float]]:
    """Seconds, CPU seconds and memory at intervals until it ends."""
    usage, looks = Usage(running.pid), []
    try:
        while running.poll() is None:
            if time.monotonic() - began > WITHIN_S:
                raise NotStarted(f"alarmcore replay took more than {WITHIN_S:g} s; give it fewer readings")
            at, rss = time.monotonic() - began, usage.rss_mb()
            if rss > 0:
                looks.append((at, usage.cpu_s(), rss))
            time.sleep(SAMPLE_S)
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()
    return looks


def table(result: dict[str, Any]) -> list[list[str]]:
    """The rate, then memory over time."""
    rows = [["", "value"]]
    rows.append(["readings/s on one core", f"{result['per_s']:,.0f}"])
    rows.append(["readings", f"{result['readings']:,}"])
    rows.append(["seconds in all", f"{result['seconds']:.1f}"])
    rows.append(["seconds of them to start", f"{result['start_s']:.1f}"])
    rows.append(["decisions written", f"{result['decisions']:,}"])
    looks = result["rss_mb"]
    for at, rss in looks[:: max(1, len(looks) // SHOWN)]:
        rows.append([f"memory after {at:,.1f} s", f"{rss:,.1f} MB"])
    return rows
