"""A device that has found the person somewhere and comes back while it charges: when that says something of them. Pure.

Lying on its charger at home a device says nothing of the person, who may have left without it. One that was itself where they
were found is another matter: somebody carried it there and back. It counts once it has lain there for a while; one that is not
worn does not, for it says itself that nobody has it on. So what was found ends at last when a device is put on its charger as
soon as it comes home, and when nobody has heard that it charges no longer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alarmcore.rules.switches import Switches, is_on, turned

STAYS: Final = timedelta(minutes=10)
"""How long it must lie there: a car charges what somebody carries past the house, and drives on."""


def arrived(sources: Switches, device: str, at: datetime, *, back: bool) -> Switches:
    """What is known of a device that has found somebody, after it was seen to be back or not; the same object if nothing new."""
    name = f"{device}/back"
    return sources if not back and is_on(sources, name) is None else turned(sources, name, back, at)


def is_back(sources: Switches, device: str, at: datetime) -> bool:
    """Whether a device that only charges has been back for long enough to be believed."""
    since = [known_at for known, known_at in sources if known in (f"{device}/back=1", f"{device}/charging=1")]
    return len(since) == 2 and not is_on(sources, f"{device}/off") and at - max(since) >= STAYS
