"""Which subscriptions a topic reaches: filters with `+` and `#`, kept as a tree of levels."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

Who = TypeVar("Who", bound=Hashable)

LEVELS_MAX: Final = 32
"""Levels of a filter. The deepest topic of the front door has six; the bound keeps hostile filters from growing the tree."""


def filter_is_valid(topic_filter: str) -> bool:
    """Whether wildcards stand alone in their level and `#` stands last (MQTT 5, section 4.7.1)."""
    levels = topic_filter.split("/")
    if not topic_filter or len(levels) > LEVELS_MAX:
        return False
    if "#" in topic_filter and (levels[-1] != "#" or "#" in topic_filter[:-1]):
        return False
    return all(level == "+" or "+" not in level for level in levels)


class _Level(Generic[Who]):
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Level[Who]] = {}
        self.here: dict[Who, int] = {}


class Subscriptions(Generic[Who]):
    """Who hears which valid filters, at what QoS. Finding those of a topic costs its levels, not the number of subscriptions."""

    def __init__(self) -> None:
        self._root: _Level[Who] = _Level()

    def add(self, topic_filter: str, who: Who, qos: int) -> None:
        """Subscribe `who`; a second time replaces the QoS."""
        level = self._root
        for name in topic_filter.split("/"):
            level = level.below.setdefault(name, _Level())
        level.here[who] = qos

    def remove(self, topic_filter: str, who: Who) -> bool:
        """Forget one subscription; False when there was none."""
        path = [self._root]
        names = topic_filter.split("/")
        for name in names:
            deeper = path[-1].below.get(name)
            if deeper is None:
                return False
            path.append(deeper)
        existed = path[-1].here.pop(who, None) is not None
        for name in reversed(names):
            if path[-1].here or path[-1].below:
                break
            path.pop()
            del path[-1].below[name]
        return existed

    def matching(self, topic: str) -> dict[Who, int]:
        """Everybody who hears `topic`, each once, with the highest QoS among their filters that match."""
        found: dict[Who, int] = {}
        # A topic that starts with $ is the server's own: a wildcard in the first level does not reach it (MQTT 5, section 4.7.2).
        wild = not topic.startswith("$")
        frontier = [self._root]
        for name in topic.split("/"):
            deeper: list[_Level[Who]] = []
            for level in frontier:
                below = level.below
                if name in below:
                    deeper.append(below[name])
                if wild and "+" in below:
                    deeper.append(below["+"])
                if wild and "#" in below:
                    _merge(found, below["#"].here)
            if not deeper:
                return found
            frontier, wild = deeper, True
        for level in frontier:
            _merge(found, level.here)
            if "#" in level.below:
                _merge(found, level.below["#"].here)
        return found


def _merge(found: dict[Who, int], more: dict[Who, int]) -> None:
    for who, qos in more.items():
        found[who] = max(qos, found.get(who, 0))
