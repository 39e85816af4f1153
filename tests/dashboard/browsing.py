"""The operator's page in a real browser: how it is started, and what tests of the page wait for and look at."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest
from playwright.async_api import Page

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WITHIN_S = 60.0
"""No expectation of a page waits longer; each is over as soon as it is met."""


async def until(true: Any, what: str) -> None:
    """Wait until something the server has been told is so."""
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"it never came to be that {what}")
        await asyncio.sleep(0.02)


def row(page: Page, alarm_id: str) -> Any:
    return page.locator(f'[data-alarm="{alarm_id}"]')
