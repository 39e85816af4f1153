"""What a `step(state, event, now)` returns: the next state, and what was decided."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

S_co = TypeVar("S_co", covariant=True)


class Decision(msgspec.Struct, frozen=True):
    """An imperative that a machine hands to whoever drives it. It never acts by itself."""


class Effect(Decision, frozen=True, kw_only=True):
    """Something to be done outside, stored under `id` until a decision with the same id says that it is done with."""

    id: str


class Outcome(msgspec.Struct, Generic[S_co], frozen=True, gc=False):
    """The state after an event and the decisions it led to, in the order they were made."""

    state: S_co
    decisions: tuple[Any, ...] = ()
