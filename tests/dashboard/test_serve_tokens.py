"""Secrets are revoked and listed by a command: what it says, and what then happens in a running service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_serve_live import heard, screen
from websockets.exceptions import ConnectionClosed

from tests.servers.scene import Scene
from tests.servers.serving import Serving, alarmcore

WITHIN_S = 60.0
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def token(service: Serving, *arguments: str, code: int = 0) -> str:
    """What `alarmcore token …` says."""
    done = alarmcore("token", *arguments, *service.where)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


def test_a_revoked_device_is_cut_off_within_seconds_and_others_stay(town_scene: Scene) -> None:
    service = town_scene.service
    lost, kept = town_scene.number(), town_scene.number()
    with town_scene.device(f"pendant-{lost}") as thief, town_scene.device(f"pendant-{kept}") as other:
        said = token(service, "revoke", "--tenant", "grastorp", f"device:pendant-{lost}")
        assert re.fullmatch(rf"revoked: device:pendant-{lost} \(device\) since {MOMENT}, revoked from {MOMENT} on\n", said)
        with town_scene.device_client(f"pendant-{lost}") as client:
            assert client.post("/api/v1/readings", json={"kind": "heartbeat"}).status_code == 401
        assert thief.gone.wait(WITHIN_S)
        other.send("button", id="still-here")
        assert other.confirmed("still-here")["status"] == "kept"
        assert not other.gone.is_set()
    again = token(service, "revoke", "--tenant", "grastorp", f"device:pendant-{lost}")
    assert again == said.replace("revoked: ", "revoked already: ")


def test_a_revoked_operators_sessions_end_on_the_page_and_on_the_live_line(town_scene: Scene) -> None:
    service = town_scene.service
    secret = service.token("operator", "grastorp", "dagny")
    with service.client() as page, screen(town_scene, secret) as live, screen(town_scene, town_scene.home_secret) as colleague:
        assert page.post("/api/v1/session", json={"token": secret}).status_code == 200
        assert page.get("/api/v1/session").json()["name"] == "dagny"
        heard(live, "snapshot")
        assert "operator:dagny (operator)" in token(service, "revoke", "--tenant", "grastorp", "operator:dagny")
        assert page.get("/api/v1/session").status_code == 401
        with pytest.raises(ConnectionClosed) as closed:
            heard(live, "nothing")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        heard(colleague, "snapshot")
        heard(colleague, "pulse")


def test_whoever_holds_a_secret_is_listed_without_it(town_scene: Scene) -> None:
    service = town_scene.service
    secrets = [service.token("device", "tanum", "gps-9"), service.token("administrator", "tanum", "chef"), town_scene.away_secret]
    service.revoke(secrets[0])
    lines = token(service, "list", "--tenant", "tanum").splitlines()
    assert any(re.fullmatch(rf"device:gps-9 \(device\) since {MOMENT}, revoked from {MOMENT} on", line) for line in lines)
    assert any(re.fullmatch(rf"operator:chef \(administrator\) since {MOMENT}", line) for line in lines)
    assert any(line.startswith("operator:cilla (operator) since ") for line in lines)
    assert lines == sorted(lines)
    assert not any("anna" in line for line in lines)
    said = "\n".join(lines)
    assert not any(secret in said or secret.split("_", 1)[1] in said for secret in secrets)


def test_a_subject_that_holds_nothing_is_refused_with_those_who_do(town_scene: Scene) -> None:
    service = town_scene.service
    for subject in ("anna", "operator:annika", "device:", "operator:cilla"):
        said = token(service, "revoke", "--tenant", "grastorp", subject, code=2)
        assert "operator:anna" in said
        assert repr(subject) in said
        assert "cilla" not in said.replace(repr(subject), "")
    assert "none" in token(service, "revoke", "--tenant", "nowhere", "operator:anna", code=2)
    assert "grastorp" in token(service, "list", "--tenant", "nowhere", code=2)
    assert town_scene.home.get("/api/v1/session").status_code == 200


def test_a_brokers_secret_belongs_to_no_tenant_and_is_revoked_like_others(town_scene: Scene) -> None:
    service = town_scene.service
    secret = token(service, "broker", "--name", "emqx-7").strip()
    assert secret.startswith("acb_")
    with service.client(secret) as broker:
        assert broker.post("/api/v1/broker/may", json={}).status_code == 200
        assert "broker:emqx-7 (broker) since " in token(service, "list", "--tenant", "-")
        assert "broker:" not in token(service, "list", "--tenant", "grastorp")
        assert "revoked: broker:emqx-7" in token(service, "revoke", "--tenant", "-", "broker:emqx-7")
        assert broker.post("/api/v1/broker/may", json={}).status_code == 401


def test_of_thousands_of_devices_only_some_are_named_those_first_that_are_alike(tmp_path: Path) -> None:
    service = Serving(tmp_path)
    for number in range(30):
        service.token("device", "grastorp", f"gps-{number:02}")
    service.token("device", "grastorp", "pendant-77")
    said = token(service, "revoke", "--tenant", "grastorp", "device:pendant", code=2)
    assert "known are: device:pendant-77, device:gps-00" in said
    assert "and 11 more" in said
    assert "gps-29" not in said
