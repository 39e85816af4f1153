"""Brokers that ask over HTTP, from outside: whom they may let in, what a device may do, and what their own token opens."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dashboard.credentials import FAILED_PER_ADDRESS_MAX
from tests.servers.device import device
from tests.servers.scene import Scene

ALLOW = {"result": "allow", "Ok": True, "Error": ""}
DENY = {"result": "deny", "Ok": False, "Error": ""}


@pytest.fixture(scope="module")
def broker(town_scene: Scene) -> Iterator[httpx.Client]:
    with town_scene.service.client(town_scene.service.token("broker", "-", "emqx")) as client:
        yield client


def asks(client: httpx.Client, question: str, **asked: Any) -> Any:
    answer = client.post(f"/api/v1/broker/{question}", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_a_device_with_its_own_password_is_let_in_and_any_other_is_not(town_scene: Scene, broker: httpx.Client) -> None:
    secret, other = town_scene.password("grastorp", "pendant-1"), town_scene.password("tanum", "pendant-1")
    assert asks(broker, "sign-in", username="grastorp/pendant-1", password=secret, clientid="grastorp/pendant-1") == ALLOW
    assert asks(broker, "sign-in", username="grastorp/pendant-1", password=secret) == ALLOW
    for asked in (
        {"username": "grastorp/pendant-1", "password": other},
        {"username": "grastorp/pendant-1"},
        {"password": secret},
        {"username": "grastorp/pendant-1", "password": ["x"]},
        {"username": "grastorp/pendant-1", "password": secret, "clientid": "alarmcore-0a1b2c3d-presses"},
        {"username": "operator:anna", "password": town_scene.home_secret},
        {"username": "alarmcore.service", "password": secret},
        {},
    ):
        assert asks(broker, "sign-in", **asked) == DENY, asked


def test_a_device_may_publish_its_own_and_hear_its_own(broker: httpx.Client) -> None:
    mine = {"username": "grastorp/pendant-1", "clientid": "x"}
    own, ack = "alarmcore/v1/grastorp/pendant-1/button", "alarmcore/ack/v1/grastorp/pendant-1"
    assert asks(broker, "may", topic=own, action="publish", **mine) == ALLOW
    assert asks(broker, "may", topic=own, acc=2, **mine) == ALLOW
    assert asks(broker, "may", topic=ack, action="subscribe", **mine) == ALLOW
    assert asks(broker, "may", topic=ack, acc=4, **mine) == ALLOW
    assert asks(broker, "may", topic=ack, acc=1, **mine) == ALLOW
    for more in (
        {"topic": own, "acc": 1},
        {"topic": own, "acc": 3},
        {"topic": own, "acc": True},
        {"topic": own, "acc": {"a": 1}},
        {"topic": own},
        {"topic": ack, "action": "publish"},
        {"topic": "alarmcore/v1/grastorp/pendant-2/button", "action": "publish"},
        {"topic": "#", "action": "subscribe"},
        {"topic": "x" * 60_000, "action": "publish"},
        {"action": "publish"},
    ):
        assert asks(broker, "may", **mine, **more) == DENY, more


def test_a_body_that_cannot_be_read_is_said_to_whoever_sets_the_broker_up(broker: httpx.Client) -> None:
    for question in ("sign-in", "may"):
        for body in (b"", b"[]", b"username=x&password=y", b"{" * 5000):
            answer = broker.post(f"/api/v1/broker/{question}", content=body)
            assert answer.status_code == 400
            assert answer.json()["title"] == "not_json"


def test_only_a_broker_may_ask(town_scene: Scene) -> None:
    secrets = (None, "acb_wrong", town_scene.home_secret, town_scene.password("grastorp", "pendant-1"))
    for secret in secrets:
        with town_scene.service.client(secret) as client:
            for question in ("sign-in", "may"):
                answer = client.post(f"/api/v1/broker/{question}", json={})
                assert (answer.status_code, answer.json()["title"]) == (401, "not_allowed")


def test_a_broker_that_can_only_put_its_secret_into_an_address_asks_too(town_scene: Scene) -> None:
    secret = town_scene.service.token("broker", "-", "mosquitto")
    for user, status in (("broker", 200), ("grastorp/pendant-1", 401), ("-/mosquitto", 401)):
        said = base64.b64encode(f"{user}:{secret}".encode()).decode()
        with town_scene.service.client() as client:
            answer = client.post("/api/v1/broker/may", json={}, headers={"authorization": f"Basic {said}"})
        assert answer.status_code == status, user


def test_a_brokers_token_opens_nothing_else(town_scene: Scene, broker: httpx.Client) -> None:
    secret = broker.headers["authorization"].split()[1]
    routes = broker.get("/openapi.json").json()["paths"]
    free = {"/health/live", "/health/ready", "/metrics", "/a/{token}", "/api/v1/broker/sign-in", "/api/v1/broker/may"}
    tried = 0
    for path, methods in routes.items():
        for method in methods if path not in free else ():
            if (path, method) == ("/api/v1/session", "delete"):
                continue  # signing out is free to all
            body = (
                {"token": broker.headers["authorization"].split()[1]}
                if path == "/api/v1/session"
                else {"outcome": "test", "text": "x"}
            )
            answer = broker.request(method, path.replace("{alarm_id}", "x").replace("{id}", "x"), json=body)
            assert answer.status_code == 401, (method, path, answer.text)
            tried += 1
    assert tried >= 10
    for user in ("broker", "-/emqx", "grastorp/pendant-1"):
        with device(town_scene.service.mqtt_port, "-", "emqx", secret, user=user) as one:
            assert not one.let_in


def test_wrong_tries_for_one_device_are_limited_and_counted_and_others_are_not_touched(
    town_scene: Scene, broker: httpx.Client
) -> None:
    secret = town_scene.password("grastorp", "pendant-2")
    assert asks(broker, "sign-in", username="grastorp/pendant-2", password=secret) == ALLOW
    before = town_scene.metrics()
    for _ in range(FAILED_PER_ADDRESS_MAX.burst + 3):
        assert asks(broker, "sign-in", username="grastorp/pendant-2", password="wrong-of-a-stranger") == DENY
    assert 'alarmcore_broker_asked_total{answer="limited",question="sign_in"}' in town_scene.metrics()
    assert 'alarmcore_broker_asked_total{answer="allow",question="sign_in"}' in before
    assert asks(broker, "sign-in", username="grastorp/pendant-2", password=secret) == ALLOW
    fresh = town_scene.password("grastorp", "pendant-3")
    assert asks(broker, "sign-in", username="grastorp/pendant-3", password=fresh) == ALLOW
    for word in ("wrong-of-a-stranger", secret, "pendant-2"):
        assert word not in town_scene.service.log
