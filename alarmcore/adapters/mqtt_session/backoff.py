"""How long to wait before the next try: longer each time, and never the same for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.1
"""A broker that was restarted is usually back within a second: the first tries are quick."""

LONGEST_S: Final = 5.0
"""An alarm must not wait longer than this for our next try once the broker is back."""


def jittered(random: Callable[[], float]) -> Callable[[int], float]:
    """Seconds to wait after the nth failure in a row (from 1): doubling, then a random half taken off.

    `random` gives numbers in [0, 1). Without it, all partitions of an installation would come back in the same instant.
    """

    def wait_s(failures: int) -> float:
        full = min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 16))
        return full * (1 - random() / 2)

    return wait_s
