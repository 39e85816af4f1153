"""The real machines: scenarios as a site file and recorded readings, `alarmcore replay` over them, its alarms back."""

from __future__ import annotations

import json
import math
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtests.bench.servers import command
from loadtests.evaluate.scenario import MARGIN_S, RADIUS_M, Fix, Scenario

START_S: Final = datetime(2026, 1, 12, tzinfo=UTC).timestamp()
"""Every scenario is moved in time to begin then, by whole seconds: a chain that nobody answers repeats through all the years
between two recordings otherwise."""

WITHIN_S: Final = 600.0
"""A replay that takes longer is given up: recordings of a month take seconds."""

WAIT_S: Final = 86_400
"""Of the only link of the only chain: nobody is told, and the longest wait that a site file takes says so the least often."""

TENANT: Final = "evaluate"
RULE: Final = "wander"


class NotReplayed(Exception):
    """`alarmcore replay` did not do what it should; the text has the end of what it said."""


class Part(msgspec.Struct, frozen=True):
    """What one made-up resident lives through: a scenario's stay, its exit, or both; until `until_s` if nothing is received."""

    scenario: Scenario
    kind: str
    fixes: tuple[Fix, ...]
    until_s: float

    @property
    def shift_s(self) -> float:
        """What is added to every time of it."""
        return START_S - math.floor(self.scenario.inside_s)


class Heard(msgspec.Struct, frozen=True):
    """An alarm's event: the moment of the decision (receipt, not measurement), what happened and why."""

    at_s: float
    event: str
    why: str = ""


class Line(msgspec.Struct):
    """What is read of a line of output."""

    at: datetime
    event: str
    resident: str = ""
    why: str = ""


REJECTABLE: Final = ("from_future",)
"""Of a device whose clock is far ahead: such a reading is rightly left out. Any other rejection is a mistake of ours."""

FOLLOWED: Final = ("alarm.raised", "alarm.repeated", "alarm.condition_ended")


def parts(scenarios: Iterable[Scenario]) -> list[Part]:
    """Stays and exits apart, each with nothing known from before, and both as they were lived."""
    found = []
    for one in scenarios:
        found.append(Part(one, "stay", one.staying(), one.leaves_s - MARGIN_S))
        if one.exits:
            found.append(Part(one, "exit", one.leaving(), one.ends_s))
        found.append(Part(one, "lived", one.fixes, one.ends_s))
    return found


def replay(parts: Sequence[Part], folder: Path) -> list[list[Heard]]:
    """What the installed `alarmcore` makes of each part. The two files and its output stay in `folder`.

    Raises:
        NotReplayed: if it fails, or rejects a reading.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place, events, said = folder / "site.json", folder / "events.jsonl", folder / "decisions.jsonl"
    place.write_text(json.dumps(site(parts), ensure_ascii=False))
    encode = msgspec.json.Encoder().encode
    with events.open("wb") as out:
        out.writelines(encode(reading) + b"\n" for reading in readings(parts))
    with said.open("wb") as out:
        line = [*command(), "replay", "--site", str(place), str(events)]
        try:
            done = subprocess.run(line, stdout=out, stderr=subprocess.PIPE, timeout=WITHIN_S, check=False)
        except subprocess.TimeoutExpired:
            raise NotReplayed(f"alarmcore replay took more than {WITHIN_S:g} s; give it fewer scenarios") from None
    if done.returncode != 0:
        raise NotReplayed(f"alarmcore replay ended with {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")
    with said.open("rb") as lines:
        return heard(parts, lines)


def site(parts: Sequence[Part]) -> dict[str, Any]:
    """A resident, a device, a zone and a rule for each part."""
    return {
        "version": 1,
        "tenant": {"id": TENANT, "name": "Evaluation", "timezone": "UTC", "language": "en"},
        "units": [{"id": "centre", "name": "Nobody", "kind": "centre", "channels": [{"kind": "console"}]}],
        "chains": [{"id": "standard", "links": [{"tell": ["unit:centre"], "wait_s": WAIT_S}]}],
        "residents": [_resident(number, part.scenario) for number, part in enumerate(parts)],
    }


def _resident(number: int, scenario: Scenario) -> dict[str, Any]:
    return {
        "id": f"r{number}",
        "name": f"Resident {number}",
        "consent": {"given": "2010-01-01", "by": "resident", "basis": "sol"},
        "chain": "standard",
        "devices": [{"id": f"d{number}", "kind": "gps"}, {"id": f"e{number}", "kind": "phone"}],
        "zones": [{"id": "home", "circle": {"lat": scenario.lat, "lon": scenario.lon, "radius_m": RADIUS_M}}],
        "rules": [{"id": RULE, "kind": "zone_exit", "zones": ["home"]}],
    }


def readings(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """All fixes in order of receipt; a tick at the end of each part lets timers fire that are due before."""
    lines: list[tuple[float, int, int, dict[str, Any]]] = []
    for number, part in enumerate(parts):
        for place, fix in enumerate(part.fixes):
            lines.append((fix.received_s + part.shift_s, number, place, _reading(number, fix, part.shift_s)))
        at_s = part.until_s + part.shift_s
        lines.append((at_s, number, len(part.fixes), {"at": at_s, "kind": "tick"}))
    lines.sort(key=lambda line: line[:3])
    return (line[3] for line in lines)


def _reading(number: int, fix: Fix, shift_s: float) -> dict[str, Any]:
    said = {
        "device": f"{'e' if fix.other else 'd'}{number}",
        "kind": "position",
        "at": fix.at_s + shift_s,
        "received_at": fix.received_s + shift_s,
        "lat": fix.lat,
        "lon": fix.lon,
        "accuracy_m": fix.accuracy_m,
        "speed_mps": fix.speed_mps,
    }
    return {name: value for name, value in said.items() if value is not None}


def heard(parts: Sequence[Part], lines: Iterable[bytes]) -> list[list[Heard]]:
    """What was decided of each part, moved back in time; what came after its end belongs to nobody."""
    found: dict[int, list[Heard]] = defaultdict(list)
    decode = msgspec.json.Decoder(Line).decode
    ends = [max([part.until_s, *(fix.received_s for fix in part.fixes)]) for part in parts]
    for text in lines:
        line = decode(text)
        if line.event == "reading.rejected" and line.why not in REJECTABLE:
            raise NotReplayed(f"alarmcore replay rejected a reading: {line.why}; look at events.jsonl")
        if line.event in FOLLOWED:
            number = int(line.resident[1:])
            at_s = line.at.timestamp() - parts[number].shift_s
            if at_s <= ends[number]:
                found[number].append(Heard(at_s, line.event, line.why))
    return [found[number] for number in range(len(parts))]
