"""Sites are changed while an installation of several processes runs: its owner, its dispatcher and its pages all follow."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from importing import import_into, stored

from tests.servers.cluster import Cluster, Member, cluster
from tests.servers.device import device
from tests.servers.postgres import PostgresServer
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import until
from tests.servers.town import town

pytestmark = pytest.mark.timeout(300)


class Parted:
    """Two workers, and one process that shows and tells for both."""

    def __init__(self, made: Cluster, hooks: HookReceiver) -> None:
        self.cluster = made
        self.hooks = hooks
        self.workers = [made.member(name, roles="worker") for name in ("w1", "w2")]
        self.front = made.member("f", roles="web,dispatcher")
        made.start()
        # A command's way to the database, as the helpers of one service know it.
        self.front.shared = made.database_url
        until(lambda: all(made.owners().values()), "the partitions are owned")

    def press(self, tenant: str, name: str, **fields: Any) -> dict[str, Any]:
        """Over HTTP, at the process that owns nothing."""
        with self.front.client(self.cluster.token("device", tenant, name)) as client:
            said = {"kind": "button", "id": f"p-{time.time_ns()}", "at": time.time()} | fields
            answer = until(lambda: _kept(client, said), "the press is taken")
        assert answer == "kept"
        with self.operator(tenant) as client:
            found = until(lambda: client.get("/api/v1/alarms").json()["items"], "the alarm is shown")
        one: dict[str, Any] = found[-1]
        return one

    def operator(self, tenant: str) -> httpx.Client:
        """An operator's client."""
        return self.front.client(self.cluster.token("operator", tenant, f"o{time.time_ns()}"))

    def told(self, hooks: HookReceiver, alarm: str) -> dict[str, Any]:
        """The newest message about an alarm."""
        found = until(lambda: [h.data for h in list(hooks.hooks) if h.data["alarm"] == alarm], f"a message about {alarm}")
        newest: dict[str, Any] = found[-1]
        return newest


def _kept(client: httpx.Client, said: dict[str, Any]) -> str | None:
    answer = client.post("/api/v1/readings", json=said)
    return str(answer.json()["readings"][0]["status"]) if answer.status_code == 200 else None


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[Parted]:
    with contextlib.ExitStack() as stack:
        hooks = stack.enter_context(receiving())
        sites = [town(tenant, hook=hooks.url, residents=2) for tenant in ("grastorp", "tanum")]
        made = stack.enter_context(cluster(tmp_path_factory.mktemp("parted"), *sites, server=postgres))
        yield Parted(made, hooks)


def owner(parted: Parted, tenant: str) -> Member:
    found: Member = until(lambda: parted.cluster.owner(tenant), f"{tenant} has an owner")
    return found


def test_a_new_resident_and_a_new_number_count_in_every_process(parted: Parted) -> None:
    site = stored(parted.front, "grastorp")
    new = site["residents"][0] | {"id": "r9", "name": "Karin Svensson 9", "devices": [{"id": "pendant-9", "kind": "button"}]}
    site["residents"].append(new)
    with receiving() as elsewhere:
        site["units"][0]["channels"] = [{"kind": "webhook", "to": elsewhere.url}]
        import_into(parted.front, site)
        worker = owner(parted, "grastorp")
        until(lambda: "partition_anew" in worker.log, "the owner goes on with the new site")
        until(lambda: '"tenant": "grastorp"' in parted.front.log and "site_read" in parted.front.log, "so does the front")
        alarm = parted.press("grastorp", "pendant-9")
        assert (alarm["resident"], alarm["resident_name"]) == ("r9", "Karin Svensson 9")
        message = parted.told(elsewhere, alarm["id"])
        assert (message["recipient"], message["resident_name"]) == ("unit:centre", "Karin Svensson 9")
    assert parted.cluster.owner("grastorp") is worker
    other = next(one for one in parted.workers if one is not worker)
    assert "partition_anew" not in other.log


def test_a_new_municipality_has_an_owner_who_was_there_before_it(parted: Parted) -> None:
    import_into(parted.front, town("mora", hook=parted.hooks.url, residents=2))
    secret = parted.cluster.token("device", "mora", "pendant-1")
    with parted.operator("mora") as operator, device(parted.cluster.broker.port, "mora", "pendant-1", secret) as pendant:
        pendant.listen()
        # Until somebody subscribes the broker has nobody to give it to: a device says it again until it is confirmed.
        until(lambda: _confirmed(pendant), "the press is confirmed")
        # Whoever shows it looks for the site when it meets the alarm.
        named = until(lambda: [a for a in operator.get("/api/v1/alarms").json()["items"] if a["resident_name"]], "it is shown")
        (alarm,) = named
    assert (alarm["tenant"], alarm["resident_name"], alarm["repeats"]) == ("mora", "Karin Svensson 1", 0)
    assert parted.told(parted.hooks, alarm["id"])["tenant_name"] == "mora kommun"
    assert owner(parted, "mora") in parted.workers


def _confirmed(pendant: Any) -> bool:
    pendant.send("button", id="once", at=1768388400)
    time.sleep(0.2)
    return {"id": "once", "status": "kept"} in pendant.heard


def test_an_owner_that_dies_leaves_the_newest_site_to_the_next(parted: Parted) -> None:
    site = stored(parted.front, "tanum")
    site["residents"][0]["name"] = "Karin Svensson den nya"
    before = owner(parted, "tanum")
    import_into(parted.front, site)
    before.kill()
    until(lambda: owner(parted, "tanum") is not before, "somebody else has it")
    alarm = parted.press("tanum", "pendant-1")
    assert parted.told(parted.hooks, alarm["id"])["resident_name"] == "Karin Svensson den nya"
    assert alarm["resident_name"] == "Karin Svensson den nya"
