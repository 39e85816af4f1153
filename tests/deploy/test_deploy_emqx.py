"""EMQX: its files can be read, and let devices do what Mosquitto's let them do. (EMQX itself cannot be had by pip or apt.)"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from dashboard.credentials import PREFIXES, digest
from tests.deploy.programs import DEPLOY

RULES = (DEPLOY / "emqx" / "acl.conf").read_text()


def configuration(name: str = "emqx.conf") -> Any:
    pyhocon = pytest.importorskip("pyhocon", reason="the package pyhocon is missing")
    return pyhocon.ConfigFactory.parse_file(str(DEPLOY / "emqx" / name), resolve=False)


def mosquitto_allows() -> set[tuple[str, str, str]]:
    """(who, what, topic) of Mosquitto's rules."""
    words = {"write": ("publish",), "read": ("subscribe",), "readwrite": ("publish", "subscribe")}
    found: set[tuple[str, str, str]] = set()
    for line in (DEPLOY / "mosquitto" / "access.acl").read_text().splitlines():
        if rule := re.fullmatch(r"(topic|pattern) (read|write|readwrite) (\S+)", line):
            who = "service" if rule[1] == "topic" else "device"
            found |= {(who, word, rule[3].replace("%u", "${username}")) for word in words[rule[2]]}
    return found


def emqx_allows() -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for rule in re.findall(r"^\{allow, (.*?), (publish|subscribe), \[(.*)\]\}\.$", RULES, flags=re.MULTILINE):
        who = {"all": "device", '{username, "alarmcore.service"}': "service"}[rule[0]]
        found |= {(who, rule[1], topic) for topic in re.findall(r'"([^"]+)"', rule[2])}
    return found


def test_emqx_allows_what_mosquitto_allows() -> None:
    assert emqx_allows() == mosquitto_allows()
    assert len(emqx_allows()) == 8


def test_what_no_rule_allows_is_refused() -> None:
    lines = [line for line in RULES.splitlines() if line and not line.startswith("%%")]
    assert lines[-1] == "{deny, all}."
    assert all(re.fullmatch(r"\{(allow|deny), .*\}\.", line) for line in lines)
    assert configuration()["authorization.no_match"] == "deny"


@pytest.mark.parametrize(
    ("user", "refused"), [("t1/d1", False), ("t-1/gps_1", False), ("t1", True), ("+/#", True), ("t1/d1/x", True), ("", True)]
)
def test_only_names_of_devices_reach_the_rules_of_devices(user: str, refused: bool) -> None:
    found = re.search(r'\{deny, \{username, \{re, "(.*)"\}\}, all\}\.', RULES)
    assert found is not None
    assert bool(re.search(found[1], user)) == refused


def test_nothing_that_waits_is_kept_in_memory_only() -> None:
    found = configuration()
    assert found["durable_sessions.enable"] is True
    assert found["durable_sessions.message_retention_period"] == found["mqtt.session_expiry_interval"] == "7d"
    assert found["mqtt.max_inflight"] == 1000


def test_nobody_comes_in_without_tls_and_no_device_by_the_client_id_of_another() -> None:
    found = configuration()
    assert [found[f"listeners.{kind}.default.enable"] for kind in ("tcp", "ws", "wss")] == [False] * 3
    assert found["listeners.ssl.default.zone"] == "devices"
    assert found["zones.devices.mqtt.use_username_as_clientid"] is True
    assert "zone" not in found["listeners.ssl.service"]


def test_the_digest_is_one_that_emqx_can_compare() -> None:
    """Plain SHA-256 without a salt: `salt_position = disable`."""
    devices = configuration()["authentication"][1]["password_hash_algorithm"]
    assert (devices["name"], devices["salt_position"]) == ("sha256", "disable")
    assert digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_an_emqx_that_asks_us_asks_what_we_answer() -> None:
    found = configuration("http.conf")
    service, devices = found["authentication"]
    assert service == configuration()["authentication"][0]
    assert (devices["backend"], devices["method"]) == ("http", "post")
    url = urlsplit(devices["url"])
    assert (url.scheme, url.path) == ("https", "/api/v1/broker/sign-in")
    assert dict(devices["body"]).keys() == {"username", "password", "clientid"}
    assert devices["headers"]["content-type"] == "application/json"
    assert devices["headers"]["authorization"].startswith("Bearer " + PREFIXES["broker"])
    assert devices["ssl"]["verify"] == "verify_peer"
    assert found["authorization"] == configuration()["authorization"]


def test_a_mosquitto_that_asks_us_asks_what_we_answer() -> None:
    lines = (DEPLOY / "mosquitto" / "go-auth.conf").read_text().splitlines()
    found = dict(line.removeprefix("auth_opt_").split(" ", 1) for line in lines if line.startswith("auth_opt_"))
    assert found["http_getuser_uri"] == "/api/v1/broker/sign-in"
    assert found["http_aclcheck_uri"] == "/api/v1/broker/may"
    assert {found["http_params_mode"], found["http_response_mode"]} == {"json"}
    assert found["http_with_tls"] == found["http_verify_peer"] == found["disable_superuser"] == "true"
    assert found["http_host"].startswith("broker:" + PREFIXES["broker"])
    assert int(found["auth_cache_seconds"]) <= 5
