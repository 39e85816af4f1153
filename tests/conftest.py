"""What all tests share: a part that cannot be had is named loudly and skipped, and under CI=true it fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.servers.scene import Scene, scene


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true nothing may be skipped for want of a part, whichever way a test says so."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped under CI=true: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def need() -> Callable[[object, str], None]:
    """`need(program, what)`: go on only if `program` is there."""

    def needed(program: object, what: str) -> None:
        if program:
            return
        pytest.skip(f"##### {what} is missing: install it and run again #####")

    return needed


@pytest.fixture(scope="module")
def town_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A running service with two municipalities, one for each module that asks for it."""
    with scene(tmp_path_factory.mktemp("scene")) as made:
        yield made
