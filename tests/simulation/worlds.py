"""A seed's world, of the kind that its scale asks for."""

from __future__ import annotations

from collections.abc import Container

from tests.simulation.scale import STORM, Scale
from tests.simulation.shared_world import SharedWorld
from tests.simulation.world import World


def world_of(seed: int, scale: Scale = STORM, muted: Container[str] | None = None) -> World:
    """One process, or several workers."""
    return (SharedWorld if scale.workers[1] > 1 else World)(seed, scale, muted)
