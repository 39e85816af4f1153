"""Makes the mutants of a copy of the project and lets its unit tests judge each: mutmut, with some operators more.

Run inside the copy; what came of it is then in its folder `mutants`.
"""

from __future__ import annotations

import sys

from mutmut.__main__ import cli
from mutmut.mutation import mutators

from tests.mutation.operators import OPERATORS

if __name__ == "__main__":
    mutators.mutation_operators.extend(OPERATORS)  # type: ignore[attr-defined]
    cli(["run", "--max-children", sys.argv[1], *sys.argv[2:]])
