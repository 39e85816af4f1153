"""Stories that need an installation of their own happen beside the other tests, in one other thread: all of them mostly wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.many.asides import Asides
from tests.servers.postgres import PostgresServer


def pytest_configure(config: pytest.Config) -> None:
    """The marker that names a test's story."""
    config.addinivalue_line("markers", "aside(story): what this test waits for; it happens beside the others of this folder")


@pytest.fixture(scope="session")
def asides(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[Asides]:
    """Those of the tests that are to run."""
    stories = [marker.kwargs["story"] for item in request.session.items for marker in item.iter_markers("aside")]
    made = Asides(stories, lambda story: asyncio.run(story(tmp_path_factory.mktemp("aside"), postgres)))
    yield made
    made.close()


@pytest.fixture
def aside(request: pytest.FixtureRequest, asides: Asides) -> Future[None]:
    """The story of a test."""
    asides.begin()
    found: Future[None] = asides.futures[request.node.get_closest_marker("aside").kwargs["story"]]
    return found
