"""Whoever a site no longer names is forgotten: what was learned of them, where they were last, their latest outing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

import structlog

from alarmcore.admission import Registry
from alarmcore.bindings import Person
from alarmcore.errors import fault
from alarmcore.runner import Item, Runner
from alarmcore.service import Service
from alarmcore.watch import ForgetPerson

log = structlog.get_logger(__name__)

AT_ONCE_MAX: Final = 100
"""Persons in one commit: readings and presses that come meanwhile do not wait for all of them."""


def removed(runner: Runner, registry: Registry) -> list[Person]:
    """Of whom something is stored and who is in no site (any more). Asked right after loading, before anything is decided.

    Only of tenants whose sites are in use here: where a site could not be read, nobody has been removed.
    """
    # Who has no row stands first; all others are looked at only once somebody asks for them.
    strangers = takewhile(lambda person: registry.row(person) is None, runner.cache["watch"])
    return [person for person in strangers if person[0] in registry.tenants]


async def forget(service: Service, persons: Sequence[Person]) -> None:
    """Store in the place of what is known of each that nothing is. Who was forgotten before is so again, at every start."""
    for place in range(0, len(persons), AT_ONCE_MAX):
        some = persons[place : place + AT_ONCE_MAX]
        try:
            await asyncio.gather(*(service.act(Item("watch", person, ForgetPerson())) for person in some))
        except Exception as error:  # noqa: BLE001 - the next start or import tries again; alarms must not end with this
            log.error("persons_not_forgotten", count=len(persons) - place, error=fault(error))  # noqa: TRY400
            return
    if persons:
        log.info("persons_forgotten", count=len(persons))
