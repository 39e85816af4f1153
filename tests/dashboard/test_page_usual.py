"""An alarm whose limit was learned leads to the person's curve, by a plain link that the keyboard reaches, in a real browser."""

from __future__ import annotations

from typing import Any, Final

import pytest
from browsing import row
from fake_front import FakeFront
from playwright.async_api import Page, expect

NIGHT: Final = {
    "cause": "out_of_bed",
    "why": "out_of_bed_too_long",
    "rule": "night",
    "priority": "high",
    "facts": {"for_s": 2460, "lasting": "up", "usual_s": 780},
    "reason": {"sv": "uppe 41 min; så här dags oftast tillbaka inom 13 min", "en": "up 41 min; mostly back within 13 min"},
}
STILL: Final = NIGHT | {"cause": "inactivity", "rule": "calm", "facts": {"for_s": 9000, "lasting": "still", "usual_s": 3600}}


@pytest.mark.parametrize(("given", "curve"), [(NIGHT, "night-up"), (STILL, "calm-still")])
async def test_an_alarm_by_a_learned_limit_leads_to_that_persons_curve(
    page: Page, front: FakeFront, given: dict[str, Any], curve: str
) -> None:
    await front.raise_alarm("a1", **given)
    await row(page, "a1").click()
    link = page.locator("[data-test=detail]").get_by_role("link", name="Vad som är vanligt")
    await expect(link).to_have_attribute("href", f"/residents/r1/usual?lang=sv&tenant=grastorp#curve-{curve}")
    await page.get_by_role("button", name="English").click()
    link = page.locator("[data-test=detail]").get_by_role("link", name="What is usual")
    await expect(link).to_have_attribute("href", f"/residents/r1/usual?lang=en&tenant=grastorp#curve-{curve}")


async def test_the_keyboard_reaches_the_link_and_opens_it_beside_the_alarms(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", **NIGHT)
    await expect(row(page, "a1")).to_be_visible()
    await page.keyboard.press("j")
    await expect(row(page, "a1")).to_be_focused()
    link = page.locator("[data-test=detail]").get_by_role("link", name="Vad som är vanligt")
    await expect(link).to_be_visible()
    await page.locator("#detail-title").focus()
    await page.keyboard.press("Tab")
    await expect(link).to_be_focused()
    async with page.context.expect_page() as opened:
        await page.keyboard.press("Enter")
    beside = await opened.value
    assert "/residents/r1/usual" in beside.url
    assert beside.url.endswith("#curve-night-up")
    await expect(row(page, "a1")).to_be_visible()


@pytest.mark.parametrize(
    "given",
    [
        NIGHT | {"facts": None},
        NIGHT | {"facts": {"for_s": 1800}},
        NIGHT | {"tenant": "tanum"},
        {},
    ],
    ids=["fixed limit", "facts without what is usual", "of another municipality", "a press"],
)
async def test_other_alarms_have_no_such_link(page: Page, front: FakeFront, given: dict[str, Any]) -> None:
    await front.raise_alarm("a1", **given)
    await row(page, "a1").click()
    await expect(page.locator("#detail-title")).to_have_text("Karin Svensson")
    await expect(page.locator("[data-test=detail]").get_by_role("link", name="Vad som är vanligt")).to_have_count(0)
