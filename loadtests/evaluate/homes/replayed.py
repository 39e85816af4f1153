"""The real machines: lives as a site file and readings, `alarmcore replay` over them, what their rules raised."""

from __future__ import annotations

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtests.bench.servers import command
from loadtests.evaluate.homes.lives import OUT_OF_BED, Life
from loadtests.evaluate.homes.rules import FIXED, Asked, entry
from loadtests.evaluate.replayed import Heard, NotReplayed

WITHIN_S: Final = 1200.0
"""A replay that takes longer is given up: it is a home's, and takes seconds."""

WAIT_S: Final = 86_400
"""Of the only link of the only chain: nobody is told, and the longest wait that a site file takes says so the least often."""

TENANT: Final = "evaluate"
CHECKED_EVERY: Final = 5
"""Every fifth life has fixed limits too: enough to check the references by, and they alarm so often that they cost the most."""

CONDITION_ENDED: Final = "alarm.condition_ended"
RAISING: Final = ("alarm.raised", "alarm.repeated")
FOLLOWED: Final = (*RAISING, CONDITION_ENDED)


class Line(msgspec.Struct):
    """What is read of a line of output."""

    at: datetime
    event: str
    resident: str = ""
    rule: str = ""
    why: str = ""


Said = dict[str, list[Heard]]
"""What was heard of one life, by rule."""


def learns() -> bool:
    """Whether the site file knows how rarely a false alarm is wished for."""
    usual = {"min_s": 300, "max_s": 14_400, "once_in_days": 100}
    rule = Asked("one", OUT_OF_BED, "", "", 0, False, {"usual": usual})
    place = json.dumps(_site("UTC", [_resident("r0", (("bed", "bed"),), [rule])]))
    line = [*command(), "check", "--site", "/dev/stdin"]
    return subprocess.run(line, input=place.encode(), capture_output=True, timeout=WITHIN_S, check=False).returncode == 0


def replay(lives: Sequence[Life], rules: Sequence[Asked], folder: Path, others: Counter[str]) -> list[Said]:
    """What the installed `alarmcore` makes of lives that share a time zone. The files and the output stay in `folder`.

    `others` counts what was raised by rules that nobody asked for, with why.

    Raises:
        NotReplayed: if it fails, or rejects a reading.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place, events, said = folder / "site.json", folder / "events.jsonl", folder / "decisions.jsonl"
    place.write_text(json.dumps(site(lives, rules), ensure_ascii=False))
    encode = msgspec.json.Encoder().encode
    with events.open("wb") as out:
        out.writelines(encode(reading) + b"\n" for reading in readings(lives))
    with said.open("wb") as out:
        line = [*command(), "replay", "--site", str(place), str(events)]
        try:
            done = subprocess.run(line, stdout=out, stderr=subprocess.PIPE, timeout=WITHIN_S, check=False)
        except subprocess.TimeoutExpired:
            raise NotReplayed(f"alarmcore replay took more than {WITHIN_S:g} s; give it fewer residents") from None
    if done.returncode != 0:
        raise NotReplayed(f"alarmcore replay ended with {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")
    with said.open("rb") as lines:
        return heard(lives, {rule.id for rule in rules}, lines, others)


def site(lives: Sequence[Life], rules: Sequence[Asked]) -> dict[str, Any]:
    """A resident with the devices of the home and the rules that watch it, for each life."""
    residents = [_resident(f"r{number}", life.home.devices, of(number, life, rules)) for number, life in enumerate(lives)]
    return _site(lives[0].home.tz.key, residents)


def of(number: int, life: Life, rules: Sequence[Asked]) -> list[Asked]:
    """The rules that watch this life."""
    watched = life.watched()
    return [rule for rule in rules if rule.kind in watched and (rule.family != FIXED or number % CHECKED_EVERY == 0)]


def _site(zone: str, residents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "version": 1,
        "tenant": {"id": TENANT, "name": "Evaluation", "timezone": zone, "language": "en"},
        "units": [{"id": "centre", "name": "Nobody", "kind": "centre", "channels": [{"kind": "console"}]}],
        "chains": [{"id": "standard", "links": [{"tell": ["unit:centre"], "wait_s": WAIT_S}]}],
        "residents": residents,
    }


def _resident(name: str, devices: Iterable[tuple[str, str]], rules: Iterable[Asked]) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "consent": {"given": "1990-01-01", "by": "resident", "basis": "sol"},
        "chain": "standard",
        "technical_chain": "standard",
        "devices": [{"id": f"{name}-{device}", "kind": kind} for device, kind in devices],
        "rules": [entry(rule) for rule in rules],
    }


def readings(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """All in order of time; a tick at the end of each span lets timers fire that are due before."""
    lines: list[tuple[float, dict[str, Any]]] = []
    for number, life in enumerate(lives):
        name = f"r{number}"
        lines += [
            (one.at_s, {"device": f"{name}-{one.device}", "kind": one.kind, "at": one.at_s, **one.fields})
            for one in life.readings
        ]
        lines += [(span.until_s, {"at": span.until_s, "kind": "tick"}) for span in life.spans]
    lines.sort(key=itemgetter(0))  # stable: readings of one life at one moment stay in their order
    return (line for _, line in lines)


def heard(lives: Sequence[Life], rules: set[str], lines: Iterable[bytes], others: Counter[str]) -> list[Said]:
    """What was decided of each life while it lasted."""
    found: list[Said] = [defaultdict(list) for _ in lives]
    decode = msgspec.json.Decoder(Line).decode
    for text in lines:
        line = decode(text)
        if line.event == "reading.rejected":
            raise NotReplayed(f"alarmcore replay rejected a reading: {line.why}; look at events.jsonl")
        if line.event not in FOLLOWED:
            continue
        number, at_s = int(line.resident[1:]), line.at.timestamp()
        if line.rule not in rules:
            others[f"{line.rule} {line.event}: {line.why}"] += 1
        elif at_s <= lives[number].spans[-1].until_s:
            found[number][line.rule].append(Heard(at_s, line.event, line.why))
    return found
