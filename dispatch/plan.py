"""A tenant's chains with everything that telling their links needs, ready for `dispatch.chain.step`."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.calendar import Window, current
from alarmcore.model.site import Chain, Channel, Contact, Site, Unit

CENTRES: Final = "(centres)"
"""The chain that every tenant has: all alarm centres at once, again and again. For devices that nobody is known to carry,
and for an alarm whose own chain has been removed meanwhile. The name cannot collide with an id of a site file."""

CENTRES_WAIT_S: Final = 60.0
"""How often the centres are told again about such an alarm."""


class Recipient(msgspec.Struct, frozen=True):
    """Somebody who can be told: a contact (always on duty) or a unit; `channels` in order of preference."""

    ref: str
    channels: tuple[Channel, ...]
    duty: tuple[Window, ...] = ()

    def on_duty(self, tz: ZoneInfo, now: datetime) -> bool:
        """Whether this recipient is on duty at `now`."""
        return not self.duty or current(self.duty, tz, now) is not None


class LinkPlan(msgspec.Struct, frozen=True):
    """Recipients that are told at once, and how long, in seconds, they have to answer after hand-over."""

    recipients: tuple[Recipient, ...]
    wait_s: float


class ChainPlan(msgspec.Struct, frozen=True):
    """Links in order; there is always at least one."""

    tz: ZoneInfo
    links: tuple[LinkPlan, ...]

    @property
    def last(self) -> int:
        """The place of the last link, which repeats."""
        return len(self.links) - 1


class ChainBook(msgspec.Struct, frozen=True):
    """All chains of one tenant."""

    chains: dict[str, ChainPlan]

    def chain(self, chain_id: str) -> ChainPlan:
        """The chain with this id, or the centres' if it is no longer there."""
        return self.chains.get(chain_id) or self.chains[CENTRES]


def chain_book(site: Site, usable: frozenset[str] | None = None) -> ChainBook:
    """The chains of a checked site. `usable`: the channel kinds that are configured (None: all count as if they were)."""
    tz = site.tenant.tz
    people = {ref: _recipient(ref, who, usable) for ref, who in site.recipient_by_ref.items()}
    chains = {chain.id: ChainPlan(tz, _links(chain, people)) for chain in site.chains}
    centres = tuple(people[f"unit:{u.id}"] for u in site.units if u.kind == "centre")
    chains[CENTRES] = ChainPlan(tz, (LinkPlan(centres, CENTRES_WAIT_S),))
    return ChainBook(chains)


def _recipient(ref: str, who: Contact | Unit, usable: frozenset[str] | None) -> Recipient:
    channels = tuple(c for c in who.channels if usable is None or c.kind in usable)
    return Recipient(ref, channels, who.duty if isinstance(who, Unit) else ())


def _links(chain: Chain, people: dict[str, Recipient]) -> tuple[LinkPlan, ...]:
    return tuple(LinkPlan(tuple(people[ref] for ref in link.tell), link.wait_s) for link in chain.links)
