"""The list of mutants that need not be noticed says of each why, and what it names is still there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutation.survivors import change_of, function_of, listed

ROOT = Path(__file__).parents[2]
LISTED = listed()


def bodies(path: Path) -> Iterator[tuple[str, str]]:
    """Every function of a module by its name inside it, with its lines in one."""
    text = path.read_text()
    for node in ast.parse(text).body:
        inside = [(f"{node.name}.", one) for one in node.body] if isinstance(node, ast.ClassDef) else [("", node)]
        for prefix, one in inside:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = text.splitlines()[one.lineno - 1 : one.end_lineno]
                yield prefix + one.name, " ".join(line.strip() for line in lines)


def body(function: str) -> str:
    """The lines of a function by its dotted name; empty if it is not there."""
    parts = function.split(".")
    for place in range(len(parts) - 1, 0, -1):
        path = ROOT.joinpath(*parts[:place]).with_suffix(".py")
        if path.exists():
            return dict(bodies(path)).get(".".join(parts[place:]), "")
    return ""


def test_every_listed_mutant_has_its_reason() -> None:
    assert [key for key, reason in LISTED.items() if len(reason.split()) < 3] == []


@pytest.mark.parametrize("function", sorted({function for function, _ in LISTED}))
def test_what_is_listed_is_still_in_the_code(function: str) -> None:
    code = body(function)
    gone = [change for name, change in LISTED if name == function and change.split(" -> ")[0] not in code]
    assert gone == [], "it has changed: run `make mutate`, and list what is left with its reason"


def test_a_mutant_is_known_by_its_function() -> None:
    assert function_of("alarmcore.watch.x_step__mutmut_3") == "alarmcore.watch.step"
    assert function_of("alarmcore.lifecycle.x__raised__mutmut_12") == "alarmcore.lifecycle._raised"
    assert function_of("dispatch.chain.xǁWalkǁturn_at__mutmut_1") == "dispatch.chain.Walk.turn_at"


def test_a_mutant_is_known_by_the_lines_that_it_changed() -> None:
    diff = "--- a\n+++ b\n@@ -1,3 +1,2 @@\n def f():\n-    if x:\n-        g(1)\n+    if x: g(2)\n     return\n"
    assert change_of(diff) == "if x: g(1) -> if x: g(2)"
