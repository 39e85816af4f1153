"""What the tests of the operator's page begin with: a front door without a service behind it, a browser, a page signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from browsing import ARGUMENTS, CHROMIUM, WITHIN_S
from fake_front import SECRET, STATIC, FakeFront
from playwright.async_api import Browser, Page, async_playwright, expect

expect.set_options(timeout=WITHIN_S * 1000)


@pytest.fixture
async def front(need: Any) -> AsyncIterator[FakeFront]:
    need((STATIC / "index.html").is_file(), "the operator's page (install the project once more to build it)")
    front = FakeFront()
    await front.start()
    yield front
    await front.stop()


@pytest.fixture
async def browser(need: Any) -> AsyncIterator[Browser]:
    need(CHROMIUM, "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, front: FakeFront) -> AsyncIterator[Page]:
    """A page where the operator has signed in and the line is up."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    await page.goto(front.url)
    await page.fill("#secret", SECRET)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Förbunden")).to_be_visible()
    yield page
    await context.close()
    assert broken == []
