"""Judges mutants by simulated worlds: does any promise break? Run inside the mutated copy, mutants' names on standard input.

Each mutant lives in a process of its own, forked from one that has loaded everything; what it says of each is one line.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

from mutmut.mutation.trampoline import set_mutant_under_test

from tests.simulation.quiet import unheard
from tests.simulation.seeds import live

SEEDS: Final = range(1, 9)
"""Worlds that a mutant must live through: some seconds. What breaks a promise mostly does so in the first three."""

LIFE_MAX_S: Final = 120
"""Seconds after which a mutant's worlds count as broken: ten times what they take on a slow machine."""


def broken_by(name: str) -> bool:
    """Whether some world breaks a promise, breaks down, or does not end with this mutant."""
    child = os.fork()
    if child == 0:
        os._exit(lived(name))
    return os.waitpid(child, 0)[1] != 0


def lived(name: str) -> int:
    """0 if every world of this mutant kept its promises."""
    signal.alarm(LIFE_MAX_S)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the process ends with it
    set_mutant_under_test(name)
    try:
        with unheard():
            return int(any(live(seed)[1].broken for seed in SEEDS))
    except BaseException:  # noqa: BLE001 - whatever it is, it was noticed
        return 1


def main() -> int:
    """Say of each mutant whether it was noticed; 2 if the worlds break without any."""
    if broken_by(""):
        print("the worlds break without any mutant", flush=True)
        return 2
    for line in sys.stdin:
        name = line.strip()
        print("broken" if broken_by(name) else "whole", name, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
