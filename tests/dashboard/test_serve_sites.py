"""A municipality changes its site while the service runs: within seconds it counts, and no alarm loses its next step."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from importing import changed, import_into, put_raw, stored, taken_up

from tests.servers.receivers import HookReceiver, receiving
from tests.servers.scene import Scene
from tests.servers.serving import alarmcore, until
from tests.servers.town import town

TENANT = "grastorp"
METRIC = "alarmcore_sites_refused"


@pytest.fixture
def elsewhere() -> Iterator[HookReceiver]:
    """Another receiver of webhooks."""
    with receiving() as hooks:
        yield hooks


def resident(number: int) -> dict[str, Any]:
    found: dict[str, Any] = town(residents=1)["residents"][0]
    return found | {
        "id": f"r{number}",
        "name": f"Karin Svensson {number}",
        "devices": [{"id": f"pendant-{number}", "kind": "button"}, {"id": f"bed-{number}", "kind": "bed"}],
    }


def person(site: dict[str, Any], number: int) -> dict[str, Any]:
    return next(one for one in site["residents"] if one["id"] == f"r{number}")


def chain(site: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in site["chains"] if one["id"] == name)


def told_elsewhere(scene: Scene, hooks: HookReceiver, alarm: str) -> Any:
    """The next link's turn is asked for; the message that arrives at the other receiver."""
    assert scene.home.post(f"/api/v1/alarms/{alarm}/escalate").status_code == 200
    return until(lambda: next((h.data for h in list(hooks.hooks) if h.data["alarm"] == alarm), None), "told elsewhere")


def alarm(scene: Scene, name: str) -> dict[str, Any]:
    found: dict[str, Any] = scene.home.get(f"/api/v1/alarms/{name}").json()
    return found


def resolve(scene: Scene, name: str) -> None:
    assert scene.home.post(f"/api/v1/alarms/{name}/resolve", json={"outcome": "helped"}).status_code == 200


def metric(scene: Scene, name: str) -> float:
    return next(float(line.split()[1]) for line in scene.metrics().splitlines() if line.startswith(f"{name} "))


# -- what is new counts ---------------------------------------------------------------------------------------------------


def test_a_new_residents_press_is_theirs_and_an_open_alarm_goes_on_as_it_was(town_scene: Scene) -> None:
    before = town_scene.press(1)
    town_scene.hook_of(before["id"])
    until(lambda: alarm(town_scene, before["id"])["told"], "the hand-over is kept")
    before = alarm(town_scene, before["id"])
    changed(town_scene.service, TENANT, lambda site: site["residents"].append(resident(901)))
    found = town_scene.press(901)
    assert (found["resident"], found["resident_name"], found["cause"]) == ("r901", "Karin Svensson 901", "button")
    assert town_scene.hook_of(found["id"]).data["resident_name"] == "Karin Svensson 901"
    assert alarm(town_scene, before["id"]) == before  # its next step, and who was told, too


def test_a_changed_number_is_told_next(town_scene: Scene, elsewhere: HookReceiver) -> None:
    pressed = town_scene.press(2)
    old = town_scene.hook_of(pressed["id"])

    def change(site: dict[str, Any]) -> None:
        site["units"][0]["channels"] = [{"kind": "webhook", "to": elsewhere.url}]
        site["units"][0]["name"] = "Nya centralen"

    changed(town_scene.service, TENANT, change)
    said = told_elsewhere(town_scene, elsewhere, pressed["id"])
    assert (said["recipient"], said["told_before"]) == ("unit:centre", 1)
    assert [h for h in town_scene.hooks.hooks if h.data["alarm"] == pressed["id"]] == [old]
    told = until(lambda: [t for t in alarm(town_scene, pressed["id"])["told"] if t["name"] == "Nya centralen"], "it is shown")
    assert [one["to"] for one in told] == ["unit:centre"]
    changed(
        town_scene.service,
        TENANT,
        lambda site: site["units"][0].update(channels=[{"kind": "webhook", "to": old_url(town_scene)}]),
    )


def old_url(scene: Scene) -> str:
    return scene.hooks.url


def test_a_new_municipality_is_watched_at_once(town_scene: Scene) -> None:
    tenant = "mora"
    before = taken_up(town_scene.service)
    said = import_into(town_scene.service, town(tenant, hook=town_scene.hooks.url, residents=2))
    assert said[-1] == "mora: imported; it is in use within seconds wherever a service runs"
    secret = town_scene.service.token("operator", tenant, "doris")
    with town_scene.device("pendant-1", tenant) as device, town_scene.service.client(secret) as operator:
        # From the first moment on: whoever does not know the municipality yet must not say that there is none.
        device.send("button", id="first")
        until(lambda: device.heard, "an answer")
        # Twice where it came in before the partition had an owner: who received it says so, and who owns it.
        assert all(said == {"id": "first", "status": "kept"} for said in device.heard)
        (found,) = until(lambda: operator.get("/api/v1/alarms").json()["items"], "the alarm")
        assert (found["tenant"], found["resident_name"]) == (tenant, "Karin Svensson 1")
        assert town_scene.hook_of(found["id"]).data["tenant_name"] == "mora kommun"
    assert taken_up(town_scene.service) >= before
    assert not [one for one in town_scene.home.get("/api/v1/alarms").json()["items"] if one["tenant"] == tenant]


# -- what is gone ---------------------------------------------------------------------------------------------------------


def test_a_removed_residents_open_alarm_keeps_its_next_step_until_somebody_resolves_it(town_scene: Scene) -> None:
    pressed = town_scene.press(3)
    town_scene.hook_of(pressed["id"])
    changed(town_scene.service, TENANT, lambda site: site["residents"].remove(person(site, 3)))
    found = alarm(town_scene, pressed["id"])
    assert (found["state"], found["resident"], found["next_step_at"] is None) == ("open", "r3", False)
    count = len(town_scene.hooks.hooks)
    assert town_scene.home.post(f"/api/v1/alarms/{pressed['id']}/escalate").status_code == 200
    until(lambda: [h for h in town_scene.hooks.hooks[count:] if h.data["alarm"] == pressed["id"]], "the centre is told again")
    # Their pendant is nobody's now, and a press is never rejected.
    with town_scene.device_client("pendant-3") as client:
        answer = client.post("/api/v1/readings", json={"kind": "button", "id": f"p-{time.time_ns()}", "at": time.time()}).json()
    assert answer["readings"][0]["status"] == "kept"
    (unknown,) = [
        a for a in town_scene.home.get("/api/v1/alarms").json()["items"] if a["device"] == "pendant-3" and not a["resident"]
    ]
    assert unknown["cause"] == "unknown_device"
    for one in (pressed, unknown):
        resolve(town_scene, one["id"])


def test_an_alarm_whose_chain_is_removed_goes_to_the_centres(town_scene: Scene, elsewhere: HookReceiver) -> None:
    def walk(site: dict[str, Any]) -> None:
        site["contacts"].append({"id": "bo", "name": "Bo Andersson", "channels": [{"kind": "webhook", "to": elsewhere.url}]})
        links = [{"tell": ["contact:bo"], "wait_s": 600}, {"tell": ["unit:centre"], "wait_s": 600}]
        site["chains"].append({"id": "short-lived", "links": links})
        person(site, 4)["chain"] = "short-lived"

    changed(town_scene.service, TENANT, walk)
    pressed = town_scene.press(4)
    until(lambda: [h for h in elsewhere.hooks if h.data["alarm"] == pressed["id"]], "bo is told")
    until(lambda: alarm(town_scene, pressed["id"])["told"], "the hand-over is kept")

    def remove(site: dict[str, Any]) -> None:
        site["chains"].remove(chain(site, "short-lived"))
        site["contacts"] = [one for one in site["contacts"] if one["id"] != "bo"]
        person(site, 4)["chain"] = "centre"

    changed(town_scene.service, TENANT, remove)
    found = alarm(town_scene, pressed["id"])
    assert (found["state"], found["next_step_at"] is None) == ("open", False)
    assert [(one["to"], one["name"]) for one in found["told"]] == [("contact:bo", "bo")]
    # The centres' own chain repeats every minute: sooner than the ten minutes that bo had.
    assert [one["tell"][0]["to"] for one in found["chain"]] == ["unit:centre"]
    assert town_scene.home.post(f"/api/v1/alarms/{pressed['id']}/escalate").status_code == 200
    assert town_scene.hook_of(pressed["id"]).data["recipient"] == "unit:centre"
    resolve(town_scene, pressed["id"])


def test_a_chain_that_becomes_shorter_goes_on_with_its_last_link(town_scene: Scene, elsewhere: HookReceiver) -> None:
    def longer(site: dict[str, Any]) -> None:
        site["contacts"].append({"id": "cai", "name": "Cai Andersson", "channels": [{"kind": "webhook", "to": elsewhere.url}]})
        links = [{"tell": ["contact:cai"], "wait_s": 600}] * 2 + [{"tell": ["unit:centre"], "wait_s": 600}]
        site["chains"].append({"id": "long", "links": links})
        person(site, 5)["chain"] = "long"

    changed(town_scene.service, TENANT, longer)
    pressed = town_scene.press(5)
    assert told_elsewhere(town_scene, elsewhere, pressed["id"])["recipient"] == "contact:cai"
    until(lambda: alarm(town_scene, pressed["id"])["link"] == 1, "the second link has its turn")
    changed(town_scene.service, TENANT, lambda site: chain(site, "long").update(links=chain(site, "long")["links"][2:]))
    found = alarm(town_scene, pressed["id"])
    assert (found["state"], found["link"], found["next_step_at"] is None) == ("open", 0, False)
    assert town_scene.home.post(f"/api/v1/alarms/{pressed['id']}/escalate").status_code == 200
    assert town_scene.hook_of(pressed["id"]).data["recipient"] == "unit:centre"
    resolve(town_scene, pressed["id"])


def test_an_alarm_of_a_rule_that_is_removed_stays_open_and_is_raised_no_more(town_scene: Scene) -> None:
    pressed = town_scene.press(6)

    def remove(site: dict[str, Any]) -> None:
        person(site, 6)["rules"] = [{"id": "fallen", "kind": "fall", "priority": "critical"}]

    changed(town_scene.service, TENANT, remove)
    assert alarm(town_scene, pressed["id"])["next_step_at"] is not None
    resolve(town_scene, pressed["id"])
    with town_scene.device_client("pendant-6") as client:
        client.post("/api/v1/readings", json={"kind": "fall", "id": f"p-{time.time_ns()}", "at": time.time()})
    assert town_scene.alarm_of("r6")["rule"] == "fallen"


# -- who is not concerned -------------------------------------------------------------------------------------------------


def test_a_timer_that_runs_is_kept(town_scene: Scene) -> None:
    night = {"id": "night", "kind": "out_of_bed", "limit_s": 4, "priority": "high"}

    def sleeper(site: dict[str, Any]) -> None:
        site["residents"].append(resident(902) | {"rules": [night]})

    changed(town_scene.service, TENANT, sleeper)
    began_at = time.time()
    with town_scene.device_client("bed-902") as client:
        for place, occupied in enumerate((True, False)):
            said = {"kind": "bed", "id": f"b{place}", "at": began_at + place / 1000, "occupied": occupied}
            assert client.post("/api/v1/readings", json=said).json()["readings"][0]["status"] == "kept"
    changed(town_scene.service, TENANT, lambda site: site["residents"].append(resident(903)))
    raised = until(
        lambda: [a for a in town_scene.home.get("/api/v1/alarms").json()["items"] if a["resident"] == "r902"], "raised"
    )
    # A list shows it a moment before it is stored.
    found = until(lambda: (one := alarm(town_scene, raised[0]["id"])).get("cause") and one, "it is stored")
    assert found["cause"] == "out_of_bed"
    changes = [one for one in found["timeline"] if one["event"] == "alarm.raised"]
    assert len(changes) == 1


@contextlib.contextmanager
def calling(scene: Scene, *numbers: int) -> Iterator[list[int]]:
    """Pendants that press over HTTP without a pause; the statuses of their answers."""
    statuses: list[int] = []
    over = threading.Event()

    def call(number: int) -> None:
        with scene.device_client(f"pendant-{number}") as client:
            while not over.is_set():
                said = {"kind": "button", "id": f"call-{time.time_ns()}", "at": time.time()}
                statuses.append(client.post("/api/v1/readings", json=said).status_code)

    threads = [threading.Thread(target=call, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_presses_that_come_while_sites_change_are_all_kept_and_each_is_told_once(town_scene: Scene) -> None:
    """Over HTTP and MQTT, with an import for every press: nobody is told busy, nobody is told twice."""
    numbers, sent = list(range(41, 45)), 0
    with town_scene.device("pendant-51") as device, calling(town_scene, 52, 53, 54) as statuses:
        for turn, number in enumerate(numbers):
            site = stored(town_scene.service, TENANT)
            site["tenant"]["name"] = f"Namn {turn}"
            before = taken_up(town_scene.service)
            import_into(town_scene.service, site)
            while taken_up(town_scene.service) == before:
                sent += 1
                device.send("button", id=f"press-{sent}")
                time.sleep(0.01)
            town_scene.press(number)
        until(lambda: {one["status"] for one in device.heard} == {"kept"} and len(device.heard) >= sent, "all are confirmed")
    assert set(statuses) == {200}
    found = town_scene.alarm_of("r51")
    assert found["repeats"] == sent - 1
    alarms = [town_scene.alarm_of(f"r{number}")["id"] for number in numbers] + [found["id"]]
    for one in alarms:
        town_scene.hook_of(one)
        until(lambda one=one: alarm(town_scene, one)["told"], "the hand-over is kept")
    told = [h.data["alarm"] for h in town_scene.hooks.hooks if h.data["alarm"] in alarms]
    assert sorted(told) == sorted(alarms)


def test_a_message_that_is_under_way_is_not_begun_a_second_time(town_scene: Scene, elsewhere: HookReceiver) -> None:
    goes_on, arrived, handler = threading.Event(), [], elsewhere.server.RequestHandlerClass
    take = handler.do_POST  # type: ignore[attr-defined]

    def slowly(request: Any) -> None:
        arrived.append(request.path)
        goes_on.wait(60)
        take(request)

    handler.do_POST = slowly  # type: ignore[attr-defined]

    def walk(site: dict[str, Any]) -> None:
        site["contacts"].append({"id": "dag", "name": "Dag Andersson", "channels": [{"kind": "webhook", "to": elsewhere.url}]})
        site["chains"].append(
            {"id": "slow", "links": [{"tell": ["contact:dag"], "wait_s": 600}, *chain(site, "centre")["links"]]}
        )
        person(site, 7)["chain"] = "slow"

    changed(town_scene.service, TENANT, walk)
    pressed = town_scene.press(7)
    until(lambda: arrived, "the message arrives")
    before = taken_up(town_scene.service)
    put_raw(town_scene.service, TENANT, lambda site: site["tenant"].update(name="Grästorp"))
    until(lambda: taken_up(town_scene.service) > before, "the site is taken up")
    town_scene.press(9)  # the owner is at work again
    goes_on.set()
    until(lambda: alarm(town_scene, pressed["id"])["told"], "the hand-over is kept")
    assert len(arrived) == 1
    resolve(town_scene, pressed["id"])


# -- what cannot be used --------------------------------------------------------------------------------------------------


def test_a_site_that_cannot_be_used_leaves_the_one_before_at_work_and_is_said_everywhere(town_scene: Scene) -> None:
    good = stored(town_scene.service, TENANT)

    def newer(site: dict[str, Any]) -> None:
        site["version"] = 2
        site["residents"][7]["rules"] = [{"id": "wings", "kind": "flies_away"}]

    assert metric(town_scene, METRIC) == 0
    put_raw(town_scene.service, TENANT, newer)
    until(lambda: metric(town_scene, METRIC) == 1, "it is counted")
    with town_scene.service.client() as client:
        answer = client.get("/health/ready")
    assert answer.status_code == 200
    (notice,) = answer.json()["notices"]
    assert notice.startswith("the site of grastorp that was imported last cannot be used here, the one before stays in use: ")
    assert "site_refused" in town_scene.service.log
    assert town_scene.press(8)["cause"] == "button"
    before = taken_up(town_scene.service)
    put_raw(town_scene.service, TENANT, lambda site: site.update(good))
    until(lambda: taken_up(town_scene.service) > before, "the good one is taken up")
    assert metric(town_scene, METRIC) == 0
    with town_scene.service.client() as client:
        assert client.get("/health/ready").json()["notices"] == []


def test_a_centre_that_only_has_a_console_is_refused_like_at_a_start(town_scene: Scene) -> None:
    good = stored(town_scene.service, "tanum")
    site = stored(town_scene.service, "tanum")
    site["units"][0]["channels"] = [{"kind": "console"}]
    import_into(town_scene.service, site)
    until(lambda: metric(town_scene, METRIC) == 1, "it is counted")
    pressed = town_scene.press(1, "tanum")
    assert town_scene.hook_of(pressed["id"]).data["recipient"] == "unit:centre"
    import_into(town_scene.service, good)
    until(lambda: metric(town_scene, METRIC) == 0, "the good one is taken up")


def test_the_command_says_when_it_counts(town_scene: Scene, tmp_path: Path) -> None:
    service = town_scene.service
    site = stored(service, "tanum")
    site["tenant"]["name"] = "Tanums kommun"
    path = tmp_path / "tanum.yaml"
    path.write_text(json.dumps(site), "utf-8")
    before = taken_up(service)
    done = alarmcore("import", "--yes", *service.where, path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "tanum: imported; it is in use within seconds wherever a service runs"
    until(lambda: taken_up(service) > before, "it is taken up")
    assert "nothing changes" in alarmcore("import", "--yes", *service.where, path).stdout
