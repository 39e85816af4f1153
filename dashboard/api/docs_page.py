"""`/docs`: what the API can be asked, as a page whose every part comes from here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

PLAIN: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>alarmcore: API</title></head>'
    '<body><p>What this process can be asked stands in <a href="openapi.json">openapi.json</a>.</p></body></html>'
)
"""Where the built page is not served: in a process without pages, or in source code that was never installed."""


def add_docs(app: FastAPI, page: Path | None) -> None:
    """Serve the page that the build has made (`page`), or a plain one. Read at the start, so that it fits its parts."""
    text = page.read_text("utf-8") if page is not None and page.is_file() else PLAIN

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """A page for people."""
        return HTMLResponse(text)
