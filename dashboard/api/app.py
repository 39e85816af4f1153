"""The whole front door over HTTP: API, screens, answer pages, health, metrics and the operator's page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alarmcore import metrics
from alarmcore.errors import fault
from alarmcore.model.site import PRIORITIES, Site
from dashboard.answers import AnswerLinks
from dashboard.api import problems
from dashboard.api.alarms import alarms_router
from dashboard.api.answer_page import answer_router
from dashboard.api.brokers import brokers_router
from dashboard.api.callers import Callers
from dashboard.api.docs_page import add_docs
from dashboard.api.live import live_router
from dashboard.api.outings import outings_router
from dashboard.api.readings import readings_router
from dashboard.api.room import Room
from dashboard.api.session import session_router
from dashboard.api.usual import usual_router
from dashboard.api.usual_page import usual_pages
from dashboard.board import Board
from dashboard.borders import MunicipalityUnknown, borders, municipality_at
from dashboard.desk import Desk
from dashboard.hub import Hub
from dashboard.outings import LinkOutings, OutingDesk
from dashboard.usual import UsualDesk

log = structlog.get_logger(__name__)

STATIC: Final = Path(__file__).parent.parent / "static"
"""Where the build puts the operator's page."""

CSP: Final = (
    "default-src 'self'; img-src 'self' data: https:; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""Pages load nothing from elsewhere but map pictures. Leaflet places its tiles by inline styles."""

HEADERS: Final = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


def app_of(  # noqa: PLR0913 - one for each part of the application
    *,
    desk: Desk,
    hub: Hub,
    callers: Callers,
    links: AnswerLinks,
    owned: Board,
    ready: Callable[[], list[str]],
    notices: Callable[[], list[str]] = list,
    pages: bool = True,
) -> FastAPI:
    """The application. `ready` lists what keeps it from doing its part, `notices` what somebody should know of all the same.

    `owned` holds the alarms that this process owns.

    Without `pages` it only says how it is, as a process does that nobody looks at.
    """
    app = FastAPI(title="alarmcore", version="1", docs_url=None, redoc_url=None)
    problems.install(app)
    add_docs(app, STATIC / "docs.html" if pages else None)
    _add_health(app, owned, ready, notices)
    if pages:
        _add_pages(app, desk, hub, callers, links)

    app.add_middleware(Room)

    @app.middleware("http")
    async def guarded(request: Request, call_next: Callable[[Request], Any]) -> Response:
        try:
            answer: Response = await call_next(request)
        except Exception as error:  # noqa: BLE001 - our own fault: said without its text, which may hold what was sent
            log.error("request_failed", method=request.method, error=fault(error))  # noqa: TRY400
            answer = problems.problem(500, "internal", "this is a fault of the service; its log says where")
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    if pages and STATIC.is_dir():
        app.mount("/", StaticFiles(directory=STATIC, html=True), name="pages")
    return app


def _add_pages(app: FastAPI, desk: Desk, hub: Hub, callers: Callers, links: AnswerLinks) -> None:
    clock = desk.front.clock
    app.include_router(readings_router(desk.front, callers, clock))
    app.include_router(alarms_router(desk, callers))
    outings = OutingDesk(desk)
    app.include_router(outings_router(outings, callers))
    usual = UsualDesk(desk)
    app.include_router(usual_router(usual, callers))
    app.include_router(usual_pages(usual, callers))
    app.include_router(session_router(callers, desk.sites, clock))
    app.include_router(live_router(desk, hub, callers, clock))
    app.include_router(brokers_router(callers, clock))
    app.include_router(answer_router(LinkOutings(outings), links))
    _add_map(app, desk.sites, callers)


def _add_health(app: FastAPI, owned: Board, ready: Callable[[], list[str]], notices: Callable[[], list[str]]) -> None:
    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @app.get("/health/ready", tags=["health"])
    async def readiness() -> JSONResponse:
        """Alarms can be taken and kept."""
        missing = ready()
        said = {"status": "not ready" if missing else "ready", "missing": missing, "notices": notices()}
        return JSONResponse(said, 503 if missing else 200)

    @app.get("/metrics", tags=["health"])
    async def measured() -> Response:
        """Metrics for Prometheus."""
        alarms = list(owned.open())
        for priority in PRIORITIES:
            metrics.OPEN.labels(priority).set(sum(alarm.priority == priority for alarm in alarms))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _add_map(app: FastAPI, sites: dict[str, Site], callers: Callers) -> None:
    @app.get("/api/v1/map/borders", tags=["map"])
    async def map_borders(request: Request) -> JSONResponse:
        """The border of the operator's municipality and its neighbours, as GeoJSON."""
        caller = await callers.operator(request)
        site = sites.get(caller.tenant or "") or next(iter(sites.values()))
        return JSONResponse(borders_of(site), headers={"cache-control": "private, max-age=86400"})


def borders_of(site: Site) -> dict[str, Any]:
    """The border of a tenant's municipality: by its name, else (a region, a company) by where its first resident lives."""
    try:
        return borders(site.tenant.name)
    except MunicipalityUnknown:
        home = next((resident.home for resident in site.residents if resident.home is not None), None)
        code = municipality_at(home.lat, home.lon) if home else None
        return borders(code) if code else {"type": "FeatureCollection", "features": []}
