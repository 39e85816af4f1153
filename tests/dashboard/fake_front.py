"""A front door without a service behind it: the operator page's HTTP and WebSocket routes over alarms held in memory.

Tests drive it in their own event loop; for work on the page it runs by itself:
`python tests/dashboard/fake_front.py --port 8080`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard.borders import borders

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static"
SECRET = "hemlig"
OPERATOR = "operator:anna"
HOME = {"lat": 58.3345, "lon": 12.6784, "address": "Storgatan 1, Grästorp"}
CHAIN = [
    {"link": 0, "tell": [{"to": "contact:eva", "name": "Eva Andersson"}], "wait_s": 60},
    {"link": 1, "tell": [{"to": "unit:night-patrol", "name": "Nattpatrullen"}], "wait_s": 120},
    {"link": 2, "tell": [{"to": "unit:centre", "name": "Larmcentralen"}], "wait_s": 60},
]
RING = [[12.672, 58.331], [12.686, 58.331], [12.688, 58.338], [12.674, 58.339], [12.672, 58.331]]
ZONES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"id": "village", "name": "Samhället"},
            "geometry": {"type": "Polygon", "coordinates": [RING]},
        }
    ],
}
PULSE_S = 5.0
SCREENS_MAX = 16  # more screens than any test opens; a leak of connections shows as a refusal


def moment(ago_s: float = 0.0) -> str:
    """A moment `ago_s` seconds ago, as the service writes it."""
    return (datetime.now(UTC) - timedelta(seconds=ago_s)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class FakeFront:
    """Alarms in memory, whoever listens, and a server on a free port of this machine."""

    def __init__(self, *, open_mode: bool = False, static: Path = STATIC) -> None:
        self.open_mode = open_mode
        self.alarms: dict[str, dict[str, Any]] = {}
        self.timelines: dict[str, list[dict[str, Any]]] = {}
        self.shown: list[str] = []
        self.outcomes: dict[str, Any] = {}
        self.sign_in_status = 401
        self.pulsing = True
        self.slow: asyncio.Event | None = None
        """Holds back the answer to an act that is done and already told on the live line."""
        self.behind: asyncio.Event | None = None
        """Holds back the answer to who looks at an alarm: it is made, and tells of nothing that happens meanwhile."""
        self.looked_at: list[str] = []
        self.tracks: dict[str, dict[str, Any]] = {}
        self.tracks_asked: list[str] = []
        self.door: asyncio.Event | None = None
        """Holds back every screen that comes from now on: it hears neither yes nor no."""
        self.outing: dict[str, Any] = {"state": "none"}
        self.asked_outings: list[dict[str, Any]] = []
        self.seq = 0
        self.port = 0
        self._screens: set[WebSocket] = set()
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._app = Starlette(routes=self._routes(static))

    @property
    def url(self) -> str:
        """Where the page lies."""
        return f"http://127.0.0.1:{self.port}/"

    async def start(self, port: int = 0) -> None:
        """Listen; return once the first request would be answered."""
        listening = socket.create_server(("127.0.0.1", port or self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(self._app, log_level="error", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Die: every connection is cut and nothing listens any more."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        self._server.force_exit = True
        await self._serving
        self._server = None
        self._screens.clear()

    async def raise_alarm(self, alarm_id: str, **fields: Any) -> dict[str, Any]:
        """A new alarm appears on every screen."""
        alarm: dict[str, Any] = {
            "id": alarm_id,
            "tenant": "grastorp",
            "resident": "r1",
            "resident_name": "Karin Svensson",
            "rule": "press",
            "cause": "button",
            "why": "pressed",
            "priority": "critical",
            "state": "open",
            "raised_at": moment(),
            "taken_by": None,
            "late_s": None,
            "repeats": 0,
            "position": None,
            "next_step_at": moment(-45),
        } | fields
        self.alarms[alarm_id] = alarm
        self.timelines[alarm_id] = []
        await self.tell(alarm_id, "alarm.raised", at=alarm["raised_at"], why=alarm["why"])
        return alarm

    async def tell(self, alarm_id: str, event: str, **fields: Any) -> None:
        """Something happened with an alarm; every screen hears it."""
        self.seq += 1
        happened = {"seq": self.seq, "at": moment(), "event": event, "alarm": alarm_id} | fields
        self.timelines[alarm_id].append(happened)
        frame = {"type": "change", "seq": self.seq, "alarm": self.alarms[alarm_id], "event": happened}
        for screen in list(self._screens):
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await screen.send_json(frame)

    def detail(self, alarm_id: str) -> dict[str, Any]:
        """An alarm with all that its page shows."""
        responsible = {"reception": {"to": "unit:centre", "name": "Larmcentralen"}, "search": None}
        more = {"timeline": self.timelines[alarm_id], "zones": ZONES, "home": HOME, "chain": CHAIN, "responsible": responsible}
        return self.alarms[alarm_id] | more

    def _routes(self, static: Path) -> list[Any]:
        return [
            Route("/api/v1/session", self._session, methods=["GET", "POST", "DELETE"]),
            Route("/api/v1/alarms", self._list),
            Route("/api/v1/alarms/{id}", self._one),
            Route("/api/v1/alarms/{id}/track", self._track),
            Route("/api/v1/alarms/{id}/{act}", self._act, methods=["POST"]),
            Route("/api/v1/residents/{id}/outing", self._outing, methods=["GET", "POST", "DELETE"]),
            Route("/api/v1/map/borders", self._borders),
            WebSocketRoute("/api/v1/live", self._live),
            Mount("/", StaticFiles(directory=static, html=True, check_dir=False)),
        ]

    def _who(self) -> dict[str, Any]:
        tenant = {"id": "grastorp", "name": "Grästorps kommun", "language": "sv"}
        return {"operator": OPERATOR, "name": "anna", "tenant": tenant, "open": self.open_mode}

    async def _session(self, request: Request) -> Response:
        if request.method == "DELETE":
            gone = Response(status_code=204)
            gone.delete_cookie("session")
            return gone
        if request.method == "POST" and (await request.json()).get("token") == SECRET:
            answer = JSONResponse(self._who())
            answer.set_cookie("session", "yes", httponly=True, samesite="strict")
            return answer
        if request.method == "GET" and (self.open_mode or request.cookies.get("session")):
            return JSONResponse(self._who())
        return problem(self.sign_in_status if request.method == "POST" else 401, "not signed in")

    async def _list(self, _: Request) -> Response:
        return JSONResponse({"items": self._unresolved(), "next": None})

    async def _one(self, request: Request) -> Response:
        found = request.path_params["id"]
        answer = JSONResponse(self.detail(found)) if found in self.alarms else problem(404, f"no alarm {found} here")
        self.looked_at.append(found)
        if self.behind is not None:
            await self.behind.wait()
        return answer

    async def _track(self, request: Request) -> Response:
        found = request.path_params["id"]
        self.tracks_asked.append(found)
        nothing = {"alarm": found, "now": moment(), "fixes": [], "last_confirmed": None, "standing": None}
        track = self.tracks.get(found, nothing)
        return JSONResponse(track) if "fixes" in track else problem(track["status"], "not now")

    async def _act(self, request: Request) -> Response:
        alarm = self.alarms.get(request.path_params["id"])
        if alarm is None:
            return problem(404, "no such alarm")
        act, body = request.path_params["act"], await request.json()
        if act == "take" and alarm["taken_by"] not in {None, OPERATOR}:
            return problem(409, f"alarm {alarm['id']} is taken by {alarm['taken_by']}")
        self._apply(alarm, act, body)
        words = {
            "take": "taken",
            "arrive": "arrived",
            "note": "noted",
            "escalate": "escalated",
            "decline": "declined",
            "resolve": "resolved",
        }
        said = {"to": OPERATOR} | {k: body[k] for k in ("text", "outcome") if k in body}
        await self.tell(alarm["id"], f"alarm.{words[act]}", **said)
        if self.slow is not None:
            await self.slow.wait()
        return JSONResponse(alarm)

    def _apply(self, alarm: dict[str, Any], act: str, body: dict[str, Any]) -> None:
        if act in {"take", "arrive"}:
            alarm |= {"state": "taken" if act == "take" else "arrived", "taken_by": OPERATOR, "follow_up_at": moment(-1800)}
            alarm["next_step_at"] = alarm["follow_up_at"]
        elif act in {"escalate", "decline"}:
            alarm |= {"state": "open", "taken_by": None}
        elif act == "resolve":
            self.outcomes[alarm["id"]] = body
            alarm |= {"state": "resolved", "outcome": body["outcome"], "resolved_at": moment()}

    async def _outing(self, request: Request) -> Response:
        if request.method == "POST":
            asked = await request.json()
            if asked["until"] == "00:00":
                return problem(422, "until lies in the past; give a moment that is still to come")
            self.asked_outings.append(asked)
            self.outing = {"state": "out", "with": asked["with"], "with_name": asked["with"], "until": moment(-7200)}
        elif request.method == "DELETE":
            self.outing |= {"state": "ended", "ended_at": moment(), "ended_by_name": "anna"}
        return JSONResponse(self.outing)

    async def _borders(self, _: Request) -> Response:
        return JSONResponse(borders("Grästorp"))

    async def _live(self, screen: WebSocket) -> None:
        if self.door is not None:
            await self.door.wait()
        if len(self._screens) >= SCREENS_MAX:
            await screen.close(1013)
            return
        await screen.accept()
        await screen.send_json({"type": "snapshot", "seq": self.seq, "alarms": self._unresolved()})
        self._screens.add(screen)
        pulse = asyncio.create_task(self._pulse(screen))
        try:
            while True:
                said = await screen.receive_json()
                if said.get("type") == "shown":
                    self.shown.extend(said["alarms"])
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._screens.discard(screen)
            pulse.cancel()

    async def _pulse(self, screen: WebSocket) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            while True:
                if self.pulsing:
                    await screen.send_json({"type": "pulse", "at": moment()})
                await asyncio.sleep(PULSE_S)

    def _unresolved(self) -> list[dict[str, Any]]:
        return [a for a in self.alarms.values() if a["state"] != "resolved"]


def problem(status: int, detail: str) -> Response:
    """An error as RFC 9457 has it."""
    body = {"title": "refused", "detail": detail, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")


def walk(alarm_id: str, fixes: int = 12, *, every_s: float = 30.0, ago_s: float = 60.0) -> dict[str, Any]:
    """The track of somebody who walks to the north-east, with one wild position among the others."""
    track: list[dict[str, Any]] = []
    for n in range(fixes):
        wild = n == fixes // 2
        at = {"at": moment(ago_s + every_s * (fixes - 1 - n)), "lat": 58.3371 + 0.00025 * n, "lon": 12.6860 + 0.0005 * n}
        if wild:
            at |= {"lat": 58.3420, "lon": 12.6700}
        track.append(at | {"accuracy_m": 60 if wild else 15 + n, "good": not wild, "distance_m": 40 + 35 * n})
    last = track[-1] | {"age_s": int(ago_s)}
    return {
        "alarm": alarm_id,
        "now": moment(),
        "fixes": track,
        "last_confirmed": last,
        "seen": last,
        "elsewhere": [],
        "speed_mps": 1.3,
        "speed_error_mps": 0.1,
        "direction_deg": 46.0,
        "direction_error_deg": 6.0,
        "standing": "outside",
        "standing_zones": {"sv": "hemzonen", "en": "the home zone"},
    }


NIGHT: list[dict[str, Any]] = [
    {"resident_name": "Karin Svensson", "repeats": 2, "raised_at": 340, "address": "Storgatan 1"},
    {"resident_name": "Erik Lindqvist", "cause": "fall", "why": "fell", "raised_at": 95, "late_s": 7500},
    {
        "resident_name": "Sven-Åke Johansson",
        "cause": "zone_exit",
        "why": "outside_all_zones",
        "priority": "high",
        "raised_at": 612,
    },
    {"resident_name": "Maj-Britt Olofsson", "cause": "out_of_bed", "priority": "high", "raised_at": 1900, "ended_at": 300},
    {"resident_name": "Ingegerd Wallin", "cause": "inactivity", "priority": "high", "raised_at": 130},
    {"resident_name": "Göran Persson", "cause": "missed_medication", "priority": "normal", "raised_at": 4100},
    {"resident_name": "Astrid Nyström", "cause": "door_open", "priority": "normal", "raised_at": 55},
    {"resident_name": "Rut Bergström", "cause": "battery_low", "priority": "technical", "raised_at": 8000},
    {"resident_name": None, "resident": None, "cause": "unknown_device", "raised_at": 12},
    {"resident_name": "Folke Hansson", "cause": "on_floor", "raised_at": 700, "state": "taken", "taken_by": "contact:eva"},
    {
        "resident_name": "Lena Sjögren",
        "cause": "silent",
        "priority": "technical",
        "raised_at": 900,
        "state": "arrived",
        "taken_by": OPERATOR,
    },
]
"""A night's alarms; times are seconds ago."""


async def fill(front: FakeFront, count: int = len(NIGHT)) -> None:
    """Fill the list with a night's alarms, `count` in all."""
    for n in range(count):
        given = dict(NIGHT[n % len(NIGHT)])
        for key in ("raised_at", "ended_at"):
            if key in given:
                given[key] = moment(given[key] + n // len(NIGHT))
        if n % 3 == 0:
            given["position"] = {"lat": 58.3371, "lon": 12.6899, "accuracy_m": 45, "at": moment(140)}
        given["told"] = [{"to": "contact:eva", "name": "Eva Andersson", "channel": "sms", "at": moment(30)}]
        alarm = await front.raise_alarm(f"a{n}", **given)
        await front.tell(
            alarm["id"], "alarm.told", link=0, to="contact:eva", to_name="Eva Andersson", channel="sms", why="chain_turn"
        )
        await front.tell(
            alarm["id"], "chain.skipped", link=1, to="unit:night-patrol", to_name="Nattpatrullen", why="nobody_on_duty"
        )
        await front.tell(alarm["id"], "alarm.noted", to=OPERATOR, text="Ringde hem, inget svar.")


async def serve(port: int, count: int, *, open_mode: bool) -> None:
    """Run by itself until interrupted."""
    front = FakeFront(open_mode=open_mode)
    await front.start(port)
    await fill(front, count)
    print(f"ready {front.url} secret {SECRET}", flush=True)
    if front._serving:
        await front._serving


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8080)
    options.add_argument("--alarms", type=int, default=len(NIGHT))
    options.add_argument("--open", action="store_true")
    given = options.parse_args()
    asyncio.run(serve(given.port, given.alarms, open_mode=given.open))
