"""The systemd units: systemd itself finds nothing wrong with them, and they may do next to nothing beside their work."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from alarmcore.owner import DRAIN_S
from tests.deploy.programs import DEPLOY, attempt, program, run

UNITS = DEPLOY / "systemd"
ANALYZE = program("systemd-analyze")
EXPOSURE_MAX = "20"
"""Tenths of systemd's own measure, of 100: 1.4 when this was written, and below 2 it says OK."""


@pytest.fixture
def units(tmp_path: Path, need: Callable[[object, str], None]) -> Path:
    """The units as they are installed, with a program that this machine has."""
    need(ANALYZE, "systemd-analyze (Debian's package systemd)")
    for path in (*UNITS.glob("*.service"), *UNITS.glob("*.timer")):
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/alarmcore/bin/alarmcore", str(shutil.which("true"))))
    for role in ("worker", "dispatcher", "web"):
        (tmp_path / f"alarmcore@{role}.service").write_text((tmp_path / "alarmcore@.service").read_text())
    return tmp_path


def services(units: Path) -> list[Path]:
    return sorted(path for path in units.glob("*.service") if "@." not in path.name)


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    names = [*services(units), units / "alarmcore-backup.timer"]
    assert len(names) == 6
    done = attempt(str(ANALYZE), "verify", "--man=no", *names)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_would_be_found(units: Path) -> None:
    """Guards the test above: this tool is mild with much that is wrong."""
    unit = units / "alarmcore.service"
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=allways"))
    assert "allways" in attempt(str(ANALYZE), "verify", "--man=no", unit).stderr


def test_nothing_is_open_that_the_service_does_not_need(units: Path) -> None:
    for unit in services(units):
        run(str(ANALYZE), "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)


@pytest.mark.parametrize("name", ["alarmcore.service", "alarmcore@.service"])
def test_it_is_started_again_for_ever_and_has_time_to_drain(name: str) -> None:
    said = dict(re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), flags=re.MULTILINE))
    assert (said["Restart"], said["StartLimitIntervalSec"], said["KillSignal"], said["TimeoutStopSec"]) == (
        "always",
        "0",
        "SIGTERM",
        "330s",
    )
    assert DRAIN_S < 330


def test_secrets_are_in_files_that_root_alone_reads_and_in_no_unit() -> None:
    for path in UNITS.glob("*.service"):
        assert "PASSWORD" not in path.read_text()
        assert re.search(r"^EnvironmentFile=/etc/alarmcore/\S+\.env$", path.read_text(), flags=re.MULTILINE), path.name
    for name in ("alarmcore.env.example", "backup.env.example"):
        assert "mode 600" in (UNITS / name).read_text()


def test_an_example_holds_settings_and_nothing_else() -> None:
    for path in UNITS.glob("*.env.example"):
        for line in path.read_text().splitlines():
            assert re.fullmatch(r"|# .*|#?ALARMCORE_[A-Z_]+=\S+", line), f"{path.name}: {line}"


def test_the_name_of_a_backup_is_whole_only_when_the_file_is() -> None:
    said = (UNITS / "alarmcore-backup.service").read_text()
    assert said.index(".partial") < said.index("backup --check") < said.index("mv ")
