"""A playbook: what devices and people say (`>>`) and what comes of it (`<<`), told line by line and run through the real replay.

    day 2026-01-14
    >> 12:00 gps-1 button
    << 12:00 alarm.raised press why=pressed
    << 12:00 alarm.told press contact:eva link=0
    >> 12:00:30 contact:eva take
    << 12:00:30 alarm.taken press contact:eva

Times are UTC. `>> TIME DEVICE KIND field=value…` is a reading that arrives at TIME; `at=TIME` makes it happen at another moment
and `at=none` leaves its time out; `@away` stands for a place. `>> TIME tick` lets time pass, `>> TIME raw TEXT` is any line.
`>> TIME outing TIME` takes the person out until then, `>> TIME outing over` ends that.
`<< TIME EVENT RULE TO field=value…` must match in all that it names (`late_s` is there exactly when it is named), and nothing
may come that is not expected. Each story is run twice, in chunks as the command does it and line by line: both must say the same.
"""

from __future__ import annotations

import asyncio
import difflib
import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from alarmcore.model.site import Site
from alarmcore.sitefile import check_document, require
from dashboard.replay import Replay

TOWN: Final = """
version: 1
tenant: {id: grastorp, name: Grästorps kommun, timezone: Europe/Stockholm, language: sv}
contacts:
  - {id: eva, name: Eva, channels: [{kind: sms, to: "+46700000001"}, {kind: email, to: eva@example.org}]}
  - {id: adam, name: Adam, channels: [{kind: sms, to: "+46700000002"}]}
units:
  - id: patrol
    name: Nattpatrullen
    kind: patrol
    channels: [{kind: webhook, to: "http://127.0.0.1:9/hook"}]
    duty: [{from: "21:00", to: "07:00"}]
  - {id: centre, name: Larmcentralen, kind: centre, channels: [{kind: console}, {kind: voice, to: "+46100000000"}]}
chains:
  - id: standard
    links: [{tell: [contact:eva], wait_s: 60}, {tell: [unit:patrol], wait_s: 120}, {tell: [unit:centre], wait_s: 300}]
    follow_up_s: 1800
  - {id: quiet, links: [{tell: [unit:centre], wait_s: 86400}]}
  - {id: technical, links: [{tell: [unit:centre], wait_s: 86400}]}
"""

RESIDENT: Final = """
id: r1
name: Karin
home: {lat: 58.3345, lon: 12.6784}
consent: {given: 2026-01-10, by: resident, basis: sol}
chain: standard
technical_chain: technical
devices:
  - {id: gps-1, kind: gps}
  - {id: bed-1, kind: bed}
  - {id: floor-1, kind: floor}
  - {id: motion-1, kind: motion}
  - {id: door-1, kind: door}
zones:
  - {id: home, circle: {lat: 58.3345, lon: 12.6784, radius_m: 150}}
  - {id: cottage, circle: {lat: 58.9000, lon: 11.2000, radius_m: 300}}
  - {id: lake, circle: {lat: 58.3600, lon: 12.6784, radius_m: 400}}
rules: []
"""

PLACES: Final = {
    "@home": (58.3345, 12.6784),
    "@away": (58.3500, 12.7000),
    "@cottage": (58.9000, 11.2000),
    "@lake": (58.3600, 12.6784),
    "@edge": (58.3345, 12.68096),  # on the border of the home zone: too close to tell
}

COMPARED: Final = ("resident", "rule", "cause", "priority", "link", "to", "channel", "why", "late_s")

yaml = YAML(typ="safe", pure=True)


def town(rules: str, resident: str = "", **parts: str) -> Site:
    """A checked site of one resident with these rules (YAML); `resident` and `parts` (`chains`) take the place of others."""
    document = yaml.load(TOWN)
    document.update({name: yaml.load(text) for name, text in parts.items()})
    if "residents" not in document:
        document["residents"] = [{**yaml.load(RESIDENT), "rules": yaml.load(rules), **(yaml.load(resident) or {})}]
    return built(document)


def resident(**fields: Any) -> dict[str, Any]:
    """One more resident, for sites of several."""
    found: dict[str, Any] = {**yaml.load(RESIDENT), **fields}
    return found


def document() -> dict[str, Any]:
    """The town as a plain document without residents."""
    found: dict[str, Any] = deepcopy(yaml.load(TOWN))
    return found


def built(found: dict[str, Any]) -> Site:
    """The site of a document, which must have no mistake."""
    return require(check_document(json.loads(json.dumps(found, default=str)), "story"))


def replayed(sites: Site | list[Site], lines: list[bytes], *, one_by_one: bool = False) -> list[list[dict[str, Any]]]:
    """What the real replay says of some lines; `one_by_one`: after each line, else all together in one list."""
    said: list[bytes] = []
    replay = Replay(sites if isinstance(sites, list) else [sites], said.append)
    found: list[list[dict[str, Any]]] = []

    async def run() -> None:
        for group in [[line] for line in lines] if one_by_one else [lines]:
            said.clear()
            await replay.run(group)
            found.append([json.loads(line) for line in said])

    asyncio.run(run())
    return found


def told(sites: Site | list[Site], story: str) -> list[dict[str, Any]]:
    """Run a story and compare; return all that came of it, for what a story cannot say."""
    __tracebackhide__ = True
    lines = Story(story)
    found = replayed(sites, lines.inputs)[0]
    each = replayed(sites, lines.inputs, one_by_one=True)
    assert [line for lines in each for line in lines] == found, "line by line it says something else than in chunks"
    expected, actual = lines.compare(each)
    if expected != actual:
        diff = "\n".join(difflib.unified_diff(expected, actual, "told", "happened", lineterm="", n=50))
        pytest.fail("the story went otherwise:\n" + diff, pytrace=False)
    return found


class Story:
    """A story's lines, read."""

    def __init__(self, text: str) -> None:
        self.day = "2026-01-14"
        self.inputs: list[bytes] = []
        self.moments: list[datetime] = []
        self.shown: list[str] = []
        self.expected: list[list[str]] = [[]]
        self.clock = datetime.min.replace(tzinfo=UTC)
        for line in (line.split("  #")[0].strip() for line in text.strip().splitlines()):
            mark, _, rest = line.partition(" ")
            if mark == "day":
                self.day = rest
            elif mark == ">>":
                self.hear(rest)
            elif mark == "<<":
                self.expected[-1].append(f"{self.moment(rest.split()[0]):%m-%d %H:%M:%S} {rest.partition(' ')[2].strip()}")
            else:
                assert not mark, f"a line of a story begins with >>, << or day: {line}"

    def moment(self, text: str) -> datetime:
        """A moment of the story's day, or of another where one is given."""
        return datetime.fromisoformat(text if "T" in text else f"{self.day}T{text.zfill(5)}").replace(tzinfo=UTC)

    def hear(self, text: str) -> None:
        """Make one line of input."""
        when, _, rest = text.partition(" ")
        at = self.moment(when)
        self.clock = max(self.clock, at)
        self.moments.append(self.clock)
        self.shown.append(f">> {at:%m-%d %H:%M:%S} {rest}")
        self.expected.append([])
        if rest.startswith("raw "):
            self.inputs.append(rest[4:].encode())
            return
        words = rest.split()
        self.inputs.append(json.dumps(self.said(at, words)).encode() + b"\n")

    def said(self, at: datetime, words: list[str]) -> dict[str, Any]:
        """A tick, an answer or a reading as a line says it."""
        if words == ["tick"]:
            return {"at": at.isoformat(), "kind": "tick"}
        if words[0] == "outing":
            until = None if words[1] == "over" else self.moment(words[1]).isoformat()
            return {"at": at.isoformat(), "kind": "outing", "resident": "r1", "until": until, "with": "Eva", "by": "contact:eva"}
        if ":" in words[0]:
            said = {"at": at.isoformat(), "kind": "answer", "resident": "r1", "by": words[0], "answer": words[1]}
        else:
            said = {"device": words[0], "kind": words[1], "at": at.isoformat()}
        for word in words[2:]:
            self.add(said, word, at)
        return said

    def add(self, said: dict[str, Any], word: str, at: datetime) -> None:
        """One field."""
        name, _, value = word.partition("=")
        if name in PLACES:
            lat, lon = PLACES[name]
            said.update({"accuracy_m": 10, **said, "lat": lat, "lon": lon})
        elif name == "at":
            said["received_at"] = at.isoformat()
            said["at"] = None if value == "none" else literal(value) if value[0] in '"-{[' else self.moment(value).isoformat()
        else:
            said[name] = literal(value)

    def compare(self, each: list[list[dict[str, Any]]]) -> tuple[list[str], list[str]]:
        """The conversation as it was told and as it happened, in the same words where they agree."""
        happened: list[list[dict[str, Any]]] = [[] for _ in self.expected]
        for place, (moment, lines) in enumerate(zip(self.moments, each, strict=True)):
            for line in lines:
                early = datetime.fromisoformat(line["at"]) < moment and line["event"] != "reading.rejected"
                happened[place if early else place + 1].append(line)
        expected: list[str] = []
        actual: list[str] = []
        for place, (wanted, came) in enumerate(zip(self.expected, happened, strict=True)):
            if place:
                expected.append(self.shown[place - 1])
                actual.append(self.shown[place - 1])
            expected += [f"<< {text}" for text in wanted]
            actual += [
                f"<< {wanted[n]}" if n < len(wanted) and fits(wanted[n], line) else f"<< {rendered(line)}"
                for n, line in enumerate(came)
            ]
        return expected, actual


def literal(text: str) -> Any:
    """A value as JSON, or as text where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def stamped(line: dict[str, Any]) -> str:
    return f"{datetime.fromisoformat(line['at']):%m-%d %H:%M:%S}"


def fits(wanted: str, line: dict[str, Any]) -> bool:
    """Whether a line of output is what was expected."""
    words = wanted.split()
    fields = dict(word.split("=", 1) for word in words[3:] if "=" in word)
    plain = [word for word in words[3:] if "=" not in word]
    names = ("why",) if words[2] == "reading.rejected" else ("rule", "to")
    wants = {"event": words[2], **fields, **dict(zip(names, plain, strict=False))}
    if "late_s" not in wants and "late_s" in line:
        return False
    said = {name: str(value).replace(" ", "+") for name, value in line.items()}
    return " ".join(words[:2]) == stamped(line) and all(said.get(name) == value for name, value in wants.items())


def rendered(line: dict[str, Any]) -> str:
    """A line of output in the story's words."""
    shown = [f"{name}={str(line[name]).replace(' ', '+')}" for name in COMPARED if name in line]
    return " ".join([stamped(line), line["event"], *shown])
