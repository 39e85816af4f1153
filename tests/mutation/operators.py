"""Ways to break code that mutmut does not have: a statement left out, a condition forced, the least taken for the most."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import libcst as cst

SWAPPED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
"""Functions over many things, and the one that a slip of the hand would have called."""


def left_out(node: cst.Expr) -> Iterable[cst.Pass]:
    """A call for its effect does not happen."""
    called = node.value.expression if isinstance(node.value, cst.Await) else node.value
    if isinstance(called, cst.Call):
        yield cst.Pass()


def forced(node: cst.If) -> Iterable[cst.If]:
    """A condition always holds, or never."""
    for word in ("True", "False"):
        yield node.with_changes(test=cst.Name(word), whitespace_before_test=cst.SimpleWhitespace(" "))


def swapped(node: cst.Call) -> Iterable[cst.Call]:
    """The most for the least, one for every."""
    if isinstance(node.func, cst.Name) and node.func.value in SWAPPED:
        yield node.with_changes(func=cst.Name(SWAPPED[node.func.value]))


OPERATORS: Final[tuple[tuple[type[cst.CSTNode], Callable[[Any], Iterable[cst.CSTNode]]], ...]] = (
    (cst.Expr, left_out),
    (cst.If, forced),
    (cst.Call, swapped),
)
"""Kind of node, and what may become of it; the shape of mutmut's own."""
