"""What all tests share: a part that cannot be had is named loudly and skipped, and under CI=true it fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.servers.scene import Scene, scene


@pytest.fixture(scope="session")
def need() -> Callable[[object, str], None]:
    """`need(program, what)`: go on only if `program` is there."""

    def needed(program: object, what: str) -> None:
        if program:
            return
        text = f"##### {what} is missing: install it and run again #####"
        if os.environ.get("CI") == "true":
            pytest.fail(text)
        pytest.skip(text)

    return needed


@pytest.fixture(scope="module")
def town_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A running service with two municipalities, one for each module that asks for it."""
    with scene(tmp_path_factory.mktemp("scene")) as made:
        yield made
