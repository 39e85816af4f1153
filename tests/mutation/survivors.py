"""Mutants that no test noticed: what each changed, and the list of those that need not be noticed, each with its reason.

A mutant is known by its function and the lines that it changed, never by a number, so that the list stays true when code moves.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Final

import msgspec

LIST: Final = Path(__file__).with_name("survivors.toml")

CAUGHT: Final = frozenset({1, 3, -24, 24, 152, 255, 36, -11, -9})
"""What mutmut writes of a mutant that a test failed for, that ran out of its time, or that broke the interpreter."""

UNKNOWN: Final = frozenset({None, 2, 34, 35})
"""What it writes of one that was not judged."""


class Mutant(msgspec.Struct, frozen=True, order=True):
    """One change: `function` is the dotted name of what was changed, `change` says how, `name` is mutmut's."""

    function: str
    change: str
    name: str
    path: str


class Judged(msgspec.Struct, frozen=True):
    """What came of a run: how many mutants there were, and those that nothing noticed."""

    mutants: int
    survivors: list[Mutant]


def change_of(diff: str) -> str:
    """`old -> new`, the changed lines of a unified diff in one line each."""
    lines = diff.split("\n")[3:]
    before, after = (" ".join(line[1:].strip() for line in lines if line[:1] == sign) for sign in "-+")
    return f"{before} -> {after}"


def function_of(name: str) -> str:
    """`alarmcore.watch.step` of mutmut's `alarmcore.watch.x_step__mutmut_3`."""
    module, _, mangled = name.partition("__mutmut")[0].rpartition(".")
    if mangled.startswith("xǁ"):
        return f"{module}.{mangled[2:].replace('ǁ', '.')}"
    return f"{module}.{mangled.removeprefix('x_')}"


def entry(mutant: Mutant) -> str:
    """The mutant as an entry of the list, whose reason is still to be written."""
    key = json.dumps(mutant.change, ensure_ascii=False) if "'" in mutant.change else f"'{mutant.change}'"
    return f'["{mutant.function}"]  # {mutant.name}\n{key} = ""'


def judged(copy: Path, *, all_of_them: bool) -> Judged:
    """Read what mutmut left in a copy of the project; the current folder must be that copy.

    Raises:
        RuntimeError: one of `all_of_them` was not judged, so that nothing can be said.
    """
    from mutmut.mutation.diff_apply import get_diff_for_mutant  # noqa: PLC0415 - the list itself is checked without mutmut

    count, survivors = 0, []
    for meta in sorted((copy / "mutants").rglob("*.py.meta")):
        path = meta.relative_to(copy / "mutants").as_posix().removesuffix(".meta")
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            if code is None and not all_of_them:
                continue
            count += 1
            if code in UNKNOWN:
                raise RuntimeError(f"mutant {name} was not judged (mutmut says {code}): run it again")
            if code not in CAUGHT:
                survivors.append(Mutant(function_of(name), change_of(get_diff_for_mutant(name, path=path)), name, path))
    return Judged(count, sorted(survivors))


def listed(path: Path = LIST) -> dict[tuple[str, str], str]:
    """The reason of every (function, change) that need not be noticed."""
    tables = tomllib.loads(path.read_text())
    return {(function, change): reason for function, changes in tables.items() for change, reason in changes.items()}
