"""`make mutate`: break the machines and the runner in thousands of small ways; each must be noticed, or be listed with a reason.

First the unit tests judge every mutant, then simulated worlds those that the tests let pass and the list does not name.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from tests.mutation.survivors import LIST, Mutant, entry, judged, listed

ROOT: Final = Path(__file__).parents[2]
COPY: Final = ROOT / "build" / "mutation"
"""Nothing is mutated but this copy; it stays, to look at (`mutmut show NAME` inside)."""

PARTS: Final = ("alarmcore", "geofence", "dispatch", "dashboard", "loadtests", "tests", "pyproject.toml")
LEFT_OUT: Final = shutil.ignore_patterns("node_modules", "__pycache__", "web", "static", ".hypothesis")

TELL_EVERY_S: Final = 10.0
"""Seconds between lines of progress."""

SAID_MAX: Final = 200
"""Lines of mutmut's own that are kept to be shown when it fails: a test's whole failure."""

COUNTED: Final = re.compile(r"(\d+)/(\d+) .*?🙁 (\d+)")
"""mutmut's line of progress: judged, of all, survivors."""


def laid_out() -> Path:
    """A fresh copy of what is mutated and of what judges it."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir(parents=True)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, COPY / part, ignore=LEFT_OUT)
        else:
            shutil.copy2(ROOT / part, COPY / part)
    return COPY


def started(module: str, copy: Path, *given: str) -> subprocess.Popen[str]:
    """One of our modules in a process of its own inside the copy."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *given],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def pieces(stream: IO[str]) -> Iterator[str]:
    """What mutmut says, one state of its line at a time."""
    piece = ""
    while char := stream.read(1):
        if char in "\r\n":
            yield piece
            piece = ""
        else:
            piece += char
    yield piece


def tested(copy: Path, children: int, only: Sequence[str]) -> None:
    """Let the unit tests judge every mutant."""
    mutmut = started("tests.mutation.mutants", copy, str(children), *only)
    told_at = time.monotonic()
    said: deque[str] = deque(maxlen=SAID_MAX)
    assert mutmut.stdout is not None
    for piece in pieces(mutmut.stdout):
        counted = COUNTED.search(piece)
        if counted is None:
            said.append(piece)
        elif time.monotonic() - told_at >= TELL_EVERY_S:
            told_at = time.monotonic()
            print("tests: {} of {} mutants judged, {} not noticed".format(*counted.groups()), flush=True)
    if mutmut.wait() != 0:
        print(*said, sep="\n")
        raise SystemExit("the tests could not judge the mutants; what they said is above")


def whole_worlds(copy: Path, mutants: Iterable[Mutant]) -> Iterator[Mutant]:
    """Those of some mutants with which no simulated world breaks a promise."""
    by_name = {mutant.name: mutant for mutant in mutants}
    if not by_name:
        return
    worlds = started("tests.mutation.worlds", copy / "mutants")
    assert worlds.stdin is not None
    assert worlds.stdout is not None
    worlds.stdin.writelines(f"{name}\n" for name in by_name)
    worlds.stdin.close()
    told_at = time.monotonic()
    seen = 0
    for line in worlds.stdout:
        word, _, name = line.strip().partition(" ")
        if name not in by_name:
            print(line, end="")
            continue
        seen += 1
        if word == "whole":
            yield by_name[name]
        if time.monotonic() - told_at >= TELL_EVERY_S:
            told_at = time.monotonic()
            print(f"worlds: {seen} of {len(by_name)} mutants judged", flush=True)
    if worlds.wait() != 0 or seen != len(by_name):
        raise SystemExit("the worlds could not judge the mutants; what they said is above")


def parsed(given: Sequence[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser("tests.mutation", description="Small breakages, each of which must be noticed.")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="mutants judged at once (default: all cores)")
    parser.add_argument("--tests-only", action="store_true", help="leave out the worlds")
    parser.add_argument("only", nargs="*", help="names of mutants as mutmut has them, * for any text (default: all)")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run it all; 1 if a mutant was neither noticed nor listed."""
    options = parsed(given)
    copy = laid_out()
    tested(copy, options.children, options.only)
    os.chdir(copy)
    found = judged(copy, all_of_them=not options.only)
    reasons = listed()
    passed = [one for one in found.survivors if (one.function, one.change) not in reasons]
    new = passed if options.tests_only else list(whole_worlds(copy, passed))
    known = len(found.survivors) - len(passed)
    for one in new:
        print(f"\n{entry(one)}")
    gone = reasons.keys() - {(one.function, one.change) for one in found.survivors}
    for function, change in sorted(gone) if not options.only else ():
        print(f"listed but noticed, or not there any more: {function}: {change}")
    print(
        f"{found.mutants} mutants, {found.mutants - known - len(new)} killed "
        f"({len(passed) - len(new)} of them by worlds), {known} listed, {len(new)} new"
    )
    if new:
        print(f"write a test that notices what is new, or list it with a reason in {LIST.relative_to(ROOT)}")
    return 1 if new else 0
