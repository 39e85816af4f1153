"""Sites with chains of the test's own, and one chain walked step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alarmcore.model.alarm import AlarmEvent, StartChain
from alarmcore.model.site import Site
from dispatch import chain
from dispatch.chain import ChainState, TurnCame
from dispatch.plan import chain_book
from dispatch.telling import Tell, Told
from tests.alarms import SLOT, opened
from tests.stories import town

NOW = datetime(2026, 1, 14, 23, tzinfo=UTC)
PRESS = town("[{id: press, kind: button}]")


def chains(text: str, **parts: str) -> Site:
    quiet = "{id: technical, links: [{tell: [unit:centre], wait_s: 86400}]}"
    return town("[{id: press, kind: button}]", chains=f"[{text}, {quiet}]", **parts)


class Walked:
    """A chain under test, with what it decided last."""

    def __init__(self, site: Site = PRESS, usable: frozenset[str] | None = None) -> None:
        self.alarm = opened()
        self.state = ChainState(chain_book(site, usable))
        self.decisions: tuple[Any, ...] = ()
        self.step(StartChain(SLOT, self.alarm), NOW)

    def step(self, event: chain.Event, at: datetime) -> None:
        outcome = chain.step(self.state, event, at)
        self.state, self.decisions = outcome.state, outcome.decisions

    def wake(self) -> datetime:
        assert self.state.wake_at is not None
        at = self.state.wake_at
        self.step(TurnCame(), at)
        return at

    def answer(self, tell: Tell, after_s: float = 0.0, *, ok: bool = False, permanent: bool = False) -> None:
        told = Told(
            slot=SLOT,
            alarm=tell.alarm.id,
            id=tell.id,
            ref=tell.ref,
            number=tell.number,
            channel=tell.channel,
            ok=ok,
            permanent=permanent,
        )
        self.step(told, NOW + timedelta(seconds=after_s))

    def tells(self) -> list[Tell]:
        return [d for d in self.decisions if isinstance(d, Tell)]

    def events(self) -> list[tuple[str, str | None, str | None]]:
        return [(d.event, d.to, d.why) for d in self.decisions if isinstance(d, AlarmEvent)]
