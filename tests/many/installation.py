"""An installation of several processes at work: two towns whose devices press, a receiver of webhooks, a page that stays open."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from alarmcore.model.alarm import AlarmEvent
from tests.many.screens import Screen, following
from tests.servers.books import Stored
from tests.servers.cluster import Cluster, Member, cluster
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.town import ladder
from tests.servers.ward import Ward, eventually, ward

TOWNS: Final = ("grastorp", "tanum")
"""They lie in two partitions, so that two workers have one each."""

DEVICES: Final = 4
PER_S: Final = 6.0
WITHIN_S: Final = 90.0
"""How long anything that must happen may take: a machine may be many times slower than the one this was written on."""

LONG_S: Final = 900.0
"""A wait of a chain that no test lives to see."""


class Installation:
    """Everything in one: `wards` by their town, a `screen` of the first town that comes back wherever somebody answers."""

    def __init__(self, cluster: Cluster, hooks: HookReceiver, wards: dict[str, Ward], screen: Screen) -> None:
        self.cluster = cluster
        self.hooks = hooks
        self.wards = wards
        self.screen = screen
        self.waited_s = 0.0
        self.began_at = datetime.now(UTC)

    @property
    def ward(self) -> Ward:
        """The first town's."""
        return self.wards[TOWNS[0]]

    def press_all(self) -> None:
        """Everybody in both towns presses."""
        for one in self.wards.values():
            one.press_all()

    async def begin(self) -> None:
        """Resolve every alarm and raise new ones, so that each test begins alike; all is well by then."""
        await self.ready()
        for tenant, one in self.wards.items():
            one.pressing = False
            await one.all_confirmed(WITHIN_S)
            await asyncio.to_thread(resolve_all, self.cluster, tenant)
            one.pressing = True
            one.press_all()
        await self.some_confirmed()
        self.waited_s = 0.0
        self.began_at = datetime.now(UTC)

    async def some_confirmed(self, count: int = DEVICES) -> None:
        """So many more presses are confirmed in each town than now."""
        await asyncio.gather(*(one.some_confirmed(count, WITHIN_S) for one in self.wards.values()))

    async def watch(self) -> None:
        """Measure how long the press that waited longest has waited."""
        while True:
            now = time.time()
            for one in self.wards.values():
                for name in one.open:
                    self.waited_s = max(self.waited_s, now - one.pressed_at[name])
            await asyncio.sleep(0.05)

    async def shared(self, *names: str) -> None:
        """Each of these members owns a partition, by the database's word."""
        await self.eventually(lambda: set(self.cluster.owners().values()) == set(names), f"owners are not {names}")

    async def owned_by_others(self, than: Member) -> None:
        """Somebody else owns everything."""
        await self.eventually(lambda: than.name not in self.cluster.owners().values(), f"{than.name} still owns something")

    async def ready(self) -> None:
        """Every member that answers says that all is well."""
        await self.eventually(lambda: all(one.ready() for one in self.cluster.members if one.answers), "not all are ready")

    async def eventually(self, done: Callable[[], Any], what: str) -> Any:
        """What `done` gives once it gives something true; the devices live on meanwhile."""
        deadline = time.monotonic() + WITHIN_S
        while not (found := await asyncio.to_thread(done)):
            assert time.monotonic() < deadline, f"not within {WITHIN_S:g} s: {what}"
            await asyncio.sleep(0.05)
        return found

    def told(self, tenant: str) -> dict[tuple[str, str], set[str]]:
        """The ids under which each (alarm, recipient) of a town was told."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for hook in list(self.hooks.hooks):
            if hook.data["tenant"] == tenant:
                found[(hook.data["alarm"], hook.data["recipient"])].add(hook.headers["webhook-id"])
        return found

    async def all_told(self, recipient: str) -> None:
        """Somebody of each town was told of every alarm that is open and that nobody has taken."""

        def done() -> bool:
            return all((alarm, recipient) in self.told(town) for town in TOWNS for alarm in self.open_alarms(town))

        await self.eventually(done, f"{recipient} was not told of every alarm")

    def open_alarms(self, tenant: str) -> dict[str, int]:
        """Alarms that nobody has taken, with their repetitions, as the database holds them."""
        stored = Stored(self.cluster.tables, tenant)
        return {alarm.id: alarm.repeats for alarm in stored.alarms if alarm.state == "open"}

    async def check_in_the_end(self) -> dict[str, Stored]:
        """Confirmed equals kept, none doubled, all shown, all told, each telling under one id, every page has all of it."""
        await asyncio.gather(*(one.all_confirmed(WITHIN_S) for one in self.wards.values()))
        await self.eventually(self.cluster.settled, "everything is told and answered")
        found = {}
        for tenant, one in self.wards.items():
            others = [other for other in self.wards.values() if other is not one]
            found[tenant] = await one.check_in_the_end(*others)
            self.check_told(tenant, found[tenant])
        await self.check_screens()
        return found

    def check_told(self, tenant: str, stored: Stored) -> None:
        """What the timeline says that people were told arrived there, each under one id, and nothing else did.

        But for tries that the timeline says were given up: what lay on the wire may have arrived after that.
        """
        said = Counter((event.alarm, event.to) for event in stored.events if event.event == "alarm.told")
        given_up = Counter((event.alarm, event.to) for event in stored.events if event.event == "alarm.telling_failed")
        arrived = {who: len(ids) for who, ids in self.told(tenant).items()}
        assert arrived.keys() == said.keys()
        wrong = {
            who: (said[who], n, given_up[who]) for who, n in arrived.items() if not said[who] <= n <= said[who] + given_up[who]
        }
        assert not wrong, "told by the timeline, arrived, given up"
        assert {alarm for alarm, to in said if to == "contact:eva"} == {alarm.id for alarm in stored.alarms}

    async def check_screens(self) -> None:
        """The page that stayed open shows what is stored, and so does every process that is asked anew."""
        expected = await self.expected_picture()
        secret = await asyncio.to_thread(self.cluster.token, "operator", TOWNS[0], "berit")
        for member in [one for one in self.cluster.members if one.answers and one.serves_pages]:
            assert await asyncio.to_thread(shown_by, member, secret) == expected, member.name
        await eventually(lambda: self.screen.picture == expected, WITHIN_S, "the page is not up to date")

    async def expected_picture(self) -> dict[str, int]:
        """Open alarms of the first town with their repetitions, as the database holds them."""

        def read() -> dict[str, int]:
            stored = Stored(self.cluster.tables, TOWNS[0])
            return {alarm.id: alarm.repeats for alarm in stored.alarms if alarm.state != "resolved"}

        return await asyncio.to_thread(read)


def late_s(events: list[AlarmEvent], turn_s: float) -> float:
    """How late the second link of an alarm was told, at worst."""
    raised = {event.alarm: event.at for event in events if event.event == "alarm.raised"}
    told = [event.at - raised[event.alarm] for event in events if event.event == "alarm.told" and event.to == "contact:bo"]
    return max(told).total_seconds() - turn_s


def resolve_all(cluster: Cluster, tenant: str) -> None:
    """An operator ends everything that is open."""
    with cluster.client(cluster.token("operator", tenant, "anna")) as client:
        for alarm in client.get("/api/v1/alarms").json()["items"]:
            client.post(f"/api/v1/alarms/{alarm['id']}/resolve", json={"outcome": "test"}).raise_for_status()


def shown_by(member: Member, secret: str) -> dict[str, int]:
    """The open alarms that a process lists, with their repetitions."""
    with member.client(secret) as client:
        return {alarm["id"]: alarm["repeats"] for alarm in client.get("/api/v1/alarms").json()["items"]}


@contextlib.asynccontextmanager
async def at_work(
    folder: Path,
    *members: str,
    wait_s: float = LONG_S,
    per_s: float = PER_S,
    prepare: Callable[[Cluster], None] = lambda _: None,
    hook: Callable[[int], int] = lambda port: port,
    **options: Any,
) -> AsyncIterator[Installation]:
    """Members with these names, started, and devices that have pressed and been answered once.

    `prepare` may make members of its own kind before they are started, `hook` puts a wire before the receiver's port.
    """
    with receiving() as hooks:
        url = f"http://127.0.0.1:{hook(hooks.port)}/hook"
        sites = [ladder(url, residents=DEVICES, wait_s=wait_s, then_s=LONG_S, tenant=town) for town in TOWNS]
        with cluster(folder, *sites, **options) as made:
            for name in members:
                made.member(name)
            prepare(made)
            await asyncio.to_thread(made.start)
            async with _peopled(made, hooks, per_s) as installation:
                yield installation


@contextlib.asynccontextmanager
async def _peopled(made: Cluster, hooks: HookReceiver, per_s: float) -> AsyncIterator[Installation]:
    async with contextlib.AsyncExitStack() as stack:
        wards = {}
        for seed, town in enumerate(TOWNS):
            entered = ward(made, lambda: made.broker.port, count=DEVICES, per_s=per_s, seed=seed, tenant=town)
            wards[town] = await stack.enter_async_context(entered)
        screen = await stack.enter_async_context(following(made, TOWNS[0]))
        installation = Installation(made, hooks, wards, screen)
        watching = asyncio.create_task(installation.watch())
        stack.callback(watching.cancel)
        installation.press_all()
        await installation.some_confirmed()
        yield installation
