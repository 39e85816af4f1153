"""Recorded readings through the real machines, and what a planner would have been told of meanwhile: notices, as JSON lines.

The service shows such a notice whenever somebody looks. Here everybody is looked at as each day ends (UTC), so that it is known
on which day a notice would first have been seen, and on which no longer:
`python -m dashboard.usual_notices SITE EVENTS`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from typing import IO, Any

from alarmcore.errors import InputError
from alarmcore.model.site import Resident, Site
from alarmcore.sitefile import require
from dashboard.replay import Replay
from dashboard.sites import read_sites
from dashboard.usual import drift_view, drifts, learners
from dashboard.views import stamp

EXIT_INPUT = 2


def nothing(line: bytes) -> None:
    """Decisions are not what is asked for here."""
    del line


class Noticing(Replay):
    """A replay that writes notices in place of decisions: when one comes (`usual.changed`), when it goes (`usual.settled`)."""

    def __init__(self, sites: list[Site], say: Callable[[bytes], object]) -> None:
        super().__init__(sites, nothing)
        self.say = say
        self.learning = [(site.tenant.id, one) for site in sites for one in site.residents if any(learners(one))]
        self.seen: dict[tuple[str, str], dict[str, str]] = {}
        self.looked_at: datetime | None = None

    async def advance(self, to: datetime) -> None:
        """Let time pass as in any replay; at the end of the newest day that is over by then, look."""
        ended_at = datetime.combine(to.astimezone(UTC).date(), time(), UTC)
        if self.looked_at is None or ended_at <= self.looked_at:
            self.looked_at = self.looked_at or ended_at
            await super().advance(to)
            return
        await super().advance(ended_at)
        self.looked_at = ended_at
        for tenant, resident in self.learning:
            self.look(tenant, resident, ended_at)
        await super().advance(to)

    def look(self, tenant: str, resident: Resident, now: datetime) -> None:
        """Write what is noticed of somebody now and was not a day ago, and the other way round."""
        state = self.runner.state("watch", (tenant, resident.id))
        if state is None:
            return
        pairs = [(one.rule, memory) for one, memory in zip(state.plan.watched, state.memories, strict=True)]
        found = {one.notice.way: drift_view(one) for one in drifts(pairs, now)}
        known = self.seen.get((tenant, resident.id), {})
        new = [{"event": "usual.changed", **view} for way, view in found.items() if way not in known]
        gone = [{"event": "usual.settled", "rule": rule, "way": way} for way, rule in known.items() if way not in found]
        self.seen[tenant, resident.id] = {way: view["rule"] for way, view in found.items()}
        for line in (*gone, *new):
            self.tell(line, f"{tenant}/{resident.id}" if len(self.tenants) > 1 else resident.id, now)

    def tell(self, line: dict[str, Any], resident: str, now: datetime) -> None:
        """Write one line, its keys in the order of a replay's."""
        self.say(self.encode({"at": stamp(now), "event": line.pop("event"), "resident": resident, **line}) + b"\n")


def run(sites: list[Site], events: IO[bytes], say: Callable[[bytes], object]) -> None:
    """All of a recording."""
    asyncio.run(Noticing(sites, say).run(events))


def main(arguments: list[str]) -> int:
    """`SITE EVENTS`, both files; 2 if one cannot be used."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m dashboard.usual_notices SITE EVENTS\n")
        return EXIT_INPUT
    site, events = (Path(one) for one in arguments)
    try:
        sites = [require(one) for one in read_sites((site,))]
        with events.open("rb") as lines:
            run(sites, lines, sys.stdout.buffer.write)
    except (InputError, OSError) as error:
        more = [str(mistake) for mistake in getattr(error, "mistakes", ())]
        sys.stderr.write("\n".join([*more, f"usual_notices: {error}", ""]))
        return EXIT_INPUT
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
