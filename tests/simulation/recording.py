"""What the runner was given, turn by turn, and in which order the watch was asked: for checkers of order and of replay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alarmcore.model.reading import Reading
from alarmcore.model.site import Site
from alarmcore.ports import Quarantined
from alarmcore.rules.base import Observed
from alarmcore.runner import Committed, Item, Runner
from tests.simulation import history as seen

if TYPE_CHECKING:
    from tests.simulation.world import World


class RecordedRunner(Runner):
    """The runner, told apart by nothing but that its world knows of its turns."""

    def __init__(self, world: World, sites: dict[str, Site], *given: Any) -> None:
        super().__init__(*given)
        self.world = world
        self.sites = sites
        self.observed: list[Reading] = []
        self.whole = world.seed % world.scale.replayed_every == 0
        watch: Any = self.machines["watch"]
        ask = watch.step

        def asked(state: Any, event: Any, now: datetime) -> Any:
            if isinstance(event, Observed):
                self.observed.append(event.reading)
            return ask(state, event, now)

        watch.step = asked

    async def load(self) -> None:
        """A new life begins."""
        self.world.add(seen.Loaded(t=self.world.t(), sites=self.sites))
        await super().load()

    async def run(
        self,
        items: Sequence[Item],
        now: datetime,
        identities: Sequence[tuple[int, int]] = (),
        quarantined: Sequence[Quarantined] = (),
        answered: Callable[[], list[tuple[int, bytes]]] = list,
    ) -> Committed:
        """One turn. What is fed stands in the history before the commit, and what is observed stands there when it commits."""
        self.observed = []
        whole = None
        if self.whole:
            fed = tuple((item.machine, item.key, item.event) for item in items)
            whole = seen.Whole(fed, tuple(identities), tuple(quarantined))
        self.world.add(seen.Fed(t=self.world.t(), now=now, count=len(items), observed=self.observed, whole=whole))
        try:
            return await super().run(items, now, identities, quarantined, answered)
        finally:
            self.world.turn_ended()
