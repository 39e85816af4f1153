"""The machines as the service and replay put them together: the only place that knows all three."""

from __future__ import annotations

from collections.abc import Sequence

from alarmcore.admission import Registry
from alarmcore.bindings import LifecycleMachine, NoTrackMachine, TrackMachine, WatchMachine
from alarmcore.model.site import Site
from alarmcore.ports import Machine
from dispatch.binding import ChainMachine
from dispatch.plan import chain_book


def machines_for(
    sites: Sequence[Site], registry: Registry, usable: frozenset[str] | None = None, *, tracks: bool = True
) -> list[Machine]:
    """The machines of an installation with these sites.

    `usable`: the channel kinds that are configured (None: all). Without `tracks` no positions are kept for open alarms.
    """
    books = {site.tenant.id: chain_book(site, usable) for site in sites}
    return [
        WatchMachine(registry.plans.get, registry),
        LifecycleMachine(),
        ChainMachine(books.__getitem__),
        TrackMachine() if tracks else NoTrackMachine(),
    ]
