"""`/docs` works in a closed network, tells no stranger who reads it, and obeys the rules of the other pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from browsing import ARGUMENTS, CHROMIUM
from fastapi import FastAPI
from playwright.async_api import async_playwright, expect

from dashboard.api.app import CSP
from dashboard.api.docs_page import add_docs
from tests.servers.scene import Scene

PAGE = Path(__file__).parents[2] / "dashboard" / "static" / "docs.html"


@pytest.mark.parametrize("town_scene", ["sqlite"], indirect=True)
async def test_the_page_is_drawn_from_our_own_origin_under_the_policy_of_all_pages(town_scene: Scene, need: Any) -> None:
    need(CHROMIUM, "chromium")
    need(PAGE.is_file(), "the operator's page (install the project once more to build it)")
    url = town_scene.service.url
    asked: list[str] = []
    broken: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: broken.append(str(error)))
        # A violation of the policy is an error on the console.
        page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
        answer = await page.goto(f"{url.rstrip('/')}/docs")
        assert answer is not None
        assert answer.headers["content-security-policy"] == CSP
        await expect(page.get_by_text("/api/v1/alarms/{alarm_id}/take")).to_be_visible()
        await page.get_by_text("/health/live", exact=True).click()
        await expect(page.get_by_role("button", name="Try it out")).to_be_visible()
        await browser.close()
    assert broken == []
    strangers = {one for one in asked if urlsplit(one).scheme != "data" and urlsplit(one).netloc != urlsplit(url).netloc}
    assert strangers == set()
    assert any(one.endswith("/openapi.json") for one in asked), "it is drawn from what this very service says of itself"


async def test_a_process_without_pages_says_where_its_description_is() -> None:
    app = FastAPI(docs_url=None)
    add_docs(app, None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        answer = await client.get("/docs")
    assert answer.status_code == 200
    assert 'href="openapi.json"' in answer.text
