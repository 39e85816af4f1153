"""The operator's page in a real browser, against the real service, which the other page tests only pretend."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from browsing import ARGUMENTS, CHROMIUM
from playwright.async_api import Page, async_playwright, expect

from tests.servers.scene import Scene, scene
from tests.servers.serving import until

LOOKED_AT_FIRST = [
    {
        "id": "centre",
        "name": "Larmcentralen",
        "kind": "centre",
        "channels": [{"kind": "console"}, {"kind": "webhook", "to": "http://127.0.0.1:9/nobody"}],
    }
]
"""A centre that is told on its page first, and by a webhook only if nobody has the page open."""

STATIC = Path(__file__).parents[2] / "dashboard" / "static" / "index.html"


async def signed_in(page: Page, url: str, secret: str) -> None:
    await page.goto(url)
    await page.fill("#secret", secret)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Förbunden")).to_be_visible()


def told_by(stage: Scene, alarm: str) -> list[str]:
    """The channels by which somebody has been told."""
    timeline = stage.home.get(f"/api/v1/alarms/{alarm}").json()["timeline"]
    return [event["channel"] for event in timeline if event["event"] == "alarm.told"]


async def detail(stage: Scene, alarm: str) -> dict[str, Any]:
    answer = await asyncio.to_thread(stage.home.get, f"/api/v1/alarms/{alarm}")
    found: dict[str, Any] = answer.json()
    return found


async def test_an_alarm_is_seen_taken_and_resolved_in_a_browser_and_a_dead_service_is_told(tmp_path: Path, need: Any) -> None:
    """One whole night's work: a press reaches the page, the page hands it over, its operator takes and ends it."""
    need(CHROMIUM, "chromium")
    need(STATIC.is_file(), "the operator's page (install the project once more to build it)")
    with scene(tmp_path, residents=12, units=LOOKED_AT_FIRST) as stage:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = await browser.new_page(viewport={"width": 1440, "height": 900})
            broken: list[str] = []
            page.on("pageerror", lambda error: broken.append(str(error)))
            await signed_in(page, stage.service.url, stage.home_secret)
            alarm = await asyncio.to_thread(stage.press)
            row = page.locator(f'[data-alarm="{alarm["id"]}"]')
            await expect(row).to_contain_text("Tryckte på larmknappen")

            told = await asyncio.to_thread(until, lambda: told_by(stage, alarm["id"]), "the page reports what it shows")
            assert told == ["console"], "the page has shown the alarm, so that nobody else had to be told"

            await page.keyboard.press("j")
            await expect(row).to_be_focused()
            await page.keyboard.press("t")
            await expect(row).to_contain_text("Taget av dig")
            assert (await detail(stage, alarm["id"]))["taken_by"] == "operator:anna"

            await page.keyboard.press("r")
            await expect(page.get_by_role("dialog")).to_be_visible()
            await page.keyboard.press("1")
            await page.get_by_role("dialog").get_by_role("button", name="Avsluta").click()
            await expect(row).to_have_count(0)
            ended = await detail(stage, alarm["id"])
            assert (ended["state"], ended["outcome"]) == ("resolved", "helped")

            await asyncio.to_thread(stage.service.kill)
            await expect(page.get_by_text("Förbindelsen är bruten")).to_be_visible()
            assert broken == []
            await browser.close()


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/health/live"])
def test_the_front_door_has_its_signs(town_scene: Scene, path: str) -> None:
    with town_scene.service.client() as client:
        assert client.get(path).status_code == 200
