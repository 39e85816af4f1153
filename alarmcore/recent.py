"""What was asked for lately, kept ready; the rest is made again when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Between `most` and twice `most` of what `make` gives, those asked for latest. Pure, if `make` is.

    Two generations instead of an order of use: what is found among the younger costs one look-up, which is all that nearly
    every reading pays. When the younger ones are `most`, they become the older ones, and what was not asked for since goes.
    """

    def __init__(self, make: Callable[[K], V | None], most: int) -> None:
        self._make = make
        self._most = most
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """What belongs to a key; None where there is nothing, which is not kept."""
        found = self._young.get(key)
        if found is not None:
            return found
        found = self._old.pop(key, None) or self._make(key)
        if found is not None:
            if len(self._young) >= self._most:
                self._young, self._old = {}, self._young
            self._young[key] = found
        return found

    def __getitem__(self, key: K) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
