"""A plugin for pytest: examples before properties. Most mutants fall at an example, and a property takes much longer."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that try many examples last."""
    items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))
